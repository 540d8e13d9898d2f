import { assertDollars, type Bill, BillError, type BillLine, type BillMeter, dayOf, pico, tokens } from './bill.ts'
import { csvTable, type CsvRow, headingsOf } from './csv-table.ts'
import { meterNamed } from './json-bill.ts'

/**
 * Exports of clouds: AWS Cost and Usage Report (2.0 and its older spelling), Google Cloud billing export of BigQuery, and FOCUS
 * of any version from anybody, Azure among them. Rows of other services are left out.
 */
export function parseCsvBill(text: string): Bill {
  const headings = headingsOf(text)
  if (headings.has('charge_period_start') || headings.has('billed_cost')) return focus(text)
  if ([...headings].some((heading) => heading.startsWith('line_item_'))) return awsReport(text)
  if (headings.has('sku_description') || headings.has('service_description') || headings.has('usage_start_time')) return gcpExport(text)
  throw new BillError('the file is none of the known bills: FOCUS has a column ChargePeriodStart, an AWS report line_item_usage_start_date, a Google Cloud export usage_start_time')
}

const kept = (source: Bill['source'], lines: readonly BillLine[], what: string): Bill => {
  if (lines.length === 0) throw new BillError(`the bill has no row of ${what}`)
  return { source, lines }
}

const factors: Readonly<Record<string, bigint>> = { '': 1n, k: 1_000n, thousand: 1_000n, m: 1_000_000n, million: 1_000_000n }

/** Tokens in one unit of a bill; `undefined` where it counts something else, or in words that nobody knows. */
function tokensPerUnit(unit: string): bigint | undefined {
  const found = /^(?:(\d{1,9})\s*)?(k|m|thousand|million)?\s*(?:input |output )?tokens?$/i.exec(unit.trim())
  if (found === null) return undefined
  const [, size = '1', factor = ''] = found
  return BigInt(size) * (factors[factor.toLowerCase()] ?? 1n)
}

const quantityOf = (row: CsvRow, amount: string, unit: string, heading: string): bigint | undefined => {
  const per = tokensPerUnit(unit)
  return per === undefined || amount === '' ? undefined : tokens(amount, `${row.where} ${heading}`) * per
}

function awsReport(text: string): Bill {
  const rows = csvTable(text, [['line_item_usage_start_date'], ['line_item_usage_type'], ['line_item_usage_amount'], ['line_item_unblended_cost'], ['line_item_currency_code']])
  const lines = rows.filter((row) => /bedrock/i.test(row.get('product_servicecode') + row.get('line_item_product_code') + row.get('product_product_name') + row.get('line_item_line_item_description')) && row.get('line_item_line_item_type') !== 'Tax')
    .map((row): BillLine => {
      assertDollars(row.get('line_item_currency_code'), `${row.where} line_item_currency_code`)
      const isUsage = /^(|Usage|DiscountedUsage)$/.test(row.get('line_item_line_item_type'))
      return {
        provider: 'aws', account: row.get('line_item_usage_account_id'), day: dayOf(row.get('line_item_usage_start_date'), `${row.where} line_item_usage_start_date`),
        model: bedrockModel(row.get('line_item_resource_id')), meter: isUsage ? meterNamed(row.get('line_item_usage_type')) : 'other',
        quantity: isUsage ? quantityOf(row, row.get('line_item_usage_amount'), row.get('pricing_unit'), 'line_item_usage_amount') : undefined,
        amount: pico(row.get('line_item_unblended_cost'), `${row.where} line_item_unblended_cost`),
      }
    })
  return kept('aws_cur', lines, 'Amazon Bedrock')
}

/** The end of `arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-…`. */
const bedrockModel = (resource: string): string => /(?:foundation-model|inference-profile)\/([A-Za-z0-9.:-]+)$/.exec(resource)?.[1] ?? ''

function gcpExport(text: string): Bill {
  const rows = csvTable(text, [['service.description'], ['sku.description'], ['usage_start_time'], ['cost'], ['currency'], ['usage.amount', 'usage.amount_in_pricing_units']])
  const lines = rows.filter((row) => /vertex|gemini|generative/i.test(row.get('service.description'))).map((row): BillLine => {
    assertDollars(row.get('currency'), `${row.where} currency`)
    const name = row.get('sku.description')
    return {
      provider: 'google', account: row.get('project.id', 'billing_account_id'), day: dayOf(row.get('usage_start_time'), `${row.where} usage_start_time`), model: geminiModel(name), meter: meterNamed(name),
      quantity: quantityOf(row, row.get('usage.amount'), row.get('usage.unit'), 'usage.amount'), amount: pico(row.get('cost'), `${row.where} cost`) + creditsOf(row),
    }
  })
  return kept('gcp_billing', lines, 'Vertex AI or the Gemini API')
}

