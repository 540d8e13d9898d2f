import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { type Table, writeRow } from '#clickhouse/table.ts'
import { priceBooks } from '#clickhouse/tables/price-books.ts'
import { policyVersions } from '#clickhouse/tables/policy-versions.ts'
import { PolicyError, type PolicySet } from '#otel-config/policy/policies.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { canonicalJson, type PriceBook } from './price/book.ts'

/** A question about definitions reads a few rows. */
const readSecondsMax = 10

/**
 * Keeps what ledger entries and decisions refer to: the price book in use and the text of each policy version. Append-only;
 * a version that is known stays as it was. Throws `PolicyError` where a policy changed and its version did not.
 */
export async function storeDefinitions(store: Store, tenant: string, prices: PriceBook, policies: PolicySet, postedAt: UnixNano): Promise<void> {
  const [books, documents] = await Promise.all([
    store.read<{ known: number }>(`SELECT count() > 0 AS known FROM price_books WHERE version = toFixedString(unhex({version:String}), 32)`, { version: prices.version }, { maxSeconds: readSecondsMax }),
    store.read<{ policy_id: string; version: number; document: string }>(
      'SELECT policy_id, version, document FROM policy_versions FINAL WHERE tenant = {tenant:String}', { tenant }, { maxSeconds: readSecondsMax }),
  ])
  if (!books.some((row) => Boolean(row.known))) {
    await insertOne(store, priceBooks, { version: prices.version, postedAt, source: 'shipped', body: canonicalJson(prices.data) })
  }
  for (const { id, version, document } of policies.policies) {
    const known = documents.find((row) => row.policy_id === id && Number(row.version) === version)
    if (known === undefined) await insertOne(store, policyVersions, { tenant, policyId: id, version, postedAt, document })
    else if (known.document !== document) {
      throw new PolicyError(`policy '${id}': version ${version} says something else than it did before; give the changed policy version ${version + 1}`)
    }
  }
}

async function insertOne<Row>(store: Store, table: Table<Row>, row: Row): Promise<void> {
  const writer = new RowBinaryWriter()
  writeRow(table, writer, row)
  // A fresh token each time: rows of one id collapse by the table's key, never by the insert's.
  await store.insert(table, writer.take(), crypto.randomUUID())
}
