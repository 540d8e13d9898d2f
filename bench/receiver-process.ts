/**
 * The collector up to the acknowledgement, in a process of its own so that its processor time is counted alone: both
 * receivers, decoding, deriving with prices and policies, the journal with its `fdatasync`. What is sealed is thrown away
 * unread, what is derived counts as settled at once: there is no ClickHouse. Started by `receive.ts`.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { IngestAccount } from '#collector/account/account.ts'
import { KnownRecords } from '#collector/account/known-records.ts'
import { openSpool } from '#collector/spool/folders.ts'
import { Conformance } from '#collector/conformance/conformance.ts'
import { Metrics } from '#collector/metrics.ts'
import { shippedBook } from '#collector/price/book.ts'
import { Admission } from '#collector/receive/admission.ts'
import { grpcReceiver, listenGrpc } from '#collector/receive/grpc.ts'
import { httpReceiver } from '#collector/receive/http.ts'
import type { IngestOptions } from '#collector/receive/ingest.ts'
import { Turns } from '#collector/receive/turns.ts'
import { watchLoopDelay } from '#collector/receive/loop-delay.ts'
import { LiveTraces } from '#collector/settle/live-traces.ts'
import { parsePolicies, starterPolicies } from '#otel-config/policy/policies.ts'
import { consoleLog } from '../logger.ts'

/** What the process tells: where it listens, then its metrics as often as it is asked. */
export type ReceiverMessage = { readonly grpc: string; readonly http: string } | { readonly metrics: string }

const host = '127.0.0.1'
/** As often as the settler looks, in milliseconds. */
const tickMs = 200

const [dataDir = ''] = process.argv.slice(2)
const { spool } = await openSpool(dataDir, 0, 1)
const [metrics, turns] = [new Metrics(), new Turns(() => performance.now())]
const owner = { tenant: 'default', project: 'default' }
const started = BigInt(Date.now()) * 1_000_000n
const live = new LiveTraces({ spansMax: 400_000, settledSpansMax: 20_000, processStartedAt: started })
let last = started
const nowMs = (): number => performance.now()
const ingest: IngestOptions = {
  ...owner, prices: shippedBook(), policies: parsePolicies(starterPolicies()), spool, metrics, turns, live, log: consoleLog,
  account: new IngestAccount(owner), conformance: new Conformance(owner), known: new KnownRecords(), nowNano: () => (last += 1_000n), nowMs,
}
const admission = new Admission({ spoolFull: () => spool.full, diskFull: () => spool.diskFull, loopLate: watchLoopDelay(nowMs).late })
const http = httpReceiver({ host, ingest, admission })
const grpc = grpcReceiver({ ingest, admission })
http.server.listen(0, host)
await once(http.server, 'listening')
const grpcPort = await listenGrpc(grpc.server, host, 0)

setInterval(() => {
  for (const trace of live.dirty()) live.settled(trace)
  live.evict(nowMs(), 60_000, spool.currentNumber)
}, tickMs)
const emptied = (async () => {
  for (let segment = await spool.next(); segment !== undefined; segment = await spool.next()) await spool.remove(segment)
})()

const tell = (message: ReceiverMessage): void => void process.send?.(message)
process.on('message', () => tell({ metrics: metrics.text(spool, Date.now()) }))
process.once('disconnect', () => {
  void Promise.all([http.close(0), grpc.close(0)]).then(() => spool.close()).then(() => emptied).finally(() => process.exit(0))
})
tell({ grpc: `http://${host}:${grpcPort}`, http: `http://${host}:${(http.server.address() as AddressInfo).port}` })
