import { enableCompileCache } from 'node:module'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Store } from '#clickhouse/store.ts'
import type { Reconciliation } from '#collector/reconcile/reconcile.ts'
import type { Collector } from '#collector/collector.ts'
import type { Sharing } from '#collector/receive/listen.ts'
import type { Receivers } from '#collector/receivers/supervise.ts'
import { type Config, ConfigError, loadConfig } from '#config'
import type { Alerting } from '#otel-config/alerts/alert.ts'
import type { Budget } from '#otel-config/budgets/budget.ts'
import type { PolicySet } from '#otel-config/policy/policies.ts'
import type { Backlog } from '#query/context.ts'
import type { Allocation } from '#query/export/allocation.ts'
import type { QueryServer } from '#query/server.ts'
import { consoleLog } from './logger.ts'
import { loadPolicies, project, type ReceiverSettings, settingsFile, storeOptions, tenant } from './receiver-settings.ts'

// What a role needs is imported when it starts: the engine opens while the rest is still being read, and the second start
// finds all of it compiled.
enableCompileCache()

/** SIGTERM and SIGINT drain and exit within 10 s; loading stops a little earlier. */
const drainMs = 8_000
/** What has not ended by then, a ClickHouse that never answers among it, is left: what was acknowledged is in the journal. */
const stopMsMax = 9_000

interface Roles {
  readonly collector: boolean
  readonly query: boolean
}

const help = `spanledger COMMAND

  start       everything: OTLP receivers, console, GraphQL (npm start)
  collector   the OTLP receivers alone
  query       console and GraphQL alone
  demo        sends realistic runs of real SDK-made spans to a running collector
  prices      shows the price book and what it says of a model; imports, compares and activates others
  reconcile   compares the ledger with providers' bills and posts what is agreed to
  set-aside   shows what ClickHouse did not take, loads it again or drops it
  ledger      closes a month, and says what became of one since it was reported
  reprice     prices usage of a time anew with the price book in use; --dry-run says what it would change
  rederive    reads the stored spans of a time anew by the rules of this version; --dry-run says what it would change
  verify      works out the whole ledger again from spans and price books, and compares

COMMAND --help explains each with an example. Settings: README.md, "Settings".
`

const startHelp = `spanledger start | collector | query

Runs the server until SIGTERM or SIGINT. Prints one line per address and then "ready".

Settings are environment variables, or a file spanledger.yaml: README.md, "Settings".

  npm start
  SPANLEDGER_PORT=0 SPANLEDGER_DATA_DIR=/tmp/try npm run spanledger -- start
`

const roles: Readonly<Record<string, Roles>> = {
  start: { collector: true, query: true },
  collector: { collector: true, query: false },
  query: { collector: false, query: true },
}

