import type { IngestAccountRow } from '#clickhouse/tables/ingest-account.ts'
import { Names } from './account/names.ts'
import type { RefusalReason } from './refused.ts'
import type { DiskRoom } from './spool/disk-room.ts'
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
  readonly #logRecords = new RecordCounts()
  readonly #dataPoints = new RecordCounts()
  readonly #rejected = new Map<string, number>()
  readonly #setAside = new Map<string, number>()
  readonly #refused = new Map<RefusalReason, Map<string, number>>()
  readonly #refusedClients = new Names(refusedClientsMax)
  /** By labels, which are bounded: see `IngestAccount`. */
  readonly #accounted = new Map<string, number>()

  /** Spans decoded or counted in a request, whatever became of them. */
  received(spans: number): void {
    this.#received += spans
    this.#requests++
  }

  /** What became of a request's records, once that is durable. */
  accounted(rows: readonly IngestAccountRow[]): void {
    for (const row of rows) for (const outcome of ingestOutcomes) {
      if (row[outcome] === 0) continue
      const labels = `tenant="${labelValue(row.tenant)}",signal="${row.signal}",client="${labelValue(row.client)}",outcome="${outcome}",reason="${labelValue(row.reason)}"`
      this.#accounted.set(labels, (this.#accounted.get(labels) ?? 0) + row[outcome])
    }
  }

  /** Spans acknowledged that were not known before. */
  stored(spans: number): void {
    this.#stored += spans
  }

  /** Spans that came again: acknowledged, stored as the newer version of the same row, never charged again. */
  deduplicated(spans: number): void {
    this.#deduplicated += spans
  }

  /** What became of one request's log records. */
  logRecords(outcome: RecordsOutcome): void {
    this.#logRecords.add(outcome)
  }

  /** The same of its data points. */
  dataPoints(outcome: RecordsOutcome): void {
    this.#requests++
    this.#dataPoints.add(outcome)
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
    const name = this.#refusedClients.of(client)
    const ofReason = this.#refused.get(reason) ?? new Map<string, number>()
    this.#refused.set(reason, ofReason.set(name, (ofReason.get(name) ?? 0) + 1))
  }

  /** Prometheus text, https://prometheus.io/docs/instrumenting/exposition_formats/. `now` in milliseconds. */
  text(spool: Spool, now: number): string {
    const { bytes, segments, since } = spool.backlog()
    const lines = [
      ...counter('spanledger_requests_received_total', 'Export requests decoded.', this.#requests),
      ...counter('spanledger_spans_received_total', 'Spans in decoded requests, steps that log events tell among them.', this.#received),
      ...counter('spanledger_spans_stored_total', 'Spans acknowledged for the first time: durable in the spool.', this.#stored),
      ...counter('spanledger_spans_loaded_total', 'Span rows loaded into ClickHouse.', this.#loaded),
      ...counter('spanledger_spans_deduplicated_total', 'Spans acknowledged that were known already.', this.#deduplicated),
      ...labelled('spanledger_spans_rejected_total', 'Spans refused inside accepted requests.', 'reason', this.#rejected),
      ...this.#logRecords.lines('log_records', 'Log records'),
      ...this.#dataPoints.lines('data_points', 'Data points'),
      ...labelled('spanledger_spans_set_aside_total', 'Spans in spool segments that could not be loaded.', 'reason', this.#setAside),
      ...head('spanledger_ingest_records_total', 'Records of acknowledged requests: received = stored + deduplicated + rejected.', 'counter'),
      ...[...this.#accounted].map(([labels, count]) => `spanledger_ingest_records_total{${labels}} ${count}`),
      ...head('spanledger_requests_refused_total', 'Whole requests refused, by reason and client.', 'counter'),
      ...[...this.#refused].flatMap(([reason, clients]) => [...clients].map(([client, count]) =>
        `spanledger_requests_refused_total{reason="${reason}",client="${labelValue(client)}"} ${count}`)),
      ...counter('spanledger_settlements_failed_total', 'Settlements that were put off because the trace could not be accounted.', this.#settlementsFailed),
      ...gauge('spanledger_spool_bytes', 'Acknowledged bytes that wait for ClickHouse.', bytes),
      ...gauge('spanledger_spool_segments', 'Segments they stand in.', segments),
      ...gauge('spanledger_spool_oldest_age_seconds', 'Age of the oldest of them.', since === undefined ? 0 : Math.max(0, now - since) / 1000),
      ...(spool.room === undefined ? [] : roomLines(spool.room)),
    ]
    return `${lines.join('\n')}\n`
  }
}

interface RecordsOutcome {
  readonly stored: number
  readonly deduplicated: number
  readonly rejections: readonly { readonly reason: string; readonly count: number }[]
}

/** Counts of records that are no spans. */
class RecordCounts {
  #stored = 0
  #deduplicated = 0
  readonly #rejected = new Map<string, number>()

  add({ stored, deduplicated, rejections }: RecordsOutcome): void {
    this.#stored += stored
    this.#deduplicated += deduplicated
    for (const { reason, count } of rejections) this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + count)
  }

  lines(name: string, records: string): string[] {
    const rejected = [...this.#rejected.values()].reduce((sum, count) => sum + count, 0)
    return [
      ...counter(`spanledger_${name}_received_total`, `${records} in decoded requests.`, this.#stored + this.#deduplicated + rejected),
      ...counter(`spanledger_${name}_stored_total`, `${records} acknowledged for the first time: durable in the spool.`, this.#stored),
      ...counter(`spanledger_${name}_deduplicated_total`, `${records} acknowledged that were known already.`, this.#deduplicated),
      ...labelled(`spanledger_${name}_rejected_total`, `${records} refused inside accepted requests.`, 'reason', this.#rejected),
    ]
  }
}

const ingestOutcomes = ['received', 'stored', 'deduplicated', 'rejected'] as const

const roomLines = ({ freeBytes, ballastBytes }: DiskRoom): string[] => [
  ...gauge('spanledger_disk_free_bytes', 'Free on the disk of the spool. Nothing more is taken below a tenth of the disk, at most 512 MiB.', freeBytes),
  ...gauge('spanledger_ballast_bytes', 'Held back for a full disk; 0 while it is given up.', ballastBytes),
]

const head = (name: string, help: string, type: string): string[] => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
const counter = (name: string, help: string, value: number): string[] => [...head(name, help, 'counter'), `${name} ${value}`]
const gauge = (name: string, help: string, value: number): string[] => [...head(name, help, 'gauge'), `${name} ${value}`]
/** Asked for every request, and clients' names rarely have any of it. */
const labelValue = (value: string): string => (/[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ') : value)
const labelled = (name: string, help: string, label: string, values: ReadonlyMap<string, number>): string[] => [
  ...head(name, help, 'counter'),
  ...(values.size === 0 ? [`${name}{${label}="none"} 0`] : [...values].map(([value, count]) => `${name}{${label}="${labelValue(value)}"} ${count}`)),
]
