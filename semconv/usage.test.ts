import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Meter, Usage, UsageFlag } from './facts.ts'
import { meters } from './facts.ts'
import { type Counting, normaliseUsage, tokenUsage, type UsageCounts } from './usage.ts'

/** One row: what is reported, what the table of emitters says, what comes out. */
const rows: readonly (readonly [why: string, counts: UsageCounts, counting: Counting, usage: Usage | undefined,
  flags: readonly UsageFlag[]])[] = [
  ['nothing reported is nothing, not zero', {}, {}, undefined, []],
  ['zeros reported are a vector without meters', { input: 0, output: 0 }, {}, {}, []],
  ['no cache, nothing to decide', { input: 10, output: 5 }, {}, { 'input.uncached': 10, 'output.text': 5 }, []],
  ['the table says inclusive', { input: 10, cacheRead: 4 }, { input: 'inclusive' }, { 'input.uncached': 6,
    'input.cache_read': 4 }, []],
  ['the table says exclusive', { input: 10, cacheRead: 4 }, { input: 'exclusive' }, { 'input.uncached': 10,
    'input.cache_read': 4 }, []],
  ['nobody knows: the convention', { input: 10, cacheRead: 4 }, {}, { 'input.uncached': 6, 'input.cache_read': 4 },
    ['assumed_inclusive']],
  ['weak: total is input and output', { input: 10, cacheRead: 4, output: 1, total: 11 }, {}, { 'input.uncached': 6,
    'input.cache_read': 4, 'output.text': 1 }, []],
  [
    'weak evidence never overrides the table', { input: 10, cacheRead: 4, output: 1, total: 11 }, { input: 'exclusive' },
    { 'input.uncached': 10, 'input.cache_read': 4, 'output.text': 1 }, [],
  ],
  ['hard: more cached than input', { input: 3, cacheRead: 4 }, {}, { 'input.uncached': 3, 'input.cache_read': 4 }, []],
  ['hard evidence beats the table', { input: 3, cacheRead: 4 }, { input: 'inclusive' }, { 'input.uncached': 3,
    'input.cache_read': 4 }, ['repaired']],
  [
    'hard: the total contains the cache', { input: 10, cacheRead: 4, output: 1, total: 15 }, { input: 'inclusive' },
    { 'input.uncached': 10, 'input.cache_read': 4, 'output.text': 1 }, ['repaired'],
  ],
  [
    'hard: the total contains the reads and not the writes', { input: 10, cacheRead: 4, cacheWrite5m: 2, output: 1, total: 15 }, {},
    { 'input.uncached': 10, 'input.cache_read': 4, 'input.cache_write.5m': 2, 'output.text': 1 }, [],
  ],
  [
    'writes outside of an inclusive input', { input: 10, cacheRead: 8, cacheWrite5m: 5 }, { input: 'inclusive' },
    { 'input.uncached': 2, 'input.cache_read': 8, 'input.cache_write.5m': 5 }, ['repaired'],
  ],
  ['a write without lifetime', { input: 10, cacheWrite: 4 }, { input: 'inclusive' }, { 'input.uncached': 6,
    'input.cache_write.5m': 4 }, ['cache_ttl_unknown']],
  [
    'a write with its lifetimes', { input: 10, cacheWrite: 6, cacheWrite5m: 2, cacheWrite1h: 4 }, { input: 'inclusive' },
    { 'input.uncached': 4, 'input.cache_write.5m': 2, 'input.cache_write.1h': 4 }, [],
  ],
  [
    'lifetimes beside a zero', { input: 10, cacheWrite: 0, cacheWrite1h: 4 }, { input: 'inclusive' },
    { 'input.uncached': 6, 'input.cache_write.1h': 4 }, [],
  ],
  [
    'lifetimes larger than their sum', { input: 10, cacheWrite: 1, cacheWrite1h: 4 }, { input: 'inclusive' },
    { 'input.uncached': 6, 'input.cache_write.1h': 4 }, ['usage_inconsistent'],
  ],
  ['reasoning inside the output', { input: 1, output: 10, reasoning: 4 }, {}, { 'input.uncached': 1, 'output.text': 6,
    'output.reasoning': 4 }, []],
  [
    'reasoning outside by the table', { input: 1, output: 10, reasoning: 4 }, { output: 'exclusive' },
    { 'input.uncached': 1, 'output.text': 10, 'output.reasoning': 4 }, [],
  ],
  [
    'reasoning larger than the output', { input: 1, output: 3, reasoning: 4 }, {},
    { 'input.uncached': 1, 'output.text': 3, 'output.reasoning': 4 }, ['repaired'],
  ],
  [
    'reasoning outside by the total', { input: 1, output: 10, reasoning: 4, total: 15 }, {},
    { 'input.uncached': 1, 'output.text': 10, 'output.reasoning': 4 }, [],
  ],
  ['reasoning alone', { reasoning: 4 }, {}, { 'output.reasoning': 4 }, []],
  [
    'audio and image are parts of the input', { input: 10, audioInput: 3, imageInput: 2 }, {},
    { 'input.uncached': 5, 'input.audio': 3, 'input.image': 2 }, [],
  ],
  [
    'cached audio is a part of both', { input: 10, cacheRead: 4, audioInput: 5, audioCacheRead: 2 }, { input: 'inclusive' },
    { 'input.uncached': 3, 'input.cache_read': 2, 'input.audio': 3, 'input.audio.cache_read': 2 }, [],
  ],
  ['audio larger than what is not cached lies in the cache, as audio', { input: 10, cacheRead: 8, audioInput: 5 }, { input: 'inclusive' },
    { 'input.cache_read': 5, 'input.audio': 2, 'input.audio.cache_read': 3 }, ['cached_audio_unknown']],
  ['nor does a count of 0 make it text', { input: 10, cacheRead: 8, audioInput: 5, audioCacheRead: 0 }, { input: 'inclusive' },
    { 'input.cache_read': 5, 'input.audio': 2, 'input.audio.cache_read': 3 }, []],
  ['audio that fits beside the cache may be in it, and is priced as if it were not', { input: 10, cacheRead: 5, audioInput: 5 }, { input: 'inclusive' },
    { 'input.cache_read': 5, 'input.audio': 5 }, ['cached_audio_unknown']],
  ['audio is beside the cache where that is said', { input: 10, cacheRead: 5, audioInput: 5, audioCacheRead: 0 }, { input: 'inclusive' },
    { 'input.cache_read': 5, 'input.audio': 5 }, []],
  ['audio that fills the whole input is in all of the cache', { input: 10, cacheRead: 4, audioInput: 10 }, { input: 'inclusive' },
    { 'input.audio': 6, 'input.audio.cache_read': 4 }, []],
  ['audio larger than the input', { input: 2, audioInput: 5 }, {}, { 'input.audio': 2 }, ['usage_inconsistent']],
  ['audio and image are parts of the output', { output: 10, audioOutput: 3, imageOutput: 2 }, {}, { 'output.text': 5,
    'output.audio': 3, 'output.image': 2 }, []],
  ['image larger than the output', { output: 2, imageOutput: 5 }, {}, { 'output.image': 2 }, ['usage_inconsistent']],
  ['cached audio larger than the cache', { input: 9, cacheRead: 2, audioCacheRead: 5 }, { input: 'inclusive' },
    { 'input.uncached': 7, 'input.audio.cache_read': 2 }, ['usage_inconsistent']],
  ['only a total', { total: 500 }, {}, { unsplit: 500 }, ['unsplit_total']],
  ['a total and one side', { output: 20, total: 500 }, {}, { 'output.text': 20, unsplit: 480 }, ['unsplit_total']],
  ['an embedding has one side', { input: 12, total: 12 }, {}, { 'input.uncached': 12 }, []],
  ['a total that no reading explains changes nothing and is told', { input: 12, output: 3, total: 99 }, {},
    { 'input.uncached': 12, 'output.text': 3 }, ['total_disagrees']],
  ['pieces beside tokens', { input: 12, output: 3, webSearches: 2, codeExecutions: 1, audioSeconds: 30 }, {},
    { 'input.uncached': 12, 'output.text': 3, 'tool.web_search': 2, 'tool.code_execution': 1, 'audio.seconds': 30 }, []],
  ['only cache counts', { cacheRead: 9, cacheWrite5m: 1 }, {}, { 'input.cache_read': 9, 'input.cache_write.5m': 1 }, []],
  ['tool-use tokens beside the prompt, as the total proves', { input: 10, toolUseInput: 5, output: 3, total: 18 }, {},
    { 'input.uncached': 15, 'output.text': 3 }, []],
  ['tool-use tokens within it', { input: 10, toolUseInput: 5, output: 3, total: 13 }, {}, { 'input.uncached': 10,
    'output.text': 3 }, []],
  ['a lossy emitter', { input: 10 }, { input: 'exclusive', lossy: true }, { 'input.uncached': 10 }, ['usage_lossy']],
  ['hidden writes', { input: 10 }, { hidesCacheWrites: true }, { 'input.uncached': 10 }, ['cache_write_hidden']],
]
for (const [why, counts, counting, usage, flags] of rows) {
  test(why, () => {
    const normal = normaliseUsage(counts, counting)
    assert.deepEqual(normal.usage, usage)
    assert.deepEqual([...normal.flags].sort(), [...flags].sort())
  })
}

