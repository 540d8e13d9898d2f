import { stringify } from 'yaml'
import { described, documentReader, type Fields } from '../document.ts'

/** Alerts that cannot be: one line that names the rule or destination, the key and what is allowed. Never a secret. */
export class AlertError extends Error {
  override readonly name = 'AlertError'
}

export const signals = ['error_rate', 'latency_p95', 'spend', 'spend_jump', 'denials', 'loops', 'rejected', 'silence'] as const
/** What a rule looks at, in the last `window`. */
export type AlertSignal = (typeof signals)[number]

/** What `above` counts. */
export const signalUnits: Readonly<Record<AlertSignal, string>> = {
  error_rate: 'percent of runs that failed', latency_p95: 'milliseconds that 95 of 100 runs stay below', spend: 'US dollars',
  spend_jump: 'times what such a window cost on average in the week before', denials: 'calls that were denied', loops: 'runs that repeated a tool call',
  rejected: 'records that were rejected or set aside', silence: 'minutes since anything was received',
}

export const alertGroups = ['service', 'agent', 'environment'] as const
export type AlertGroup = (typeof alertGroups)[number]

/** By what a rule can be divided: what the rows that it reads name. */
export const signalGroups = {
  error_rate: alertGroups, latency_p95: alertGroups, spend: alertGroups, spend_jump: alertGroups, denials: ['agent'], loops: ['agent'], rejected: [], silence: [],
} as const satisfies Readonly<Record<AlertSignal, readonly AlertGroup[]>>

export const noDataRules = ['resolve', 'fire', 'keep'] as const
/** What a rule does where its window holds nothing. */
export type NoData = (typeof noDataRules)[number]

interface RuleWords {
  readonly id: string
  /** Ids of destinations. */
  readonly notify: readonly string[]
  /** The rule as YAML, comments aside: what a version stands for. */
  readonly document: string
}

export type AlertRule =
  /** Thresholds and burn rates of budgets; of all of them where none is named, but for those that only observe. */
  | RuleWords & { readonly on: 'budget'; readonly budgets: readonly string[] }
  | RuleWords & {
      readonly on: AlertSignal
      readonly above: number
      readonly windowMs: number
      /** How long it must be above until anybody is told. */
      readonly forMs: number
      readonly groupBy: AlertGroup | undefined
      readonly noData: NoData
    }

export const destinationKinds = ['slack', 'webhook', 'pagerduty', 'alertmanager', 'email'] as const
export type DestinationKind = (typeof destinationKinds)[number]

/** Where alerts are sent. What is secret in it never leaves the process that sends. */
export type Destination =
  | { readonly id: string; readonly kind: 'slack'; readonly url: string }
  | { readonly id: string; readonly kind: 'webhook'; readonly url: string; readonly secret: string }
  | { readonly id: string; readonly kind: 'pagerduty'; readonly url: string; readonly routingKey: string }
  | { readonly id: string; readonly kind: 'alertmanager'; readonly url: string }
  | { readonly id: string; readonly kind: 'email'; readonly server: string; readonly from: string; readonly to: readonly string[] }

export interface Alerting {
  readonly rules: readonly AlertRule[]
  readonly destinations: readonly Destination[]
}

/** Where secrets are: the document only says where to find them. `undefined` where there is none. */
export interface SecretSource {
  readonly env: (name: string) => string | undefined
  readonly file: (path: string) => string | undefined
}

const documentCharactersMax = 262_144
/** Of the file and of the API together: each but those on budgets reads ClickHouse every 30 seconds. */
export const rulesMax = 200
const destinationsMax = 50
const textMax = 1_000
const notifyMax = 20
const idPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/
const pagerdutyUrl = 'https://events.pagerduty.com/v2/enqueue'

const { parse, fields, items, refuseUnknown, text, choice } = documentReader((message) => new AlertError(message))

