import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Bill, BillError, pico, rounded } from './bill.ts'
import { parseCsvBill } from './csv-bill.ts'
import { csvTable } from './csv-table.ts'
import { meterNamed, parseJsonBill } from './json-bill.ts'
import { anthropicCosts, anthropicUsage, awsHead, costExplorer, csv, focusHead, gcpHead, openaiCosts, openaiUsage } from './made-bills.ts'

const day = '2026-11-20'
const tokens = 1_000_000_000_000n
const lines = ({ lines: of }: Bill): unknown => of.map(({ provider, account, day: on, model, meter, quantity, amount }) => [provider, account, on, model, meter, quantity === undefined ? null : quantity / tokens, amount ?? null])

test('OpenAI usage: input includes what was cached', () => {
  const bill = parseJsonBill(openaiUsage(day, [{ model: 'gpt-5-2025-08-07', input_tokens: 1_000, input_cached_tokens: 800, output_tokens: 50 }]))
  assert.equal(bill.source, 'openai_usage')
  assert.deepEqual(lines(bill), [['openai', 'proj_1', day, 'gpt-5-2025-08-07', 'input', 200n, null], ['openai', 'proj_1', day, 'gpt-5-2025-08-07', 'cache_read', 800n, null], ['openai', 'proj_1', day, 'gpt-5-2025-08-07', 'output', 50n, null]])
})
test('OpenAI usage of embeddings is a report of its own, because it comes in an answer of its own', () => {
  const embeddings = { object: 'organization.usage.embeddings.result', model: 'text-embedding-3-small', input_tokens: 7 }
  const bill = parseJsonBill(openaiUsage(day, [embeddings]))
  assert.equal(bill.source, 'openai_embeddings')
  assert.deepEqual(lines(bill), [['openai', 'proj_1', day, 'text-embedding-3-small', 'input', 7n, null]])
  assert.throws(() => parseJsonBill(openaiUsage(day, [embeddings, usage])), /each answer of the API as a file of its own/)
})
test('OpenAI costs: a float is read as the decimal that stands there', () => {
  const bill = parseJsonBill(openaiCosts(day, [['gpt-5-2025-08-07, input', '0.1'], ['gpt-5-2025-08-07, cached input', '1.25e-7'], ['Image models', '0.30000000000000004'], [null, '2']]))
  assert.equal(bill.source, 'openai_costs')
  assert.deepEqual(lines(bill), [
    ['openai', 'proj_1', day, 'gpt-5-2025-08-07', 'input', null, 100_000_000_000n], ['openai', 'proj_1', day, 'gpt-5-2025-08-07', 'cache_read', null, 125_000n],
    ['openai', 'proj_1', day, 'Image models', 'other', null, 300_000_000_000n], ['openai', 'proj_1', day, '', '', null, 2_000_000_000_000n],
  ])
})
test('Anthropic usage: four classes, both lifetimes of a cache write together', () => {
  const bill = parseJsonBill(anthropicUsage(day, [{ model: 'claude-sonnet-5', uncached_input_tokens: 1, cache_read_input_tokens: 2, cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 }, output_tokens: 5, server_tool_use: { web_search_requests: 6 } }]))
  assert.deepEqual(lines(bill), [['input', 1n], ['cache_read', 2n], ['cache_write', 7n], ['output', 5n]].map(([meter, quantity]) => ['anthropic', '', day, 'claude-sonnet-5', meter, quantity, null]))
})
test('Anthropic costs: cents as text', () => {
  const bill = parseJsonBill(anthropicCosts(day, [{ model: 'claude-sonnet-5', token_type: 'output_tokens', amount: '123.45' }, { model: 'claude-sonnet-5', token_type: 'cache_creation.ephemeral_1h_input_tokens', amount: '0.000000000001' }, { model: null, cost_type: 'web_search', token_type: null, amount: '100' }]))
  assert.deepEqual(lines(bill), [['anthropic', '', day, 'claude-sonnet-5', 'output', null, 1_234_500_000_000n], ['anthropic', '', day, 'claude-sonnet-5', 'cache_write', null, 0n], ['anthropic', '', day, '', 'other', null, 1_000_000_000_000n]])
})
test('AWS: Cost Explorer tells money by usage type, the report tokens too', () => {
  assert.deepEqual(lines(parseJsonBill(costExplorer(day, [['USE1-Claude4.5Sonnet-output-tokens', '1.5']]))), [['aws', '', day, '', 'output', null, 1_500_000_000_000n]])
  const report = csv(awsHead,
    `a,${day}T00:00:00Z,123,AmazonBedrock,Usage,USE1-NovaPro-input-tokens,12.5,0.01,USD,1K tokens,arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0`,
    `b,${day}T00:00:00Z,123,AmazonEC2,Usage,BoxUsage,1,9,USD,Hrs,`, `c,${day}T00:00:00Z,123,AmazonBedrock,Credit,USE1-NovaPro-input-tokens,1,-0.004,USD,1K tokens,`, `d,${day}T00:00:00Z,123,AmazonBedrock,Tax,,1,7,USD,,`)
  assert.deepEqual(lines(parseCsvBill(report)), [['aws', '123', day, 'amazon.nova-pro-v1:0', 'input', 12_500n, 10_000_000_000n], ['aws', '123', day, '', 'other', null, -4_000_000_000n]])
  assert.deepEqual(lines(parseCsvBill(report.replaceAll('line_item_', 'lineItem/'))), lines(parseCsvBill(report)), 'the older spelling')
})
test('Google Cloud: credits stand in a list beside the cost', () => {
  const bill = parseCsvBill(csv(gcpHead, `0A,Vertex AI,"Gemini 2.5 Flash Text Input - Predictions",${day} 00:00:00 UTC,p-1,0.3,USD,1000,tokens,"[{""name"":""promo"",""amount"":-0.1},{""amount"":-0.05}]",202612`, `0A,Cloud Storage,x,${day},p,1,USD,1,bytes,[],202611`))
  assert.deepEqual(lines(bill), [['google', 'p-1', day, 'gemini-2.5-flash', 'input', 1_000n, 150_000_000_000n]])
})
test('a class follows from what a cloud calls the usage', () => {
  const classes = {
    'USE1-Claude4.5Sonnet-input-tokens': 'input', 'USE1-Claude4.5Sonnet-cache-read-input-token-count': 'cache_read', 'USE1-Claude4.5Sonnet-cache-write-input-token-count': 'cache_write',
    'Gemini 2.5 Pro Text Output - Predictions': 'output', 'Gemini 2.5 Pro Input Text Caching - Predictions': 'cache_read', 'Gemini 2.5 Flash Cached Text Input': 'cache_read',
    'Gemini 2.5 Pro Input Text Caching Storage - Predictions': 'other', 'Grounding with Google Search': '',
  }
  assert.deepEqual(Object.fromEntries(Object.keys(classes).map((name) => [name, meterNamed(name)])), classes)
})
test('FOCUS of anybody: model and class from SkuPriceDetails', () => {
  const bill = parseCsvBill(csv(focusHead,
    `1.5,USD,Usage,,${day}T00:00:00Z,2000,Tokens,Anthropic,AI and Machine Learning,ws,Input Tokens,"{""x_ModelId"":""claude-sonnet-5"",""x_TokenDirection"":""Input"",""x_TokenCacheAction"":""Read""}"`,
    `0.5,USD,Usage,,${day}T00:00:00Z,3,1000 Tokens,Anthropic,AI and Machine Learning,ws,Output Tokens,`, `9,USD,Usage,,${day}T00:00:00Z,1,Hours,AWS,Compute,ws,x,`, `2,USD,Tax,,${day}T00:00:00Z,,,Anthropic,AI and Machine Learning,ws,,`))
  assert.deepEqual(lines(bill), [['Anthropic', 'ws', day, 'claude-sonnet-5', 'cache_read', 2_000n, 1_500_000_000_000n], ['Anthropic', 'ws', day, '', 'output', 3_000n, 500_000_000_000n]])
})
test('FOCUS: a correction of tokens is of their class, one of money alone is beside them', () => {
  const bill = parseCsvBill(csv(focusHead,
    `-1,USD,Usage,Correction,${day},-10,Tokens,Anthropic,AI and Machine Learning,ws,Input Tokens,`, `-2,USD,Usage,Correction,${day},,,Anthropic,AI and Machine Learning,ws,Input Tokens,`))
  assert.deepEqual(lines(bill), [['Anthropic', 'ws', day, '', 'input', -10n, -1_000_000_000_000n], ['Anthropic', 'ws', day, '', 'other', null, -2_000_000_000_000n]])
})