test('what people read is a sum over the meters, and an unsplit total stands alone', () => {
  const usage = Object.fromEntries(meters.map((meter, index) => [meter, 2 ** index])) as Record<Meter, number>
  assert.deepEqual(tokenUsage(usage), {
    input: 1 + 2 + 4 + 8 + 16 + 32 + 64, cachedInput: 2 + 32, cacheWrite: 4 + 8, output: 128 + 256 + 512 + 1024, reasoning: 256,
      total: 4095,
  })
  assert.deepEqual(tokenUsage({}), { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0, total: 0 })
})

test('sums of wild counts end at 2^53, so that they are the same in every order and what a row can hold', () => {
  const wild = Number.MAX_SAFE_INTEGER
  assert.deepEqual(tokenUsage({ 'input.uncached': 3 * wild, 'input.cache_read': wild, 'output.text': wild }),
    { input: 2 ** 53, cachedInput: wild, cacheWrite: 0, output: wild, reasoning: 0, total: 2 ** 53 })
})

const tokens = fc.option(fc.oneof(fc.nat(50), fc.nat(1_000_000), fc.constant(Number.MAX_SAFE_INTEGER)), { nil: undefined })
const anyCounts: fc.Arbitrary<UsageCounts> = fc.record({
  input: tokens, output: tokens, cacheRead: tokens, cacheWrite: tokens, cacheWrite5m: tokens, cacheWrite1h: tokens,
    reasoning: tokens,
  audioInput: tokens, audioOutput: tokens, audioCacheRead: tokens, imageInput: tokens, imageOutput: tokens, toolUseInput: tokens,
    total: tokens,
})
const anyCounting: fc.Arbitrary<Counting> = fc.record({
  input: fc.constantFrom('inclusive' as const, 'exclusive' as const), output: fc.constantFrom('inclusive' as const,
    'exclusive' as const),
}, { requiredKeys: [] })