async function main(args: readonly string[]): Promise<number> {
  const [command = '', ...rest] = args
  const wantsHelp = rest.includes('--help')
  const role = roles[command]
  if (role !== undefined) {
    if (wantsHelp) return print(startHelp)
    if (rest.length > 0) {
      process.stderr.write(`spanledger: ${command} takes nothing such as '${rest[0]}': settings are environment variables, see ${command} --help\n`)
      return 2
    }
    return serve(loadConfig(process.env), role)
  }
  switch (command) {
    // Loaded when asked for: the server does not start slower for an SDK it does not use.
    case 'demo': {
      const { demoCommand, demoHelp } = await import('#otel-config/demo/command.ts')
      if (wantsHelp) return print(demoHelp)
      const exitCode = await demoCommand(rest, stopSignal(), (line) => print(`${line}\n`))
      return exitCode === 0 ? verifyDemo() : exitCode
    }
    case 'prices': {
      const { pricesCommand, pricesHelp } = await import('#collector/price/command.ts')
      const { bookCommand, isBookCommand } = await import('#collector/price/book-command.ts')
      if (wantsHelp) return print(`${pricesHelp}\n`)
      const now = BigInt(Date.now()) * 1_000_000n
      const [verb, ...words] = rest
      const { text, exitCode } = isBookCommand(verb)
        ? await withStore((store) => bookCommand(verb, words, { store, tenant, now, signal: stopSignal() }))
        : pricesCommand(rest, now)
      ;(exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`)
      return exitCode
    }
    case 'set-aside': {
      const { setAsideCommand } = await import('#collector/set-aside/command.ts')
      const { openStore } = await import('#clickhouse/store.ts')
      const { spoolDir, spoolIndexes } = await import('#collector/spool/folders.ts')
      const config = loadConfig(process.env)
      const { text, exitCode } = await setAsideCommand(wantsHelp ? ['--help'] : rest, {
        spoolDirs: (await spoolIndexes(config.dataDir)).map((index) => spoolDir(config.dataDir, index)), openStore: () => openStore(storeOptions(config, 'own')),
      })
      ;(exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`)
      return exitCode
    }
    case 'ledger': {
      if (wantsHelp || rest.length === 0) return print(ledgerHelp)
      return ledger(rest, loadConfig(process.env))
    }
    case 'reprice':
    case 'rederive': {
      const { rederiveCommand, rederiveHelp, repriceCommand, repriceHelp } = await import('#collector/reprice/command.ts')
      const [run, help] = command === 'reprice' ? [repriceCommand, repriceHelp] : [rederiveCommand, rederiveHelp]
      if (wantsHelp) return print(help)
      const { shippedBook } = await import('#collector/price/book.ts')
      const config = loadConfig(process.env)
      return run(rest, {
        tenant, project, prices: shippedBook(), actor: userInfo().username, settleHere: (store) => settleHere(config, store), print: (line) => print(`${line}\n`),
        nowMs: () => performance.now(), nowNano: () => BigInt(Date.now()) * 1_000_000n,
        openStore: () => openMigrated(config),
      })
    }
    case 'verify': {
      if (!wantsHelp) return verifyLedger(rest, loadConfig(process.env))
      const { verifyHelp } = await import('#collector/verify/command.ts')
      return print(verifyHelp)
    }
    case 'reconcile': {
      const { reconcileCommand } = await import('#collector/reconcile/command.ts')
      const { text, exitCode } = await reconcileCommand(wantsHelp ? ['--help'] : rest, () => openDesk(loadConfig(process.env)), userInfo().username)
      ;(exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`)
      return exitCode
    }
    case '':
    case 'help':
    case '--help':
      return print(help)
    default:
      process.stderr.write(`"${command}" is no command.\n\n${help}`)
      return 2
  }
}

const ledgerHelp = `spanledger ledger close MONTH                          closes a month that is over, for good
spanledger ledger restatement MONTH [--as-of TIME]     what was reported for it then, what stands now, and why

What is posted for a closed month is accounted in the month in which it is posted. Months are in UTC; without a time, a
restatement is as of the end of the month.

Example: npm run spanledger -- ledger restatement 2026-10 --as-of 2026-11-05
`

async function ledger([verb = '', ...words]: readonly string[], config: Config): Promise<number> {
  const now = BigInt(Date.now()) * 1_000_000n
  const say = ({ text, exitCode }: { readonly text: string; readonly exitCode: number }): number => {
    ;(exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`)
    return exitCode
  }
  switch (verb) {
    case 'close': {
      const { closeMonth } = await import('#collector/close-month.ts')
      await using store = await openMigrated(config)
      return say(await closeMonth(words.join(' '), { store, tenant, actor: userInfo().username, now }))
    }
    case 'restatement': {
      const { restatementCommand } = await import('#query/restatement/command.ts')
      return say(await restatementCommand(words, { tenant, openStore: () => openMigrated(config), now }))
    }
    default:
      return say({ text: `"${verb}" is no command of ledger.\n\n${ledgerHelp}`, exitCode: 2 })
  }
}

/** The store, with the tables this program knows. */
async function openMigrated(config: Config): Promise<Store> {
  const { openStore } = await import('#clickhouse/store.ts')
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  await using begun = new AsyncDisposableStack()
  const store = begun.use(await openStore(storeOptions(config, 'own')))
  await migrated(config, store)
  begun.move()
  return store
}

/** Settles in this process, where no other one collects into the data folder. */
async function settleHere(config: Config, store: Store): Promise<AsyncDisposable | undefined> {
  const { startSettling } = await import('#collector/collector.ts')
  const { openSpool } = await import('#collector/spool/folders.ts')
  const { SpoolInUse } = await import('#collector/spool/lock.ts')
  const { replaySpool } = await import('#collector/load/replay.ts')
  const { shippedBook } = await import('#collector/price/book.ts')
  try {
    await using begun = new AsyncDisposableStack()
    const { spool } = await openSpool(config.dataDir, 0, 1)
    begun.defer(() => spool.close())
    await replaySpool(spool, store, consoleLog)
    const settling = await startSettling({
      store, spool, tenant, project, prices: shippedBook(), policies: await loadPolicies(config.policiesFile), settlementDelayMs: config.settlementDelayMs, log: consoleLog,
    })
    begun.move()
    return settling
  } catch (error) {
    if (error instanceof SpoolInUse) return undefined
    throw error
  }
}

async function verifyLedger(args: readonly string[], config: Config): Promise<number> {
  const { verifyCommand } = await import('#collector/verify/command.ts')
  const { openStore } = await import('#clickhouse/store.ts')
  const { bookFor, shippedBook } = await import('#collector/price/book.ts')
  return verifyCommand(args, {
    tenant, prices: bookFor(shippedBook(), tenant), openStore: () => openStore(storeOptions(config, 'own')), print: (line) => print(`${line}\n`), nowMs: () => performance.now(),
  })
}

/** What was acknowledged last is loaded within this time, and only then known as not settled. In milliseconds. */
const demoLoadMs = 2_000
const demoSettleSeconds = 60

/** A demo ends with the proof of what it left behind, where the server's data is within reach. */
async function verifyDemo(): Promise<number> {
  const { readEngineFile } = await import('#clickhouse/embedded/engine-file.ts')
  const config = loadConfig(process.env)
  if (config.clickhouseUrl === '' && readEngineFile(config.dataDir) === undefined) {
    return print('the ledger is verified where the server\'s data is: npm run spanledger -- verify\n')
  }
  await sleep(demoLoadMs)
  print('verifying the ledger\n')
  return verifyLedger(['--wait', String(demoSettleSeconds)], config)
}

/** Attaches to what the server uses. */
async function openDesk(config: Config): Promise<AsyncDisposable & { readonly desk: Reconciliation }> {
  const store = await openMigrated(config)
  return { desk: await reconciler(store), [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() }
}

async function reconciler(store: Store): Promise<Reconciliation> {
  const { reconciliation } = await import('#collector/reconcile/reconcile.ts')
  const { shippedBook } = await import('#collector/price/book.ts')
  const { activeBook } = await import('#collector/price/book-store.ts')
  return reconciliation({ store, tenant, project, prices: () => activeBook(store, tenant, shippedBook()), nowNano: () => BigInt(Date.now()) * 1_000_000n })
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** Aborts at the first SIGTERM or SIGINT. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}

/** The whole program: what is opened first is closed last, also where a later step fails. */
async function serve(config: Config, role: Roles): Promise<number> {
  const stop = stopSignal()
  stop.addEventListener('abort', () => setTimeout(() => process.exit(1), stopMsMax).unref(), { once: true })
  const definitions = role.collector ? { policies: await loadPolicies(config.policiesFile), budgets: await loadBudgets(config.budgetsFile), alerting: await loadAlerts(config.alertsFile) } : undefined
  const allocation = role.query ? await loadAllocation(config.allocationFile) : undefined
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  await using open = new AsyncDisposableStack()
  const store = open.use(await openStoreAndRead(config, role, stop))
  if (store === undefined || stop.aborted) return 0
  const receiving = definitions === undefined ? await migrated(config, store) : await collect(config, store, definitions)
  open.defer(async () => void (await Promise.all([receiving?.collector.close(drainMs), receiving?.others?.close(drainMs)])))
  await startOthers(config, receiving)
  const query = allocation === undefined ? undefined : await answer(config, store, receiving, allocation)
  open.defer(async () => query?.close())
  open.defer(await watchItself(config, receiving?.collector))
  say(config, receiving?.collector, query)
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  return 0
}

/** Reading the modules of the roles takes as long as opening the engine, and neither needs the other. Undefined where it was called off. */
async function openStoreAndRead(config: Config, role: Roles, stop: AbortSignal): Promise<Store | undefined> {
  const { openStore } = await import('#clickhouse/store.ts')
  const [store] = await Promise.all([
    openStore(storeOptions(config, 'own'), stop).catch((error: unknown) => {
      if (stop.aborted) return undefined
      throw error
    }),
    role.collector ? import('#collector/collector.ts') : undefined,
    role.query ? import('#query/server.ts') : undefined,
  ])
  return store
}

/** Beside a running server, and without one. */
async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  await using store = await openMigrated(loadConfig(process.env))
  return await work(store)
}

async function migrated({ dataDir }: Config, store: Store): Promise<undefined> {
  const { migrateAfterReplay } = await import('#collector/load/replay.ts')
  await migrateAfterReplay({ dataDir, store, log: consoleLog })
}

/** The receiving side of this process, and the further receiving processes. */
interface Receiving {
  readonly collector: Collector
  readonly others: Receivers<ReceiverSettings> | undefined
}

async function loadAllocation(file: string): Promise<Allocation> {
  const { parseAllocation, projectsPay } = await import('#query/export/allocation.ts')
  return file === '' ? projectsPay : parseAllocation(await settingsFile('SPANLEDGER_ALLOCATION', file))
}

async function loadBudgets(file: string): Promise<readonly Budget[]> {
  if (file === '') return []
  const { parseBudgets } = await import('#otel-config/budgets/budget.ts')
  return parseBudgets(await settingsFile('SPANLEDGER_BUDGETS', file))
}

async function loadAlerts(file: string): Promise<Alerting> {
  if (file === '') return { rules: [], destinations: [] }
  const { parseAlerts } = await import('#otel-config/alerts/alert.ts')
  return parseAlerts(await settingsFile('SPANLEDGER_ALERTS', file), { env: (name) => process.env[name], file: textOfFile })
}

function textOfFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Whoever asked for it says that it cannot be read.
    return undefined
  }
}

