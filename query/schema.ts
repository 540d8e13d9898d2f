import { GraphQLID, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { signals } from '#otel-config/alerts/alert.ts'
import { type CodingDimension, CodingDimensionEnum, CodingRowType } from './coding-agents/coding-agent.ts'
import { codingAgents } from './coding-agents/read-coding-agents.ts'
import { InstrumentationType } from './conformance/instrumentation.ts'
import { conformance } from './conformance/read-conformance.ts'
import { AlertDestinationType, AlertEventType, AlertPreviewType, AlertRuleType, AlertSignalType, AlertTestType, AlertType } from './alerts/alert.ts'
import { defineRule, muteRule, type PreviewArgs, previewRule, readAlerts, readDestinations, readEvents, readRules, retireRule, testDestination } from './alerts/read-alerts.ts'
import { BudgetType } from './budgets/budget.ts'
import { approveBudget, type ApproveBudgetArgs, defineBudget, readBudgets, retireBudget, withdrawApproval } from './budgets/read-budgets.ts'
import { pageArguments, type PageArguments } from './connection.ts'
import type { QueryContext } from './context.ts'
import { CostDimensionEnum, CostRowType, IntervalEnum } from './costs/cost-row.ts'
import { type ChangeArguments, CostChangeType, costChange, readCacheSavings } from './costs/read-change.ts'
import { type CostArguments, costs } from './costs/read-costs.ts'
import { FacetValueType, type RunFacet, RunFacetEnum } from './facets/facet-value.ts'
import { facets } from './facets/read-facets.ts'
import { IngestAccountType, type IngestDimension, IngestDimensionEnum } from './ingest/ingest-account.ts'
import { IngestStatusType } from './ingest/ingest-status.ts'
import { ingestAccount } from './ingest/read-account.ts'
import { ingest } from './ingest/read-ingest.ts'
import { LedgerEntryConnection } from './ledger/ledger-entry.ts'
import { CostFilterInput, type LedgerFilter, LedgerFilterInput } from './ledger/ledger-filter.ts'
import { ledgerEntries } from './ledger/read-ledger.ts'
import { MetricAggregationEnum } from './metrics/aggregation.ts'
import { MetricFilterInput, MetricKindEnum, MetricLabelEnum, MetricType } from './metrics/metric.ts'
import { MetricChartType } from './metrics/metric-chart.ts'
import { type ChartArguments, metricChart } from './metrics/read-chart.ts'
import { metrics } from './metrics/read-metrics.ts'
import { type DecisionFilter, DecisionFilterInput, PolicyDecisionConnection } from './policy-decisions/policy-decision.ts'
import { type ModelDimension, ModelDimensionEnum, ModelFilterInput, ModelLatencyType, ModelTableType } from './models/model.ts'
import { type ModelArguments, modelLatency, models } from './models/read-models.ts'
import { policyDecisions } from './policy-decisions/read-decisions.ts'
import { activatePriceBook, importPriceOverlay, priceModel, type PricedModel } from './prices/change-prices.ts'
import { ModelPricesInput, PriceBookType, PriceEffectType } from './prices/price-book.ts'
import { priceBookEffect, priceBooks } from './prices/read-price-books.ts'
import { unmeteredModelCalls, unpricedModels } from './prices/read-unpriced.ts'
import { UnpricedModelType } from './prices/unpriced-model.ts'
import { closedMonths, ClosedMonthType } from './restatement/closed-months.ts'
import { restatement } from './restatement/read-restatement.ts'
import { RestatementType } from './restatement/restatement.ts'
import { BillApprovalType, BillImportType, ReconciliationType } from './reconciliation/item.ts'
import { approveDifferences, billApprovals, billImports, importBill, readReconciliation } from './reconciliation/read-reconciliation.ts'
import { runById, runs, traceById } from './runs/read-runs.ts'
import { RunConnection, RunType } from './runs/run.ts'
import { type RunFilter, RunFilterInput, type RunOrder, RunOrderEnum } from './runs/run-filter.ts'
import { Count, DateTime, Decimal } from './scalars.ts'
import { selects } from './selects.ts'
import { argument, asked, atMost, listOf, required } from './shape.ts'
import { type TimeRange, TimeRangeInput } from './time-range.ts'

type Root = Record<string, never>

const Query = new GraphQLObjectType<Root, QueryContext>({
  name: 'Query',
  description: 'What can be asked. No question has a default time range.',
  fields: {
    runs: asked<Root, PageArguments & { readonly filter?: RunFilter | null; readonly orderBy: RunOrder }>(required(RunConnection), 'Runs, page by page.', {
      ...pageArguments(50),
      filter: argument(RunFilterInput, 'Which runs.'),
      orderBy: argument(RunOrderEnum, 'Sorted how.', 'STARTED_AT_DESC'),
    }, (_, args, context) => runs(context, args)),
    run: asked<Root, { readonly id: string }>(RunType, 'One run; null where there is none.', { id: argument(required(GraphQLID), 'Trace id.') }, (_, { id }, context) => runById(context, id)),
    trace: asked<Root, { readonly id: string }>(RunType, 'One trace, also one without GenAI activity; null where there is none.', {
      id: argument(required(GraphQLID), 'Trace id.'),
    }, (_, { id }, context) => traceById(context, id)),
    costs: asked<Root, CostArguments>(
      listOf(CostRowType),
      'Sums over the ledger by time of usage: earliest bucket first, dearest group first. One row, the total, where neither groups nor an interval are asked for. Refused as TOO_WIDE beyond 10,000 rows.',
      {
        range: argument(required(TimeRangeInput), 'When the usage happened.'),
        groupBy: argument(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(CostDimensionEnum))), 'One row for each combination of these.', []),
        interval: argument(IntervalEnum, 'One row for each bucket of this width.'),
        filter: argument(CostFilterInput, 'Which ledger lines.'),
        timeZone: argument(GraphQLString, 'IANA time zone in which days, weeks and months begin.', 'UTC'),
      },
      (_, args, context, info) => costs(context, args, selects(info, 'runs')),
    ),
    costChange: asked<Root, ChangeArguments>(required(CostChangeType), 'Why a range cost more or less than the time before it.', {
      range: argument(required(TimeRangeInput), 'When the usage happened. It needs a `from`; it ends now where `to` is left out.'),
      filter: argument(CostFilterInput, 'Which ledger lines.'),
    }, (_, args, context) => costChange(context, args)),
    cacheSavings: asked<Root, ChangeArguments>(Decimal, 'What tokens of caches would have cost more at the average rate of their model\'s uncached input; below 0 where writing cost more than reading saved. Null where no model has both.', {
      range: argument(required(TimeRangeInput), 'When the usage happened.'),
      filter: argument(CostFilterInput, 'Which ledger lines.'),
    }, (_, args, context) => readCacheSavings(context, args)),
    ledgerEntries: asked<Root, PageArguments & { readonly filter?: LedgerFilter | null }>(required(LedgerEntryConnection), 'Ledger lines, latest usage first, page by page.', {
      ...pageArguments(100),
      filter: argument(LedgerFilterInput, 'Which lines.'),
    }, (_, args, context) => ledgerEntries(context, args)),
    policyDecisions: asked<Root, PageArguments & { readonly filter?: DecisionFilter | null }>(required(PolicyDecisionConnection), 'Policy decisions, latest first, page by page.', {
      ...pageArguments(100),
      filter: argument(DecisionFilterInput, 'Which decisions.'),
    }, (_, args, context) => policyDecisions(context, args)),
    facets: asked<Root, { readonly field: RunFacet; readonly filter?: RunFilter | null; readonly search?: string | null; readonly first: number }>(
      listOf(FacetValueType), 'Values that runs have in a field, the most frequent first.', {
        field: argument(required(RunFacetEnum), 'Which field.'),
        filter: argument(RunFilterInput, 'Among which runs.'),
        search: argument(GraphQLString, 'Occurs in the value, in any case.'),
        first: argument(GraphQLInt, 'How many, 1 to 500.', 50),
      }, (_, args, context) => facets(context, args)),
    metrics: asked<Root, { readonly range?: TimeRange | null; readonly search?: string | null; readonly first: number }>(
      listOf(MetricType), 'Metrics that were received, by name. They are charted and never priced: costs rest on spans.', {
        range: argument(TimeRangeInput, 'Those with a point in it.'),
        search: argument(GraphQLString, 'Occurs in the name, in any case.'),
        first: argument(GraphQLInt, 'How many, 1 to 500.', 100),
      }, (_, args, context) => metrics(context, args)),
    metricChart: asked<Root, ChartArguments>(
      MetricChartType,
      'One metric over time; null where it has no point in the range. Refused as TOO_WIDE beyond 100 lines, 2,000 buckets of time, 50,000 values or 5,000,000 data points.', {
        name: argument(required(GraphQLString), 'Its name.'),
        unit: argument(GraphQLString, 'Its unit, where the name has several.'),
        kind: argument(MetricKindEnum, 'Its kind, where the name has several.'),
        range: argument(required(TimeRangeInput), 'Which points. A side that is left out is the metric\'s first or last point.'),
        intervalSeconds: argument(GraphQLInt, 'Width of a bucket of time; about a hundredth of the range, and not less than the time between two points, where it is left out.'),
        aggregation: argument(MetricAggregationEnum, 'What a value says; by kind and unit where it is left out.'),
        groupBy: argument(MetricLabelEnum, 'One line for each value of this label.'),
        groupByAttribute: argument(GraphQLString, 'One line for each value of this attribute.'),
        filter: argument(MetricFilterInput, 'Which points.'),
      }, (_, args, context) => metricChart(context, args)),
    ingest: asked(required(IngestStatusType), 'Whether telemetry arrives, and where to send it.', {}, (_, __, context) => ingest(context)),
    ingestAccount: asked<Root, { readonly range: TimeRange; readonly groupBy: readonly IngestDimension[] }>(
      listOf(IngestAccountType), 'What became of every record that was received, most first. One row, the total, where nothing is grouped by.', {
        range: argument(required(TimeRangeInput), 'When it was received.'),
        groupBy: argument(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(IngestDimensionEnum))), 'One row for each combination of these.', []),
      }, (_, args, context) => ingestAccount(context, args)),
    conformance: asked<Root, { readonly range: TimeRange }>(
      listOf(InstrumentationType), 'What was understood of each instrumentation\'s steps, and what is missing, ambiguous or lost: those that call models first. Refused as TOO_WIDE beyond 10,000 sums.', {
        range: argument(required(TimeRangeInput), 'When the steps were received.'),
      }, (_, args, context) => conformance(context, args)),
    unpricedModels: asked<Root, { readonly range: TimeRange; readonly first: number }>(
      listOf(UnpricedModelType), 'Models of which usage stands in the ledger without a price, most calls first.', {
        range: argument(required(TimeRangeInput), 'When the usage happened.'),
        first: argument(GraphQLInt, 'How many, 1 to 500.', 100),
      }, (_, args, context) => unpricedModels(context, args)),
    unmeteredModelCalls: asked<Root, { readonly range: TimeRange }>(required(Count), 'Model calls that reported no usage: they are in no sum.', {
      range: argument(required(TimeRangeInput), 'When their runs started.'),
    }, (_, { range }, context) => unmeteredModelCalls(context, range)),
    priceBooks: asked(listOf(PriceBookType), 'Every version of the price book, latest known first.', {}, (_, __, context) => priceBooks(context)),
    priceBookEffect: asked<Root, { readonly version: string }>(listOf(PriceEffectType), 'What a version would make of the last 30 days of the ledger, by model, largest change first.', {
      version: argument(required(GraphQLID), 'Its version.'),
    }, (_, { version }, context) => priceBookEffect(context, version)),
    restatement: asked<Root, { readonly month: string; readonly asOf: bigint }>(required(RestatementType), 'What the ledger said of a month then, what it says now, and why.', {
      month: argument(required(GraphQLString), 'Month of the usage, in UTC, such as "2026-10".'),
      asOf: argument(required(DateTime), 'Then: lines posted until this moment.'),
    }, (_, args, context) => restatement(context, args)),
    closedMonths: asked<Root>(listOf(ClosedMonthType), 'Months that were closed, the latest first, and where their corrections were posted.', {}, (_, __, context) => closedMonths(context)),
    codingAgents: asked<Root, { readonly range: TimeRange; readonly groupBy: readonly CodingDimension[] }>(
      listOf(CodingRowType), 'What coding agents cost and used, dearest first. One row, the total, where nothing is grouped by.', {
        range: argument(required(TimeRangeInput), 'When the usage happened.'),
        groupBy: argument(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(CodingDimensionEnum))), 'One row for each combination of these.', []),
      }, (_, args, context) => codingAgents(context, args)),
    models: asked<Root, ModelArguments & { readonly groupBy: readonly ModelDimension[] }>(
      required(ModelTableType), 'What models did and cost. Refused as TOO_WIDE beyond 10,000 rows.', {
        range: argument(required(TimeRangeInput), 'When the calls began.'),
        groupBy: argument(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(ModelDimensionEnum))), 'One row for each combination of these.', ['MODEL']),
        filter: argument(ModelFilterInput, 'Which calls.'),
      }, (_, args, context) => models(context, args)),
    modelLatency: asked<Root, ModelArguments>(ModelLatencyType, 'How long calls took over time, in at most 60 buckets of time; null where there are none.', {
      range: argument(required(TimeRangeInput), 'When the calls began.'),
      filter: argument(ModelFilterInput, 'Which calls.'),
    }, (_, args, context) => modelLatency(context, args)),
    reconciliation: asked<Root, { readonly range: TimeRange }>(required(ReconciliationType), 'The ledger beside the bills that were imported, quantity first, then price.', {
      range: argument(required(TimeRangeInput), 'Which days (UTC).'),
    }, (_, args, context) => readReconciliation(context, args)),
    billImports: asked<Root>(listOf(BillImportType), 'Bills that were imported, latest first, 500 at most.', {}, (_, __, context) => billImports(context)),
    billApprovals: asked<Root>(listOf(BillApprovalType), 'Differences that were agreed to, latest first, 500 at most.', {}, (_, __, context) => billApprovals(context)),
    budgets: asked<Root, { readonly id?: string | null; readonly first: number }>(listOf(BudgetType), 'Budgets in force, by id.', {
      id: argument(GraphQLID, 'Only this one.'),
      first: argument(GraphQLInt, 'How many, 1 to 500.', 100),
    }, (_, args, context) => readBudgets(context, args)),
    alerts: asked<Root, { readonly first: number }>(listOf(AlertType), 'Alerts that fire, and those that are over and kept; what fires first.', {
      first: argument(GraphQLInt, 'How many, 1 to 500.', 100),
    }, (_, { first }, context) => readAlerts(context, first)),
    alertRules: asked(listOf(AlertRuleType), 'When somebody is told.', {}, (_, __, context) => readRules(context)),
    alertDestinations: asked(listOf(AlertDestinationType), 'Where alerts are sent.', {}, (_, __, context) => readDestinations(context)),
    alertEvents: asked<Root, { readonly first: number }>(listOf(AlertEventType), 'What became of alerts and of telling about them, latest first.', {
      first: argument(GraphQLInt, 'How many, 1 to 500.', 100),
    }, (_, { first }, context) => readEvents(context, first)),
    alertSignals: atMost(signals.length, asked<Root>(listOf(AlertSignalType), 'What rules can look at, beside budgets.', {}, () => signals)),
    alertPreview: asked<Root, PreviewArgs>(required(AlertPreviewType), 'What a rule would have said in the past: one in force, or one that is written and not yet defined. Of a short window, only the last 3,000 are looked at.', {
      rule: argument(GraphQLID, 'A rule in force,'),
      document: argument(GraphQLString, 'or one as `defineAlertRule` takes it.'),
      range: argument(required(TimeRangeInput), 'Up to 30 days; the last 30 where a side is left out.'),
    }, (_, args, context) => previewRule(context, args)),
  },
})

