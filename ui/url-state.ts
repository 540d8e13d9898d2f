/**
 * What is on show, as the URL says it. Everything that changes what is seen stands in the query string; reading a URL
 * never changes a preference. Pure.
 */
import type { CostFilter, DecisionFilter, FindingKind, LedgerFilter, MetricAggregation, MetricFilter, MetricKind, MetricLabel, ModelFilter, PostedRange, RunFilter, RunOrder } from './queries.ts'

/** Keys of the query string that restrict lists, with the words people see. */
export const filterLabels = {
  q: 'Text', status: 'Status', agent: 'Agent', model: 'Model', provider: 'Provider', user: 'User', session: 'Session', service: 'Service',
  env: 'Environment', workflow: 'Workflow', tag: 'Tag', has: 'With', run: 'Run', span: 'Span', meter: 'Meter', reason: 'Reason', kind: 'Kind', basis: 'Basis',
  policy: 'Policy', outcome: 'Outcome', place: 'Taken', mode: 'Mode', token: 'Token type', scope: 'Instrumentation', found: 'Found',
  coding: 'Coding agent', repo: 'Repository', posted: 'Posted', book: 'Price book', claim: 'Reported cost',
} as const
export type FilterKey = keyof typeof filterLabels

/** What the router hands over: one text, or several where a key is repeated. */
export type SearchValues = Readonly<Record<string, string | string[] | undefined>>

/** How "names none" is written, because an empty value means "no filter". */
export const unnamed = '(none)'
/** A value that is this word stands in quotes; one that was in quotes gets further ones, so that no two values are written alike. */
const likeUnnamed = /^"*\(none\)"*$/
export const valueText = (value: string | null | undefined): string => {
  if (value === '' || value === null || value === undefined) return unnamed
  return likeUnnamed.test(value) ? `"${value}"` : value
}
const valueOf = (text: string): string => {
  if (text === unnamed) return ''
  return likeUnnamed.test(text) && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

/** Values of one key: repeated keys and nothing else; '' stands for things that name none. */
export const valuesOf = (search: SearchValues, key: FilterKey): string[] => {
  const value = search[key]
  const list = value === undefined ? [] : Array.isArray(value) ? value : [value]
  return list.filter((text) => text !== '').map(valueOf)
}

const textOf = (search: SearchValues, key: string): string | undefined => {
  const value = search[key]
  const text = Array.isArray(value) ? value[0] : value
  return text === '' ? undefined : text
}

/** The filters that are set, in the order of `keys`. */
export const activeFilters = (search: SearchValues, keys: readonly FilterKey[]): { readonly key: FilterKey; readonly value: string }[] =>
  keys.flatMap((key) => valuesOf(search, key).map((value) => ({ key, value: valueText(value) })))

/** A query string without its empty values: `{ agent: 'a b', q: '' }` is `?agent=a+b`. */
export const queryString = (values: Readonly<Record<string, string | readonly string[] | null | undefined>>): string => {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(values)) {
    for (const text of typeof value === 'string' ? [value] : (value ?? [])) if (text !== '') params.append(key, text)
  }
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

const isOneOf = <T extends string>(list: readonly T[]) => (text: string): text is T => (list as readonly string[]).includes(text)
const statuses = ['RUNNING', 'COMPLETED', 'FAILED', 'INCOMPLETE'] as const
const kinds = ['CHARGE', 'ADJUSTMENT', 'REVERSAL'] as const
const bases = ['PRICED', 'REPORTED', 'UNPRICED'] as const
const outcomes = ['ALLOW', 'WARN', 'DENY', 'REQUIRE_APPROVAL', 'REDACT'] as const
const places = ['AGENT', 'ENDPOINT', 'COLLECTOR'] as const
const modes = ['SHADOW', 'ENFORCE'] as const
/** Values of the keys that take a closed list. */
export const choices = { status: statuses, kind: kinds, basis: bases, outcome: outcomes, place: places, mode: modes, has: ['errors', 'policy', 'unpriced'], claim: ['reported', 'differs'] } as const

/** A value that is none of a closed list is left out: a hand-written URL shows more, never an error. */
const closed = <T extends string>(search: SearchValues, key: FilterKey, list: readonly T[]): T[] => valuesOf(search, key).filter(isOneOf(list))

export interface Bounds {
  readonly from?: string
  readonly to?: string
}

/** What `range=` may say besides `<from>..<to>`. Minutes. */
export const rangePresets = { '15m': 15, '1h': 60, '24h': 1_440, '7d': 10_080, '30d': 43_200 } as const
export const rangeLabels: Readonly<Record<keyof typeof rangePresets, string>> = {
  '15m': 'Last 15 minutes', '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days',
}

/** First moment inside and first moment outside of a range; a side that is open is absent, and text that is no range is all time. */
export const rangeBounds = (text: string | undefined, now: number): Bounds => {
  if (text !== undefined && Object.hasOwn(rangePresets, text)) return { from: new Date(now - rangePresets[text as keyof typeof rangePresets] * 60_000).toISOString() }
  const [from = '', to = '', more] = (text ?? '').split('..')
  if (more !== undefined) return {}
  const valid = (moment: string): boolean => moment !== '' && !Number.isNaN(Date.parse(moment))
  return { ...(valid(from) ? { from: new Date(from).toISOString() } : {}), ...(valid(to) ? { to: new Date(to).toISOString() } : {}) }
}

/** `<from>..<to>` for the URL; '' where both sides are open. */
export const rangeText = (bounds: Bounds): string => (bounds.from === undefined && bounds.to === undefined ? '' : `${bounds.from ?? ''}..${bounds.to ?? ''}`)

export const rangeOf = (search: SearchValues): string | undefined => textOf(search, 'range')

type Filled<T> = { -readonly [K in keyof T]?: NonNullable<T[K]> }

/** Leaves out what restricts nothing, so that equal filters are equal texts. */
const filled = <T extends object>(filter: T): Filled<T> =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))) as Filled<T>