const usage = { model: 'm', input_tokens: 1, output_tokens: 1 }
for (const [what, parse, text, message] of [
  ['a missing column', parseCsvBill, csv(focusHead.replace('ConsumedUnit,', ''), ''), /no column ConsumedUnit/],
  ['a missing column of AWS', parseCsvBill, csv(awsHead.replace('line_item_unblended_cost,', ''), ''), /no column line_item_unblended_cost/],
  ['a missing column of Google', parseCsvBill, csv(gcpHead.replace(',currency', ''), ''), /no column currency/],
  ['a column twice: which one counts is not for us to say', parseCsvBill, csv(`${focusHead},Billed Cost`, `1,USD,Usage,,${day},1,Tokens,A,AI and Machine Learning,,Input Tokens,,9`), /the bill has the column BilledCost twice/],
  ['no known head', parseCsvBill, 'a,b\r\n1,2\r\n', /none of the known bills/],
  ['another currency', parseCsvBill, csv(focusHead, `1,EUR,Usage,,${day},1,Tokens,A,AI and Machine Learning,,Input Tokens,`), /row 2 BillingCurrency is 'EUR': only bills in USD/],
  ['an unknown currency', parseJsonBill, openaiCosts(day, [['x', '1', 'xyz']]), /data 1 result 1 currency is 'xyz'/],
  ['a negative quantity', parseJsonBill, openaiUsage(day, [{ ...usage, input_tokens: -5 }]), /data 1 result 1 input_tokens is '-5': a quantity is not negative/],
  ['a negative quantity in CSV', parseCsvBill, csv(focusHead, `1,USD,Usage,,${day},-1,Tokens,A,AI and Machine Learning,,Input Tokens,`), /row 2 ConsumedQuantity is '-1'/],
  ['more cached than there was', parseJsonBill, openaiUsage(day, [{ ...usage, input_cached_tokens: 2 }]), /more input_cached_tokens than input_tokens/],
  ['no number', parseJsonBill, anthropicCosts(day, [{ amount: 'much' }]), /amount is 'much': a decimal number is expected/],
  ['more than there is', parseJsonBill, openaiCosts(day, [['x', '1e60']]), /amount is '1e60': at most 1000000000000000 is taken/],
  ['no date', parseCsvBill, csv(focusHead, '1,USD,Usage,,20 Nov,1,Tokens,A,AI and Machine Learning,,Input Tokens,'), /ChargePeriodStart is '20 Nov': a date/],
  ['a field that is not there', parseJsonBill, anthropicUsage(day, [{ model: 'm', output_tokens: 1 }]), /data 1 result 1 has no uncached_input_tokens/],
  ['half a file', parseJsonBill, '{"data": [', /begins like JSON and is none/],
  ['an error of the API instead of a bill', parseJsonBill, '{"error": {"message": "no"}}', /no list data/],
  ['nothing of ours', parseCsvBill, csv(gcpHead, `0A,Cloud Storage,x,${day},p,1,USD,1,bytes,[],202611`), /no row of Vertex AI/],
  ['a row that is too short', parseCsvBill, csv(focusHead, '1,USD'), /row 2 has 2 cells, the head has 12/],
  ['a quote that is never closed', parseCsvBill, csv(focusHead, '"1,USD'), /row 2 has a quote that is never closed/],
  ['credits that are none', parseCsvBill, csv(gcpHead, `0A,Vertex AI,x,${day},p,1,USD,1,tokens,none,202611`), /row 2 credits is no JSON list/],
] as const) {
  test(`refused with one message: ${what}`, () => {
    assert.throws(() => parse(text), (error) => error instanceof BillError && message.test(error.message) && !error.message.includes('\n'))
  })
}

