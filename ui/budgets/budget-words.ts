/** How budgets are said. Pure. */
import { countExact, decimalExact, legible, money, plural } from '../format.ts'
import type { BudgetAction, BudgetFieldsFragment, BudgetGroupFieldsFragment } from '../queries.ts'
import { type FilterKey, ledgerHref, rangeText, valueText } from '../url-state.ts'

export const actionWords: Readonly<Record<BudgetAction, string>> = {
  OBSERVE: 'nothing', ALERT: 'an alert', REQUIRE_APPROVAL: 'a person is asked', DENY: 'calls are refused', KILL: 'calls and their runs are stopped',
}

/** Bounds and forecasts are averages: parts of a token are worth one digit. */
const tenths = (amount: string): string => decimalExact(amount.includes('.') ? Number(amount).toFixed(1) : amount)

export const amountText = (measure: BudgetFieldsFragment['measure'], amount: string): string => {
  switch (measure) {
    case 'USD': return money(amount)
    case 'TOKENS': return `${tenths(amount)} tokens`
    case 'CALLS': return `${tenths(amount)} calls`
  }
}

/** For a bar and a percentage, which may round. */
export const share = (part: string, whole: string): number => (Number(part) / Number(whole)) * 100

export const periodText = ({ period, rollingHours, timeZone }: Pick<BudgetFieldsFragment, 'period' | 'rollingHours' | 'timeZone'>): string => {
  switch (period) {
    case 'ROLLING': return `in any ${rollingHours !== null && rollingHours % 24 === 0 ? plural(rollingHours / 24, 'day') : plural(rollingHours ?? 0, 'hour')}`
    case 'RUN': return 'per run'
    case 'LIFETIME': return 'in all'
    case 'DAY':
    case 'WEEK':
    case 'MONTH':
    case 'QUARTER':
    case 'YEAR': return `a ${period.toLowerCase()} (${timeZone ?? 'UTC'})`
  }
}

const named = (values: readonly string[]): string => values.map((value) => legible(valueText(value))).join(' or ')

export const scopeText = ({ scope, groupBy }: Pick<BudgetFieldsFragment, 'scope' | 'groupBy'>): string => {
  const about = scope.length === 0 ? 'everything' : scope.map(({ dimension, values }) => `${dimension.toLowerCase()} ${named(values)}`).join(', ')
  if (groupBy.length === 0) return about
  return `each ${groupBy.map((dimension) => dimension.toLowerCase()).join(' and ')}${scope.length === 0 ? '' : ` of ${about}`}`
}

export const groupName = ({ group }: Pick<BudgetGroupFieldsFragment, 'group'>): string => group.map(({ dimension, values }) => `${dimension.toLowerCase()} ${named(values)}`).join(', ')

/** Long windows of the pairs that a rate is looked at in, as the schema says of its severities. */
export const burnWindows = { PAGE: 'hour', URGENT: '6 hours', TICKET: 'day', NOTICE: '3 days' } as const satisfies Readonly<Record<BudgetGroupFieldsFragment['burn'][number]['severity'], string>>

type Dimension = BudgetGroupFieldsFragment['group'][number]['dimension']
/** How the ledger's page filters by a dimension; there is no filter for a project, because there is one. */
const filterKeys: Readonly<Record<Dimension, FilterKey | undefined>> = {
  PROJECT: undefined, ENVIRONMENT: 'env', SERVICE: 'service', AGENT: 'agent', WORKFLOW: 'workflow', MODEL: 'model', PROVIDER: 'provider', USER: 'user',
  SESSION: 'session', RUN: 'run', TAG: 'tag',
}

/** What a budget counts of a group, as the ledger's page filters; `undefined` where no filter says it. */
export const linesFilter = (budget: Pick<BudgetFieldsFragment, 'scope'>, { group }: Pick<BudgetGroupFieldsFragment, 'group'>): Partial<Record<FilterKey, string[]>> | undefined => {
  const values: Partial<Record<FilterKey, string[]>> = {}
  // The group is within the scope and says more.
  for (const one of [...budget.scope, ...group]) {
    const key = filterKeys[one.dimension]
    if (key === undefined) return undefined
    values[key] = one.values.map(valueText)
  }
  return values
}

/** The ledger entries behind a figure. */
export const linesHref = (budget: Pick<BudgetFieldsFragment, 'scope'>, group: Pick<BudgetGroupFieldsFragment, 'group'>, from: string | null, to: string | null): string | undefined => {
  const values = linesFilter(budget, group)
  return values === undefined ? undefined : ledgerHref({ ...(from === null || to === null ? {} : { range: rangeText({ from, to }) }), ...values })
}

/** How the URL names a group: the budget and its values. */
export const burnKey = ({ id }: Pick<BudgetFieldsFragment, 'id'>, { group }: Pick<BudgetGroupFieldsFragment, 'group'>): string => JSON.stringify([id, ...group.map(({ values }) => values)])

type Standing = 'used up' | 'will be used up before the period ends' | 'above 80 %' | 'has room'
const standingOf = (used: number, exhaustedAt: string | null): Standing =>
  used >= 100 ? 'used up' : exhaustedAt !== null ? 'will be used up before the period ends' : used >= 80 ? 'above 80 %' : 'has room'

/**
 * The page's question, answered in a sentence. A budget for each agent is a limit for each agent: limits are counted. Those
 * that used most are known, so where the last of them stands somewhere, others may stand there too.
 */
export const answerOf = (budgets: readonly BudgetFieldsFragment[]): string => {
  const standings = budgets.map(({ limit, groups: { nodes, total } }) => ({
    known: nodes.map((group) => standingOf(share(group.actual, limit), group.forecast?.exhaustedAt ?? null)), isAll: nodes.length >= total,
  }))
  const parts = (['used up', 'will be used up before the period ends', 'above 80 %'] as const).flatMap((standing) => {
    const found = standings.flatMap(({ known }) => known.filter((one) => one === standing)).length
    const more = standings.some(({ known, isAll }) => !isAll && known.at(-1) === standing)
    return found === 0 ? [] : [`${more ? 'at least ' : ''}${countExact(found)} ${standing}`]
  })
  const limits = budgets.reduce((sum, { groups }) => sum + groups.total, 0)
  const counted = `${plural(budgets.length, 'budget')}${limits > budgets.length ? ` with ${plural(limits, 'limit')}` : ''}`
  return `${counted}: ${parts.length === 0 ? 'all have room' : parts.join(', ')}.`
}

type Approval = BudgetFieldsFragment['approvals'][number]

/** Whether an approval lets calls pass at this moment. */
export const holds = ({ until, withdrawnAt }: Pick<Approval, 'until' | 'withdrawnAt'>, now: number): boolean => withdrawnAt === null && Date.parse(until) > now

/** Names of a budget's groups, in the order in which an approval gives their values. */
export const groupNames = ({ groupBy, period }: Pick<BudgetFieldsFragment, 'groupBy' | 'period'>): readonly string[] =>
  [...groupBy, ...(period === 'RUN' && !groupBy.includes('RUN') ? ['RUN'] : [])].map((dimension) => dimension.toLowerCase())