const shared = (search: SearchValues) => ({
  agent: valuesOf(search, 'agent'), model: valuesOf(search, 'model'), provider: valuesOf(search, 'provider'), user: valuesOf(search, 'user'),
  session: valuesOf(search, 'session'), service: valuesOf(search, 'service'), environment: valuesOf(search, 'env'), workflow: valuesOf(search, 'workflow'),
})

const rangeFilter = (bounds: Bounds): Bounds | undefined => (rangeText(bounds) === '' ? undefined : bounds)

export const runKeys = ['q', 'status', 'agent', 'model', 'provider', 'user', 'session', 'service', 'env', 'workflow', 'has'] as const satisfies readonly FilterKey[]
export const runFilter = (search: SearchValues, bounds: Bounds): RunFilter => {
  const has = closed(search, 'has', choices.has)
  return filled({
    ...shared(search), text: textOf(search, 'q'), status: closed(search, 'status', statuses), range: rangeFilter(bounds),
    hasErrors: has.includes('errors') || undefined, hasPolicyDecisions: has.includes('policy') || undefined, hasUnpriced: has.includes('unpriced') || undefined,
  })
}

export const runOrders = { 'STARTED_AT_DESC': 'Latest first', 'STARTED_AT_ASC': 'Earliest first', 'COST_DESC': 'Dearest first', 'DURATION_DESC': 'Longest first', 'TOKENS_DESC': 'Most tokens first' } as const satisfies Record<RunOrder, string>
export const runOrder = (search: SearchValues): RunOrder => {
  const text = textOf(search, 'sort')
  return text !== undefined && Object.hasOwn(runOrders, text) ? (text as RunOrder) : 'STARTED_AT_DESC'
}

const isMoment = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text) && !Number.isNaN(Date.parse(text))
/** `<after>..<until>`, to the nanosecond: a report holds the line that was posted in its very moment. */
export const postedText = ({ after, until }: { readonly after?: string; readonly until?: string }): string => `${after ?? ''}..${until ?? ''}`
const postedOf = (search: SearchValues): PostedRange | undefined => {
  const [after = '', until = ''] = (textOf(search, 'posted') ?? '').split('..')
  const posted = { ...(isMoment(after) && { after }), ...(isMoment(until) && { until }) }
  return Object.keys(posted).length === 0 ? undefined : posted
}

export const costKeys = ['agent', 'model', 'provider', 'user', 'session', 'service', 'env', 'workflow', 'tag', 'run', 'span', 'meter', 'reason', 'kind', 'basis', 'coding', 'repo', 'posted', 'book', 'claim'] as const satisfies readonly FilterKey[]
const claimIs = (search: SearchValues, claim: (typeof choices.claim)[number]): true | undefined => closed(search, 'claim', choices.claim).includes(claim) || undefined
export const costFilter = (search: SearchValues): CostFilter => filled({
  ...shared(search), tag: valuesOf(search, 'tag'), runId: valuesOf(search, 'run'), spanId: valuesOf(search, 'span'), meter: valuesOf(search, 'meter'), reason: valuesOf(search, 'reason'),
  kind: closed(search, 'kind', kinds), basis: closed(search, 'basis', bases), codingAgent: valuesOf(search, 'coding'), repository: valuesOf(search, 'repo'),
  posted: postedOf(search), priceBookVersion: valuesOf(search, 'book'), claimed: claimIs(search, 'reported'), claimDiffers: claimIs(search, 'differs'),
})
export const ledgerFilter = (search: SearchValues, bounds: Bounds): LedgerFilter => filled({ ...costFilter(search), range: rangeFilter(bounds) })

