import { assertDollars, BillError, type Bill, type BillLine, type BillMeter, type BillSource, dayOf, pico, rounded, tokens } from './bill.ts'

/**
 * Answers of the providers' own APIs, saved as they came; several pages may stand in one list. Formats as of 2026-11:
 * OpenAI `GET /v1/organization/usage/completions`, `/embeddings` and `/costs` (amount is a float in dollars),
 * Anthropic `GET /v1/organizations/usage_report/messages` and `/cost_report` (amount is a decimal text in cents),
 * AWS Cost Explorer `GetCostAndUsage`.
 */

type Json = Readonly<Record<string, unknown>>

/** The file as JSON whose numbers are still the text that stood there: a float of a bill is read as a decimal. */
export function parseJsonBill(text: string): Bill {
  let document: unknown
  try {
    document = JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => (typeof value === 'number' ? context?.source ?? String(value) : value))
  } catch {
    throw new BillError('the file begins like JSON and is none: save the answer of the API as it came')
  }
  const pages = (Array.isArray(document) ? document : [document]).map((page) => record(page, 'the file'))
  if (pages.some((page) => page['ResultsByTime'] !== undefined)) return { source: 'aws_cost_explorer', lines: pages.flatMap(costExplorer) }
  const buckets = pages.flatMap((page) => list(page['data'], 'data')).map((bucket, at) => ({ bucket: record(bucket, `data ${at + 1}`), where: `data ${at + 1}` }))
  if (buckets.length === 0) throw new BillError('the bill has no data: nothing was billed, or the file is none of the known reports')
  if (buckets.some(({ bucket }) => bucket['starting_at'] !== undefined)) return anthropic(buckets)
  if (buckets.some(({ bucket }) => bucket['start_time'] !== undefined)) return openai(buckets)
  throw new BillError('data 1 has neither start_time (OpenAI) nor starting_at (Anthropic)')
}

interface Placed {
  readonly bucket: Json
  readonly where: string
}

function record(value: unknown, where: string): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new BillError(`${where} is no object`)
  return value as Json
}
function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new BillError(`the bill has no list ${where}`)
  return value
}
/** Text or a number's text; '' where it is null or not there. */
const word = (value: unknown): string => (typeof value === 'string' ? value : '')
function required(from: Json, key: string, where: string): string {
  const value = word(from[key])
  if (value === '') throw new BillError(`${where} has no ${key}`)
  return value
}
const count = (from: Json, key: string, where: string): bigint => (word(from[key]) === '' ? 0n : tokens(word(from[key]), `${where} ${key}`))
const results = ({ bucket, where }: Placed): readonly Placed[] =>
  list(bucket['results'], `${where} results`).map((result, at) => ({ bucket: record(result, `${where} result ${at + 1}`), where: `${where} result ${at + 1}` }))

function unixDay(text: string, where: string): string {
  if (!/^\d{9,11}$/.test(text)) throw new BillError(`${where} is '${text.slice(0, 40)}': Unix seconds are expected`)
  return dayOf(new Date(Number(text) * 1_000).toISOString(), where)
}

function openai(buckets: readonly Placed[]): Bill {
  const isCosts = buckets.some((placed) => results(placed).some(({ bucket }) => bucket['amount'] !== undefined))
  const lines = buckets.flatMap((placed) => {
    const day = unixDay(required(placed.bucket, 'start_time', placed.where), `${placed.where} start_time`)
    return results(placed).flatMap((result) => (isCosts ? [openaiCost(result, day)] : openaiUsage(result, day)))
  })
  return { source: isCosts ? 'openai_costs' : usageSource(buckets), lines }
}

/** Each kind of call has an endpoint of its own, which its results name. */
function usageSource(buckets: readonly Placed[]): BillSource {
  const kinds = new Set(buckets.flatMap((placed) => results(placed).map(({ bucket }) => (word(bucket['object']).includes('.embeddings.') ? 'openai_embeddings' : 'openai_usage'))))
  if (kinds.size > 1) throw new BillError('the bill has usage of embeddings and of other calls: import each answer of the API as a file of its own')
  return [...kinds][0] ?? 'openai_usage'
}

/** `gpt-4o-2024-08-06, cached input`: the text after the last comma is the class where we know it. */
const openaiClasses: Readonly<Record<string, BillMeter>> = { input: 'input', 'cached input': 'cache_read', output: 'output', 'text input': 'input', 'text output': 'output' }

function openaiCost({ bucket, where }: Placed, day: string): BillLine {
  const amount = record(bucket['amount'], `${where} amount`)
  assertDollars(required(amount, 'currency', `${where} amount`), `${where} currency`)
  const item = word(bucket['line_item'])
  const comma = item.lastIndexOf(',')
  const meter = openaiClasses[item.slice(comma + 1).trim().toLowerCase()]
  return {
    provider: 'openai', account: word(bucket['project_id']), day, model: meter === undefined ? item : item.slice(0, comma).trim(), meter: meter ?? (item === '' ? '' : 'other'),
    quantity: undefined, amount: pico(required(amount, 'value', `${where} amount`), `${where} amount`),
  }
}

