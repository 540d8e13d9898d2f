import { setImmediate as nextTurn } from 'node:timers/promises'
import { decimalFromPico } from '#clickhouse/decimal.ts'
import type { DefinedBudget, Standing } from '#otel-config/budgets/standing.ts'
import type { Keeper } from '../budgets/keeper.ts'
import type { AlerterOptions } from './alerter.ts'
import type { Candidate } from './candidate.ts'

export interface StandingBudget {
  readonly defined: DefinedBudget
  readonly standing: Standing
}

const amount = (scaled: bigint, measure: string): string => `${measure === 'usd' ? '$' : ''}${decimalFromPico(scaled).replace(/\.?0+$/, '')}${measure === 'usd' ? '' : ` ${measure}`}`

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',')
/** From $1 two decimals, below four significant digits. */
const decimalsOf = (pico: bigint): number => (pico >= 1_000_000_000_000n ? 2 : 16 - String(pico).length)
const roundTo = (scaled: bigint, decimals: number): bigint => {
  const unit = 10n ** BigInt(12 - decimals)
  return (scaled + unit / 2n) / unit * unit
}
const dollars = (pico: bigint): string => {
  if (pico === 0n) return '$0.00'
  if (pico < 100_000_000n) return '<$0.0001'
  const round = roundTo(pico, decimalsOf(pico))
  const [whole = '', fraction = ''] = decimalFromPico(round).split('.')
  return `$${grouped(whole)}.${fraction.slice(0, decimalsOf(round))}`
}
/** For reading, as the console writes it (`ui/format.ts`); the exact amount stands in an alert's values. */
const spoken = (scaled: bigint, measure: string): string => {
  if (scaled < 0n) return `−${spoken(-scaled, measure)}`
  if (measure === 'usd') return dollars(scaled)
  const [whole = '', fraction = ''] = decimalFromPico(roundTo(scaled, 1)).split('.')
  return `${grouped(whole)}${`.${fraction}`.replace(/\.?0+$/, '')} ${measure}`
}

/** Every threshold and burn rate that a group of a budget has crossed: each is told once in a period of a version of the budget. */
export function crossings({ defined: { budget, version }, standing }: StandingBudget): Candidate[] {
  if (budget.action === 'observe') return []
  const group = Object.entries(standing.group).map(([name, value]) => `${name} ${value === '' ? '(none)' : value}`).join(', ')
  const calendar = budget.period.kind === 'calendar'
  const base = [budget.id, version, calendar ? standing.period?.start : budget.period.kind, JSON.stringify(Object.values(standing.group))].join(':')
  const whose = group === '' ? budget.title : `${budget.title} (${group})`
  const common = {
    rule: '', budget: budget.id, group, on: 'budget' as const, groupBy: null, from: standing.period?.start ?? null, once: budget.period.kind !== 'rolling', periodEnd: calendar ? standing.period?.end ?? null : null,
    values: { budget: budget.id, limit: amount(budget.limit, budget.measure), used: amount(standing.actual, budget.measure), ...standing.group, ...(budget.owner === '' ? {} : { owner: budget.owner }) },
  }
  const used = `${spoken(standing.actual, budget.measure)} of ${spoken(budget.limit, budget.measure)} are used`
  return [
    ...standing.crossed.map(({ percent, on }): Candidate => ({
      ...common, key: `${base}:${percent}:${on}`, crossing: `${base}:${percent}:${on}`, severity: on === 'actual' && percent >= 100 ? 'critical' : 'warning',
      title: on === 'actual' ? `${whose}: ${percent} % used` : `${whose}: ${percent} % expected`,
      summary: on === 'actual' ? `${used}.` : `${used}; ${spoken(standing.forecast?.value ?? 0n, budget.measure)} are expected at the end of the period.`,
    })),
    ...standing.burn.filter(({ fires }) => fires).map(({ severity, long }): Candidate => ({
      ...common, key: `${base}:burn:${severity}`, crossing: `${base}:burn:${severity}`, severity: severity === 'page' || severity === 'urgent' ? 'critical' : 'warning',
      title: `${whose} burns ${long.toFixed(1)} times too fast`, summary: `${used}. At this rate the limit is reached after ${(100 / long).toFixed(0)} % of the period.`,
    })),
  ]
}

/** The group that a crossing is of, out of its name: a budget per run may have a hundred thousand others. */
function groupIn(crossing: string): readonly string[] {
  const [, group = '[]'] = /^[^:]*:\d+:[^:]*:(\[.*\]):[^:]+:[^:]+$/s.exec(crossing) ?? []
  return JSON.parse(group) as string[]
}

/** Groups of budgets that are looked at in a second: of those that were just used, and of those that were read anew. The rest is looked at in the next. */
const groupsPerTick = 2_000
const rereadPerTick = 200

/** Budgets as alerts see them. Between two groups other work has its turn: agents wait for decisions in this very process. */
export const budgetAlerts = (keeper: Keeper): AlerterOptions['budgets'] => ({
  async *crossed() {
    for (const standing of keeper.touched(groupsPerTick, rereadPerTick)) {
      yield* crossings(standing)
      await nextTurn()
    }
  },
  stillCrossed: ({ budget: id, crossing, periodEnd }) => {
    // Until the period ends, whatever is taken back; another version tells for itself.
    if (periodEnd !== null) return keeper.budgets().some(({ budget, version }) => budget.id === id && crossing.startsWith(`${id}:${version}:`))
    return keeper.of(id, groupIn(crossing)).flatMap(crossings).some((one) => one.crossing === crossing)
  },
})