/** `Gemini 2.5 Flash Lite Text Input - Predictions` is gemini-2.5-flash-lite. */
const geminiModel = (name: string): string => /gemini [\d.]+ (?:pro|flash(?: lite)?|ultra|nano)/i.exec(name)?.[0].toLowerCase().replaceAll(' ', '-') ?? ''

/** A list of objects in one cell; their amounts are negative. */
function creditsOf(row: CsvRow): bigint {
  const text = row.get('credits')
  if (text === '' || text === '[]') return 0n
  let credits: unknown
  try {
    credits = JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => (typeof value === 'number' ? context?.source ?? String(value) : value))
  } catch {
    throw new BillError(`${row.where} credits is no JSON list`)
  }
  if (!Array.isArray(credits)) throw new BillError(`${row.where} credits is no JSON list`)
  return credits.reduce((sum: bigint, credit) => sum + pico(String((credit as { readonly amount?: unknown } | null)?.amount), `${row.where} credits amount`), 0n)
}

function focus(text: string): Bill {
  const rows = csvTable(text, [['BilledCost', 'EffectiveCost'], ['BillingCurrency'], ['ChargePeriodStart'], ['ChargeCategory'], ['ServiceProviderName', 'ProviderName'], ['ConsumedQuantity'], ['ConsumedUnit']])
  const lines = rows.filter((row) => row.get('ChargeCategory') !== 'Tax' && (!row.has('ServiceCategory') || row.get('ServiceCategory') === 'AI and Machine Learning')).map((row): BillLine => {
    assertDollars(row.get('BillingCurrency'), `${row.where} BillingCurrency`)
    const corrects = row.get('ChargeClass') === 'Correction'
    const counts = row.get('ConsumedQuantity') !== ''
    // A correction of money alone is beside tokens, like a credit.
    const isUsage = row.get('ChargeCategory') === 'Usage' && (counts || !corrects)
    const details = detailsOf(row)
    const quantity = isUsage && counts ? tokensPerUnit(row.get('ConsumedUnit')) : undefined
    const read = corrects ? pico : tokens
    return {
      provider: row.get('ServiceProviderName', 'ProviderName'), account: row.get('SubAccountId', 'BillingAccountId'), day: dayOf(row.get('ChargePeriodStart'), `${row.where} ChargePeriodStart`),
      model: row.get('x_ModelId') || (details['x_ModelId'] ?? ''), meter: isUsage ? focusMeter(row, details) : 'other',
      quantity: quantity === undefined ? undefined : read(row.get('ConsumedQuantity'), `${row.where} ConsumedQuantity`) * quantity,
      amount: pico(row.get('BilledCost', 'EffectiveCost'), `${row.where} BilledCost`),
    }
  })
  return kept('focus', lines, 'the service category AI and Machine Learning')
}

function detailsOf(row: CsvRow): Readonly<Record<string, string>> {
  const text = row.get('SkuPriceDetails')
  if (text === '') return {}
  try {
    return Object.fromEntries(Object.entries(JSON.parse(text) as object).map(([key, value]) => [key, String(value)]))
  } catch {
    throw new BillError(`${row.where} SkuPriceDetails is no JSON object`)
  }
}

function focusMeter(row: CsvRow, details: Readonly<Record<string, string>>): BillMeter {
  const named = row.get('x_Meter')
  if (named !== '') return meterClass(named)
  const action = details['x_TokenCacheAction'] ?? details['TokenCacheAction']
  if (action === 'Read') return 'cache_read'
  if (action === 'Write') return 'cache_write'
  return meterNamed(details['x_TokenDirection'] ?? details['TokenDirection'] ?? row.get('SkuMeter'))
}

/** The class of a meter of ours. */
export function meterClass(meter: string): BillMeter {
  if (meter.endsWith('cache_read')) return 'cache_read'
  if (meter.startsWith('input.cache_write')) return 'cache_write'
  if (meter.startsWith('input.')) return 'input'
  return meter.startsWith('output.') ? 'output' : meter === 'reported_cost' || meter === 'unsplit' ? '' : 'other'
}
