import type { TraceAccount } from '#semconv/account.ts'
import type { Attributes } from '#semconv/attributes.ts'
import { kindOfRole, type PicoUsd, type SpanFacts } from '#semconv/facts.ts'
import { tokenUsage } from '#semconv/usage.ts'
import type { Activation, Declarations, FieldType } from './cel.ts'
import { listItemsMax } from './cel-lint.ts'
import { nanoFromPico } from './money.ts'

/** A run as run policies see it: its exact account, what its ledger entries sum up to, and its spans. */
export interface RunView {
  readonly account: TraceAccount
  readonly cost: PicoUsd
  readonly spans: readonly SpanFacts[]
}

/** Longest text an expression sees of one attribute, in characters; prompts reach megabytes. Longer ones are cut and `truncated` is true. */
export const textCharactersMax = 65_536

export type Scalar = string | bigint | number | boolean
type Fields = Readonly<Record<string, FieldType>>
type Value<T extends FieldType> =
  T extends 'string' ? string
  : T extends 'int' ? bigint
  : T extends 'double' ? number
  : T extends 'bool' ? boolean
  : T extends 'list<RepeatedToolCall>' ? readonly RepeatedToolCall[]
  : readonly string[]
type Values<F extends Fields> = { readonly [K in keyof F]: Value<F[K]> }

export const spanFields = {
  name: 'string', kind: 'string', status: 'string', service: 'string', environment: 'string', duration_ms: 'int', error_type: 'string',
} as const satisfies Fields

export const stepFields = {
  agent: 'string', tool: 'string', model: 'string', provider: 'string', operation: 'string', user: 'string', session: 'string',
  workflow: 'string', tokens_in: 'int', tokens_out: 'int', finish_reasons: 'list<string>', executed: 'bool',
} as const satisfies Fields

export const repeatedToolCallFields = { tool: 'string', count: 'int' } as const satisfies Fields

export const runFields = {
  name: 'string', status: 'string', service: 'string', environment: 'string', workflow: 'string', cost_nano: 'int', tokens: 'int',
  model_calls: 'int', tool_calls: 'int', failed_tool_calls: 'int', steps: 'int', errors: 'int', duration_ms: 'int',
  agents: 'list<string>', users: 'list<string>', sessions: 'list<string>', models: 'list<string>', providers: 'list<string>',
  repeated_tool_calls: 'list<RepeatedToolCall>',
} as const satisfies Fields

/*
 * What follows are classes because the engine knows a record by its class; and their fields are getters because a policy
 * reads three of twenty: nothing is computed that no expression asks for.
 */

const millis = (from: bigint, to: bigint): bigint => (to > from ? (to - from) / 1_000_000n : 0n)
const cut = <T>(list: readonly T[]): readonly T[] => (list.length > listItemsMax ? list.slice(0, listItemsMax) : list)

