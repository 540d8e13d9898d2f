import { GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import type { CostBasis, LedgerKind, PicoUsd, UnixNano } from '#semconv/facts.ts'
import { connectionType } from '../connection.ts'
import type { QueryContext } from '../context.ts'
import { CostBasisEnum, LedgerKindEnum } from '../enums.ts'
import { DateTime, Decimal } from '../scalars.ts'
import { atMost, listOf, plain, required } from '../shape.ts'

export interface LedgerEntry {
  readonly id: string
  readonly kind: LedgerKind
  readonly reason: string
  readonly amount: PicoUsd | null
  readonly currency: 'USD'
  readonly occurredAt: UnixNano
  readonly postedAt: UnixNano
  readonly runId: string
  readonly spanId: string
  readonly provider: string | null
  readonly model: string | null
  readonly meter: string
  /** Times 10^12. */
  readonly quantity: bigint
  readonly usageFlags: readonly string[]
  readonly unitPrice: PicoUsd | null
  readonly basis: CostBasis
  readonly priceBookVersion: string | null
  readonly priceCard: string | null
  readonly reverses: string | null
  readonly agent: string | null
  readonly user: string | null
  readonly session: string | null
  readonly workflow: string | null
  readonly service: string
  readonly environment: string | null
  readonly project: string
  readonly tags: readonly string[]
}

export const LedgerEntryType = new GraphQLObjectType<LedgerEntry, QueryContext>({
  name: 'LedgerEntry',
  description: 'One line of the cost ledger. Lines are never changed: a mistake is taken back by a line of the opposite amount.',
  fields: {
    id: plain(required(GraphQLID), 'Hash of tenant, trace, span, meter and kind: the same usage is the same line, however often it arrives.'),
    kind: plain(required(LedgerKindEnum), 'What the line does to the sum.'),
    reason: plain(required(GraphQLString), 'Why it was posted: metered, promoted, unattributed, mirrored, rolled_up, replayed, restated, repriced or reconciled.'),
    amount: plain(Decimal, 'US dollars, negative on reversals. Null when UNPRICED: unknown, not zero.'),
    currency: plain(required(GraphQLString), 'Always USD.'),
    occurredAt: plain(required(DateTime), 'When the usage happened, by telemetry.'),
    postedAt: plain(required(DateTime), 'When the line entered the ledger.'),
    runId: plain(required(GraphQLID), 'Trace id of the run; "" for what was settled with a bill, which is of no run.'),
    spanId: plain(required(GraphQLID), 'Span the usage was reported on; "" where there is none.'),
    provider: plain(GraphQLString, 'Who serves the model.'),
    model: plain(GraphQLString, 'The model that was priced: the response\'s, else the request\'s.'),
    meter: plain(required(GraphQLString), 'Class of usage, such as `input.uncached` or `output.text`; classes are disjoint.'),
    quantity: plain(required(Decimal), 'How much of the meter, in tokens or pieces; negative on reversals.'),
    usageFlags: plain(listOf(GraphQLString), 'What is doubtful about the usage, such as assumed_inclusive, repaired or usage_lossy; empty for most.'),
    unitPrice: plain(Decimal, 'US dollars for one token, search, request or second. Null when UNPRICED.'),
    basis: plain(required(CostBasisEnum), 'What the amount rests on.'),
    priceBookVersion: plain(GraphQLString, 'Hash of the price book that was applied, or that has no price for it.'),
    priceCard: plain(GraphQLString, 'The rule of that price book.'),
    reverses: plain(GraphQLID, 'The line that this one takes back.'),
    agent: plain(GraphQLString, 'Agent the cost belongs to.'),
    user: plain(GraphQLString, 'User the cost belongs to.'),
    session: plain(GraphQLString, 'Conversation the cost belongs to.'),
    workflow: plain(GraphQLString, 'Workflow the cost belongs to.'),
    service: plain(required(GraphQLString), 'Service that sent the span; "" where there is none.'),
    environment: plain(GraphQLString, 'Deployment environment of that service.'),
    project: plain(required(GraphQLString), 'Project the telemetry was sent to.'),
    tags: atMost(32, plain(listOf(GraphQLString), 'Tags of the call and of what it is part of.')),
  },
})

export const LedgerEntryConnection = connectionType(LedgerEntryType, 'ledger entries, latest usage first')
