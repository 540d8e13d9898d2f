import { GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import type { QueryContext } from '../context.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { enumOf, listOf, plain, required } from '../shape.ts'
import type { Reconciliation } from './read-reconciliation.ts'
import { type BillApproval, type BillImport, type ReconciliationCell, residualClasses } from './reconciler.ts'

const ResidualClassEnum = enumOf('ResidualClass', 'What explains the difference between a bill and the ledger.', residualClasses, {
  MATCHED: 'They agree up to a thousandth.',
  COVERAGE: 'More was billed than metered: somebody calls without telemetry.',
  PRICE: 'The same usage at another price: a tier, a discount, or no price card.',
  TIMING: 'What is missing on one day is too much on the day beside it.',
  DOUBLE_COUNT: 'More was metered than billed: something is told twice.',
})

export const ReconciliationCellType = new GraphQLObjectType<ReconciliationCell, QueryContext>({
  name: 'ReconciliationCell',
  description: 'A day, provider, model and class of usage, as fine as the bill tells: what was metered beside what was billed.',
  fields: {
    id: plain(required(GraphQLID), 'Day, provider, model and class; `*` where the bill does not tell.'),
    day: plain(required(GraphQLString), 'The day, UTC: 2026-11-21.'),
    provider: plain(required(GraphQLString), 'As the price book calls it.'),
    model: plain(required(GraphQLString), 'As the price book calls it; "" where the bill does not tell models apart.'),
    meter: plain(required(GraphQLString), '`input`, `cache_read`, `cache_write`, `output` or `other`; "" where the bill does not tell classes apart.'),
    meteredQuantity: plain(required(Decimal), 'Tokens in the ledger, earlier adjustments included.'),
    meteredAmount: plain(required(Decimal), 'US dollars in the ledger, earlier adjustments included.'),
    unpricedEntries: { ...plain<ReconciliationCell>(required(Count), 'Ledger lines among them whose amount is unknown.'), resolve: ({ unpricedLines }) => unpricedLines },
    billedQuantity: plain(Decimal, 'Tokens on the bill; null where none tells them.'),
    billedAmount: plain(Decimal, 'US dollars on the bill; null where none tells them.'),
    residualQuantity: plain(Decimal, 'Billed less metered tokens.'),
    residualAmount: plain(Decimal, 'Billed less metered US dollars.'),
    quantityEffect: plain(Decimal, 'The part of `residualAmount` that other tokens make, at the metered price. The rest is price.'),
    class: plain(required(ResidualClassEnum), 'What explains the residual.'),
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
  description: 'A residual that somebody agreed to, and that was posted to the ledger.',
  fields: {
    entryId: plain(required(GraphQLID), 'The ledger entry.'),
    cell: plain(required(GraphQLID), 'What was agreed to.'),
    actor: plain(required(GraphQLString), 'Who agreed.'),
    why: plain(required(GraphQLString), 'Why.'),
    approvedAt: plain(required(DateTime), 'When.'),
  },
})

export const ReconciliationType = new GraphQLObjectType<Reconciliation, QueryContext>({
  name: 'Reconciliation',
  description: 'The ledger beside the providers\' bills, wherever there is a bill.',
  fields: {
    cells: plain(listOf(ReconciliationCellType), 'The dearest residuals first, 1,000 at most; the sums are over all of them.'),
    cellCount: plain(required(Count), 'How many there are.'),
    matchedCells: plain(required(Count), 'How many of them agree.'),
    billed: plain(required(Decimal), 'US dollars on the bills.'),
    metered: plain(required(Decimal), 'US dollars in the ledger for what is billed.'),
    residual: plain(required(Decimal), 'Billed less metered.'),
  },
})
