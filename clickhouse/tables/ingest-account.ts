import type { UnixNano } from '#semconv/facts.ts'
import { choice, count, type Table, time, version, word } from '../table.ts'

export const ingestSignals = ['traces', 'logs', 'metrics'] as const
export type IngestSignal = (typeof ingestSignals)[number]

/**
 * What became of the records (spans, log records, data points) of one request: received = stored + deduplicated + rejected +
 * setAside, in every row. One row for what was taken, with the reason '', and one for each reason of a rejection. It stands in
 * the same frame of the journal as the request's rows, so that neither is there without the other.
 */
export interface IngestAccountRow {
  readonly tenant: string
  readonly project: string
  /** When the request was decoded; with the instance it names the request. */
  readonly at: UnixNano
  /** The collector process that took it: 16 hex digits, random. */
  readonly instance: string
  readonly signal: IngestSignal
  /** Name and version of the sender's exporter, as its user agent says; '' where it says nothing. */
  readonly client: string
  readonly reason: string
  readonly received: number
  readonly stored: number
  readonly deduplicated: number
  readonly rejected: number
  /** Taken, and then ClickHouse refused the rows for what they hold. */
  readonly setAside: number
  /** 0 from the request, 1 once its frame was set aside, 2 once that was loaded after all. */
  readonly revision: bigint
}

export const ingestAccount: Table<IngestAccountRow> = {
  name: 'ingest_account',
  columns: [
    word('tenant', (r) => r.tenant),
    word('project', (r) => r.project),
    time('at', (r) => r.at),
    word('instance', (r) => r.instance),
    choice('signal', ingestSignals, (r) => r.signal),
    word('client', (r) => r.client),
    word('reason', (r) => r.reason),
    count('received', (r) => r.received),
    count('stored', (r) => r.stored),
    count('deduplicated', (r) => r.deduplicated),
    count('rejected', (r) => r.rejected),
    count('set_aside', (r) => r.setAside),
    version('revision', (r) => r.revision),
  ],
}