/** What the operator's files say. */
interface Definitions {
  readonly policies: PolicySet
  readonly budgets: readonly Budget[]
  readonly alerting: Alerting
}

/** What former processes acknowledged is loaded before the schema moves: their rows have the columns of that time. */
async function collect(config: Config, store: Store, { policies, budgets, alerting }: Definitions): Promise<Receiving> {
  const { startCollector } = await import('#collector/collector.ts')
  const { openSpool, spoolDir, spoolIndexes } = await import('#collector/spool/folders.ts')
  const { replaySpool, replayOthers } = await import('#collector/load/replay.ts')
  const { shippedBook } = await import('#collector/price/book.ts')
  const { migrate } = await import('#clickhouse/migrate.ts')
  await using begun = new AsyncDisposableStack()
  const count = config.receivers
  const { spool } = await openSpool(config.dataDir, 0, count)
  begun.defer(() => spool.close())
  await replaySpool(spool, store, consoleLog)
  const orphans = await replayOthers({ dataDir: config.dataDir, count, store, log: consoleLog })
  for (const orphan of orphans) begun.defer(() => orphan.close())
  await migrate(store)
  const others = count === 1 ? undefined : (await import('#collector/receivers/supervise.ts')).superviseReceivers<ReceiverSettings>({
    count, program: new URL('./receiver.ts', import.meta.url), log: consoleLog,
  })
  const sharing = await sharingOf(config, others)
  const inUse = new Set([...Array.from({ length: count }, (_, index) => spoolDir(config.dataDir, index)), ...orphans.map((orphan) => orphan.dir)])
  const dirs = (await spoolIndexes(config.dataDir)).map((index) => spoolDir(config.dataDir, index))
  const journals = { used: dirs.filter((dir) => inUse.has(dir)), retired: dirs.filter((dir) => !inUse.has(dir)) }
  const collector = await startCollector({
    store, spool, host: config.host, grpcPort: config.otlpGrpcPort, httpPort: config.otlpHttpPort, sharing, tenant, project,
    prices: shippedBook(), policies, settlementDelayMs: config.settlementDelayMs, log: consoleLog, orphans, journals,
    deciding: { budgets, alerting, dir: join(config.dataDir, 'decider'), others: others?.posters }, ...(others === undefined ? {} : { peers: others.peers }),
  })
  if (collector.heard !== undefined) others?.onDeciding(collector.heard)
  begun.move()
  return { collector, others }
}

