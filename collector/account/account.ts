import { randomBytes } from 'node:crypto'
import { ingestAccount, type IngestAccountRow, type IngestSignal } from '#clickhouse/tables/ingest-account.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { FrameWriter } from '../spool/frame.ts'
import { bounded, Names } from './names.ts'

/** What became of one request's records. */
export interface Outcome {
  readonly signal: IngestSignal
  /** Of `clientOf`. */
  readonly client: string
  /** Acknowledged for the first time. */
  readonly stored: number
  /** Acknowledged once more: rows of the same key, counted once. */
  readonly deduplicated: number
  readonly rejections: readonly { readonly reason: string; readonly count: number }[]
  readonly at: UnixNano
}

export interface AccountOptions {
  readonly tenant: string
  readonly project: string
}

/** Distinct clients and reasons that are told apart, a process; all others are one. Both come from outside. */
const clientsMax = 64
const reasonsMax = 64

/** The collector's account of what it received, one request at a time: rows for the journal, sums for `/metrics`. */
export class IngestAccount {
  readonly #options: AccountOptions
  readonly #instance = randomBytes(8).toString('hex')
  readonly #clients = new Names(clientsMax)
  readonly #reasons = new Names(reasonsMax)

  constructor({ tenant, project }: AccountOptions) {
    this.#options = { tenant, project }
  }

  /** Adds what became of a request to the frame that holds its rows, and returns it for `Metrics.accounted`, once the frame is durable. */
  add(frame: FrameWriter, { signal, client, stored, deduplicated, rejections, at }: Outcome): IngestAccountRow[] {
    const common = { ...this.#options, at, instance: this.#instance, signal, client: this.#clients.of(client), setAside: 0, revision: 0n }
    const taken = stored + deduplicated
    const rows: IngestAccountRow[] = taken === 0 ? [] : [{ ...common, reason: '', received: taken, stored, deduplicated, rejected: 0 }]
    for (const [reason, count] of this.#byReason(rejections)) rows.push({ ...common, reason, received: count, stored: 0, deduplicated: 0, rejected: count })
    for (const row of rows) frame.add(ingestAccount, row)
    return rows
  }

  #byReason(rejections: Outcome['rejections']): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { reason, count } of rejections) {
      const name = this.#reasons.of(bounded(reason))
      counts.set(name, (counts.get(name) ?? 0) + count)
    }
    return counts
  }
}
