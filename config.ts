import { readFileSync } from 'node:fs'
import { parse as parseYaml, YAMLParseError } from 'yaml'

/** What the operator decided. Loaded once at start and passed down; nothing else reads the environment. */
export interface Config {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  readonly otlpGrpcPort: number
  readonly otlpHttpPort: number
  readonly dataDir: string
  /** Processes that receive, the main one among them. */
  readonly receivers: number
  /** '' for the embedded engine. */
  readonly clickhouseUrl: string
  readonly clickhouseUser: string
  readonly clickhousePassword: string
  readonly clickhouseDatabase: string
  readonly clickhouseCluster: string
  /** Milliseconds a trace must be quiet before its figures are called exact. */
  readonly settlementDelayMs: number
  /** Minutes without a root after which a run is INCOMPLETE. */
  readonly incompleteAfterMinutes: number
  /** Path of the policy file, '' for the starter policies. */
  readonly policiesFile: string
  /** Path of the file of budgets, '' for none. */
  readonly budgetsFile: string
  /** Path of the file of alert rules and destinations, '' for none. */
  readonly alertsFile: string
  /** Path of the file that says who pays for what, '' where every project pays for itself. */
  readonly allocationFile: string
  /** OTLP endpoint our own telemetry goes to, '' for off. */
  readonly selfTelemetryEndpoint: string
}

/** A start that cannot be: one line that names the setting, its value and what is allowed. */
export class ConfigError extends Error {}

interface Setting {
  readonly env: string
  /** Key in the configuration file. */
  readonly key: string
  readonly fallback: string
  /** Undefined when `value` is allowed, else what is. */
  readonly allowed: (value: string) => string | undefined
  readonly secret?: boolean
}

const anyText = (): undefined => undefined
const port = (value: string): string | undefined =>
  /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : 'a port from 0 (any free one) to 65535'
const integer = (min: number, max: number, unit: string) => (value: string): string | undefined =>
  /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max ? undefined : `an integer from ${min} to ${max} (${unit})`
const httpUrl = (value: string): string | undefined =>
  value === '' || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) ? undefined : 'an http:// or https:// URL'
/** A URL can hold a password, also one that is no URL after all. */
const withoutUserinfo = (value: string): string => value.replace(/^([a-z+.-]*:?\/\/)?.*@/i, '$1…@')
const identifier = (value: string): string | undefined => (/^\w{0,64}$/.test(value) ? undefined : 'letters, digits and _')
const loopbackHosts = ['127.0.0.1', '::1', 'localhost']
const loopback = (value: string): string | undefined =>
  loopbackHosts.includes(value) ? undefined : `${loopbackHosts.join(', ')} (other addresses need authentication, which is not on)`

/** Every setting, once. The names are a contract. */
const settings = {
  host: { env: 'SPANLEDGER_HOST', key: 'host', fallback: '127.0.0.1', allowed: loopback },
  port: { env: 'SPANLEDGER_PORT', key: 'port', fallback: '4320', allowed: port },
  otlpGrpcPort: { env: 'SPANLEDGER_OTLP_GRPC_PORT', key: 'otlp_grpc_port', fallback: '4317', allowed: port },
  otlpHttpPort: { env: 'SPANLEDGER_OTLP_HTTP_PORT', key: 'otlp_http_port', fallback: '4318', allowed: port },
  dataDir: { env: 'SPANLEDGER_DATA_DIR', key: 'data_dir', fallback: './data', allowed: (v: string) => (v === '' ? 'a folder' : undefined) },
  receivers: { env: 'SPANLEDGER_RECEIVERS', key: 'receivers', fallback: '1', allowed: integer(1, 64, 'processes') },
  clickhouseUrl: { env: 'CLICKHOUSE_URL', key: 'clickhouse_url', fallback: '', allowed: httpUrl },
  clickhouseUser: { env: 'CLICKHOUSE_USER', key: 'clickhouse_user', fallback: 'default', allowed: anyText },
  clickhousePassword: { env: 'CLICKHOUSE_PASSWORD', key: 'clickhouse_password', fallback: '', allowed: anyText, secret: true },
  clickhouseDatabase: { env: 'CLICKHOUSE_DATABASE', key: 'clickhouse_database', fallback: 'spanledger', allowed: identifier },
  clickhouseCluster: { env: 'CLICKHOUSE_CLUSTER', key: 'clickhouse_cluster', fallback: '', allowed: identifier },
  settlementDelayMs: { env: 'SPANLEDGER_SETTLEMENT_DELAY_MS', key: 'settlement_delay_ms', fallback: '2000', allowed: integer(100, 600_000, 'milliseconds') },
  incompleteAfterMinutes: { env: 'SPANLEDGER_INCOMPLETE_AFTER_MINUTES', key: 'incomplete_after_minutes', fallback: '10', allowed: integer(1, 100_000, 'minutes') },
  policiesFile: { env: 'SPANLEDGER_POLICIES', key: 'policies', fallback: '', allowed: anyText },
  budgetsFile: { env: 'SPANLEDGER_BUDGETS', key: 'budgets', fallback: '', allowed: anyText },
  alertsFile: { env: 'SPANLEDGER_ALERTS', key: 'alerts', fallback: '', allowed: anyText },
  allocationFile: { env: 'SPANLEDGER_ALLOCATION', key: 'allocation', fallback: '', allowed: anyText },
  selfTelemetryEndpoint: { env: 'SPANLEDGER_SELF_TELEMETRY', key: 'self_telemetry', fallback: '', allowed: httpUrl },
} as const satisfies Record<string, Setting>

