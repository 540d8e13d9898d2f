import { countsTokens } from '#clickhouse/tables/ledger-entries.ts'
import { accountedAt, isLate } from '../restatement/closed-months.ts'
import { publisherSql, sellerSql, serviceSql } from './sellers.ts'

/**
 * The ledger as FOCUS, the FinOps Open Cost and Usage Specification: a row for each day, seller, SKU, price and set of tags.
 * Names, types and rules: https://focus.finops.org/focus-specification/ (github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec,
 * `specification/datasets/cost_and_usage/columns`). FOCUS has no columns for tokens before 1.5: their properties are `x_` keys of
 * SkuPriceDetails, as its attribute "key-value format" asks.
 */
export const focusVersions = ['1.2', '1.4'] as const
export type FocusVersion = (typeof focusVersions)[number]

export type FocusType = 'String' | 'Decimal' | 'DateTime'

export interface FocusColumn {
  readonly name: string
  readonly type: FocusType
  /** Over the columns of `focusGroups`. */
  readonly sql: string
  /** The versions that have it; absent: all. */
  readonly only?: FocusVersion
}

/** The million tokens that prices are published for. */
const perMillion = '1000000'

/**
 * Ledger lines summed by all that a row says. FOCUS has a correction in the billing period in which it was posted: a period is over when its month is closed. A line whose
 * amount is not its quantity times its price (a difference between two prices, a settlement with a bill) is an Adjustment: unit
 * prices are only told where they explain the cost.
 */
export const focusKeys: Readonly<Record<string, string>> = {
  day: 'toDate(occurred_at)',
  is_correction: isLate,
  billing_month: `toStartOfMonth(${accountedAt})`,
  is_usage: `coalesce(reason != 'reconciled' AND (meter = 'reported_cost' OR basis = 'UNPRICED' OR amount = multiplyDecimal(quantity, assumeNotNull(unit_price), 12) AND unit_price IS NOT NULL), false)`,
  line_provider: 'toString(provider)', line_model: 'toString(model)', line_meter: 'toString(meter)', line_basis: 'toString(basis)',
  line_card: 'toString(price_card)', line_book: 'toString(price_book_version)', line_price: `if(meter = 'reported_cost', NULL, unit_price)`,
  line_project: 'toString(project)', line_environment: 'toString(environment)', line_service: 'toString(service)',
  line_agent: 'toString(agent)', line_workflow: 'toString(workflow)', is_reconciled: `reason = 'reconciled'`,
}

export const focusSums = [
  'sum(quantity) AS total_quantity', 'ifNull(sum(amount), toDecimal128(0, 12)) AS total_amount', 'count() AS lines',
  'countIf(amount IS NULL) AS unpriced_lines', 'uniqExactIf(trace_id, NOT empty(trace_id)) AS runs',
]

/** What the columns below call things. */
export const focusGroups = [
  'day', 'is_correction', 'billing_month', 'is_usage', 'line_provider AS provider', 'line_model AS model', 'line_meter AS meter', 'line_basis AS basis',
  'line_card', 'line_book', 'line_price', 'line_project AS project', 'line_environment', 'line_service', 'line_agent', 'line_workflow', 'is_reconciled',
  'total_quantity', 'total_amount', 'lines', 'unpriced_lines', 'runs',
].join(', ')

const text = (name: string, sql: string, only?: FocusVersion): FocusColumn => ({ name, type: 'String', sql, ...(only === undefined ? {} : { only }) })
const decimal = (name: string, sql: string): FocusColumn => ({ name, type: 'Decimal', sql })
const moment = (name: string, sql: string): FocusColumn => ({ name, type: 'DateTime', sql })

const none = 'CAST(NULL AS Nullable(String))'
const isTokens = `is_usage AND ${countsTokens}`
const isClaim = `is_usage AND meter = 'reported_cost'`
/** Searches, requests and seconds are sold by the piece. */
const pieces = `if(endsWith(meter, '.seconds'), 'Seconds', 'Requests')`
const sku = `if(model = '', 'unknown', model)`
const skuId = `concat(${sku}, '/', meter)`
const direction = `multiIf(startsWith(meter, 'input.'), 'Input', startsWith(meter, 'output.'), 'Output', '')`
const skuMeter = `multiIf(meter = 'reported_cost', 'Reported Cost', ${direction} != '', concat(${direction}, ' Tokens'), meter = 'unsplit', 'Tokens', meter)`
const cacheAction = `multiIf(position(meter, 'cache_read') > 0, 'Read', position(meter, 'cache_write') > 0, 'Write', startsWith(meter, 'input.'), 'Uncached', '')`
const cacheLifetime = `multiIf(endsWith(meter, '.5m'), '5m', endsWith(meter, '.1h'), '1h', '')`
const status = `multiIf(is_reconciled, 'Reconciled', basis = 'UNPRICED', 'Unpriced', basis = 'REPORTED', 'Reported', 'Estimated')`
/** JSON of the keys that say something. */
const json = (pairs: readonly (readonly [string, string])[]): string =>
  `toJSONString(mapFilter((k, v) -> v != '', map(${pairs.map(([key, sql]) => `'${key}', toString(${sql})`).join(', ')})))`

