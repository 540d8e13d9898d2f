import { GraphQLObjectType, GraphQLString } from 'graphql'
import type { PicoUsd } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { Count, Decimal } from '../scalars.ts'
import { enumOf, plain, required } from '../shape.ts'

export const codingDimensions = ['AGENT', 'DEVELOPER', 'REPOSITORY', 'MODEL'] as const
export type CodingDimension = (typeof codingDimensions)[number]

export const CodingDimensionEnum = enumOf('CodingAgentDimension', 'What the costs of coding agents can be split by.', codingDimensions, {
  AGENT: 'Claude Code, Codex, Gemini CLI or Copilot.',
  DEVELOPER: 'The user that the agent names.',
  REPOSITORY: 'The repository, where `vcs.repository.name`, `vcs.repository.url.full` or `repository` stands on the resource or the span.',
  MODEL: 'Model that was priced.',
})

export interface CodingRow {
  readonly agent: string | null
  readonly developer: string | null
  readonly repository: string | null
  readonly model: string | null
  readonly cost: PicoUsd
  readonly entries: number
  readonly unpricedEntries: number
  readonly sessions: number
  readonly runs: number
  readonly developers: number
  readonly inputTokens: bigint
  readonly cachedInputTokens: bigint
  readonly outputTokens: bigint
}

const grouped = (what: string): string => `${what}: null unless grouped by it, "" where the telemetry names none.`

export const CodingRowType = new GraphQLObjectType<CodingRow, QueryContext>({
  name: 'CodingAgentRow',
  description: 'What coding agents cost and used, from the ledger: a call that comes as span, log event and counter is in it once.',
  fields: {
    agent: plain(GraphQLString, grouped('Coding agent (`claude_code`, `codex`, `gemini_cli`, `qwen_code`, `copilot`)')),
    developer: plain(GraphQLString, grouped('Developer')),
    repository: plain(GraphQLString, grouped('Repository')),
    model: plain(GraphQLString, grouped('Model')),
    cost: plain(required(Decimal), 'Sum of the known amounts. Read it together with `unpricedEntries`.'),
    entries: plain(required(Count), 'Ledger lines in this row.'),
    unpricedEntries: plain(required(Count), 'Lines whose amount is unknown.'),
    sessions: plain(required(Count), 'Sessions that have a line in this row.'),
    runs: plain(required(Count), 'Runs that have a line in this row; one prompt sets one off.'),
    developers: plain(required(Count), 'Developers that have a line in this row.'),
    inputTokens: plain(required(Decimal), 'Input tokens, cached ones included.'),
    cachedInputTokens: plain(required(Decimal), 'Input tokens that were read from the cache.'),
    outputTokens: plain(required(Decimal), 'Output tokens.'),
  },
})
