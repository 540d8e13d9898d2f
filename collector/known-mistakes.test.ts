/**
 * Mistakes in counting tokens and money that products in this field shipped, each with a report of it, as spans and the ledger that
 * they must make. Where a mistake is not about spans, `provedBy` names the test.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { account, type Elsewhere } from '#semconv/account.ts'
import type { SpanRecord } from '#semconv/attributes.ts'
import { type Literal, literalAttributes, literalSpan } from '#semconv/literal-span.ts'
import { spanFacts } from './derive/derive.ts'
import { entryKey } from './derive/identity.ts'
import { type PriceBook, parseBook, shippedBook } from './price/book.ts'
import { post, type Posted } from './settle/post.ts'
import { toldElsewhere } from './settle/told-elsewhere.ts'
import { callsTold } from './derive/call-told.ts'

interface Mistake {
  readonly mistake: string
  /** Where it was reported. */
  readonly reported: string
}
interface Case extends Mistake {
  /** By trace. */
  readonly spans: readonly (readonly Said[])[]
  /** `span meter tokens $amount`, reversals taken off; `?` for an amount that is not known. */
  readonly ledger: readonly string[]
}
interface Pointer extends Mistake {
  readonly provedBy: readonly [file: string, name: string]
}

interface Said {
  readonly span: number
  readonly parent?: number
  /** Seconds after the first span. */
  readonly at?: number
  readonly scope?: string
  readonly said: { readonly [key: string]: Literal }
}

const call = (model: string, input: number, output: number, more: { readonly [key: string]: Literal } = {}, provider = 'openai'): Said['said'] => ({
  'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': provider, 'gen_ai.request.model': model, 'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output, ...more,
})
const agent = (input: number, output: number): Said['said'] => ({ ...call('gpt-4o', input, output), 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'clerk' })
const read = (tokens: number) => ({ 'gen_ai.usage.cache_read.input_tokens': tokens })
const answer = { 'gen_ai.response.id': 'resp_aaaaaaaaaaaaaaaaaaaaaaaaaaaa' }

