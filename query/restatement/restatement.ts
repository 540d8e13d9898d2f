import { GraphQLObjectType, GraphQLString } from 'graphql'
import type { LedgerKind, PicoUsd, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { LedgerKindEnum } from '../enums.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { listOf, plain, required } from '../shape.ts'

export interface Restatement {
  readonly month: string
  readonly asOf: UnixNano
  readonly closedAt: UnixNano | null
  readonly costThen: PicoUsd
  readonly costNow: PicoUsd
  readonly costSince: PicoUsd
  readonly unpricedThen: number
  readonly unpricedNow: number
  readonly changes: readonly RestatementChange[]
  readonly reasons: readonly RestatementReason[]
}

export interface RestatementReason {
  readonly reason: string
  readonly accountedIn: string
  readonly entries: number
  readonly cost: PicoUsd
  /** Times 10^12. */
  readonly quantity: bigint
  readonly changes: readonly RestatementChange[]
}

export interface RestatementChange {
  readonly reason: string
  readonly kind: LedgerKind
  readonly priceBookVersion: string
  readonly accountedIn: string
  readonly entries: number
  readonly unpricedEntries: number
  readonly cost: PicoUsd
  /** Times 10^12. */
  readonly quantity: bigint
}

const RestatementChangeType = new GraphQLObjectType<RestatementChange, QueryContext>({
  name: 'RestatementChange',
  description: 'Ledger lines that were posted for the month since, of one reason, kind, price book and accounting month.',
  fields: {
    reason: plain(required(GraphQLString), 'Why they were posted, such as `repriced` or `restated`; `metered` is usage that arrived late.'),
    kind: plain(required(LedgerKindEnum), 'What they do to the sum.'),
    priceBookVersion: plain(required(GraphQLString), 'Hash of the price book they were priced with; on reversals that of what is taken back.'),
    accountedIn: plain(required(GraphQLString), 'The month whose books they stand in: that of the usage, or, where that was closed before, the one in which they were posted.'),
    entries: plain(required(Count), 'Lines.'),
    unpricedEntries: plain(required(Count), 'Those of them without an amount.'),
    cost: plain(required(Decimal), 'Sum of their known amounts.'),
    quantity: plain(required(Decimal), 'Tokens of every meter together, reversals taken off.'),
  },
})

const RestatementReasonType = new GraphQLObjectType<RestatementReason, QueryContext>({
  name: 'RestatementReason',
  description: 'Ledger lines that were posted for the month since, of one reason and accounting month: what was taken back beside what was posted in its place.',
  fields: {
    reason: plain(required(GraphQLString), 'Why they were posted, such as `repriced` or `restated`; `metered` is usage that arrived late.'),
    accountedIn: plain(required(GraphQLString), 'The month whose books they stand in.'),
    entries: plain(required(Count), 'Lines.'),
    cost: plain(required(Decimal), 'What they add to the month: what was taken back is below zero.'),
    quantity: plain(required(Decimal), 'Tokens of every meter together, reversals taken off.'),
    changes: plain(listOf(RestatementChangeType), 'The same by kind and price book: what was taken back first.'),
  },
})

export const RestatementType = new GraphQLObjectType<Restatement, QueryContext>({
  name: 'Restatement',
  description: 'What the ledger said of a month then, what it says now, and why. `costNow` is `costThen` and the costs of all changes.',
  fields: {
    month: plain(required(GraphQLString), 'The month of the usage, in UTC.'),
    asOf: plain(required(DateTime), 'Then.'),
    closedAt: plain(DateTime, 'When the month was closed; null while it is open.'),
    costThen: plain(required(Decimal), 'Sum of the known amounts of lines that were posted until then.'),
    costNow: plain(required(Decimal), 'Sum of the known amounts of all lines.'),
    costSince: plain(required(Decimal), 'What was added since: `costNow` less `costThen`.'),
    unpricedThen: plain(required(Count), 'Lines without an amount then, those taken back left out.'),
    unpricedNow: plain(required(Count), 'The same now.'),
    changes: plain(listOf(RestatementChangeType), 'Lines posted since, the largest sum first.'),
    reasons: plain(listOf(RestatementReasonType), 'The same changes by reason and accounting month, the largest sum first.'),
  },
})