/** At the ports of this process, which are known now. */
async function startOthers(config: Config, receiving: Receiving | undefined): Promise<void> {
  if (receiving?.others === undefined) return
  const { collector: { grpcPort, httpPort, sharing }, others } = receiving
  await others.start({ config, grpcPort, httpPort, sharing: { how: sharing === 'kernel' ? 'kernel' : 'given' } })
}

async function sharingOf({ host, otlpGrpcPort, otlpHttpPort }: Config, others: Receivers<ReceiverSettings> | undefined): Promise<Sharing> {
  if (others === undefined) return { how: 'alone' }
  const { kernelShares } = await import('#collector/receive/listen.ts')
  if (await kernelShares(host, [otlpGrpcPort, otlpHttpPort])) return { how: 'kernel' }
  return { how: 'dealt', next: others.deal }
}

async function answer(config: Config, store: Store, receiving: Receiving | undefined, allocation: Allocation): Promise<QueryServer> {
  const collector = receiving?.collector
  const { startQuery } = await import('#query/server.ts')
  return startQuery({
    store, host: config.host, port: config.port, tenant, uiDir: fileURLToPath(new URL('./ui/dist/', import.meta.url)), skeletonsDir: join(config.dataDir, 'skeletons'),
    metrics: async () => (receiving === undefined ? '' : metricsOf(receiving)),
    trouble: () => (receiving === undefined ? '' : troubleOf(config, receiving)),
    endpoints: collector === undefined
      ? { grpc: '', http: '' }
      : { grpc: origin(config.host, collector.grpcPort), http: origin(config.host, collector.httpPort) },
    onSummaries: (tell) => {
      collector?.onSummaries(tell)
      receiving?.others?.onSummaries(tell)
    },
    backlog: () => (receiving === undefined ? undefined : backlogOf(receiving)),
    budgets: collector?.keeper, alerts: collector?.alerter,
    incompleteAfterMs: config.incompleteAfterMinutes * 60_000, allocation, reconciler: await reconciler(store), logger: consoleLog, now: Date.now,
  })
}