// gpt-4o: $2.50 and $10 a million, $1.25 cached. claude-sonnet-4-5: $3 and $15, $0.30 cached. gemini-2.5-pro: $1.25 and $10, above 200,000 $2.50 and $15.
const cases: readonly Case[] = [
  {
    mistake: 'cached input is added on top of an input that includes it', reported: 'langfuse#5568, pydantic-ai#4364',
    spans: [[{ span: 1, said: call('gpt-4o', 1_000, 50, read(800)) }]], ledger: ['1 input.cache_read 800 $0.001', '1 input.uncached 200 $0.0005', '1 output.text 50 $0.0005'],
  },
  {
    mistake: 'cached input is taken off an input that excludes it: nothing is left', reported: 'langfuse#13724, langfuse#11979',
    spans: [[{ span: 1, said: call('claude-sonnet-4-5', 5, 50, read(20_000), 'anthropic') }]],
    ledger: ['1 input.cache_read 20000 $0.006', '1 input.uncached 5 $0.000015', '1 output.text 50 $0.00075'],
  },
  {
    mistake: 'cache counts are dropped in one dialect', reported: 'mlflow#24759, dd-trace-py#13869',
    spans: [[{ span: 1, said: {
      'openinference.span.kind': 'LLM', 'llm.system': 'openai', 'llm.provider': 'openai', 'llm.model_name': 'gpt-4o', 'llm.token_count.prompt': 1_000, 'llm.token_count.completion': 50,
      'llm.token_count.total': 1_050, 'llm.token_count.prompt_details.cache_read': 800,
    } }]], ledger: ['1 input.cache_read 800 $0.001', '1 input.uncached 200 $0.0005', '1 output.text 50 $0.0005'],
  },
  {
    mistake: 'an agent that repeats its calls is billed again', reported: 'semconv-genai#19, phoenix#12768',
    spans: [[{ span: 1, said: agent(300, 60) }, { span: 2, parent: 1, at: 1, said: call('gpt-4o', 100, 20) }, { span: 3, parent: 1, at: 2, said: call('gpt-4o', 200, 40) }]],
    ledger: ['2 input.uncached 100 $0.00025', '2 output.text 20 $0.0002', '3 input.uncached 200 $0.0005', '3 output.text 40 $0.0004'],
  },
  {
    mistake: 'calls that were sampled away read as nothing', reported: 'semconv-genai#425',
    spans: [[{ span: 1, said: agent(300, 60) }, { span: 2, parent: 1, at: 1, said: call('gpt-4o', 100, 20) }]],
    ledger: ['1 input.uncached 200 $0.0005', '1 output.text 40 $0.0004', '2 input.uncached 100 $0.00025', '2 output.text 20 $0.0002'],
  },
  {
    mistake: 'a framework\'s span and the SDK\'s below it are two calls', reported: 'openinference#3164',
    spans: [[{ span: 1, scope: 'framework', said: call('gpt-4o', 100, 20) }, { span: 2, parent: 1, scope: 'sdk', said: call('gpt-4o', 100, 20, answer) }]],
    ledger: ['2 input.uncached 100 $0.00025', '2 output.text 20 $0.0002'],
  },
  {
    mistake: 'the tier is asked of a part of the prompt, or applied to the tokens above it alone', reported: 'opik#6982, tokscale#862, litellm#39861',
    spans: [
      [{ span: 1, said: call('gemini-2.5-pro', 200_000, 1_000, {}, 'gcp.gemini') }],
      [{ span: 2, said: call('gemini-2.5-pro', 200_001, 1_000, {}, 'gcp.gemini') }],
    ],
    ledger: ['1 input.uncached 200000 $0.25', '1 output.text 1000 $0.01', '2 input.uncached 200001 $0.5000025', '2 output.text 1000 $0.015'],
  },
  {
    mistake: 'an answer out of the client\'s own cache is billed', reported: 'langfuse#2112',
    spans: [[{ span: 1, said: call('gpt-4o', 100, 20, answer) }], [{ span: 2, at: 3_600, said: call('gpt-4o', 100, 20, answer) }]],
    ledger: ['1 input.uncached 100 $0.00025', '1 output.text 20 $0.0002'],
  },
  {
    mistake: 'one answer under two sessions is two calls', reported: 'ccusage#1762, ccusage#988',
    spans: [
      [{ span: 1, said: call('gpt-4o', 100, 20, { ...answer, 'gen_ai.conversation.id': 'one' }) }], [{ span: 2, said: call('gpt-4o', 100, 20, { ...answer, 'gen_ai.conversation.id': 'two' }) }],
    ],
    ledger: ['1 input.uncached 100 $0.00025', '1 output.text 20 $0.0002'],
  },
  {
    mistake: 'an unknown model takes the price of an old one with a similar name', reported: 'claude-spend#31',
    spans: [[{ span: 1, said: call('claude-opus-99', 100, 20, {}, 'anthropic') }]], ledger: ['1 input.uncached 100 ?', '1 output.text 20 ?'],
  },
  {
    mistake: 'a model without a price costs $0.00', reported: 'ccusage#1440, dd-trace-py#13836',
    spans: [[{ span: 1, said: call('brand-new-model', 100, 20) }]], ledger: ['1 input.uncached 100 ?', '1 output.text 20 ?'],
  },
  {
    mistake: 'everything is priced with the model of the last call', reported: 'tracker#527',
    spans: [[{ span: 1, said: call('gpt-4o', 100, 20) }, { span: 2, at: 1, said: call('gpt-4o-mini', 100, 20) }]],
    ledger: ['1 input.uncached 100 $0.00025', '1 output.text 20 $0.0002', '2 input.uncached 100 $0.000015', '2 output.text 20 $0.000012'],
  },
  {
    mistake: 'what the instrumentation claims replaces the price', reported: 'semantic-conventions-genai PR#443',
    spans: [[{ span: 1, said: call('gpt-4o', 100, 20, { 'gen_ai.usage.cost': 0.5 }) }, { span: 2, at: 1, said: call('brand-new-model', 100, 20, { 'gen_ai.usage.cost': 0.5 }) }]],
    ledger: ['1 input.uncached 100 $0.00025', '1 output.text 20 $0.0002', '2 reported_cost 1 $0.5'],
  },
]