test('a unit in unknown words counts no tokens, and a time is of its day in UTC', () => {
  const focus = (unit: string, time: string): unknown => parseCsvBill(csv(focusHead, `1,USD,Usage,,${time},2,${unit},A,AI and Machine Learning,,Input Tokens,`)).lines.map(({ day: on, quantity }) => [on, quantity === undefined ? null : quantity / tokens])
  for (const [unit, quantity] of [['Tokens', 2n], ['1000 Tokens', 2_000n], ['1M tokens', 2_000_000n], ['Million Tokens', 2_000_000n], ['Dozen Tokens', null], ['12345678901 Tokens', null]] as const) assert.deepEqual(focus(unit, day), [[day, quantity]], unit)
  assert.deepEqual(focus('Tokens', '2026-11-20T23:30:00-08:00'), [['2026-11-21', 2n]])
  assert.deepEqual(focus('Tokens', '2026-11-20T23:30:00Z'), [[day, 2n]])
})
test('decimals are exact, and what no pico-dollar holds is rounded half to even', () => {
  for (const [text, value] of [['1', 10n ** 12n], ['-0.5', -5n * 10n ** 11n], ['.25', 25n * 10n ** 10n], ['1e-12', 1n], ['0.0000000000005', 0n], ['0.0000000000015', 2n], ['0.0000000000025', 2n], ['12345678901.123456789012', 12_345_678_901_123_456_789_012n]] as const) assert.equal(pico(text, 'x'), value, text)
  assert.deepEqual([rounded(-5n, 10n), rounded(-15n, 10n), rounded(14n, 10n)], [0n, -2n, 1n])
})
test('an apostrophe that keeps a spreadsheet from running a cell is no part of it', () => {
  const [row] = csvTable("model,other\n'@cf/meta/llama-3.1-8b,'quoted'\n", [['model']])
  assert.deepEqual([row?.get('model'), row?.get('other')], ['@cf/meta/llama-3.1-8b', "'quoted'"])
})
test('CSV with quotes, line breaks in cells, empty cells and a byte order mark', () => {
  const [first, second] = csvTable('\uFEFFa,"b ""x""",c\n"1,\n2",,3\r\n,"",\n', [])
  assert.deepEqual([first?.get('a'), first?.get('b "x"'), first?.get('c'), second?.get('a'), second?.get('c')], ['1,\n2', '', '3', '', ''])
})