type SettingName = keyof typeof settings
const fileVariable = 'SPANLEDGER_CONFIG'

/**
 * The environment wins over the file, the file over the defaults. Unknown keys are errors in the file and for
 * `SPANLEDGER_*` variables: a typo must not pass as a default.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const file = readFile(env[fileVariable])
  const known = new Set<string>([fileVariable, ...Object.values(settings).map((setting) => setting.env)])
  for (const name of Object.keys(env)) {
    if (name.startsWith('SPANLEDGER_') && !known.has(name)) throw new ConfigError(`${name} is no setting; known are ${[...known].join(', ')}`)
  }
  const value = (name: SettingName): string => {
    const setting: Setting = settings[name]
    const fromEnv = env[setting.env]
    const text = fromEnv ?? file.get(setting.key) ?? setting.fallback
    const allowed = setting.allowed(text)
    if (allowed === undefined) return text
    throw new ConfigError(`${fromEnv === undefined ? setting.key : setting.env} is '${setting.secret === true ? '…' : withoutUserinfo(text)}', allowed is ${allowed}`)
  }
  return {
    host: value('host'), port: Number(value('port')), otlpGrpcPort: Number(value('otlpGrpcPort')), otlpHttpPort: Number(value('otlpHttpPort')),
    dataDir: value('dataDir'), receivers: Number(value('receivers')), clickhouseUrl: value('clickhouseUrl'), clickhouseUser: value('clickhouseUser'),
    clickhousePassword: value('clickhousePassword'), clickhouseDatabase: value('clickhouseDatabase'), clickhouseCluster: value('clickhouseCluster'),
    settlementDelayMs: Number(value('settlementDelayMs')), incompleteAfterMinutes: Number(value('incompleteAfterMinutes')),
    policiesFile: value('policiesFile'), budgetsFile: value('budgetsFile'), alertsFile: value('alertsFile'), allocationFile: value('allocationFile'), selfTelemetryEndpoint: value('selfTelemetryEndpoint'),
  }
}

const defaultFile = 'spanledger.yaml'

function readFile(named: string | undefined): ReadonlyMap<string, string> {
  const path = named ?? defaultFile
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (named === undefined && error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map()
    throw new ConfigError(`${fileVariable} is '${path}', which cannot be read`)
  }
  return fileSettings(text, path)
}

function fileSettings(text: string, path: string): ReadonlyMap<string, string> {
  let document: unknown
  try {
    document = parseYaml(text)
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ConfigError(`${path} is not YAML: ${error.message.split('\n')[0]}`)
    throw error
  }
  const keys = Object.values(settings).map((setting) => setting.key)
  if (document === null || document === undefined) return new Map()
  if (typeof document !== 'object' || Array.isArray(document)) throw new ConfigError(`${path} must hold keys and values; keys are ${keys.join(', ')}`)
  const values = new Map<string, string>()
  for (const [key, value] of Object.entries(document)) {
    if (!keys.includes(key as (typeof keys)[number])) throw new ConfigError(`${path}: '${key}' is no setting; known are ${keys.join(', ')}`)
    if (typeof value === 'object') throw new ConfigError(`${path}: ${key} must be a single value`)
    values.set(key, String(value))
  }
  return values
}