/** Files of what is on show, by name below `/export/`. "Names none" is an empty value there. */
export const exportFiles = { 'ledger.csv': 'Ledger lines', 'focus-1.2.csv': 'FOCUS 1.2', 'focus-1.4.csv': 'FOCUS 1.4', 'focus-1.4.parquet': 'FOCUS 1.4, Parquet', 'journal.csv': 'Journal', 'chargeback.csv': 'Chargeback' } as const
export const exportHref = (file: keyof typeof exportFiles, filter: CostFilter, bounds: Bounds): string => {
  const params = new URLSearchParams()
  const { posted, claimed, claimDiffers, ...lists } = filter
  for (const [key, value] of Object.entries({ ...lists, ...bounds, postedAfter: posted?.after, postedUntil: posted?.until, claimed: claimed?.toString(), claimDiffers: claimDiffers?.toString() })) for (const text of [value].flat()) if (typeof text === 'string') params.append(key, text)
  const text = params.toString()
  return `/export/${file}${text === '' ? '' : `?${text}`}`
}

export const decisionKeys = ['outcome', 'policy', 'place', 'mode', 'agent', 'run', 'span'] as const satisfies readonly FilterKey[]
export const decisionFilter = (search: SearchValues, bounds: Bounds): DecisionFilter => filled({
  agent: valuesOf(search, 'agent'), policyId: valuesOf(search, 'policy'), runId: valuesOf(search, 'run'), spanId: valuesOf(search, 'span'),
  outcome: closed(search, 'outcome', outcomes), place: closed(search, 'place', places), mode: closed(search, 'mode', modes), range: rangeFilter(bounds),
})

/** The ledger's entries behind a figure. */
export const ledgerHref = (values: Readonly<Partial<Record<FilterKey | 'range', string | readonly string[] | null | undefined>>>): string => `/ledger${queryString(values)}`

/** A budget on the page of them. */
export const budgetAnchor = (id: string): string => `budget-${id}`
export const budgetHref = (id: string): string => `/budgets#${budgetAnchor(id)}`

/** Runs in which calls of models failed, which have no entries. Runs know a model by the names that telemetry has, not by the one that is priced; none is all. */
export const failedRunsHref = (shown: Readonly<Partial<Record<FilterKey | 'range', string | readonly string[]>>>, names: readonly string[]): string => `/runs${queryString({ ...shown, model: names.map(valueText), has: 'errors' })}`

/** The filters of a page as they stand in its URL, for a link to another page about the same things. */
export const carried = (search: SearchValues, keys: readonly FilterKey[]): Partial<Record<FilterKey | 'range', string[] | string>> => {
  const values: Partial<Record<FilterKey | 'range', string[] | string>> = {}
  for (const key of keys) {
    const list = valuesOf(search, key).map(valueText)
    if (list.length > 0) values[key] = list
  }
  const range = rangeOf(search)
  return range === undefined ? values : { ...values, range }
}

export type CostGroup = 'AGENT' | 'MODEL' | 'PROVIDER' | 'METER' | 'USER' | 'SERVICE' | 'ENVIRONMENT' | 'TAG'
export const costGroups = { AGENT: 'agent', MODEL: 'model', PROVIDER: 'provider', METER: 'meter', USER: 'user', SERVICE: 'service', ENVIRONMENT: 'env', TAG: 'tag' } as const satisfies Record<CostGroup, FilterKey>
const groupOf = (search: SearchValues, key: 'g' | 'split'): CostGroup | undefined => {
  const text = textOf(search, key)?.toUpperCase()
  return text !== undefined && Object.hasOwn(costGroups, text) ? (text as CostGroup) : undefined
}
export const costGroup = (search: SearchValues): CostGroup => groupOf(search, 'g') ?? 'MODEL'

/** What is asked next of a part of the costs: who, with what, for what. */
const askedNext = ['AGENT', 'MODEL', 'METER', 'USER', 'SERVICE', 'PROVIDER'] as const satisfies readonly CostGroup[]
/** Of what has one value there is nothing to split. */
const isSplit = (search: SearchValues, group: CostGroup): boolean => valuesOf(search, costGroups[group]).length !== 1
const nextGroup = (search: SearchValues, first: readonly CostGroup[], without?: CostGroup): CostGroup => {
  const others = [...first, ...askedNext].filter((one) => one !== without)
  return others.find((one) => isSplit(search, one)) ?? (without === 'METER' ? 'MODEL' : 'METER')
}
/** What the groups of the costs are split by: never what they are groups of. */
export const costParts = (search: SearchValues): CostGroup => {
  const [by, split] = [costGroup(search), groupOf(search, 'split')]
  return split !== undefined && split !== by ? split : nextGroup(search, [], by)
}

