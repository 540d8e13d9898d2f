import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { alertRuleVersions } from '#clickhouse/tables/alert-rule-versions.ts'
import { AlertError, type Alerting, type AlertRule, parseAlertRule, refuseUnknownDestinations, rulesMax } from '#otel-config/alerts/alert.ts'
import type { DefinedRule } from '#otel-config/alerts/standing.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { Log } from '../log.ts'
import { oneByOne } from '../one-by-one.ts'

export interface RulesOptions {
  readonly store: Store
  readonly tenant: string
  /** What the operator's file says. */
  readonly alerting: Alerting
  readonly log: Log
  readonly nowNano: () => UnixNano
}

const readSecondsMax = 10

/** The highest version of a rule of the API, in force or not. */
interface Latest {
  readonly version: number
  readonly postedAt: UnixNano
  readonly retired: boolean
  readonly document: string
}

async function readLatest({ store, tenant }: RulesOptions): Promise<Map<string, Latest>> {
  const rows = await store.read<{ rule_id: string; version: number; retired: boolean; document: string; posted: string }>(`
    SELECT rule_id, version, retired, document, toString(toUnixTimestamp64Nano(posted_at)) AS posted
    FROM alert_rule_versions FINAL WHERE tenant = {tenant:String} ORDER BY version DESC LIMIT 1 BY rule_id`, { tenant }, { maxSeconds: readSecondsMax })
  return new Map(rows.map(({ rule_id: id, posted, ...row }) => [id, { ...row, postedAt: BigInt(posted) }]))
}

/** The rules in force: those of the operator's file, which nobody else changes, and those that were defined by the API. */
export class Rules {
  readonly #options: RulesOptions
  readonly #inForce: Map<string, DefinedRule>
  /** Each change is the version after the one before. */
  readonly #inTurn = oneByOne()

  private constructor(options: RulesOptions, latest: ReadonlyMap<string, Latest>) {
    this.#options = options
    this.#inForce = new Map(options.alerting.rules.map((rule) => [rule.id, { rule, defined: undefined }]))
    for (const [id, known] of latest) if (!known.retired) this.#takeUp(id, known)
  }

  static async open(options: RulesOptions): Promise<Rules> {
    return new Rules(options, await readLatest(options))
  }

  /** A stored rule that cannot be in force is named in the log, and stays where it is. */
  #takeUp(id: string, known: Latest): void {
    const { log } = this.#options
    if (this.#inForce.has(id)) return log.warn('the alerts file has a rule of this id: the one that was defined by the API is not in force', { rule: id })
    try {
      this.#inForce.set(id, { rule: parseAlertRule(known.document), defined: known })
    } catch (error) {
      if (!(error instanceof AlertError)) throw error
      log.error('a stored alert rule cannot be read and is not in force: define it again', { rule: id, reason: error.message })
    }
  }

  /** Those of the file first. */
  all(): readonly DefinedRule[] {
    return [...this.#inForce.values()]
  }

  get(id: string): DefinedRule | undefined {
    return this.#inForce.get(id)
  }

  /** A rule as somebody wrote it, whom it tells included. Throws `AlertError`. */
  read(yaml: string): AlertRule {
    const rule = parseAlertRule(yaml)
    refuseUnknownDestinations(rule, this.#options.alerting.destinations)
    return rule
  }

  /** The next version of a rule; the known one where it says the same. Rejects where ClickHouse does not take it: all is then as it was. */
  define(rule: AlertRule): Promise<DefinedRule> {
    return this.#inTurn(async () => {
      const before = this.#changeable(rule.id)
      if (before?.rule.document === rule.document) return before
      if (before === undefined && this.#inForce.size >= rulesMax) throw new AlertError(`there are ${rulesMax} rules, delete one first`)
      const next: DefinedRule = { rule, defined: await this.#append(rule.id, { retired: false, document: rule.document }) }
      this.#inForce.set(rule.id, next)
      return next
    })
  }

  /** Answers what it was. */
  retire(id: string): Promise<DefinedRule> {
    return this.#inTurn(async () => {
      const before = this.#changeable(id)
      if (before === undefined) throw new AlertError(`there is no rule '${id.slice(0, 64)}'`)
      await this.#append(id, { retired: true, document: before.rule.document })
      this.#inForce.delete(id)
      return before
    })
  }

  #changeable(id: string): DefinedRule | undefined {
    const known = this.#inForce.get(id)
    if (known !== undefined && known.defined === undefined) throw new AlertError(`rule '${id}' is defined in the alerts file: change it there`)
    return known
  }

  /** After the latest version that ClickHouse knows, which may be another collector's. */
  async #append(id: string, next: Pick<Latest, 'retired' | 'document'>): Promise<Latest> {
    const { store, tenant, nowNano } = this.#options
    const known = (await readLatest(this.#options)).get(id)
    const row: Latest = { ...next, version: (known?.version ?? 0) + 1, postedAt: nowNano() }
    const writer = new RowBinaryWriter()
    writeRow(alertRuleVersions, writer, { ...row, tenant, ruleId: id })
    await store.insert(alertRuleVersions, writer.take(), crypto.randomUUID())
    return row
  }
}
