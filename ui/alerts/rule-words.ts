/** How alert rules are said and written. Pure. */
import { plural } from '../format.ts'
import type { AlertPreviewQuery, AlertRuleFieldsFragment, AlertsQuery } from '../queries.ts'
import { budgetHref, queryString, rangeText, valueText } from '../url-state.ts'

/** A rule as somebody is writing it: what the fields of the form hold. */
export interface RuleDraft {
  readonly id: string
  readonly on: string
  /** Ids, separated by commas; '' for all. */
  readonly budgets: string
  readonly above: string
  /** Such as `15m`. */
  readonly window: string
  readonly for: string
  /** '' for one alert in all. */
  readonly groupBy: string
  readonly noData: string
  readonly notify: readonly string[]
}

const plain: RuleDraft = { id: '', on: 'budget', budgets: '', above: '', window: '15m', for: '0m', groupBy: '', noData: 'resolve', notify: [] }

/** What a rule of each kind begins with: a line that a small team would draw. */
const templates: Readonly<Record<string, Partial<RuleDraft>>> = {
  budget: {},
  error_rate: { above: '20', for: '5m', groupBy: 'service' },
  latency_p95: { above: '60000' },
  spend: { above: '10', window: '1h' },
  spend_jump: { above: '3', window: '1h', groupBy: 'agent' },
  denials: { above: '10', groupBy: 'agent' },
  loops: { above: '0' },
  rejected: { above: '0' },
  silence: { above: '30' },
}

const idOf = (on: string): string => on.replaceAll('_', '-')

/** The same rule on something else: whom it tells stays, and a name that a person gave. */
export const templateOf = (on: string, before: RuleDraft): RuleDraft =>
  ({ ...plain, ...templates[on], on, notify: before.notify, id: before.id === idOf(before.on) ? idOf(on) : before.id })

export const newDraft: RuleDraft = templateOf('error_rate', { ...plain, id: idOf(plain.on) })

const dayMs = 86_400_000
const hourMs = 3_600_000
/** `15m`, `1h`, `2d`: as the document says it. */
export const durationText = (ms: number): string => (ms > 0 && ms % dayMs === 0 ? `${ms / dayMs}d` : ms > 0 && ms % hourMs === 0 ? `${ms / hourMs}h` : `${ms / 60_000}m`)

export const draftOf = (rule: AlertRuleFieldsFragment): RuleDraft => ({
  id: rule.id, on: rule.on, budgets: rule.budgets.join(', '), above: rule.above === null ? '' : String(rule.above), window: rule.windowMs === null ? plain.window : durationText(rule.windowMs),
  for: rule.forMs === null ? plain.for : durationText(rule.forMs), groupBy: rule.groupBy ?? '', noData: rule.noData ?? plain.noData, notify: [...rule.notify],
})

/** The document that the server takes; what cannot be is the server's to refuse. */
export const documentOf = (draft: RuleDraft): string => {
  const { id, on, notify } = draft
  const budgets = draft.budgets.split(',').map((one) => one.trim()).filter((one) => one !== '')
  if (on === 'budget') return JSON.stringify({ id, on, notify, ...(budgets.length === 0 ? {} : { budgets }) })
  const above = draft.above.trim()
  return JSON.stringify({
    id, on, ...(above === '' ? {} : { above: Number.isNaN(Number(above)) ? above : Number(above) }), window: draft.window.trim(), for: draft.for.trim(),
    ...(draft.groupBy === '' ? {} : { group_by: draft.groupBy }), no_data: draft.noData, notify,
  })
}

/** `error rate`: what a rule looks at. */
export const signalText = (on: string): string => (on === 'budget' ? 'budgets' : on.replaceAll('_', ' '))

/** When a rule fires. */
export const ruleText = (rule: AlertRuleFieldsFragment): string => {
  if (rule.on === 'budget') return `thresholds and burn rates of ${rule.budgets.length === 0 ? 'all budgets' : `${rule.budgets.length === 1 ? 'budget' : 'budgets'} ${rule.budgets.join(', ')}`}`
  return `above ${rule.above ?? 0} ${rule.unit ?? ''}, in ${durationText(rule.windowMs ?? 0)}${rule.forMs ? ` for ${durationText(rule.forMs)}` : ''}${rule.groupBy === null ? '' : `, each ${rule.groupBy}`}`
}

/** What budgets used in the past is on their own page. */
export const canBePreviewed = (on: string): boolean => on !== 'budget'

const timeWords = (ms: number): string => (ms % dayMs === 0 ? plural(ms / dayMs, 'day') : plural(Math.round(ms / hourMs), 'hour'))

type Preview = AlertPreviewQuery['alertPreview']

/** What a preview says, in a sentence. */
export const previewText = ({ from, to, total }: Preview): string =>
  `In the last ${timeWords(Date.parse(to) - Date.parse(from))} it would ${total === 0 ? 'never have fired' : `have fired ${plural(total, 'time')}`}.`

/** What a rule read: of which signal, of which value of which group, from when until when. */
export interface Read {
  readonly on: string
  readonly groupBy: string | null
  readonly group: string
  readonly from: string
  /** `undefined`: until now. */
  readonly to: string | undefined
}

/** Where that can be looked at: the runs, decisions, costs or records that it was read from. */
export const readHref = ({ on, groupBy, group, from, to }: Read): string => {
  const range = rangeText(to === undefined ? { from } : { from, to })
  const of = groupBy === null ? {} : { [groupBy === 'environment' ? 'env' : groupBy]: valueText(group) }
  switch (on) {
    case 'spend':
    case 'spend_jump': return `/costs${queryString({ ...of, range })}`
    case 'denials': return `/policy${queryString({ ...of, outcome: 'DENY', place: ['AGENT', 'ENDPOINT'], range })}`
    case 'loops': return `/policy${queryString({ ...of, policy: 'repeated-tool-call', range })}`
    case 'silence':
    case 'rejected': return `/ingest${queryString({ range })}`
    case 'latency_p95': return `/runs${queryString({ ...of, sort: 'DURATION_DESC', range })}`
    default: return `/runs${queryString({ ...of, status: 'FAILED', range })}`
  }
}

/** What an alert is about; `undefined` where an older program fired it and did not say. */
export const alertHref = ({ on, budget, groupBy, group, from, resolvedAt }: AlertsQuery['alerts'][number]): string | undefined => {
  if (budget !== null) return budgetHref(budget)
  return on === null || from === null ? undefined : readHref({ on, groupBy, group, from, to: resolvedAt ?? undefined })
}

/** What such a link opens, in a word or two. */
export const aboutWords = (on: string | null): string => {
  switch (on) {
    case 'budget': return 'Budget'
    case 'spend':
    case 'spend_jump': return 'Costs'
    case 'denials':
    case 'loops': return 'Policy decisions'
    case 'silence':
    case 'rejected': return 'Ingest'
    case 'latency_p95': return 'Longest runs'
    default: return 'Failed runs'
  }
}