/** Values in a URL: browsers and proxies take some thousand letters. */
const narrowedMax = 100
/** Values of some dimensions that costs can be narrowed to. */
export type CostPart = Partial<Record<CostGroup, readonly string[]>>
export const partValues = (part: CostPart): Partial<Record<FilterKey, string[]>> =>
  Object.fromEntries(Object.entries(part).map(([group, values]) => [costGroups[group as CostGroup], values.slice(0, narrowedMax).map(valueText)]))
/** The costs of a part of what is shown, split by what has several values in it; `undefined` where the page shows no more than that. */
export const narrowedCosts = (search: SearchValues, part: CostPart): string | undefined => {
  const values = partValues(part)
  if (Object.entries(values).every(([key, list]) => list.length === 1 && valuesOf(search, key as FilterKey).map(valueText).join() === list.join())) return undefined
  const narrowed = { ...carried(search, costKeys), ...values }
  const [by, split] = [costGroup(search), costParts(search)]
  const next = nextGroup(narrowed, [by, split])
  return `/costs${queryString({ ...narrowed, g: next === 'MODEL' ? null : next.toLowerCase(), split: next === by && groupOf(search, 'split') !== undefined ? split.toLowerCase() : null })}`
}

export const metricKeys = ['service', 'env', 'model', 'provider', 'token', 'agent', 'session'] as const satisfies readonly FilterKey[]
export const metricFilter = (search: SearchValues): MetricFilter => {
  const { user: _user, workflow: _workflow, ...known } = shared(search)
  return filled({ ...known, tokenType: valuesOf(search, 'token') })
}

export const modelKeys = ['model', 'agent', 'provider', 'service', 'env'] as const satisfies readonly FilterKey[]
export const modelFilter = (search: SearchValues): ModelFilter => {
  const { user: _user, session: _session, workflow: _workflow, ...known } = shared(search)
  return filled(known)
}

/** Meters of what was read from a cache: what `cachedInputTokens` is the sum of. */
export const cacheReadMeters = ['input.cache_read', 'input.audio.cache_read'] as const

/** In the order in which people should look. */
export const findingKinds = ['MISSING', 'UNRECOGNISED', 'DROPPED', 'MALFORMED', 'AMBIGUOUS', 'OUTDATED'] as const satisfies readonly FindingKind[]

export interface IngestFilter {
  readonly service: readonly string[]
  /** `name@version`. */
  readonly scope: readonly string[]
  readonly found: readonly FindingKind[]
}

export const ingestKeys = ['service', 'scope', 'found'] as const satisfies readonly FilterKey[]
/** A list that is empty restricts nothing. */
export const ingestFilter = (search: SearchValues): IngestFilter =>
  ({ service: valuesOf(search, 'service'), scope: valuesOf(search, 'scope'), found: closed(search, 'found', findingKinds) })

/** Labels that a metric can be split by: how the URL writes them, and the filter that a line of them can become. */
export const metricLabelKeys = { MODEL: 'model', TOKEN_TYPE: 'token', PROVIDER: 'provider', AGENT: 'agent', SERVICE: 'service', ENVIRONMENT: 'env', SESSION: 'session' } as const satisfies Record<MetricLabel, FilterKey>
const metricKinds = ['GAUGE', 'COUNTER', 'UP_DOWN_COUNTER', 'HISTOGRAM', 'EXPONENTIAL_HISTOGRAM', 'SUMMARY'] as const satisfies readonly MetricKind[]
const aggregations = ['AVG', 'MIN', 'MAX', 'LAST', 'SUM', 'RATE', 'COUNT', 'P50', 'P90', 'P95', 'P99'] as const satisfies readonly MetricAggregation[]

/** Begins a split by an attribute, which may be called like a label. */
const attributePrefix = 'attribute:'

export interface MetricChoice {
  readonly name: string
  readonly unit: string
  readonly kind: MetricKind | undefined
  readonly aggregation: MetricAggregation | undefined
  readonly groupBy: MetricLabel | undefined
  readonly groupByAttribute: string | undefined
}

/** The metric on show, `undefined` where none is chosen: `metric`, `unit`, `is` (its kind), `show` (the aggregation), `by` (the split). */
export const metricChoice = (search: SearchValues): MetricChoice | undefined => {
  const name = textOf(search, 'metric')
  if (name === undefined) return undefined
  const by = textOf(search, 'by')
  const labels = Object.keys(metricLabelKeys) as MetricLabel[]
  return {
    name, unit: textOf(search, 'unit') ?? '', kind: metricKinds.find((kind) => kind.toLowerCase() === textOf(search, 'is')),
    aggregation: aggregations.find((one) => one.toLowerCase() === textOf(search, 'show')), groupBy: labels.find((label) => metricLabelKeys[label] === by),
    groupByAttribute: by?.startsWith(attributePrefix) === true ? by.slice(attributePrefix.length) : undefined,
  }
}

export const attributeSplit = (key: string): string => `${attributePrefix}${key}`