/** A claimed cost has no unit but the dollar: its quantity is the amount, at a price of one. */
const pricingQuantity = `multiIf(${isTokens}, toDecimal128(divideDecimal(total_quantity, toDecimal128(${perMillion}, 0), 12), 12), ${isClaim}, total_amount, is_usage, total_quantity, NULL)`
const unitPrice = `multiIf(${isTokens}, toDecimal128(line_price * ${perMillion}, 12), ${isClaim}, toDecimal128(1, 12), is_usage, line_price, NULL)`

const columns: readonly FocusColumn[] = [
  decimal('BilledCost', 'total_amount'),
  text('BillingAccountId', '{tenant:String}'),
  text('BillingAccountName', '{tenant:String}'),
  text('BillingAccountType', `'Tenant'`),
  text('BillingCurrency', `'USD'`),
  moment('BillingPeriodEnd', 'addMonths(billing_month, 1)'),
  moment('BillingPeriodStart', 'billing_month'),
  text('ChargeCategory', `if(is_usage, 'Usage', 'Adjustment')`),
  text('ChargeClass', `if(is_correction, 'Correction', NULL)`),
  text('ChargeDescription', `concat(${sku}, ' ', meter, if(is_reconciled, ', settled with the provider''s bill', ''))`),
  text('ChargeFrequency', `'Usage-Based'`),
  moment('ChargePeriodEnd', 'addDays(day, 1)'),
  moment('ChargePeriodStart', 'day'),
  decimal('ConsumedQuantity', 'if(is_usage, total_quantity, NULL)'),
  text('ConsumedUnit', `multiIf(${isTokens}, 'Tokens', is_usage, ${pieces}, NULL)`),
  decimal('ContractedCost', 'total_amount'),
  decimal('ContractedUnitPrice', unitPrice),
  decimal('EffectiveCost', 'total_amount'),
  text('HostProviderName', sellerSql, '1.4'),
  text('InvoiceDetailId', none, '1.4'),
  text('InvoiceId', none),
  text('InvoiceIssuerName', sellerSql),
  decimal('ListCost', 'total_amount'),
  decimal('ListUnitPrice', unitPrice),
  text('PricingCategory', `if(is_usage, 'Standard', NULL)`),
  text('PricingCurrency', `'USD'`),
  decimal('PricingQuantity', pricingQuantity),
  text('PricingUnit', `multiIf(${isTokens}, '${perMillion} Tokens', ${isClaim}, 'Dollars', is_usage, ${pieces}, NULL)`),
  text('ProviderName', sellerSql, '1.2'),
  text('PublisherName', publisherSql, '1.2'),
  text('ResourceId', none),
  text('ResourceName', none),
  text('ServiceCategory', `'AI and Machine Learning'`),
  text('ServiceName', serviceSql),
  text('ServiceProviderName', sellerSql, '1.4'),
  text('ServiceSubcategory', `'Generative AI'`),
  text('SkuId', `if(is_usage, ${skuId}, NULL)`),
  text('SkuMeter', `if(is_usage, ${skuMeter}, NULL)`),
  text('SkuPriceDetails', `if(is_usage, ${json([
    ['x_ModelId', 'model'], ['x_TokenDirection', direction], ['x_TokenCacheAction', cacheAction], ['x_CacheTtl', cacheLifetime], ['x_Meter', 'meter'],
  ])}, NULL)`),
  // A card prices several meters (thoughts cost what text does), and FOCUS wants one SkuId behind a SkuPriceId.
  text('SkuPriceId', `if(is_usage, if(line_card = '', ${skuId}, concat(${skuId}, '@', line_card)), NULL)`),
  text('SubAccountId', 'project'),
  text('SubAccountName', 'project'),
  text('SubAccountType', `'Project'`),
  text('Tags', json([
    ['agent', 'line_agent'], ['environment', 'line_environment'], ['project', 'project'], ['service', 'line_service'], ['tenant', '{tenant:String}'], ['workflow', 'line_workflow'],
  ])),
  text('x_Basis', 'basis'),
  text('x_CostStatus', status),
  decimal('x_LedgerLineCount', 'toDecimal128(lines, 0)'),
  text('x_Meter', 'meter'),
  text('x_ModelId', 'model'),
  text('x_ModelPublisherName', publisherSql, '1.4'),
  text('x_PriceBookVersion', `nullIf(line_book, '')`),
  decimal('x_RunCount', 'toDecimal128(runs, 0)'),
  decimal('x_UnpricedLineCount', 'toDecimal128(unpriced_lines, 0)'),
]

/** A file's columns in order: the specification's by name, then ours. */
export const focusColumns = (version: FocusVersion): readonly FocusColumn[] => columns.filter(({ only }) => only === undefined || only === version)
