import { enableCompileCache } from 'node:module'
import { readFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Store, StoreOptions } from '#clickhouse/store.ts'
import type { Collector } from '#collector/collector.ts'
import { type Config, ConfigError, loadConfig } from '#config'
import type { Alerting } from '#otel-config/alerts/alert.ts'
import type { Budget } from '#otel-config/budgets/budget.ts'
import type { PolicySet } from '#otel-config/policy/policies.ts'
import type { QueryServer } from '#query/server.ts'
import { consoleLog } from './logger.ts'

// What a role needs is imported when it starts: the engine opens while the rest is still being read, and the second start
// finds all of it compiled.
enableCompileCache()

/** One tenant and project until keys exist; the API key alone will decide both. */
const tenant = 'default'
const project = 'default'
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
  set-aside   shows what ClickHouse did not take, loads it again or drops it
  verify      works out the whole ledger again from spans and price books, and compares

COMMAND --help explains each with an example. Settings: README.md, "Settings".
`

const startHelp = `spanledger start | collector | query

Runs the server until SIGTERM or SIGINT. Prints one line per address and then "ready".

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
  if (role !== undefined) return wantsHelp ? print(startHelp) : serve(loadConfig(process.env), role)
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
      if (wantsHelp) return print(pricesHelp)
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
      const config = loadConfig(process.env)
      const { text, exitCode } = await setAsideCommand(wantsHelp ? ['--help'] : rest, {
        spoolDir: join(config.dataDir, 'spool'), openStore: () => openStore(storeOptions(config)),
      })
      ;(exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`)
      return exitCode
    }
    case 'verify': {
      if (!wantsHelp) return verifyLedger(rest, loadConfig(process.env))
      const { verifyHelp } = await import('#collector/verify/command.ts')
      return print(verifyHelp)
    }
    case '':
    case 'help':
    case '--help':
      return print(help)
    default:
      process.stderr.write(`'${command}' is no command.\n\n${help}`)
      return 2
  }
}

async function verifyLedger(args: readonly string[], config: Config): Promise<number> {
  const { verifyCommand } = await import('#collector/verify/command.ts')
  const { openStore } = await import('#clickhouse/store.ts')
  const { shippedBook } = await import('#collector/price/book.ts')
  return verifyCommand(args, {
    tenant, prices: shippedBook(), openStore: () => openStore(storeOptions(config)), print: (line) => print(`${line}\n`), nowMs: () => performance.now(),
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
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  await using open = new AsyncDisposableStack()
  const store = open.use(await openStoreAndRead(config, role))
  if (stop.aborted) return 0
  const collector = definitions === undefined ? await migrated(store) : await collect(config, store, definitions)
  open.defer(async () => collector?.close(drainMs))
  const query = role.query ? await answer(config, store, collector) : undefined
  open.defer(async () => query?.close())
  open.defer(await watchItself(config, collector))
  say(config, collector, query)
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  return 0
}

/** Reading the modules of the roles takes as long as opening the engine, and neither needs the other. */
async function openStoreAndRead(config: Config, role: Roles): Promise<Store> {
  const { openStore } = await import('#clickhouse/store.ts')
  const [store] = await Promise.all([
    openStore(storeOptions(config)),
    role.collector ? import('#collector/collector.ts') : undefined,
    role.query ? import('#query/server.ts') : undefined,
  ])
  return store
}

/** Beside a running server, and without one. */
async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const { openStore } = await import('#clickhouse/store.ts')
  const { migrate } = await import('#clickhouse/migrate.ts')
  const config = loadConfig(process.env)
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  await using store = await openStore(storeOptions(config))
  await migrate(store)
  return await work(store)
}

async function migrated(store: Store): Promise<undefined> {
  const { migrate } = await import('#clickhouse/migrate.ts')
  await migrate(store)
}

function storeOptions(config: Config): StoreOptions {
  if (config.clickhouseUrl === '') return { kind: 'embedded', dataDir: config.dataDir }
  return {
    kind: 'server', url: config.clickhouseUrl, user: config.clickhouseUser, password: config.clickhousePassword,
    database: config.clickhouseDatabase, cluster: config.clickhouseCluster,
  }
}

async function loadPolicies(file: string): Promise<PolicySet> {
  const { parsePolicies, starterPolicies } = await import('#otel-config/policy/policies.ts')
  return parsePolicies(file === '' ? starterPolicies() : await readNamed('SPANLEDGER_POLICIES', file))
}

async function loadBudgets(file: string): Promise<readonly Budget[]> {
  if (file === '') return []
  const { parseBudgets } = await import('#otel-config/budgets/budget.ts')
  return parseBudgets(await readNamed('SPANLEDGER_BUDGETS', file))
}

async function loadAlerts(file: string): Promise<Alerting> {
  if (file === '') return { rules: [], destinations: [] }
  const { parseAlerts } = await import('#otel-config/alerts/alert.ts')
  return parseAlerts(await readNamed('SPANLEDGER_ALERTS', file), { env: (name) => process.env[name], file: textOfFile })
}

function textOfFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Whoever asked for it says that it cannot be read.
    return undefined
  }
}

async function readNamed(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new ConfigError(`${setting} is '${file}', which cannot be read`)
  }
}

/** What the operator's files say. */
interface Definitions {
  readonly policies: PolicySet
  readonly budgets: readonly Budget[]
  readonly alerting: Alerting
}

/** What a former process acknowledged is loaded before the schema moves: its rows have the columns of that time. */
async function collect(config: Config, store: Store, { policies, budgets, alerting }: Definitions): Promise<Collector> {
  const { openSpool, startCollector } = await import('#collector/collector.ts')
  const { replaySpool } = await import('#collector/load/replay.ts')
  const { shippedBook } = await import('#collector/price/book.ts')
  const { migrate } = await import('#clickhouse/migrate.ts')
  await using begun = new AsyncDisposableStack()
  const spool = begun.adopt(await openSpool(config.dataDir), (it) => it.close())
  await replaySpool(spool, store, consoleLog)
  await migrate(store)
  const collector = await startCollector({
    store, spool, host: config.host, grpcPort: config.otlpGrpcPort, httpPort: config.otlpHttpPort, tenant, project,
    prices: shippedBook(), policies, budgets, alerting, deciderDir: join(config.dataDir, 'decider'), settlementDelayMs: config.settlementDelayMs, log: consoleLog,
  })
  begun.move()
  return collector
}

async function answer(config: Config, store: Store, collector: Collector | undefined): Promise<QueryServer> {
  const { startQuery } = await import('#query/server.ts')
  return startQuery({
    store, host: config.host, port: config.port, tenant, uiDir: fileURLToPath(new URL('./ui/dist/', import.meta.url)),
    metrics: () => collector?.metrics() ?? '',
    endpoints: collector === undefined
      ? { grpc: '', http: '' }
      : { grpc: origin(config.host, collector.grpcPort), http: origin(config.host, collector.httpPort) },
    onSummaries: (tell) => collector?.onSummaries(tell),
    backlog: () => collector?.backlog(),
    budgets: collector?.keeper, alerts: collector?.alerter,
    incompleteAfterMs: config.incompleteAfterMinutes * 60_000, logger: consoleLog, now: Date.now,
  })
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
  process.exitCode = error instanceof ConfigError || ['PolicyError', 'BudgetError', 'AlertError'].includes(error.name) ? 2 : 1
}