/** `input_tokens` includes the cached ones. */
function openaiUsage({ bucket, where }: Placed, day: string): BillLine[] {
  if (bucket['input_tokens'] === undefined) throw new BillError(`${where} has no input_tokens`)
  const [input, cached, output] = [count(bucket, 'input_tokens', where), count(bucket, 'input_cached_tokens', where), count(bucket, 'output_tokens', where)]
  if (cached > input) throw new BillError(`${where} has more input_cached_tokens than input_tokens`)
  return ([['input', input - cached], ['cache_read', cached], ['output', output]] as const).filter(([, quantity]) => quantity > 0n)
    .map(([meter, quantity]) => ({ provider: 'openai', account: word(bucket['project_id']), day, model: word(bucket['model']), meter, quantity, amount: undefined }))
}

function anthropic(buckets: readonly Placed[]): Bill {
  const isCosts = buckets.some((placed) => results(placed).some(({ bucket }) => bucket['amount'] !== undefined))
  const lines = buckets.flatMap((placed) => {
    const day = dayOf(required(placed.bucket, 'starting_at', placed.where), `${placed.where} starting_at`)
    return results(placed).flatMap((result) => (isCosts ? [anthropicCost(result, day)] : anthropicUsage(result, day)))
  })
  return { source: isCosts ? 'anthropic_costs' : 'anthropic_usage', lines }
}

function anthropicUsage({ bucket, where }: Placed, day: string): BillLine[] {
  if (bucket['uncached_input_tokens'] === undefined) throw new BillError(`${where} has no uncached_input_tokens`)
  const written = bucket['cache_creation'] == null ? {} : record(bucket['cache_creation'], `${where} cache_creation`)
  const counted = [
    ['input', count(bucket, 'uncached_input_tokens', where)], ['cache_read', count(bucket, 'cache_read_input_tokens', where)],
    ['cache_write', count(written, 'ephemeral_5m_input_tokens', where) + count(written, 'ephemeral_1h_input_tokens', where)], ['output', count(bucket, 'output_tokens', where)],
  ] as const
  return counted.filter(([, quantity]) => quantity > 0n)
    .map(([meter, quantity]) => ({ provider: 'anthropic', account: word(bucket['workspace_id']), day, model: word(bucket['model']), meter, quantity, amount: undefined }))
}

const cents = 100n

function anthropicCost({ bucket, where }: Placed, day: string): BillLine {
  assertDollars(required(bucket, 'currency', where), `${where} currency`)
  const type = word(bucket['token_type'])
  const meter = type === '' ? (word(bucket['cost_type']) === '' ? '' : 'other') : meterNamed(type) || 'other'
  return {
    provider: 'anthropic', account: word(bucket['workspace_id']), day, model: word(bucket['model']), meter, quantity: undefined,
    amount: rounded(pico(required(bucket, 'amount', where), `${where} amount`), cents),
  }
}

/** Grouped by usage type: `USE1-Claude4.5Sonnet-input-tokens`. Its unit says N/A, so only money is compared. */
function costExplorer(page: Json): BillLine[] {
  return list(page['ResultsByTime'], 'ResultsByTime').flatMap((result, at) => {
    const where = `ResultsByTime ${at + 1}`
    const { TimePeriod, Groups } = record(result, where)
    const day = dayOf(required(record(TimePeriod, `${where} TimePeriod`), 'Start', `${where} TimePeriod`), `${where} Start`)
    return list(Groups, `${where} Groups`).map((group, number) => {
      const place = `${where} group ${number + 1}`
      const { Keys, Metrics } = record(group, place)
      const metrics = record(Metrics, `${place} Metrics`)
      const cost = record(metrics['UnblendedCost'] ?? metrics['AmortizedCost'] ?? metrics['NetUnblendedCost'], `${place} UnblendedCost`)
      assertDollars(required(cost, 'Unit', `${place} UnblendedCost`), `${place} Unit`)
      const key = list(Keys, `${place} Keys`).map(word).join(' ')
      return { provider: 'aws', account: '', day, model: '', meter: meterNamed(key), quantity: undefined, amount: pico(required(cost, 'Amount', `${place} UnblendedCost`), `${place} Amount`) }
    })
  })
}

/** The class that a cloud's name of a usage type tells, '' where it tells none. Google rents the place of a cache by the hour, `… Input Text Caching Storage`: no call has that. */
export function meterNamed(name: string): BillMeter {
  const text = name.toLowerCase().replaceAll(/[^a-z]/g, '')
  if (/cach.*storage/.test(text)) return 'other'
  if (/cacheread|cachedinput|inputcached|cachedtext|caching/.test(text)) return 'cache_read'
  if (/cachewrite|cachecreation/.test(text)) return 'cache_write'
  if (/output|response/.test(text)) return 'output'
  return /input/.test(text) ? 'input' : ''
}
