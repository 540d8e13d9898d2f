import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decisionOf, firstFields, furtherGroups, type PriceKey } from './price-fields.ts'

const meters = ['input.uncached', 'output.text']
const decided = (written: Partial<Record<PriceKey | 'sameAs', string>>, of = meters) => decisionOf((name) => written[name] ?? '', of)
const faults = (written: Partial<Record<PriceKey | 'sameAs', string>>, of = meters): readonly string[] => {
  const decision = decided(written, of)
  return decision.kind === 'refused' ? decision.faults.map(({ message }) => message) : assert.fail(`taken: ${JSON.stringify(decision)}`)
}

test('every price that the price book knows has a field', () => {
  const schema = readFileSync(new URL('../../query/schema.graphql', import.meta.url), 'utf8')
  const known = [.../input ModelPrices \{(.*?)\n\}/s.exec(schema)?.[1]?.matchAll(/^ {2}(\w+): Decimal/gm) ?? []].map(([, name]) => name)
  assert.ok(known.length > 10)
  assert.deepEqual([...firstFields, ...furtherGroups.flatMap(({ fields }) => fields)].map(({ key }) => key).sort(), known.sort())
})

test('a model costs what another costs, or has prices of its own, of tokens, tools and requests', () => {
  assert.deepEqual(decided({ sameAs: ' openai/gpt-5-mini ' }), { kind: 'same', as: 'openai/gpt-5-mini' })
  assert.deepEqual(decided({ input: '1.25', output: ' 10 ', cacheRead: '0.125', cacheWrite1h: '2.5', outputReasoning: '12', inputAudio: '0', webSearch: '10.000000001', audioHour: '0.006000000001' }),
    { kind: 'own', prices: { input: '1.25', output: '10', cacheRead: '0.125', cacheWrite1h: '2.5', outputReasoning: '12', inputAudio: '0', webSearch: '10.000000001', audioHour: '0.006000000001' } })
  assert.deepEqual(decided({ input: '0.02' }, ['input.uncached']), { kind: 'own', prices: { input: '0.02' } })
})

test('what is no price is named with its value and what to write', () => {
  for (const text of ['1,25', '-1', '$2', '1e3', '1000.01', '5000', '0.0000001', '.5']) {
    assert.deepEqual(faults({ input: '1', output: '1', cacheRead: text }), [`Cache read: “${text}” is no price. Write US dollars from 0 to 1000 with a point and at most 6 decimals, such as 1.25.`])
  }
  assert.deepEqual(faults({ input: '1', output: '1', webSearch: '0.0000000001' }), ['Web searches: “0.0000000001” is no price. Write US dollars from 0 to 1000 with a point and at most 9 decimals, such as 1.25.'])
})

test('what would leave the calls unpriced, both ways at once, or nothing is not sent', () => {
  assert.deepEqual(faults({ cacheRead: '1' }), [
    'Input is empty, and without it these calls stay unpriced. Write its price, 0 where it is free.', 'Output is empty, and without it these calls stay unpriced. Write its price, 0 where it is free.',
  ])
  assert.deepEqual(faults({ sameAs: 'a/b', input: '1' }), ['Both “a/b” and prices of its own are written. Empty one of them.'])
  assert.deepEqual(faults({ sameAs: 'gpt-5' }), ['“gpt-5” names no model of the price book. Write provider/model, such as openai/gpt-5-mini.'])
  assert.match(faults({})[0]!, /^Nothing is written yet/)
})
