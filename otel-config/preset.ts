/**
 * `node --import spanledger/preset app.js`: an application's telemetry on, its code unchanged.
 *
 * What it settles, and nothing more: the service named after the application's package.json, traces only, and the
 * instrumentations that the application has installed. Every standard OTEL_* variable wins over these. The exporter is the
 * SDK's own choice, OTLP/HTTP with protobuf to http://localhost:4318: it sends again what was refused for a moment, and
 * JavaScript's exporter for gRPC does not (`preset.test.ts`). It never stops an application: what cannot be loaded is named
 * on stderr, once.
 */
import { readFileSync } from 'node:fs'
import { createRequire, register } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Instrumentation } from '@opentelemetry/instrumentation'
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node'

/** Packages that hold instrumentations, by name. They are found in the application's own package.json. */
const instrumentationPackage = /^(?:@opentelemetry\/instrumentation-|@traceloop\/instrumentation-|@arizeai\/openinference-instrumentation-)(.+)$/
/** How long the application's end waits for the last spans. */
const flushMsMax = 3_000

interface Application {
  /** '' where package.json has none. */
  readonly name: string
  readonly dependencies: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

function application(folder: string): Application {
  let read: unknown
  try {
    read = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch {
    // A script without a (readable) package is an application too.
    return { name: '', dependencies: [] }
  }
  const field = (name: string): unknown => (typeof read === 'object' && read !== null ? Reflect.get(read, name) : undefined)
  const names = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : [])
  const name = field('name')
  return {
    name: typeof name === 'string' ? name : '',
    dependencies: [...names(field('dependencies')), ...names(field('optionalDependencies')), ...names(field('devDependencies'))],
  }
}

const listed = (text: string | undefined): readonly string[] => (text ?? '').split(',').map((word) => word.trim()).filter((word) => word !== '')

/** The variables that `@opentelemetry/auto-instrumentations-node` reads, with their meaning there: names without the package's prefix. */
function wanted(dependencies: readonly string[], env: Environment): readonly string[] {
  const only = listed(env['OTEL_NODE_ENABLED_INSTRUMENTATIONS'])
  const never = listed(env['OTEL_NODE_DISABLED_INSTRUMENTATIONS'])
  return [...new Set(dependencies)].filter((dependency) => {
    const short = instrumentationPackage.exec(dependency)?.[1]
    return short !== undefined && !never.includes(short) && (only.length === 0 || only.includes(short))
  })
}

async function instrumentations(packages: readonly string[], folder: string): Promise<Instrumentation[]> {
  const { resolve } = createRequire(join(folder, 'package.json'))
  const loaded = await Promise.all(packages.map(async (name) => {
    try {
      return classes(await import(pathToFileURL(resolve(name)).href))
    } catch (error) {
      say(`${name} could not be loaded: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
      return []
    }
  }))
  return loaded.flat()
}

/** One instance of each exported class that is an instrumentation by its name and by what it can do. */
function classes(module: Readonly<Record<string, unknown>>): Instrumentation[] {
  const exported = new Set([...Object.values(module), ...Object.values(Object(module['default']))])
  return [...exported].flatMap((value) => {
    if (typeof value !== 'function' || !value.name.endsWith('Instrumentation')) return []
    const instance: unknown = Reflect.construct(value, [])
    return isInstrumentation(instance) ? [instance] : []
  })
}

const isInstrumentation = (value: unknown): value is Instrumentation =>
  typeof value === 'object' && value !== null && 'setTracerProvider' in value && 'enable' in value && 'instrumentationName' in value

/** What the environment does not say. */
function defaults({ name }: Application, env: Environment): Partial<NodeSDKConfiguration> {
  const named = env['OTEL_SERVICE_NAME'] !== undefined || /(?:^|,)\s*service\.name=/.test(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '')
  return {
    ...(env['OTEL_METRICS_EXPORTER'] === undefined ? { metricReaders: [] } : {}),
    ...(env['OTEL_LOGS_EXPORTER'] === undefined ? { logRecordProcessors: [] } : {}),
    ...(named || name === '' ? {} : { serviceName: name }),
  }
}

const say = (line: string): void => { process.stderr.write(`spanledger: ${line}\n`) }

/**
 * Sends what is left when the application ends by itself or by a signal. A signal that the application does not handle
 * ends it afterwards as it would have; `process.exit()` in the application's own code ends at once, and what was not sent
 * by then is lost.
 */
function flushAtEnd(sdk: NodeSDK): void {
  let flushed: Promise<unknown> | undefined
  const flush = (): Promise<unknown> => (flushed ??= Promise.race([
    sdk.shutdown().catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, flushMsMax).unref()),
  ]))
  process.once('beforeExit', () => { void flush() })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      const handledByApplication = process.listenerCount(signal) > 0
      void flush().then(() => { if (!handledByApplication) process.kill(process.pid, signal) })
    })
  }
}

async function start(folder: string, env: Environment): Promise<void> {
  const app = application(folder)
  const packages = wanted(app.dependencies, env)
  // Modules that the application imports, and does not require, can be patched only through this hook.
  if (packages.length > 0) register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)
  const sdk = new NodeSDK({ ...defaults(app, env), instrumentations: await instrumentations(packages, folder) })
  sdk.start()
  flushAtEnd(sdk)
}

if (process.env['OTEL_SDK_DISABLED'] !== 'true') {
  await start(process.cwd(), process.env).catch((error: unknown) => say(`no telemetry: ${error instanceof Error ? error.message : String(error)}`))
}