const elsewhere: readonly Pointer[] = [
  { mistake: 'which integrations count cached input as input is guessed', reported: 'litellm#26919, openllmetry#2175', provedBy: ['semconv/counting.test.ts', 'who: \'LiteLLM\', scope: \'litellm\''] },
  { mistake: 'a price fix does not reach what was billed', reported: 'langfuse-docs#2018, langfuse#12184', provedBy: ['collector/reprice/reprice.test.ts', 'nothing the second time'] },
  { mistake: 'money is derived from counters that reset and collide', reported: 'claude-code#2454, claude-code#72500', provedBy: ['e2e/metrics.test.ts', 'tokens that metrics tell do not change costs'] },
]

const record = (trace: number, { span, parent, at = 0, scope = 'sdk', said }: Said): SpanRecord => {
  const made = literalSpan({ name: `span ${span}`, kind: 3, scope, resource: { 'service.name': 'shop' } })
  const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0')
  return {
    ...made, traceId: hex(trace + 1, 32), spanId: hex(span, 16), parentSpanId: parent === undefined ? '' : hex(parent, 16), attributes: literalAttributes(said),
    startTimeUnixNano: made.startTimeUnixNano + BigInt(at) * 1_000_000_000n, endTimeUnixNano: made.startTimeUnixNano + BigInt(at + (parent === undefined ? 10 : 9 - at)) * 1_000_000_000n,
  }
}

/** Derived, accounted, posted: what stands at last, over all traces. */
function ledgerOf(traces: Case['spans'], prices: PriceBook = shippedBook(), posted: Posted[] = []): readonly string[] {
  const facts = traces.map((spans, trace) => spans.map((span) => spanFacts(record(trace, span), 1n)))
  const tellers = Map.groupBy(facts.flat().flatMap(callsTold), (told) => told.key)
  for (const [trace, spans] of facts.entries()) {
    const told: Elsewhere = toldElsewhere(spans, tellers)
    const ledger = (posted[trace] ??= { charges: new Map(), entries: new Map() })
    const { rows } = post(account(spans, told), new Map(spans.map((span) => [span.spanId, span])), ledger, 2n, { tenant: 't', project: 'p', prices })
    for (const row of rows) ledger.entries.set(entryKey(row), row)
  }
  const standing = Map.groupBy(posted.flatMap(({ entries }) => [...entries.values()]), (entry) => `${Number.parseInt(entry.spanId, 16)} ${entry.meter}`)
  return [...standing].flatMap(([key, entries]) => {
    const sum = (of: 'quantity' | 'amount') => entries.reduce((total, entry) => total + (entry[of] ?? 0n), 0n)
    const amount = entries.every((entry) => entry.amount === undefined) ? '?' : `$${Number(sum('amount')) / 1e12}`
    return sum('quantity') === 0n ? [] : [`${key} ${sum('quantity') / 1_000_000_000_000n} ${amount}`]
  }).sort()
}

for (const { mistake, reported, spans, ledger } of cases) test(`not made here: ${mistake} (${reported})`, () => assert.deepEqual(ledgerOf(spans), ledger))

test('not made here: a call is taken by the service tier that was asked for, not the one that served it (litellm#27588)', () => {
  const { step } = spanFacts(record(0, { span: 1, said: call('gpt-4o', 1, 1, { 'openai.request.service_tier': 'auto', 'openai.response.service_tier': 'flex' }) }), 1n)
  assert.equal(step.serviceTier, 'flex')
})

for (const { mistake, reported, provedBy: [file, name] } of elsewhere) {
  test(`not made here: ${mistake} (${reported}): ${file}`, () => assert.ok(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').includes(name), `${file} has a test with "${name}"`))
}

test('not made here: a newer book in use changes what was charged (agentsview#1540, maxx#575)', () => {
  const { data } = shippedBook()
  const dearer = parseBook(JSON.stringify({
    ...data, providers: data.providers.map((provider) => ({
      ...provider, cards: provider.cards.map((card) => ({
        ...card, periods: card.periods.map((period) => ({ ...period, rates: period.rates.map((rate) => ({ ...rate, prices: { ...rate.prices, input: 9_000_000 } })) })),
      })),
    })),
  }))
  const posted: Posted[] = []
  const spans = [[{ span: 1, said: call('gpt-4o', 100, 20) }]]
  const before = ledgerOf(spans, shippedBook(), posted)
  assert.notDeepEqual(ledgerOf(spans, dearer), before, 'the newer book says another price')
  assert.deepEqual(ledgerOf(spans, dearer, posted), before)
})