/** Throws `AlertError`. */
export function parseAlerts(yaml: string, secrets: SecretSource): Alerting {
  const where = 'alerts'
  checkLength(yaml, where)
  const document = fields(parse(yaml, where), where)
  refuseUnknown(document, ['destinations', 'rules'], where)
  const destinations = listOf(document, 'destinations', destinationsMax, (from, id, place) => readDestination(from, id, place, secrets))
  const rules = listOf(document, 'rules', rulesMax, readRule)
  for (const rule of rules) refuseUnknownDestinations(rule, destinations)
  return { rules, destinations }
}

/** One rule on its own, as a mutation sends it and as a version stores it. Throws `AlertError`. */
export function parseAlertRule(yaml: string): AlertRule {
  checkLength(yaml, 'rule')
  const from = fields(parse(yaml, 'rule'), 'rule')
  const id = readId(from, 'rule')
  return readRule(from, id, `rule '${id}'`)
}

/** Whom a rule tells stands in the operator's file and nowhere else. Throws `AlertError`. */
export function refuseUnknownDestinations({ id, notify }: AlertRule, destinations: readonly Destination[]): void {
  const unknown = notify.find((name) => !destinations.some((one) => one.id === name))
  if (unknown !== undefined) throw new AlertError(`rule '${id}': notify names '${unknown}', destinations are ${destinations.map((one) => one.id).join(', ') || 'none'}`)
}

function checkLength(yaml: string, where: string): void {
  if (yaml.length <= documentCharactersMax) return
  throw new AlertError(`${where}: the document has ${yaml.length} characters, at most ${documentCharactersMax} are allowed`)
}

function readId(from: Fields, where: string): string {
  const id = text(from, 'id', where, 64)
  if (idPattern.test(id)) return id
  throw new AlertError(`${where}: id is ${described(id)}, allowed are lower-case letters, digits and . _ - (at most 64, first a letter or digit)`)
}

function listOf<T>(document: Fields, key: 'destinations' | 'rules', max: number, read: (from: Fields, id: string, place: string) => T): T[] {
  if (!document.has(key)) return []
  const one = key.slice(0, -1)
  const seen = new Set<string>()
  return items(document.get(key), key, max).map((item, index) => {
    const from = fields(item, `${one} ${index + 1}`)
    const id = readId(from, `${one} ${index + 1}`)
    if (seen.has(id)) throw new AlertError(`${one} '${id}': id is used twice, each needs its own`)
    seen.add(id)
    return read(from, id, `${one} '${id}'`)
  })
}

function readRule(from: Fields, id: string, where: string): AlertRule {
  const words = { id, notify: texts(from, 'notify', where, notifyMax), document: stringify(from) }
  const on = choice(from, 'on', ['budget', ...signals], where)
  const signal = signals.find((one) => one === on)
  if (signal === undefined) {
    refuseUnknown(from, ['id', 'on', 'budgets', 'notify'], where)
    return { ...words, on: 'budget', budgets: from.has('budgets') ? texts(from, 'budgets', where, 500) : [] }
  }
  refuseUnknown(from, ['id', 'on', 'above', 'window', 'for', 'group_by', 'no_data', 'notify'], where)
  const above = Number(from.get('above'))
  if (!from.has('above') || !Number.isFinite(above) || above < 0) throw new AlertError(`${where}: above is ${described(from.get('above'))}, a number from 0 is needed (${signalUnits[signal]})`)
  return {
    ...words, on: signal, above,
    windowMs: duration(from, 'window', '15m', where),
    forMs: duration(from, 'for', '0m', where),
    groupBy: readGroupBy(from, signal, where),
    noData: from.has('no_data') ? noDataRules.find((one) => one === choice(from, 'no_data', noDataRules, where)) ?? 'resolve' : 'resolve',
  }
}

