import type { Store } from '#clickhouse/store.ts'
import type { Difference } from './difference.ts'

/** Rows of each question that are told; what people agree to is a few lines a month. */
const wrongMax = 10_000
const options = { maxSeconds: 300, pool: 'bi' } as const

/** Entries that were agreed to for a bill, and where they are not what people agreed to. */
export interface CheckedAgreed {
  readonly entries: number
  readonly differences: readonly Difference[]
}

const reconciled = `FROM ledger_entries FINAL WHERE tenant = {tenant:String} AND reason = 'reconciled'`
const approved = 'FROM bill_approvals FINAL WHERE tenant = {tenant:String}'
/** An approval is written before its entry. */
const settled = 'approved_at < now() - INTERVAL 1 MINUTE'

/** No span proves an entry that settles the ledger with a bill: the approval of a person does, and each has one. */
export async function checkAgreed(store: Store, tenant: string): Promise<CheckedAgreed> {
  const read = <Row>(sql: string): Promise<Row[]> => store.read<Row>(sql, { tenant }, options)
  const [[counted], posted, missing] = await Promise.all([
    read<{ readonly n: string }>(`SELECT count() AS n ${reconciled}`),
    read<{ readonly id_hex: string; readonly meter: string }>(`SELECT lower(hex(id)) AS id_hex, meter ${reconciled} AND id NOT IN (SELECT entry_id ${approved}) LIMIT ${wrongMax}`),
    read<{ readonly id_hex: string; readonly item: string }>(`SELECT lower(hex(entry_id)) AS id_hex, cell AS item ${approved} AND ${settled} AND entry_id NOT IN (SELECT id ${reconciled}) LIMIT ${wrongMax}`),
  ])
  const difference = (id: string, title: string, kind: Difference['kind'], stored: string, recomputed: string): Difference =>
    ({ of: 'entry', id, traceId: '', spanId: '', title, kind, fields: [{ field: 'approval', stored, recomputed }] })
  return {
    entries: Number(counted?.n ?? 0),
    differences: [
      ...posted.map(({ id_hex, meter }) => difference(id_hex, `ADJUSTMENT reconciled ${meter}`, 'surplus', 'none', 'who agreed to it')),
      ...missing.map(({ id_hex, item }) => difference(id_hex, `ADJUSTMENT reconciled ${item}`, 'missing', 'no entry', 'what was agreed to')),
    ],
  }
}
