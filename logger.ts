import type { Log } from '#collector/log.ts'

/** One line per event on standard error: time, level, message, fields. An error shows its message and code, never its stack. */
export const consoleLog: Log = {
  info: (message, fields) => write('info', message, fields),
  warn: (message, fields) => write('warn', message, fields),
  error: (message, fields) => write('error', message, fields),
}

function write(level: string, message: string, fields: Readonly<Record<string, unknown>>): void {
  const parts = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value instanceof Error ? describe(value) : value)}`)
  process.stderr.write(`${[new Date().toISOString(), level, message, ...parts].join(' ')}\n`)
}

/** The chain of causes, shortest words first: the outer error says what failed, the inner one why. What it quotes of its cause is not said twice. */
function describe(error: Error): string {
  const code = codeOf(error)
  const cause = error.cause instanceof Error && !error.message.includes(reasonOf(error.cause)) ? `: ${describe(error.cause)}` : ''
  return `${error.message}${code === '' ? '' : ` (${code})`}${cause}`
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')
/** Where a name has several addresses, Node.js says nothing but the code. */
const reasonOf = (error: Error): string => error.message || codeOf(error)
