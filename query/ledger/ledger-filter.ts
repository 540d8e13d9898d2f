import { GraphQLBoolean, GraphQLID, GraphQLInputObjectType, GraphQLString } from 'graphql'
import type { CostBasis, LedgerKind, UnixNano } from '#semconv/facts.ts'
import { CostBasisEnum, LedgerKindEnum } from '../enums.ts'
import { DateTime } from '../scalars.ts'
import { anyOf, input } from '../shape.ts'
import { type TimeRange, TimeRangeInput } from '../time-range.ts'

/** The other way round than a `TimeRange`, because a report holds what was posted up to its moment. */
export interface PostedRange {
  readonly after?: UnixNano | null
  readonly until?: UnixNano | null
}

const PostedRangeInput = new GraphQLInputObjectType({
  name: 'PostedRange',
  description: 'After (exclusive) until (inclusive), as a report counts what was posted. A side that is left out is open.',
  fields: { after: input(DateTime, 'Last moment that is too early.'), until: input(DateTime, 'Last moment inside.') },
})

const dimensions = {
  agent: input(anyOf(GraphQLString), 'Any of these agents; "" finds lines that name none.'),
  model: input(anyOf(GraphQLString), 'Any of these models; "" finds lines that name none.'),
  provider: input(anyOf(GraphQLString), 'Any of these providers; "" finds lines that name none.'),
  user: input(anyOf(GraphQLString), 'Any of these users; "" finds lines that name none.'),
  session: input(anyOf(GraphQLString), 'Any of these sessions; "" finds lines that name none.'),
  service: input(anyOf(GraphQLString), 'Any of these services.'),
  environment: input(anyOf(GraphQLString), 'Any of these environments; "" finds lines that name none.'),
  workflow: input(anyOf(GraphQLString), 'Any of these workflows; "" finds lines that name none.'),
  tag: input(anyOf(GraphQLString), 'Lines with any of these tags; "" finds lines that have none.'),
  project: input(anyOf(GraphQLString), 'Any of these projects.'),
  meter: input(anyOf(GraphQLString), 'Any of these meters, such as `output.text`.'),
  reason: input(anyOf(GraphQLString), 'Any of these reasons, such as `metered`.'),
  kind: input(anyOf(LedgerKindEnum), 'Any of these kinds.'),
  basis: input(anyOf(CostBasisEnum), 'Any of these bases.'),
  posted: input(PostedRangeInput, 'When they were posted.'),
  priceBookVersion: input(anyOf(GraphQLString), 'Priced with any of these price books; "" finds lines that name none.'),
  claimed: input(GraphQLBoolean, 'True: lines of calls of which their sender says what they cost; their claims are the sum in `CostRow.reportedCost`.'),
  claimDiffers: input(GraphQLBoolean, 'True: lines of calls that their sender says cost another amount than ours.'),
  runId: input(anyOf(GraphQLID), 'Lines of any of these runs.'),
  spanId: input(anyOf(GraphQLID), 'Lines of any of these spans.'),
  codingAgent: input(anyOf(GraphQLString), 'Lines of runs of any of these coding agents: `claude_code`, `codex`, `gemini_cli`, `qwen_code`, `copilot`.'),
  repository: input(anyOf(GraphQLString), 'Lines of coding agents at work in any of these repositories; "" finds those that name none.'),
}
const rule = 'All conditions hold together. A condition that is left out, null or an empty list restricts nothing.'

export const LedgerFilterInput = new GraphQLInputObjectType({
  name: 'LedgerFilter',
  description: `Which ledger lines. ${rule}`,
  fields: { range: input(TimeRangeInput, 'When the usage happened.'), ...dimensions },
})

export const CostFilterInput = new GraphQLInputObjectType({
  name: 'CostFilter',
  description: `Which ledger lines are summed. ${rule}`,
  fields: dimensions,
})

export interface LedgerFilter {
  readonly range?: TimeRange | null
  readonly agent?: readonly string[] | null
  readonly model?: readonly string[] | null
  readonly provider?: readonly string[] | null
  readonly user?: readonly string[] | null
  readonly session?: readonly string[] | null
  readonly service?: readonly string[] | null
  readonly environment?: readonly string[] | null
  readonly workflow?: readonly string[] | null
  readonly tag?: readonly string[] | null
  readonly project?: readonly string[] | null
  readonly meter?: readonly string[] | null
  readonly reason?: readonly string[] | null
  readonly kind?: readonly LedgerKind[] | null
  readonly basis?: readonly CostBasis[] | null
  readonly posted?: PostedRange | null
  readonly priceBookVersion?: readonly string[] | null
  readonly claimed?: boolean | null
  readonly claimDiffers?: boolean | null
  readonly runId?: readonly string[] | null
  readonly spanId?: readonly string[] | null
  readonly codingAgent?: readonly string[] | null
  readonly repository?: readonly string[] | null
}
