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

/** An entry names the item that was agreed to, as `day/provider/model/meter`. */
const ofItem = `concat(toString(toDate(occurred_at)), '/', provider, '/', if(model = '', '*', model), '/', if(price_card = 'bill:', '*', replaceOne(price_card, 'bill:', '')))`
const figures = `ifNull(concat(toString(quantity), ' tokens at ', toString(amount)), '')`
/** Older approvals say what was agreed to and not how much. */
const otherwise = `SELECT lower(hex(id)) AS id_hex, meter, concat(kind, ' ', item, ': ', posted) AS stored, concat('ADJUSTMENT ', cell, ': ', if(agreed = '', posted, agreed)) AS recomputed
FROM (SELECT id, meter, toString(kind) AS kind, ${ofItem} AS item, ${figures} AS posted ${reconciled}) AS entries
INNER JOIN (SELECT entry_id, cell, ${figures} AS agreed ${approved}) AS approvals ON id = entry_id
WHERE stored != recomputed LIMIT ${wrongMax}`

/** No span proves an entry that settles the ledger with a bill: the approval of a person does, each has one and is what it says. */
export async function checkAgreed(store: Store, tenant: string): Promise<CheckedAgreed> {
  const read = <Row>(sql: string): Promise<Row[]> => store.read<Row>(sql, { tenant }, options)
  const [[counted], posted, missing, changed] = await Promise.all([
    read<{ readonly n: string }>(`SELECT count() AS n ${reconciled}`),
    read<{ readonly id_hex: string; readonly meter: string }>(`SELECT lower(hex(id)) AS id_hex, meter ${reconciled} AND id NOT IN (SELECT entry_id ${approved}) LIMIT ${wrongMax}`),
    read<{ readonly id_hex: string; readonly item: string }>(`SELECT lower(hex(entry_id)) AS id_hex, cell AS item ${approved} AND ${settled} AND entry_id NOT IN (SELECT id ${reconciled}) LIMIT ${wrongMax}`),
    read<Readonly<Record<'id_hex' | 'meter' | 'stored' | 'recomputed', string>>>(otherwise),
  ])
  const difference = (id: string, title: string, kind: Difference['kind'], stored: string, recomputed: string): Difference =>
    ({ of: 'entry', id, traceId: '', spanId: '', title, kind, fields: [{ field: 'approval', stored, recomputed }] })
  return {
    entries: Number(counted?.n ?? 0),
    differences: [
      ...posted.map(({ id_hex, meter }) => difference(id_hex, `ADJUSTMENT reconciled ${meter}`, 'surplus', 'none', 'who agreed to it')),
      ...missing.map(({ id_hex, item }) => difference(id_hex, `ADJUSTMENT reconciled ${item}`, 'missing', 'no entry', 'what was agreed to')),
      ...changed.map(({ id_hex, meter, stored, recomputed }) => difference(id_hex, `ADJUSTMENT reconciled ${meter}`, 'changed', stored, recomputed)),
    ],
  }
}
