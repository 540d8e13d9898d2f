import { AlertError } from '#otel-config/alerts/alert.ts'
import type { AlertKeeper, AlertState, DestinationState, Preview, RuleState } from '#otel-config/alerts/standing.ts'
import type { AlertEventKind } from '#clickhouse/tables/alert-events.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { userError } from '../errors.ts'
import { nanosOf } from '../reader.ts'
import type { TimeRange } from '../time-range.ts'
import { when } from '../where.ts'
import type { AlertEvent } from './alert.ts'

const firstMax = 500
/** A preview without a beginning looks back so far, in milliseconds. */
const previewMs = 30 * 86_400_000

function keeperOf({ alerts }: QueryContext): AlertKeeper {
  if (alerts === undefined) throw userError('UNAVAILABLE', 'alerts are watched by a collector: ask a server that runs one (`start`)')
  return alerts
}

export const readAlerts = (context: QueryContext, first: number): readonly AlertState[] => keeperOf(context).alerts().slice(0, checked(first))
export const readRules = (context: QueryContext): readonly RuleState[] => keeperOf(context).rules()
export const readDestinations = (context: QueryContext): readonly DestinationState[] => keeperOf(context).destinations()

export const muteRule = (context: QueryContext, rule: string, until: UnixNano | null | undefined): Promise<RuleState> =>
  told(() => keeperOf(context).mute(rule, until == null ? undefined : Number(until / 1_000_000n)))
export const testDestination = (context: QueryContext, destination: string): Promise<{ readonly ok: boolean; readonly detail: string }> => told(() => keeperOf(context).test(destination))
export const defineRule = (context: QueryContext, document: string): Promise<RuleState> => told(() => keeperOf(context).define(document))
export const retireRule = (context: QueryContext, id: string): Promise<RuleState> => told(() => keeperOf(context).retire(id))

export interface PreviewArgs {
  readonly rule?: string | null
  readonly document?: string | null
  readonly range: TimeRange
}
export function previewRule(context: QueryContext, { rule, document, range: { from, to } }: PreviewArgs): Promise<Preview> {
  if ((rule == null) === (document == null)) throw userError('BAD_INPUT', 'a preview is of one rule: name it in rule, or write it in document')
  const end = to == null ? context.now() : Number(to / 1_000_000n)
  const start = from == null ? end - previewMs : Number(from / 1_000_000n)
  if (!(start < end && end - start <= previewMs)) throw userError('BAD_INPUT', 'a preview looks at up to 30 days: choose a range that ends after it begins')
  return told(() => keeperOf(context).preview(rule == null ? { document: document ?? '' } : { rule }, start, end))
}

async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw error instanceof AlertError ? userError('BAD_INPUT', error.message) : error
  }
}

function checked(first: number): number {
  if (first >= 1 && first <= firstMax) return first
  throw userError('BAD_INPUT', `first is ${first}, write a number from 1 to ${firstMax}`)
}

interface Row {
  readonly nanos: string
  readonly kind: AlertEventKind
  readonly rule: string
  readonly alert: string
  readonly severity: string
  readonly title: string
  readonly summary: string
  readonly destination: string
  readonly detail: string
}

/** The history of alerts and of their deliveries, latest first. */
export async function readEvents({ reader }: QueryContext, first: number): Promise<AlertEvent[]> {
  const rows = await reader.rows<Row>({
    columns: `${nanosOf('at', 'nanos')}, kind, rule_id AS rule, alert_key AS alert, severity, title, summary, destination, detail`,
    from: 'alertEvents', where: when('1'), tail: `ORDER BY at DESC, id LIMIT ${checked(first)}`,
  })
  return rows.map(({ nanos, alert, destination, detail, ...row }) => ({ ...row, at: BigInt(nanos), key: alert, destination: destination || null, detail: detail || null }))
}
