import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { BreakingChangeType, buildSchema, findBreakingChanges, getNamedType, isIntrospectionType, isScalarType, lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './schema.ts'

const file = new URL('./schema.graphql', import.meta.url)

test('schema.graphql is what the code says; UPDATE_SCHEMA=1 writes it anew', () => {
  const printed = `${printSchema(lexicographicSortSchema(schema))}\n`
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(file, printed)
  assert.equal(readFileSync(file, 'utf8'), printed)
})

/** What users, BI tools and dashboards rely on. A name may be added here, none may go. */
const core = `
scalar Decimal scalar Count scalar DateTime scalar JSON
type Query {
  runs(first: Int = 50, after: String, filter: RunFilter, orderBy: RunOrder = STARTED_AT_DESC): RunConnection!
  run(id: ID!): Run
  costs(range: TimeRange!, groupBy: [CostDimension!]! = [], interval: Interval, filter: CostFilter): [CostRow!]!
  ledgerEntries(first: Int = 100, after: String, filter: LedgerFilter): LedgerEntryConnection!
  policyDecisions(first: Int = 100, after: String, filter: DecisionFilter): PolicyDecisionConnection!
}
input RunFilter { text: String } input CostFilter { agent: [String!] } input LedgerFilter { agent: [String!] } input DecisionFilter { agent: [String!] }
input TimeRange { from: DateTime, to: DateTime }
enum RunOrder { STARTED_AT_DESC STARTED_AT_ASC COST_DESC DURATION_DESC TOKENS_DESC }
enum CostDimension { AGENT MODEL PROVIDER USER SESSION SERVICE ENVIRONMENT WORKFLOW METER PROJECT RUN BASIS }
enum Interval { MINUTE HOUR DAY WEEK MONTH }
enum RunStatus { RUNNING COMPLETED FAILED INCOMPLETE }
enum StepStatus { UNSET OK ERROR }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type RunConnection { nodes: [Run!]! pageInfo: PageInfo! totalCount: Count! }
type LedgerEntryConnection { nodes: [LedgerEntry!]! pageInfo: PageInfo! totalCount: Count! }
type PolicyDecisionConnection { nodes: [PolicyDecision!]! pageInfo: PageInfo! totalCount: Count! }
type CostRow { start: DateTime cost: Decimal! entries: Count! runs: Count! unpricedEntries: Count! }
type Run {
  id: ID! name: String! status: RunStatus! startedAt: DateTime! endedAt: DateTime durationMs: Float service: String! environment: String workflow: String
  agents: [String!]! users: [String!]! sessions: [String!]! providers: [String!]! models: [String!]!
  modelCalls: Count! failedModelCalls: Count! unmeteredModelCalls: Count! toolCalls: Count! failedToolCalls: Count! spanCount: Count! errorCount: Count!
  tokens: TokenUsage! cost: Decimal! reportedCost: Decimal unpricedModelCalls: Count! settled: Boolean!
  steps: [Step!]! ledger: [LedgerEntry!]! policyDecisions: [PolicyDecision!]!
}
type TokenUsage { input: Count! cachedInput: Count! cacheWrite: Count! output: Count! reasoning: Count! total: Count! }
type Step {
  id: ID! parentId: ID kind: StepKind! name: String! status: StepStatus! startedAt: DateTime! durationMs: Float!
  agent: String provider: String requestModel: String responseModel: String tool: String tokens: TokenUsage cost: Decimal counted: Boolean! countReason: String
  timeToFirstTokenMs: Float finishReasons: [String!]! errorType: String errorMessage: String input: JSON output: JSON attributes: JSON! events: [StepEvent!]!
}
type StepEvent { name: String! time: DateTime! attributes: JSON! }
enum StepKind { AGENT WORKFLOW TASK MODEL_CALL TOOL_CALL RETRIEVAL EMBEDDING MEMORY GUARDRAIL HANDOFF EVALUATION OTHER }
type LedgerEntry {
  id: ID! kind: LedgerKind! reason: String! amount: Decimal currency: String! occurredAt: DateTime! postedAt: DateTime! runId: ID! spanId: ID!
  provider: String model: String meter: String! quantity: Decimal! unitPrice: Decimal basis: CostBasis! priceBookVersion: String reverses: ID
  agent: String user: String session: String service: String!
}
enum LedgerKind { CHARGE ADJUSTMENT REVERSAL }
enum CostBasis { PRICED REPORTED UNPRICED }
type PolicyDecision {
  id: ID! policyId: ID! policyVersion: Int! outcome: DecisionOutcome! mode: PolicyMode! place: DecisionPlace! reason: String! decidedAt: DateTime!
  runId: ID spanId: ID agent: String actor: String
}
enum DecisionOutcome { ALLOW WARN DENY REQUIRE_APPROVAL REDACT }
enum PolicyMode { SHADOW ENFORCE }
enum DecisionPlace { AGENT ENDPOINT COLLECTOR }`

test('the core that others rely on is there, to the letter', () => {
  // An argument or an input field more breaks nobody who does not name it.
  assert.deepEqual(findBreakingChanges(buildSchema(core), schema).filter(({ type }) => type !== BreakingChangeType.DIRECTIVE_REMOVED), [])
})

test('every type and every field says what it means', () => {
  const silent: string[] = []
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type)) continue
    if (!type.description) silent.push(type.name)
    if (!('getFields' in type)) continue
    for (const field of Object.values(type.getFields())) {
      if (!field.description) silent.push(`${type.name}.${field.name}`)
      // Money and quantities are exact on every way out.
      const named = getNamedType(field.type)
      if (/^(?:cost|\w+Cost|amount|unitPrice|reported|quantity)$/.test(field.name) && isScalarType(named)) assert.equal(named.name, 'Decimal', field.name)
    }
  }
  assert.deepEqual(silent.filter((name) => !['ID', 'Int', 'Float', 'String', 'Boolean'].includes(name)), [])
})
