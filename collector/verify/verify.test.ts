import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { captures, type Payload } from '../corpus/captures.ts'
import { logsJsonToProtobuf, tracesJsonToProtobuf } from '../decode/json.ts'
import { decodeLogs } from '../decode/logs.ts'
import { decodeTraces } from '../decode/traces.ts'
import { shippedBook } from '../price/book.ts'
import { type Difference, differenceText } from './difference.ts'
import { selfTest } from './self-test.ts'
import { type Arriving, smallCollector } from './small-collector.ts'
import { verify, type Verified } from './verify.ts'

let dataDir: string
let store: Store
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'verify-'))
  store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 1024 * 1024 * 1024, readSessions: 4 })
  await migrate(store)
})
after(async () => {
  await store[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

const prices = shippedBook()
const options = (tenant: string) => ({ tenant, project: 'p', prices, policies: parsePolicies('policies: []') })

async function verified(tenant: string): Promise<Verified & { readonly found: readonly Difference[] }> {
  const found: Difference[] = []
  const sums = await verify({ store, tenant, prices, report: (difference) => found.push(difference), nowMs: () => performance.now() })
  return { ...sums, found }
}

const recordsOf = ({ signal, encoding, body }: Payload): readonly Arriving[] => {
  switch (signal) {
    case 'traces': return decodeTraces(encoding === 'json' ? tracesJsonToProtobuf(body).bytes : body).spans
    case 'logs': return decodeLogs(encoding === 'json' ? logsJsonToProtobuf(body).bytes : body).records
    case 'metrics': return []
  }
}

test('every capture of a real program, stored: what is derived from the rows again is what was stored', async () => {
  const collector = await smallCollector(store, options('corpus'))
  for (const capture of captures()) for (const payload of capture.payloads) await collector.arrive(recordsOf(payload))
  await collector.settle()
  const { found, entries, unsettled, spans } = await verified('corpus')
  assert.deepEqual(found.map(differenceText), [])
  assert.equal(unsettled, 0)
  assert.ok(entries > 200 && spans > 200, `${entries} entries, ${spans} spans`)
})

test('the self-test plants four faults and finds exactly these', async () => {
  const lines: string[] = []
  assert.ok(await selfTest({ prices, print: (line) => lines.push(line), nowMs: () => performance.now() }), lines.join('\n'))
  assert.equal(lines.at(-1), '8 entries, 4 differences')
})
