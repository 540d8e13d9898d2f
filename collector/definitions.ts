import type { Store } from '#clickhouse/store.ts'
import { policyVersions } from '#clickhouse/tables/policy-versions.ts'
import { PolicyError, type PolicySet } from '#otel-config/policy/policies.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { PriceBook } from './price/book.ts'
import { insertOne, storeBook } from './price/book-store.ts'

/** A question about definitions reads a few rows. */
const readSecondsMax = 10

/**
 * Keeps what ledger entries and decisions refer to: the price book in use and the text of each policy version. Append-only;
 * a version that is known stays as it was. Throws `PolicyError` where a policy changed and its version did not.
 */
export async function storeDefinitions(store: Store, tenant: string, prices: PriceBook, policies: PolicySet, postedAt: UnixNano): Promise<void> {
  const [documents] = await Promise.all([
    store.read<{ policy_id: string; version: number; document: string }>(
      'SELECT policy_id, version, document FROM policy_versions FINAL WHERE tenant = {tenant:String}', { tenant }, { maxSeconds: readSecondsMax }),
    storeBook(store, prices, 'shipped', postedAt),
  ])
  for (const { id, version, document } of policies.policies) {
    const known = documents.find((row) => row.policy_id === id && Number(row.version) === version)
    if (known === undefined) await insertOne(store, policyVersions, { tenant, policyId: id, version, postedAt, document })
    else if (known.document !== document) {
      throw new PolicyError(`policy '${id}': version ${version} says something else than it did before; give the changed policy version ${version + 1}`)
    }
  }
}
