import type { Step } from '#semconv/facts.ts'

/**
 * Call keys at rest: almost every one ends with the answer's id, which has a column of its own, so a mark stands for it. A key
 * that ends with a mark itself gets the second one behind it.
 */
const answerMark = '\u0001'
const keptMark = '\u0002'

type Told = Pick<Step, 'callKeys' | 'responseId'>

export const storedCallKeys = ({ callKeys, responseId }: Told): readonly string[] => callKeys.map((key) => {
  if (responseId !== '' && key.endsWith(responseId)) return key.slice(0, -responseId.length) + answerMark
  return key.endsWith(answerMark) || key.endsWith(keptMark) ? key + keptMark : key
})

export const readCallKeys = (stored: readonly string[], responseId: string): readonly string[] => stored.map((key) => {
  if (key.endsWith(answerMark)) return key.slice(0, -1) + responseId
  return key.endsWith(keptMark) ? key.slice(0, -1) : key
})
