import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLObjectType, GraphQLString } from 'graphql'
import { type BudgetAction, type BudgetDimension, budgetDimensions, type Measure, thresholdsMax, type UnpricedRule } from '#otel-config/budgets/budget.ts'
import type { Approval, DefinedBudget, Standing } from '#otel-config/budgets/standing.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { argument, asked, atMost, enumOf, listOf, plain, required } from '../shape.ts'
import { approvalsOf, standingsOf } from './read-budgets.ts'

const nanos = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n

/** Approvals of one budget that are told. */
const approvalsShown = 50

/** A value that GraphQL names in capitals. */
const upper = <T extends string>(word: T): Uppercase<T> => word.toUpperCase() as Uppercase<T>

const BudgetDimensionEnum = enumOf('BudgetDimension', 'What a budget can be about, and divided by: what a ledger line names.', budgetDimensions.map(upper), {
  PROJECT: 'Project the telemetry was sent to.', ENVIRONMENT: 'Deployment environment.', SERVICE: 'Service that sent the span.', AGENT: 'Agent.',
  WORKFLOW: 'Workflow.', MODEL: 'Model that was priced.', PROVIDER: 'Who serves the model.', USER: 'User.', SESSION: 'Conversation.', RUN: 'One run.', TAG: 'Tag; a call with several counts for each.',
} satisfies Record<Uppercase<BudgetDimension>, string>)

const budgetPeriods = ['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR', 'ROLLING', 'RUN', 'LIFETIME'] as const
const BudgetPeriodEnum = enumOf('BudgetPeriod', 'Over which time usage is summed.', budgetPeriods, {
  DAY: 'Calendar day of the time zone.', WEEK: 'Calendar week from Monday.', MONTH: 'Calendar month.', QUARTER: 'Calendar quarter.', YEAR: 'Calendar year.',
  ROLLING: 'The last `rollingHours`.', RUN: 'Each run has the whole limit.', LIFETIME: 'All time.',
})

const BudgetMeasureEnum = enumOf('BudgetMeasure', 'What is counted.', ['USD', 'TOKENS', 'CALLS'] satisfies Uppercase<Measure>[], {
  USD: 'US dollars.', TOKENS: 'Tokens of every meter.', CALLS: 'Spans that are charged.',
})

const actions = ['OBSERVE', 'ALERT', 'REQUIRE_APPROVAL', 'DENY', 'KILL'] satisfies Uppercase<BudgetAction>[]
const BudgetActionEnum = enumOf('BudgetAction', 'What happens at the limit.', actions, {
  OBSERVE: 'Nothing.', ALERT: 'An alert.', REQUIRE_APPROVAL: 'The decide endpoint asks for a person.', DENY: 'The decide endpoint refuses the call.',
  KILL: 'The decide endpoint refuses the call and all others of its run.',
})

const UnpricedRuleEnum = enumOf('UnpricedRule', 'Whether a call whose price nobody knows may pass.', ['ALLOW', 'DENY'] satisfies Uppercase<UnpricedRule>[], {
  ALLOW: 'It may, and nothing is reserved for it.', DENY: 'It is treated as if the limit were used up.',
})

const BudgetOriginEnum = enumOf('BudgetOrigin', 'Who may change a budget.', ['FILE', 'API'] satisfies DefinedBudget['origin'][], {
  FILE: 'The operator, in the budgets file.', API: 'Whoever may call this API.',
})

interface Named {
  readonly dimension: Uppercase<BudgetDimension>
  readonly values: readonly string[]
}
const BudgetNamedType = new GraphQLObjectType<Named, QueryContext>({
  name: 'BudgetScope',
  description: 'Values of one dimension.',
  fields: {
    dimension: plain(required(BudgetDimensionEnum), 'Of what.'),
    values: plain(listOf(GraphQLString), 'Any of these; "" stands for ledger lines that name none.'),
  },
})

const BudgetForecastType = new GraphQLObjectType<NonNullable<Standing['forecast']>, QueryContext>({
  name: 'BudgetForecast',
  description: 'What will have been used when the period ends: used so far, and for each remaining hour the median of that hour of the week over four weeks, by the trend of the last week.',
  fields: {
    value: plain(required(Decimal), 'Expected at the end of the period.'),
    low: plain(required(Decimal), 'One outcome in ten is below.'),
    high: plain(required(Decimal), 'One outcome in ten is above.'),
    exhaustedAt: asked(DateTime, 'When the limit is reached; null where that is not within the period.', {}, ({ exhaustedAt }) => (exhaustedAt === undefined ? null : nanos(exhaustedAt))),
  },
})

