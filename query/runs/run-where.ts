import type { QueryContext } from '../context.ts'
import { decimalString } from '../decimal.ts'
import { allOf, among, anyAmong, checkedText, contains, idAmong, when, type Where, within } from '../where.ts'
import { hasAttributes } from './attribute-filter.ts'
import type { RunFilter } from './run-filter.ts'

const nanosPerMilli = 1_000_000

/** INCOMPLETE is never stored: it is a RUNNING run that has been silent for too long. Binds `silent_since`. */
export const statusSql = `if(status = 'RUNNING' AND toUnixTimestamp64Nano(last_received_at) < {silent_since:Int64}, 'INCOMPLETE', toString(status))`

export const silentSince = (context: QueryContext): Where =>
  when('1', { silent_since: (BigInt(context.now() - context.incompleteAfterMs) * BigInt(nanosPerMilli)).toString() })

/** Nanoseconds from start to end, -1 while there is no end. */
export const durationSql = `ifNull(toUnixTimestamp64Nano(ended_at) - toUnixTimestamp64Nano(started_at), -1)`

const texts = ['agents', 'users', 'sessions', 'models']

const matchesText = (text: string | null | undefined): Where | undefined =>
  text == null || text.trim() === ''
    ? undefined
    : when(
        [
          ...['name', 'service', 'workflow'].map((column) => contains(column, 'text')),
          ...texts.map((column) => `arrayExists(x -> ${contains('x', 'text')}, ${column})`),
          'startsWith(lower(hex(trace_id)), lower({text:String}))',
        ].join(' OR '),
        { text: checkedText('text', text.trim()) },
      )

const duration = (name: string, value: number | null | undefined, operator: '>=' | '<='): Where | undefined =>
  value == null ? undefined : when(`${durationSql} >= 0 AND ${durationSql} ${operator} {${name}:Float64}`, { [name]: value * nanosPerMilli })

const cost = (name: string, pico: bigint | null | undefined, operator: '>=' | '<='): Where | undefined =>
  pico == null ? undefined : when(`cost ${operator} toDecimal128({${name}:String}, 12)`, { [name]: decimalString(pico) })

const yesNo = (sql: string, wanted: boolean | null | undefined): Where | undefined =>
  wanted == null ? undefined : when(wanted ? sql : `NOT (${sql})`)

/** The condition of a `RunFilter`. Binds `silent_since` for `statusSql`. */
export const runWhere = (context: QueryContext, filter: RunFilter): Where =>
  allOf(
    when('is_run'),
    silentSince(context),
    matchesText(filter.text),
    idAmong('ids', 'trace_id', 16, filter.ids),
    within('range', 'started_at', filter.range),
    among('status', statusSql, filter.status),
    among('service', 'service', filter.service),
    among('environment', 'environment', filter.environment),
    among('workflow', 'workflow', filter.workflow),
    among('project', 'project', filter.project),
    anyAmong('agent', 'agents', filter.agent),
    anyAmong('user', 'users', filter.user),
    anyAmong('session', 'sessions', filter.session),
    anyAmong('provider', 'providers', filter.provider),
    anyAmong('model', 'models', filter.model),
    cost('min_cost', filter.minCost, '>='),
    cost('max_cost', filter.maxCost, '<='),
    duration('min_duration', filter.minDurationMs, '>='),
    duration('max_duration', filter.maxDurationMs, '<='),
    yesNo('error_count > 0', filter.hasErrors),
    yesNo('policy_decisions > 0', filter.hasPolicyDecisions),
    yesNo('unpriced_model_calls > 0', filter.hasUnpriced),
    yesNo('settled', filter.settled),
    hasAttributes(filter.attributes, filter.range),
  )