const Mutation = new GraphQLObjectType<Root, QueryContext>({
  name: 'Mutation',
  description: 'What can be changed. Nothing is overwritten: a change is a new version.',
  fields: {
    priceModel: asked<Root, PricedModel>(required(PriceBookType), 'Gives a model a price, that of another model or its own: makes a new version of the price book and activates it. Entries that are there keep what they say until they are repriced.', {
      provider: argument(GraphQLString, 'As the telemetry names it, "" where it names none.', ''),
      model: argument(required(GraphQLString), 'As the telemetry names it.'),
      sameAs: argument(GraphQLString, 'Costs what this one costs: provider/model of the price book.'),
      prices: argument(ModelPricesInput, 'Or its own prices.'),
    }, (_, args, context) => priceModel(context, args)),
    importPriceOverlay: asked<Root, { readonly document: string }>(required(PriceBookType), 'Keeps an overlay as a new version of the price book, or refuses it. It prices nothing until it is activated.', {
      document: argument(required(GraphQLString), 'YAML or JSON, as described in collector/price/README.md.'),
    }, (_, { document }, context) => importPriceOverlay(context, document)),
    activatePriceBook: asked<Root, { readonly version: string }>(required(PriceBookType), 'From now on this version prices what arrives.', {
      version: argument(required(GraphQLID), 'Its version.'),
    }, (_, { version }, context) => activatePriceBook(context, version)),
    importBill: asked<Root, { readonly name: string; readonly content: string; readonly by: string }>(required(BillImportType), 'Takes a provider\'s bill whole or not at all. A larger one than a request can hold: `spanledger reconcile import`.', {
      name: argument(required(GraphQLString), 'What the file is called.'),
      content: argument(required(GraphQLString), 'The file: JSON of OpenAI, Anthropic or AWS Cost Explorer; CSV of AWS, Google Cloud or FOCUS.'),
      by: argument(required(GraphQLString), 'Who imports it.'),
    }, (_, args, context) => importBill(context, args)),
    approveDifferences: asked<Root, { readonly items: readonly string[]; readonly by: string; readonly why: string }>(listOf(BillApprovalType), 'Posts what is left of these items to the ledger as adjustments, so that it says what the bill says. Approving again adds nothing.', {
      items: argument(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLID))), 'Their ids, 1,000 at most.'),
      by: argument(required(GraphQLString), 'Who agrees.'),
      why: argument(required(GraphQLString), 'Why.'),
    }, (_, args, context) => approveDifferences(context, args)),
    defineBudget: asked<Root, { readonly document: string }>(required(BudgetType), 'Takes a budget, or the next version of one that is there. One that says what it said before changes nothing.', {
      document: argument(required(GraphQLString), 'The budget as YAML or JSON.'),
    }, (_, { document }, context) => defineBudget(context, document)),
    retireBudget: asked<Root, { readonly id: string }>(required(BudgetType), 'Ends a budget; its versions and decisions stay. Answers what it was.', {
      id: argument(required(GraphQLID), 'Its id.'),
    }, (_, { id }, context) => retireBudget(context, id)),
    approveBudget: asked<Root, ApproveBudgetArgs>(required(BudgetType), 'Lets calls of a budget whose action is REQUIRE_APPROVAL pass its limit by an amount, until a time.', {
      id: argument(required(GraphQLID), 'The budget.'),
      group: argument(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLString))), 'Values of what it is divided by, in the order of `groupBy`, the run of a budget per run last; empty where it is not divided.', []),
      amount: argument(required(Decimal), 'By how much, in its measure.'),
      until: argument(required(DateTime), 'Until when, at most 31 days from now.'),
      by: argument(required(GraphQLString), 'Who agrees.'),
      why: argument(required(GraphQLString), 'Why.'),
    }, (_, args, context) => approveBudget(context, args)),
    withdrawBudgetApproval: asked<Root, { readonly id: string; readonly by: string; readonly why: string }>(required(BudgetType), 'Takes an approval back, from now on. Taking it back again changes nothing.', {
      id: argument(required(GraphQLID), 'The approval.'),
      by: argument(required(GraphQLString), 'Who takes it back.'),
      why: argument(required(GraphQLString), 'Why.'),
    }, (_, args, context) => withdrawApproval(context, args)),
    defineAlertRule: asked<Root, { readonly document: string }>(required(AlertRuleType), 'Takes a rule, or the next version of one that is there. One that says what it said before changes nothing. Whom it tells must be a destination of the operator\'s file.', {
      document: argument(required(GraphQLString), 'The rule as YAML or JSON, as described in docs/alerts.md.'),
    }, (_, { document }, context) => defineRule(context, document)),
    retireAlertRule: asked<Root, { readonly id: string }>(required(AlertRuleType), 'Ends a rule and the alerts that it fired; its versions and its history stay. Answers what it was.', {
      id: argument(required(GraphQLID), 'Its id.'),
    }, (_, { id }, context) => retireRule(context, id)),
    muteAlertRule: asked<Root, { readonly rule: string; readonly until?: bigint | null }>(required(AlertRuleType), 'Until then the rule fires and tells nobody.', {
      rule: argument(required(GraphQLID), 'The rule.'),
      until: argument(DateTime, 'Null ends it now.'),
    }, (_, { rule, until }, context) => muteRule(context, rule, until)),
    testAlertDestination: asked<Root, { readonly id: string }>(required(AlertTestType), 'Sends a test now, once, and says what was answered.', {
      id: argument(required(GraphQLID), 'The destination.'),
    }, (_, { id }, context) => testDestination(context, id)),
  },
})

export const schema = new GraphQLSchema({ query: Query, mutation: Mutation })