const burnSeverities = ['PAGE', 'URGENT', 'TICKET', 'NOTICE'] as const
const BurnSeverityEnum = enumOf('BurnSeverity', 'How soon somebody should look.', burnSeverities, {
  PAGE: '14.4 times in an hour and in five minutes.', URGENT: '6 times in six hours and in thirty minutes.', TICKET: '3 times in a day and in two hours.',
  NOTICE: 'Once in three days and in six hours.',
})
const BudgetBurnType = new GraphQLObjectType<Standing['burn'][number], QueryContext>({
  name: 'BudgetBurn',
  description: 'How fast a budget is used: at 1 the limit is reached exactly when the period ends.',
  fields: {
    severity: asked(required(BurnSeverityEnum), 'Which pair of windows.', {}, ({ severity }) => upper(severity)),
    long: plain(required(GraphQLFloat), 'In the long window.'),
    short: plain(required(GraphQLFloat), 'In the short window.'),
    fires: plain(required(GraphQLBoolean), 'Both are above the rate of the severity, by at least a hundredth of the limit and ten calls.'),
  },
})

const BudgetThresholdType = new GraphQLObjectType<Standing['crossed'][number], QueryContext>({
  name: 'BudgetThreshold',
  description: 'A percentage of the limit that was reached.',
  fields: {
    percent: plain(required(GraphQLFloat), 'Percent of the limit.'),
    on: asked(required(enumOf('BudgetThresholdOn', 'What reached it.', ['ACTUAL', 'FORECAST'], { ACTUAL: 'What was used.', FORECAST: 'What is expected at the end of the period.' })), 'What reached it.', {}, ({ on }) => upper(on)),
  },
})

const BudgetPastType = new GraphQLObjectType<Standing['history'][number], QueryContext>({
  name: 'BudgetPast',
  description: 'A former period.',
  fields: {
    start: asked(required(DateTime), 'First moment inside.', {}, ({ start }) => nanos(start)),
    end: asked(required(DateTime), 'First moment outside.', {}, ({ end }) => nanos(end)),
    actual: plain(required(Decimal), 'What was used in it, late spans and corrections included.'),
  },
})

/** A standing with the budget it is of: what remains depends on both. */
export interface BudgetGroup extends Standing {
  readonly limit: bigint
}

const BudgetGroupType = new GraphQLObjectType<BudgetGroup, QueryContext>({
  name: 'BudgetGroup',
  description: 'How one group of a budget stands, or the budget where it is not divided. Figures are of the budget\'s measure.',
  fields: {
    group: atMost(budgetDimensions.length, asked(listOf(BudgetNamedType), 'Which group; empty where the budget is not divided.', {}, ({ group }) =>
      Object.entries(group).map(([dimension, value]): Named => ({ dimension: upper(dimension as BudgetDimension), values: [value] })))),
    periodStart: asked(DateTime, 'First moment of the current period; null where it has none.', {}, ({ period }) => (period === undefined ? null : nanos(period.start))),
    periodEnd: asked(DateTime, 'First moment after it; null where it has none.', {}, ({ period }) => (period === undefined ? null : nanos(period.end))),
    actual: plain(required(Decimal), 'The sum of its ledger lines in the period.'),
    calls: plain(required(Count), 'Spans that are charged in it.'),
    unpricedCalls: plain(required(Count), 'Those of which no price is known: they are not in an actual in dollars.'),
    held: plain(required(Decimal), 'Reserved for calls in flight.'),
    holds: plain(required(Count), 'Calls in flight.'),
    approved: plain(required(Decimal), 'By how much people let it pass the limit now.'),
    remaining: asked(required(Decimal), 'The limit and what was approved, less what is used and held; negative where it was passed.', {}, ({ limit, approved, actual, held }) => limit + approved - actual - held),
    overshootBound: asked(required(Decimal), 'By how much the limit may be passed: where calls are refused, what calls in flight may exceed their reservations by; else what burns until a span is seen.', {}, ({ overshoot }) => overshoot),
    forecast: asked(BudgetForecastType, 'Null without a calendar period, or below seven days of history.', {}, ({ forecast }) => forecast ?? null),
    burn: atMost(burnSeverities.length, plain(listOf(BudgetBurnType), 'By pair of windows that are shorter than the period.')),
    crossed: atMost(2 * thresholdsMax, plain(listOf(BudgetThresholdType), 'Thresholds that were reached.')),
    history: atMost(12, plain(listOf(BudgetPastType), 'Up to twelve former periods, latest first.')),
  },
})

const BudgetGroupsType = new GraphQLObjectType<{ readonly nodes: readonly BudgetGroup[]; readonly total: number }, QueryContext>({
  name: 'BudgetGroups',
  description: 'Groups of a budget, those that used most first.',
  fields: {
    nodes: plain(listOf(BudgetGroupType), 'The groups.'),
    total: plain(required(Count), 'How many there are.'),
  },
})

