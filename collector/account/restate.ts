import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { ingestAccount, type IngestAccountRow, ingestSignals } from '#clickhouse/tables/ingest-account.ts'
import { currentTables, type Segment, type SegmentHead } from '../spool/segment.ts'

/** Of the records of a frame: ClickHouse refused them, or has them after all. */
export type FrameState = 'set aside' | 'loaded after all'

const columnsOf = (tables: SegmentHead['tables']): string => JSON.stringify(tables.find(({ name }) => name === ingestAccount.name)?.columns)

/**
 * Says of a frame's request what became of its records since: a newer version of its rows, the same whenever it is said. The
 * rows of an older program, with other columns, stay as they are.
 */
export async function restate(store: Store, content: Segment, frame: number, state: FrameState): Promise<void> {
  const table = content.head.tables.findIndex(({ name }) => name === ingestAccount.name)
  if (table === -1 || columnsOf(content.head.tables) !== columnsOf(currentTables)) return
  const sections = (content.frames[frame] ?? []).filter((section) => section.table === table)
  const taken = sections.flatMap(({ body, rows }) => readRows(body, rows)).filter(({ stored }) => stored > 0)
  if (taken.length === 0) return
  const writer = new RowBinaryWriter()
  for (const row of taken) writeRow(ingestAccount, writer, stateOf(row, state))
  await store.insert(ingestAccount, writer.take(), `account ${taken[0]?.instance} ${taken[0]?.at} ${state}`)
}

function stateOf(row: IngestAccountRow, state: FrameState): IngestAccountRow {
  switch (state) {
    case 'set aside': return { ...row, stored: 0, setAside: row.stored, revision: 1n }
    case 'loaded after all': return { ...row, revision: 2n }
  }
}

/** `RowBinary`, in the order of the table's columns. */
function readRows(body: Buffer, count: number): IngestAccountRow[] {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = body.readUInt8(at++)
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  const text = (): string => {
    const length = varint()
    at += length
    return body.toString('utf8', at - length, at)
  }
  const integer = (): bigint => {
    at += 8
    return body.readBigUInt64LE(at - 8)
  }
  const number = (): number => Number(integer())
  const choice = (): IngestAccountRow['signal'] => ingestSignals[body.readUInt8(at++) - 1] ?? 'traces'
  return Array.from({ length: count }, () => ({
    tenant: text(), project: text(), at: integer(), instance: text(), signal: choice(), client: text(), reason: text(),
    received: number(), stored: number(), deduplicated: number(), rejected: number(), setAside: number(), revision: integer(),
  }))
}
