import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { bookFor } from './book.ts'
import { amounts } from './price-oracle.ts'
import { answer, bookOfLines, callFrom, tenantOf } from './price-table.ts'
import { price, type Pricing } from './price.ts'

interface Case {
  readonly title: string
  readonly book: string[]
  readonly calls: { readonly call: string; readonly expected: string[] }[]
}

function casesOf(text: string): Case[] {
  const cases: Case[] = []
  for (const line of text.split('\n').map((each) => each.replace(/#\s.*$|^#.*$/, '').trim()).filter((each) => each !== '')) {
    const found = cases.at(-1)
    if (line.startsWith('case ')) cases.push({ title: line.slice(5), book: [], calls: [] })
    else if (line.startsWith('call ')) found?.calls.push({ call: line, expected: [] })
    else if (line.startsWith('= ')) found?.calls.at(-1)?.expected.push(line.slice(2).trim())
    else found?.book.push(line)
  }
  return cases
}

const short = (meter: string): string => {
  const rest = meter.slice(meter.indexOf('.') + 1)
  return /^(?:input|output)\./.test(meter) && !/^(?:input\.audio|input\.image|output\.audio)$/.test(meter) ? rest : meter
}

/** What both say, in one form. */
function told(pricing: Pricing): Record<string, bigint | 'unpriced'> | undefined {
  if (pricing.basis === 'UNPRICED') return undefined
  return Object.fromEntries([
    ...pricing.lines.map(({ meter, amount }) => [short(meter), amount] as const),
    ...pricing.unpriced.map(({ meter }) => [short(meter), 'unpriced'] as const),
  ])
}

for (const { title, book, calls } of casesOf(readFileSync(new URL('./testdata/cases.txt', import.meta.url), 'utf8'))) {
  test(title, () => {
    const prices = bookOfLines(book)
    for (const { call, expected } of calls) {
      const pricing = price(bookFor(prices, tenantOf(call)), callFrom(call))
      assert.deepEqual(answer(pricing).split('\n'), expected, call)
      // Which name is which card is not the oracle's business.
      if (/^call\s+(?:-|openai)\s/.test(call) && title.startsWith('an unknown')) continue
      const second = amounts(book, call)
      assert.deepEqual(told(pricing), second && Object.fromEntries(second), `${call}: the oracle`)
    }
  })
}

const amount = fc.integer({ min: 0, max: 99_999_999 }).map((n) => (n / 1_000_000).toFixed(6).replace(/\.?0+$/, '') || '0')
const units = ['input', 'cache_read', 'cache_write', 'cache_write_1h', 'input_audio', 'cache_audio_read', 'input_image', 'output', 'output_reasoning', 'output_audio', 'web_search', 'request', 'audio_hour']
const prices = fc.dictionary(fc.constantFrom(...units), amount, { minKeys: 1 }).map((map) => Object.entries({ input: '1', output: '2', ...map }).map(([unit, value]) => `${unit}=${value}`).join(' '))
const day = fc.integer({ min: 1, max: 28 }).map((n) => `2026-10-${String(n).padStart(2, '0')}`)
const moment = fc.record({ day, nanos: fc.bigInt({ min: 0n, max: 86_399_999_999_999n }) }).map(({ day: on, nanos }) => {
  const seconds = Number(nanos / 1_000_000_000n)
  return `${on}T${new Date(seconds * 1000).toISOString().slice(11, 19)}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`
})
const bookText = fc.record({
  base: prices, tier: prices, above: fc.integer({ min: 1, max: 3000 }), from: day, later: prices, hours: fc.constantFrom('00:30:00-16:30:00', '22:00:00-02:00:00'), peak: prices,
  flex: amount, batch: amount, region: amount, contract: amount, priority: prices, both: prices,
}).map((it) => [
  `price p/m ${it.base}`, `price p/m above=${it.above} ${it.tier}`, `price p/m from=${it.from} ${it.later}`, `price p/m from=${it.from} hours=${it.hours} ${it.peak}`,
  `rule p/m tier=flex x${it.flex}`, `rule p/* batch x${it.batch}`, `rule p/* region=us-* x${it.region}`, `rule p/* tenant=acme x${it.contract}`,
  `rule p/m tier=priority ${it.priority}`, `rule p/m above=${it.above} ${it.tier}`, `rule p/m tier=priority batch from=${it.from} ${it.both}`,
])
const meterNames = ['uncached', 'cache_read', 'cache_write.5m', 'cache_write.1h', 'input.audio', 'audio.cache_read', 'input.image', 'text', 'reasoning', 'output.audio', 'tool.web_search', 'tool.code_execution', 'audio.seconds']
const callText = fc.record({
  usage: fc.dictionary(fc.constantFrom(...meterNames), fc.oneof(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 2 ** 53 - 1 }))), at: moment,
  terms: fc.subarray(['batch', 'region=us-east-1', 'region=eu-west-1', 'tenant=acme', 'speed=fast']), tier: fc.constantFrom('', 'tier=flex', 'tier=priority', 'tier=unheard'),
}).map(({ usage, at, terms, tier }) => ['call p m', ...Object.entries(usage).map(([meter, count]) => `${meter}=${count}`), ...terms, tier, `at=${at}`].filter((word) => word !== '').join(' '))

test('any book and any call: the same amounts to the pico-dollar as exact fractions give', () => {
  fc.assert(fc.property(bookText, fc.array(callText, { minLength: 1, maxLength: 5 }), (book, calls) => {
    const priced = bookOfLines(book)
    for (const call of calls) {
      const second = amounts(book, call)
      assert.deepEqual(told(price(bookFor(priced, tenantOf(call)), callFrom(call))), second && Object.fromEntries(second), call)
    }
  }), { numRuns: 300 })
})
