import { GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import type { QueryContext } from '../context.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { atMost, enumOf, listOf, plain, required } from '../shape.ts'
import type { BilledPeriod, Reconciliation } from './read-reconciliation.ts'
import { type BillApproval, type BillImport, type ReconciliationItem, differenceCauses } from './reconciler.ts'

/** Names of one item in the ledger: a model has a few, dated ones among them. */
const ledgerNamesMax = 20

const DifferenceCauseEnum = enumOf('DifferenceCause', 'What explains the difference between a bill and the ledger.', differenceCauses, {
  MATCHED: 'They agree up to a thousandth.',
  NOT_IN_LEDGER: 'More was billed than recorded: somebody calls without telemetry.',
  PRICE: 'The same usage at another price: a tier, a discount, or no price card.',
  TIMING: 'What is missing on one day is too much on the day beside it.',
  NOT_ON_BILL: 'More was recorded than billed: something was recorded twice, or is not billed yet.',
})

export const ReconciliationItemType = new GraphQLObjectType<ReconciliationItem, QueryContext>({
  name: 'ReconciliationItem',
  description: 'A day, provider, model and class of usage, as fine as the bill tells: what was metered beside what was billed.',
  fields: {
    id: plain(required(GraphQLID), 'Day, provider, model and class; `*` where the bill does not tell.'),
    day: plain(required(GraphQLString), 'The day, UTC: 2026-11-21.'),
    provider: plain(required(GraphQLString), 'As the price book calls it.'),
    model: plain(required(GraphQLString), 'As the price book calls it; "" where the bill does not tell models apart.'),
    meter: plain(required(GraphQLString), '`input`, `cache_read`, `cache_write`, `output` or `other`; "" where the bill does not tell classes apart.'),
    meteredQuantity: plain(required(Decimal), 'Tokens in the ledger, earlier adjustments included.'),
    meteredAmount: plain(required(Decimal), 'US dollars in the ledger, earlier adjustments included.'),
    unpricedEntries: { ...plain<ReconciliationItem>(required(Count), 'Ledger lines among them whose amount is unknown.'), resolve: ({ unpricedLines }) => unpricedLines },
    billedQuantity: plain(Decimal, 'Tokens on the bill; null where none tells them.'),
    billedAmount: plain(Decimal, 'US dollars on the bill; null where none tells them.'),
    quantityDifference: plain(Decimal, 'Billed less metered tokens.'),
    amountDifference: plain(Decimal, 'Billed less metered US dollars.'),
    quantityEffect: plain(Decimal, 'The part of `amountDifference` that other tokens make, at the metered price. The rest is price.'),
    cause: plain(required(DifferenceCauseEnum), 'What explains the difference.'),
    ledgerProviders: atMost(ledgerNamesMax, plain(listOf(GraphQLString), 'Providers as the ledger spells them: with the models, meters and the day, the filter that finds its lines.')),
    ledgerModels: atMost(ledgerNamesMax, plain(listOf(GraphQLString), 'Models as the ledger spells them; none is all of them.')),
    ledgerMeters: atMost(ledgerNamesMax, plain(listOf(GraphQLString), 'Meters of its lines.')),
    importIds: atMost(20, plain(listOf(GraphQLID), 'Imports that tell what was billed.')),
  },
})

export const BillImportType = new GraphQLObjectType<BillImport, QueryContext>({
  name: 'BillImport',
  description: 'A bill that was taken.',
  fields: {
    id: plain(required(GraphQLID), 'Hash of the file: the same file is the same import.'),
    source: plain(required(GraphQLString), 'Its format, such as `openai_costs`.'),
    name: plain(required(GraphQLString), 'What it was called.'),
    actor: plain(required(GraphQLString), 'Who imported it.'),
    importedAt: plain(required(DateTime), 'When.'),
    lines: plain(required(Count), 'Lines after those of one day, account, model and class were summed.'),
  },
})

export const BillApprovalType = new GraphQLObjectType<BillApproval, QueryContext>({
  name: 'BillApproval',
  description: 'A difference that somebody agreed to, and that was posted to the ledger.',
  fields: {
    entryId: plain(required(GraphQLID), 'The ledger entry.'),
    item: plain(required(GraphQLID), 'What was agreed to.'),
    actor: plain(required(GraphQLString), 'Who agreed.'),
    why: plain(required(GraphQLString), 'Why.'),
    approvedAt: plain(required(DateTime), 'When.'),
  },
})

const BilledPeriodType = new GraphQLObjectType<BilledPeriod, QueryContext>({
  name: 'BilledPeriod',
  description: 'Days in a row of which the bills of a provider tell money: all of its ledger lines in them are compared.',
  fields: {
    provider: plain(required(GraphQLString), 'As the price book calls it.'),
    from: plain(required(GraphQLString), 'The first day, UTC.'),
    to: plain(required(GraphQLString), 'The last day, UTC.'),
    billed: plain(required(Decimal), 'US dollars on the bills.'),
    metered: plain(required(Decimal), 'US dollars in the ledger.'),
    difference: plain(required(Decimal), 'Billed less metered.'),
    ledgerProviders: atMost(ledgerNamesMax, plain(listOf(GraphQLString), 'The provider as the ledger spells it: with the days, the filter that finds its lines.')),
  },
})

export const ReconciliationType = new GraphQLObjectType<Reconciliation, QueryContext>({
  name: 'Reconciliation',
  description: 'The ledger beside the providers\' bills, wherever there is a bill.',
  fields: {
    periods: plain(listOf(BilledPeriodType), 'What the sums are made of: of each provider the days in a row that bills tell of, earliest first.'),
    items: plain(listOf(ReconciliationItemType), 'The dearest differences first, 1,000 at most; the sums are over all of them.'),
    itemCount: plain(required(Count), 'How many there are.'),
    matchedItems: plain(required(Count), 'How many of them agree.'),
    billed: plain(required(Decimal), 'US dollars on the bills.'),
    metered: plain(required(Decimal), 'US dollars in the ledger for what is billed.'),
    difference: plain(required(Decimal), 'Billed less metered.'),
  },
})
