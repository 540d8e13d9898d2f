import type { RefusalReason } from './refused.ts'
import type { Spool } from './spool/spool.ts'

/** Clients that are told apart where requests are refused. */
const refusedClientsMax = 100

/**
 * The collector's account of itself, counted where it happens and never computed from the tables: received = stored +
 * rejected + deduplicated.
 */
export class Metrics {
  #received = 0
  #stored = 0
  #loaded = 0
  #deduplicated = 0
  #requests = 0
  #settlementsFailed = 0
  #logRecordsReceived = 0
  #logRecordsStored = 0
  readonly #logRecordsRejected = new Map<string, number>()
  #dataPointsStored = 0
  readonly #dataPointsRejected = new Map<string, number>()
  readonly #rejected = new Map<string, number>()
  readonly #setAside = new Map<string, number>()
  readonly #refused = new Map<RefusalReason, Map<string, number>>()
  readonly #clients = new Set<string>()

  /** Spans decoded or counted in a request, whatever became of them. */
  received(spans: number): void {
    this.#received += spans
    this.#requests++
  }

  /** Spans acknowledged that were not known before. */
  stored(spans: number): void {
    this.#stored += spans
  }

  /** Spans that came again: acknowledged, stored as the newer version of the same row, never charged again. */
  deduplicated(spans: number): void {
    this.#deduplicated += spans
  }

  /** Log records decoded or counted in a request. */
  logRecordsReceived(records: number): void {
    this.#logRecordsReceived += records
  }

  /** Log records acknowledged; one that comes again is acknowledged again and is the same row. */
  logRecordsStored(records: number): void {
    this.#logRecordsStored += records
  }

  logRecordsRejected(reason: string, records: number): void {
    this.#logRecordsRejected.set(reason, (this.#logRecordsRejected.get(reason) ?? 0) + records)
  }

  /** Data points of one request; one that comes again is acknowledged again and is the same row. */
  dataPoints(stored: number, rejections: readonly { readonly reason: string; readonly count: number }[]): void {
    this.#requests++
    this.#dataPointsStored += stored
    for (const { reason, count } of rejections) this.#dataPointsRejected.set(reason, (this.#dataPointsRejected.get(reason) ?? 0) + count)
  }

  loaded(spans: number): void {
    this.#loaded += spans
  }

  rejected(reason: string, spans: number): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + spans)
  }

  setAside(reason: string, spans: number): void {
    this.#setAside.set(reason, (this.#setAside.get(reason) ?? 0) + spans)
  }

  /** A trace's settlement threw and is put off. */
  settlementFailed(): void {
    this.#settlementsFailed++
  }

  /** A whole request refused, its records unknown. `client` is the sender's own word, so only the first of them get a line of their own. */
  refused(reason: RefusalReason, client: string): void {
    if (this.#clients.size < refusedClientsMax) this.#clients.add(client)
    const name = this.#clients.has(client) ? client : 'other'
    const ofReason = this.#refused.get(reason) ?? new Map<string, number>()
    this.#refused.set(reason, ofReason.set(name, (ofReason.get(name) ?? 0) + 1))
  }

  /** Prometheus text, https://prometheus.io/docs/instrumenting/exposition_formats/. `now` in milliseconds. */
  text(spool: Spool, now: number): string {
    const { bytes, since } = spool.backlog()
    const lines = [
      ...counter('spanledger_requests_received_total', 'Export requests decoded.', this.#requests),
      ...counter('spanledger_spans_received_total', 'Spans in decoded requests, steps that log events tell among them.', this.#received),
      ...counter('spanledger_spans_stored_total', 'Spans acknowledged for the first time: durable in the spool.', this.#stored),
      ...counter('spanledger_spans_loaded_total', 'Span rows loaded into ClickHouse.', this.#loaded),
      ...counter('spanledger_spans_deduplicated_total', 'Spans acknowledged that were known already.', this.#deduplicated),
      ...labelled('spanledger_spans_rejected_total', 'Spans refused inside accepted requests.', 'reason', this.#rejected),
      ...counter('spanledger_log_records_received_total', 'Log records in decoded requests.', this.#logRecordsReceived),
      ...counter('spanledger_log_records_stored_total', 'Log records acknowledged: durable in the spool.', this.#logRecordsStored),
      ...labelled('spanledger_log_records_rejected_total', 'Log records refused inside accepted requests.', 'reason', this.#logRecordsRejected),
      ...counter('spanledger_data_points_received_total', 'Data points in decoded metrics requests.', this.#dataPointsStored + sumOf(this.#dataPointsRejected)),
      ...counter('spanledger_data_points_stored_total', 'Data points acknowledged: durable in the spool.', this.#dataPointsStored),
      ...labelled('spanledger_data_points_rejected_total', 'Data points refused inside accepted requests.', 'reason', this.#dataPointsRejected),
      ...labelled('spanledger_spans_set_aside_total', 'Spans in spool segments that could not be loaded.', 'reason', this.#setAside),
      ...head('spanledger_requests_refused_total', 'Whole requests refused, by reason and client.', 'counter'),
      ...[...this.#refused].flatMap(([reason, clients]) => [...clients].map(([client, count]) =>
        `spanledger_requests_refused_total{reason="${reason}",client="${labelValue(client)}"} ${count}`)),
      ...counter('spanledger_settlements_failed_total', 'Settlements that were put off because the trace could not be accounted.', this.#settlementsFailed),
      ...gauge('spanledger_spool_bytes', 'Acknowledged bytes that wait for ClickHouse.', bytes),
      ...gauge('spanledger_spool_oldest_age_seconds', 'Age of the oldest of them.', since === undefined ? 0 : Math.max(0, now - since) / 1000),
    ]
    return `${lines.join('\n')}\n`
  }
}

const sumOf = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0)
const head = (name: string, help: string, type: string): string[] => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
const counter = (name: string, help: string, value: number): string[] => [...head(name, help, 'counter'), `${name} ${value}`]
const gauge = (name: string, help: string, value: number): string[] => [...head(name, help, 'gauge'), `${name} ${value}`]
const labelValue = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ')
const labelled = (name: string, help: string, label: string, values: ReadonlyMap<string, number>): string[] => [
  ...head(name, help, 'counter'),
  ...(values.size === 0 ? [`${name}{${label}="none"} 0`] : [...values].map(([value, count]) => `${name}{${label}="${labelValue(value)}"} ${count}`)),
]