const BudgetApprovalType = new GraphQLObjectType<Approval, QueryContext>({
  name: 'BudgetApproval',
  description: 'What a person agreed to. It is never changed; that it was taken back is said beside it.',
  fields: {
    id: plain(required(GraphQLID), 'Its id.'),
    group: plain(listOf(GraphQLString), 'Values of `Budget.groupBy`, and the run of a budget per run; empty where the budget is not divided.'),
    amount: plain(required(Decimal), 'By how much the limit may be passed.'),
    until: asked(required(DateTime), 'Until when.', {}, ({ until }) => nanos(until)),
    by: plain(required(GraphQLString), 'Who agreed.'),
    why: plain(required(GraphQLString), 'Why.'),
    at: asked(required(DateTime), 'When.', {}, ({ at }) => nanos(at)),
    withdrawnAt: asked(DateTime, 'When it was taken back; null where it was not.', {}, ({ withdrawn }) => (withdrawn === undefined ? null : nanos(withdrawn.at))),
    withdrawnBy: asked(GraphQLString, 'Who took it back.', {}, ({ withdrawn }) => withdrawn?.by ?? null),
  },
})

export const BudgetType = new GraphQLObjectType<DefinedBudget, QueryContext>({
  name: 'Budget',
  description: 'How much may be used of what, over which time, and what happens then.',
  fields: {
    id: asked(required(GraphQLID), 'Its name in policy decisions is `budget:<id>`.', {}, ({ budget }) => budget.id),
    version: plain(required(GraphQLInt), 'From 1; every change is a version of its own.'),
    title: asked(required(GraphQLString), 'What it is for, in words.', {}, ({ budget }) => budget.title),
    owner: asked(GraphQLString, 'Who is asked about it.', {}, ({ budget }) => budget.owner || null),
    origin: plain(required(BudgetOriginEnum), 'Who may change it.'),
    definedAt: asked(required(DateTime), 'Since when this version is in force.', {}, ({ postedAt }) => postedAt),
    document: asked(required(GraphQLString), 'The budget as YAML, as `defineBudget` takes it.', {}, ({ budget }) => budget.document),
    scope: atMost(budgetDimensions.length, asked(listOf(BudgetNamedType), 'What it is about; all hold together, none means everything.', {}, ({ budget: { scope } }) =>
      Object.entries(scope).map(([dimension, values]): Named => ({ dimension: upper(dimension as BudgetDimension), values })))),
    groupBy: asked(listOf(BudgetDimensionEnum), 'One budget for each combination of these.', {}, ({ budget }) => budget.groupBy.map(upper)),
    period: asked(required(BudgetPeriodEnum), 'Over which time.', {}, ({ budget: { period } }) => (period.kind === 'calendar' ? upper(period.unit) : upper(period.kind))),
    rollingHours: asked(GraphQLInt, 'How far a ROLLING period looks back.', {}, ({ budget: { period } }) => (period.kind === 'rolling' ? period.ms / 3_600_000 : null)),
    timeZone: asked(GraphQLString, 'IANA time zone of a calendar period.', {}, ({ budget: { period } }) => (period.kind === 'calendar' ? period.timeZone : null)),
    measure: asked(required(BudgetMeasureEnum), 'What is counted.', {}, ({ budget }) => upper(budget.measure)),
    limit: asked(required(Decimal), 'How much.', {}, ({ budget }) => budget.limit),
    thresholds: asked(listOf(GraphQLFloat), 'Percents of the limit at which the actual is told.', {}, ({ budget }) => budget.thresholds),
    forecastThresholds: asked(listOf(GraphQLFloat), 'Percents of the limit at which the forecast is told.', {}, ({ budget }) => budget.forecastThresholds),
    action: asked(required(BudgetActionEnum), 'What happens at the limit.', {}, ({ budget }) => upper(budget.action)),
    onUnpriced: asked(required(UnpricedRuleEnum), 'Whether a call whose price nobody knows may pass.', {}, ({ budget }) => upper(budget.onUnpriced)),
    approvals: atMost(approvalsShown, asked(listOf(BudgetApprovalType), 'What people agreed to in the last three months, latest first.', {}, (defined, _, context) => approvalsOf(context, defined, approvalsShown))),
    groups: asked<DefinedBudget, { readonly first: number }>(required(BudgetGroupsType), 'How it stands.', {
      first: argument(GraphQLInt, 'How many groups, 1 to 500.', 20),
    }, (defined, { first }, context) => standingsOf(context, defined, first)),
  },
})