/** Of all journals together; they are on one disk. */
function backlogOf({ collector, others }: Receiving): Backlog {
  const own = collector.backlog()
  const all = [own, ...(others?.backlogs() ?? [])]
  const sinces = all.flatMap(({ since }) => since ?? [])
  return {
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0), segments: all.reduce((sum, { segments }) => sum + segments, 0),
    since: sinces.length === 0 ? undefined : Math.min(...sinces), diskFreeBytes: own.diskFreeBytes,
  }
}

async function metricsOf({ collector, others }: Receiving): Promise<string> {
  if (others === undefined) return collector.metrics()
  const { metricsOfAll } = await import('#collector/receivers/metrics-of-all.ts')
  return metricsOfAll(new Map([[1, collector.metrics()], ...(await others.metrics())]))
}

function troubleOf({ receivers }: Config, { collector, others }: Receiving): string {
  const down = others?.down() ?? []
  const failures = new Set([collector.backlog(), ...(others?.backlogs() ?? [])].map(({ failure }) => failure).filter((failure) => failure !== ''))
  return [
    ...(down.length === 0 ? [] : [`receiving process ${down.join(', ')} of ${receivers} is being started again`]),
    ...[...failures].map((failure) => `the spool cannot be written (${failure}), nothing is taken`),
  ].join('\n')
}

/** Self-telemetry, off unless asked for; its SDK is loaded only then. */
async function watchItself(config: Config, collector: Collector | undefined): Promise<() => Promise<void>> {
  const endpoint = config.selfTelemetryEndpoint
  if (endpoint === '') return async () => undefined
  const { startSelfTelemetry } = await import('#otel-config/self-telemetry.ts')
  const own = collector === undefined ? [] : [origin(config.host, collector.grpcPort)]
  const { intoItself, shutdown } = startSelfTelemetry({ endpoint, ownEndpoints: own, serviceName: 'spanledger' })
  if (intoItself) consoleLog.info('self-telemetry goes into this very process; its own exports are not traced', { endpoint })
  return shutdown
}

const origin = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

function say(config: Config, collector: Collector | undefined, query: QueryServer | undefined): void {
  if (collector !== undefined) {
    print(`OTLP/gRPC ${origin(config.host, collector.grpcPort)}\n`)
    print(`OTLP/HTTP ${origin(config.host, collector.httpPort)}\n`)
  }
  if (query !== undefined) print(`console   ${query.address.url}\n`)
  print('ready\n')
}

/** Both kinds of server say it in words of their own. */
function inUse(message: string): string | undefined {
  const [, address] = /EADDRINUSE[^\d[]*(\S+:\d+)/.exec(message) ?? []
  if (address === undefined) return undefined
  return `${address} is in use by another program: stop it, or choose another port (SPANLEDGER_PORT, SPANLEDGER_OTLP_GRPC_PORT, SPANLEDGER_OTLP_HTTP_PORT)`
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Error)) throw error
  // The message is written for the operator; a stack would bury it.
  process.stderr.write(`spanledger: ${inUse(error.message) ?? error.message}\n`)
  // Wrong words are 2, what went wrong otherwise is 1.
  process.exitCode = error instanceof ConfigError || ['PolicyError', 'AllocationError', 'BudgetError', 'AlertError'].includes(error.name) ? 2 : 1
}
