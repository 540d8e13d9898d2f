import { RowBinaryWriter } from '#clickhouse/row-binary.ts'
import type { Store } from '#clickhouse/store.ts'
import { writeRow } from '#clickhouse/table.ts'
import { type BudgetOrigin, budgetVersions } from '#clickhouse/tables/budget-versions.ts'
import { type Budget, BudgetError, parseBudget } from '#otel-config/budgets/budget.ts'
import type { DefinedBudget } from '#otel-config/budgets/standing.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { Log } from '../log.ts'

const readSecondsMax = 10

export interface DefinitionOptions {
  readonly store: Store
  readonly tenant: string
  readonly log: Log
  readonly nowNano: () => UnixNano
}

/** The highest version of a budget, in force or not. */
interface Latest {
  readonly id: string
  readonly version: number
  readonly origin: BudgetOrigin
  readonly retired: boolean
  readonly document: string
  readonly postedAt: UnixNano
}

async function readLatest({ store, tenant }: DefinitionOptions): Promise<Map<string, Latest>> {
  const rows = await store.read<{ budget_id: string; version: number; origin: BudgetOrigin; retired: boolean; document: string; posted: string }>(`
    SELECT budget_id, version, origin, retired, document, toString(toUnixTimestamp64Nano(posted_at)) AS posted
    FROM budget_versions FINAL WHERE tenant = {tenant:String} ORDER BY version DESC LIMIT 1 BY budget_id`, { tenant }, { maxSeconds: readSecondsMax })
  return new Map(rows.map(({ budget_id: id, posted, ...row }) => [id, { ...row, id, postedAt: BigInt(posted) }]))
}

/** Appends the next version. Rejects where ClickHouse does not take it: the budget is then as it was. */
async function append(options: DefinitionOptions, known: Latest | undefined, next: Pick<Latest, 'id' | 'origin' | 'retired' | 'document'>): Promise<Latest> {
  const row = { ...next, version: (known?.version ?? 0) + 1, postedAt: options.nowNano() }
  const writer = new RowBinaryWriter()
  writeRow(budgetVersions, writer, { ...row, tenant: options.tenant, budgetId: row.id })
  await options.store.insert(budgetVersions, writer.take(), crypto.randomUUID())
  return row
}

const defined = (budget: Budget, { version, origin, postedAt }: Latest): DefinedBudget => ({ budget, version, origin, postedAt })

/**
 * The budgets in force: those of the operator's file, and those that were defined by the API. A file's budget that changed gets its
 * next version; one that left the file is retired. One that cannot be read any more is named in the log and not in force.
 */
export async function openDefinitions(options: DefinitionOptions, file: readonly Budget[]): Promise<DefinedBudget[]> {
  const latest = await readLatest(options)
  const found: DefinedBudget[] = []
  for (const budget of file) {
    const known = latest.get(budget.id)
    latest.delete(budget.id)
    const same = known !== undefined && known.origin === 'FILE' && !known.retired && known.document === budget.document
    found.push(defined(budget, same ? known : await append(options, known, { id: budget.id, origin: 'FILE', retired: false, document: budget.document })))
  }
  for (const known of latest.values()) {
    if (known.retired) continue
    if (known.origin === 'FILE') await append(options, known, { ...known, retired: true })
    else found.push(...readStored(known, options.log))
  }
  return found
}

function readStored(known: Latest, log: Log): DefinedBudget[] {
  try {
    return [defined(parseBudget(known.document), known)]
  } catch (error) {
    if (!(error instanceof BudgetError)) throw error
    log.error('a stored budget cannot be read and is not in force: define it again', { budget: known.id, reason: error.message })
    return []
  }
}

const ofFile = (id: string): BudgetError => new BudgetError(`budget '${id}' is defined in the budgets file: change it there`)

/** A new version by the API. Throws `BudgetError` where the operator's file has the budget. */
export async function defineBudget(options: DefinitionOptions, budget: Budget): Promise<DefinedBudget> {
  const known = (await readLatest(options)).get(budget.id)
  if (known?.origin === 'FILE' && !known.retired) throw ofFile(budget.id)
  if (known !== undefined && !known.retired && known.document === budget.document) return defined(budget, known)
  return defined(budget, await append(options, known, { id: budget.id, origin: 'API', retired: false, document: budget.document }))
}

export async function retireBudget(options: DefinitionOptions, id: string): Promise<void> {
  const known = (await readLatest(options)).get(id)
  if (known === undefined || known.retired) throw new BudgetError(`there is no budget '${id.slice(0, 64)}'`)
  if (known.origin === 'FILE') throw ofFile(id)
  await append(options, known, { ...known, retired: true })
}