export class Span implements Values<typeof spanFields> {
  readonly #facts: SpanFacts
  constructor(facts: SpanFacts) { this.#facts = facts }
  get name() { return this.#facts.name }
  get kind(): string { return kindOfRole[this.#facts.step.role] }
  get status(): string { return this.#facts.failed ? 'ERROR' : 'OK' }
  get service() { return this.#facts.service }
  get environment() { return this.#facts.environment }
  get duration_ms() { return millis(this.#facts.startedAt, this.#facts.endedAt) }
  get error_type() { return this.#facts.step.errorType }
}

export class Step implements Values<typeof stepFields> {
  readonly #facts: SpanFacts
  constructor(facts: SpanFacts) { this.#facts = facts }
  get agent() { return this.#facts.step.agent }
  get tool() { return this.#facts.step.tool }
  get model() { return this.#facts.step.responseModel || this.#facts.step.requestModel }
  get provider() { return this.#facts.step.provider }
  get operation() { return this.#facts.step.operation }
  get user() { return this.#facts.step.user }
  get session() { return this.#facts.step.session }
  get workflow() { return this.#facts.step.workflow }
  get tokens_in() { return BigInt(tokenUsage(this.#facts.step.usage ?? {}).input) }
  get tokens_out() { return BigInt(tokenUsage(this.#facts.step.usage ?? {}).output) }
  get finish_reasons() { return cut(this.#facts.step.finishReasons) }
  get executed() { return this.#facts.step.executed }
}

export class RepeatedToolCall implements Values<typeof repeatedToolCallFields> {
  readonly tool: string
  readonly count: bigint
  constructor(tool: string, count: bigint) {
    this.tool = tool
    this.count = count
  }
}

export class Run implements Values<typeof runFields> {
  readonly #view: RunView
  constructor(view: RunView) { this.#view = view }
  get name() { return this.#view.account.name }
  get status(): string { return this.#view.account.status }
  get service() { return this.#view.account.service }
  get environment() { return this.#view.account.environment }
  get workflow() { return this.#view.account.workflow }
  get cost_nano() { return nanoFromPico(this.#view.cost) }
  get tokens() { return BigInt(this.#view.account.tokens.total) }
  get model_calls() { return BigInt(this.#view.account.modelCalls) }
  get tool_calls() { return BigInt(this.#view.account.toolCalls) }
  get failed_tool_calls() { return BigInt(this.#view.account.failedToolCalls) }
  get steps() { return BigInt(this.#view.account.spanCount) }
  get errors() { return BigInt(this.#view.account.errorCount) }
  get duration_ms() { return millis(this.#view.account.startedAt, runEnd(this.#view)) }
  get agents() { return cut(this.#view.account.agents) }
  get users() { return cut(this.#view.account.users) }
  get sessions() { return cut(this.#view.account.sessions) }
  get models() { return cut(this.#view.account.models) }
  get providers() { return cut(this.#view.account.providers) }
  get repeated_tool_calls() {
    return cut(this.#view.account.repeatedToolCalls).map(({ tool, count }) => new RepeatedToolCall(tool, BigInt(count)))
  }
}

/** When the run ended or, where its end is not known yet, the last thing known of it. */
export function runEnd({ account, spans }: RunView): bigint {
  return account.endedAt ?? spans.reduce((latest, span) => (span.endedAt > latest ? span.endedAt : latest), account.startedAt)
}

/** What a span policy reads. */
export interface SpanActivation extends Activation {
  readonly span: Values<typeof spanFields>
  readonly step: Values<typeof stepFields>
  readonly attributes: ReadonlyMap<string, Scalar>
  readonly truncated: boolean
}

/** What a run policy reads. */
export interface RunActivation extends Activation {
  readonly run: Values<typeof runFields>
  readonly truncated: boolean
}

class LazySpanActivation implements SpanActivation {
  [variable: string]: unknown
  readonly span: Span
  readonly step: Step
  readonly #facts: SpanFacts
  readonly #attributes: Attributes
  #scalars: Scalars | undefined = undefined
  constructor(facts: SpanFacts, attributes: Attributes) {
    this.span = new Span(facts)
    this.step = new Step(facts)
    this.#facts = facts
    this.#attributes = attributes
  }
  get #read() { return (this.#scalars ??= scalarAttributes(this.#attributes)) }
  get attributes() { return this.#read.values }
  get truncated() { return this.#read.truncated || this.#facts.step.finishReasons.length > listItemsMax }
}

export const spanActivation = (facts: SpanFacts, attributes: Attributes): SpanActivation => new LazySpanActivation(facts, attributes)

interface Scalars {
  readonly values: ReadonlyMap<string, Scalar>
  readonly truncated: boolean
}

/** Texts, integers, doubles and booleans; lists, maps and bytes have no place in the language. */
function scalarAttributes(attributes: Attributes): Scalars {
  const values = new Map<string, Scalar>()
  let truncated = false
  for (const [key, value] of attributes) {
    if (typeof value === 'object') continue
    if (typeof value === 'string' && value.length > textCharactersMax) {
      values.set(key, value.slice(0, textCharactersMax))
      truncated = true
    } else {
      values.set(key, value)
    }
  }
  return { values, truncated }
}

export function runActivation(view: RunView): RunActivation {
  const { agents, users, sessions, models, providers, repeatedToolCalls } = view.account
  const lists = [agents, users, sessions, models, providers, repeatedToolCalls]
  return { run: new Run(view), truncated: lists.some((list) => list.length > listItemsMax) }
}

export const spanDeclarations: Declarations = {
  records: [
    { name: 'Span', constructedBy: Span, fields: spanFields },
    { name: 'Step', constructedBy: Step, fields: stepFields },
  ],
  variables: { span: 'Span', step: 'Step', attributes: 'map<string, dyn>', truncated: 'bool' },
}

export const runDeclarations: Declarations = {
  records: [
    { name: 'RepeatedToolCall', constructedBy: RepeatedToolCall, fields: repeatedToolCallFields },
    { name: 'Run', constructedBy: Run, fields: runFields },
  ],
  variables: { run: 'Run', truncated: 'bool' },
}