test('whatever is reported, meters are positive safe integers of the list', () => {
  fc.assert(fc.property(anyCounts, anyCounting, (counts, counting) => {
    for (const [meter, count] of Object.entries(normaliseUsage(counts, counting).usage ?? {})) {
      assert.ok((meters as readonly string[]).includes(meter))
      assert.ok(Number.isSafeInteger(count) && count > 0, `${meter} is ${count}`)
    }
  }))
})

test('where the basis is known, the meters sum to what was reported', () => {
  const count = fc.nat(1_000_000)
  fc.assert(fc.property(count, count, count, count, count, (uncached, read, write, text, reasoning) => {
    const inclusive = { input: uncached + read + write, cacheRead: read, cacheWrite5m: write, output: text + reasoning, reasoning }
    const exclusive = { input: uncached, cacheRead: read, cacheWrite5m: write, output: text, reasoning }
    const both = [
      normaliseUsage(inclusive, { input: 'inclusive', output: 'inclusive' }), normaliseUsage(exclusive, { input: 'exclusive',
        output: 'exclusive' }),
    ]
    for (const { usage, flags } of both) {
      assert.deepEqual(flags, [])
      const whole = tokenUsage(usage ?? {})
      assert.deepEqual(whole, {
        input: uncached + read + write, cachedInput: read, cacheWrite: write, output: text + reasoning, reasoning,
        total: uncached + read + write + text + reasoning,
      })
    }
  }))
})