function readGroupBy(from: Fields, signal: AlertSignal, where: string): AlertGroup | undefined {
  if (!from.has('group_by')) return undefined
  const groups: readonly AlertGroup[] = signalGroups[signal]
  if (groups.length === 0) throw new AlertError(`${where}: group_by does not go with ${signal}`)
  return groups.find((one) => one === choice(from, 'group_by', groups, where))
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const durationMsMax = 31 * 86_400_000

function duration(from: Fields, key: string, fallback: string, where: string): number {
  const value = from.has(key) ? from.get(key) : fallback
  const [, count = '', unit = ''] = /^(\d{1,4})([mhd])$/.exec(typeof value === 'string' ? value : '') ?? []
  const ms = Number(count) * (units[unit] ?? Number.NaN)
  if (ms <= durationMsMax && (ms > 0 || key === 'for')) return ms
  throw new AlertError(`${where}: ${key} is ${described(value)}, minutes, hours or days up to 31d are needed, such as 15m`)
}

function texts(from: Fields, key: string, where: string, max: number): readonly string[] {
  return items(from.get(key), `${where}: ${key}`, max).map((item) => {
    if (typeof item !== 'string' || item === '' || item.length > textMax) throw new AlertError(`${where}: ${key} holds ${described(item)}, a text is needed`)
    return item
  })
}

function readDestination(from: Fields, id: string, where: string, secrets: SecretSource): Destination {
  const kind = destinationKinds.find((one) => one === choice(from, 'kind', destinationKinds, where)) as DestinationKind
  const url = (): string => httpUrl(from.get('url'), `${where}: url`, secrets)
  switch (kind) {
    case 'slack':
      refuseUnknown(from, ['id', 'kind', 'url'], where)
      return { id, kind, url: url() }
    case 'webhook': {
      refuseUnknown(from, ['id', 'kind', 'url', 'secret'], where)
      const secret = secretOf(from.get('secret'), `${where}: secret`, secrets)
      // Standard Webhooks: 24 to 64 bytes in base64 behind `whsec_`.
      if (!/^(?:whsec_)?[A-Za-z0-9+/]{32,88}={0,2}$/.test(secret)) throw new AlertError(`${where}: secret must be whsec_ and 24 to 64 bytes in base64`)
      return { id, kind, url: url(), secret }
    }
    case 'pagerduty':
      refuseUnknown(from, ['id', 'kind', 'url', 'routing_key'], where)
      return { id, kind, url: from.has('url') ? url() : pagerdutyUrl, routingKey: secretOf(from.get('routing_key'), `${where}: routing_key`, secrets) }
    case 'alertmanager':
      refuseUnknown(from, ['id', 'kind', 'url'], where)
      return { id, kind, url: url() }
    case 'email': {
      refuseUnknown(from, ['id', 'kind', 'server', 'from', 'to'], where)
      const server = textOrSecret(from.get('server'), `${where}: server`, secrets)
      if (!URL.canParse(server) || !/^smtps?:$/.test(new URL(server).protocol)) throw new AlertError(`${where}: server must be an smtp:// or smtps:// URL`)
      return { id, kind, server, from: text(from, 'from', where, textMax), to: texts(from, 'to', where, notifyMax) }
    }
  }
}

/** The value of a URL is not quoted back: Slack's are secrets. */
function httpUrl(value: unknown, where: string, secrets: SecretSource): string {
  const url = textOrSecret(value, where, secrets)
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  throw new AlertError(`${where} must be an http:// or https:// URL`)
}

const textOrSecret = (value: unknown, where: string, secrets: SecretSource): string =>
  typeof value === 'string' && value !== '' && value.length <= textMax ? value : secretOf(value, where, secrets)

/** `{ env: NAME }` or `{ file: path }`: a secret in the document itself is refused, because documents are shown and committed. */
function secretOf(value: unknown, where: string, secrets: SecretSource): string {
  if (!(value instanceof Map)) throw new AlertError(`${where} must say where the secret is: { env: NAME } or { file: path }`)
  const from = fields(value, where)
  refuseUnknown(from, ['env', 'file'], where)
  const [[source, name] = ['', '']] = from
  if (from.size !== 1 || typeof name !== 'string') throw new AlertError(`${where} must say where the secret is: { env: NAME } or { file: path }`)
  const secret = (source === 'env' ? secrets.env(name) : secrets.file(name))?.trim()
  // Who wrote the secret where its name belongs must not find it in a log.
  if (secret === undefined || secret === '') throw new AlertError(`${where}: ${source === 'env' ? 'the variable that env names is not set' : 'the file that it names cannot be read'}`)
  return secret
}
