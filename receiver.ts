/** A further receiving process: started and ended by the main one, which tells it everything. See docs/decisions/013. */
import type { Socket } from 'node:net'
import { openStore } from '#clickhouse/store.ts'
import { tellingWatch } from '#collector/budgets/ledger-watch.ts'
import { type Collector, decidingPaths, startCollector } from '#collector/collector.ts'
import { replaySpool } from '#collector/load/replay.ts'
import { shippedBook } from '#collector/price/book.ts'
import { Questions } from '#collector/receivers/control-answer.ts'
import type { News, Peers } from '#collector/receivers/peers.ts'
import type { FromReceiver, ToReceiver } from '#collector/receivers/supervise.ts'
import { openSpoolSoon, spoolDir, spoolIndexes } from '#collector/spool/folders.ts'
import { consoleLog } from './logger.ts'
import { loadPolicies, project, type ReceiverSettings, storeOptions, tenant } from './receiver-settings.ts'

// A parent that was killed must not leave anybody at its ports. What was acknowledged is in the journal.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// Ctrl-C reaches the whole process group; the parent decides when to end.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

const tell = (message: FromReceiver): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })

/** How often it is said what waits in the journal, in milliseconds. */
const backlogMs = 1_000

/** News that came before the collector listens. */
const early: [from: number, news: News][] = []
let hear = (from: number, news: News): void => void early.push([from, news])
let collector: Collector | undefined
let closeStore: () => PromiseLike<void> = async () => undefined

/** Whether the main process keeps budgets. */
let listened = false
const watch = tellingWatch(() => listened, (posting) => void tell({ kind: 'posted', posting }))
const questions = new Questions((ask, path, body) => void tell({ kind: 'ask', ask, path, body }))

const peersOf = (index: number, count: number): Peers => ({
  index, count,
  send: (to, news) => void tell({ kind: 'news', to, news }),
  onNews: (listen) => {
    hear = listen
    for (const [from, news] of early.splice(0)) listen(from, news)
  },
})

async function start({ config, grpcPort, httpPort, sharing }: ReceiverSettings, index: number, count: number): Promise<void> {
  const policies = await loadPolicies(config.policiesFile)
  const store = await openStore(storeOptions(config, 'attach'))
  closeStore = () => store[Symbol.asyncDispose]()
  const { spool } = await openSpoolSoon(config.dataDir, index, count)
  await replaySpool(spool, store, consoleLog)
  collector = await startCollector({
    store, spool, host: config.host, grpcPort, httpPort, sharing, tenant, project, prices: shippedBook(), policies,
    settlementDelayMs: config.settlementDelayMs, log: consoleLog, peers: peersOf(index, count), asking: { watch, controls: questions.controls(decidingPaths) },
    journals: { used: (await spoolIndexes(config.dataDir)).filter((one) => one < count).map((one) => spoolDir(config.dataDir, one)), retired: [] },
  })
  const { backlog, onSummaries } = collector
  onSummaries(() => void tell({ kind: 'summaries' }))
  setInterval(() => void tell({ kind: 'backlog', backlog: backlog() }), backlogMs).unref()
  await tell({ kind: 'ready' })
}

async function close(deadlineMs: number): Promise<never> {
  await collector?.close(deadlineMs)
  await closeStore()
  process.exit(0)
}

async function fail(error: unknown): Promise<never> {
  await tell({ kind: 'failed', error: error instanceof Error ? error.message : String(error) })
  process.exit(1)
}

process.on('message', (message: ToReceiver<ReceiverSettings>, socket: Socket | undefined) => {
  switch (message.kind) {
    case 'start': return void start(message.settings, message.index, message.count).catch(fail)
    case 'news': return hear(message.from, message.news)
    case 'connection': return socket === undefined || collector === undefined ? void socket?.destroy() : collector.accept(message.protocol, socket)
    case 'listen': return void (listened = message.listens)
    case 'answer': return questions.answered(message.ask, message.answer)
    case 'metrics': return void tell({ kind: 'metrics', ask: message.ask, text: collector?.metrics() ?? '' })
    case 'close': return void close(message.deadlineMs).catch(fail)
  }
})
