import type { AttributeValue, Attributes } from '#semconv/attributes.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { plain } from '#semconv/value.ts'
import type { Connection, PageArguments } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { type Keyed, type Order, page } from '../page.ts'
import { hexOf, nanosOf } from '../reader.ts'
import { orNull } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'
import { plainAttributes, storedAny, type StoredMaps, typedAttributes } from '#clickhouse/stored-attributes.ts'
import { allOf, among, anyOf, betweenNanos, idAmong, idIs, type Where } from '../where.ts'
import type { LogRecord } from './log-record.ts'

const columns = [
  'lower(hex(id)) AS id_hex', nanosOf('at', 'at_nanos'), nanosOf('observed_at', 'observed'), 'severity_number', 'severity_text', 'event_name', 'body', 'body_json',
  'attributes_string', 'attributes_int', 'attributes_double', 'attributes_bool', 'attributes_json', hexOf('trace_id', 'trace'), hexOf('span_id', 'span'),
  'session', 'service', 'scope_name', 'scope_version',
].join(', ')

interface StoredLog extends StoredMaps {
  readonly id_hex: string
  readonly at_nanos: string
  readonly observed: string
  readonly severity_number: number
  readonly severity_text: string
  readonly event_name: string
  readonly body: string
  readonly body_json: string
  readonly trace: string
  readonly span: string
  readonly session: string
  readonly service: string
  readonly scope_name: string
  readonly scope_version: string
}

/** A record with its values as sent, for those who read its content. */
export interface ReadLog {
  readonly record: LogRecord
  readonly body: AttributeValue
  readonly attributes: Attributes
}

function readLog(row: StoredLog): ReadLog {
  const body = row.body_json === '' ? (row.body === '' ? null : row.body) : storedAny(row.body_json)
  const attributes = typedAttributes(row)
  return {
    body, attributes,
    record: {
      id: row.id_hex, time: BigInt(row.at_nanos), observedAt: BigInt(row.observed), severityNumber: row.severity_number, severity: orNull(row.severity_text),
      eventName: orNull(row.event_name), body: body === null ? null : plain(body), attributes: plainAttributes(attributes),
      runId: orNull(row.trace), spanId: orNull(row.span), session: orNull(row.session), service: row.service,
      scope: row.scope_version === '' ? row.scope_name : `${row.scope_name}@${row.scope_version}`,
    },
  }
}

/** Records of one step that are read: an agent logs a handful per call. */
const logsOfStepMax = 200

/** A step whose records are asked for. */
export interface LoggedStep {
  readonly id: string
  readonly startedAt: UnixNano
  readonly endedAt: UnixNano
  /** A log record told it: there is no span, and its id is the beginning of that record's. */
  readonly toldByLog: boolean
}

/** Clocks of a span and of its logger may differ by this much. Nanoseconds. */
const slackNano = 60_000_000_000n

/** By step id, in order of time. Evaluations may come long after their span, so only the earliest time is bounded. */
export async function logsOfSteps(context: QueryContext, runId: string, steps: readonly LoggedStep[]): Promise<ReadonlyMap<string, readonly ReadLog[]>> {
  const joined = steps.filter((step) => !step.toldByLog)
  const told = steps.filter((step) => step.toldByLog)
  const ends = (list: readonly LoggedStep[]) => ({
    from: list.reduce((least, { startedAt }) => (startedAt < least ? startedAt : least), list[0]?.startedAt ?? 0n),
    to: list.reduce((most, { endedAt }) => (endedAt > most ? endedAt : most), 0n),
  })
  const parts: Where[] = []
  if (joined.length > 0) {
    parts.push(allOf(idIs('trace', 'trace_id', 16, runId), idAmong('span_ids', 'span_id', 8, joined.map((step) => step.id)), betweenNanos('joined', 'at', ends(joined).from - slackNano, undefined)))
  }
  if (told.length > 0) {
    const { from, to } = ends(told)
    parts.push(allOf(idAmong('record_ids', 'toFixedString(substring(id, 1, 8), 8)', 8, told.map((step) => step.id)), betweenNanos('told', 'at', from, to)))
  }
  const toldIds = new Set(told.map((step) => step.id))
  const rows = await context.reader.rows<StoredLog>({ columns, from: 'logRecords', where: anyOf(...parts), tail: `ORDER BY at, id LIMIT ${logsOfStepMax} BY if(trace_id = toFixedString('', 16), substring(id, 1, 8), span_id)` })
  return Map.groupBy(rows.map(readLog), ({ record }) => (toldIds.has(record.id.slice(0, 16)) ? record.id.slice(0, 16) : record.spanId ?? ''))
}

const byTime: Order = { name: 'logs', key: 'toUnixTimestamp64Nano(at)', keyType: 'Int64', id: 'id', idBytes: 16, direction: 'ASC' }

/** Records that carry the run's trace id, and those of its sessions while it lasted: coding agents leave the trace id out of many. */
export function logsOfRun(context: QueryContext, run: Run, args: PageArguments): Promise<Connection<LogRecord>> {
  const during = betweenNanos('during', 'at', run.startedAt - slackNano, run.endedAt === null ? undefined : run.endedAt + slackNano)
  const bySession = run.sessions.length === 0 ? [] : [allOf(among('sessions', 'session', run.sessions.slice(0, sessionsMax)), during)]
  const where = anyOf(allOf(idIs('trace', 'trace_id', 16, run.id), betweenNanos('traced', 'at', run.startedAt - slackNano, undefined)), ...bySession)
  return page<Keyed & { readonly record: LogRecord }, LogRecord>({ ...args, filter: { run: run.id } }, logsPage, byTime, where, {
    read: async (condition, tail) =>
      (await context.reader.rows<StoredLog>({ columns, from: 'logRecords', where: condition, tail })).map((row) => ({ id: row.id_hex, cursorKey: row.at_nanos, record: readLog(row).record })),
    count: async (condition) => {
      const [row] = await context.reader.rows<{ readonly n: string }>({ columns: 'count() AS n', from: 'logRecords', where: condition, tail: '' })
      return Number(row?.n ?? 0)
    },
    node: (row) => row.record,
  })
}

/** Records of a page where none is asked for. */
export const logsPage = 100
/** Sessions of one run that are looked for; real runs have one. */
const sessionsMax = 100
