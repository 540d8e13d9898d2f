import { type AttributeValue, KeyValueList, type SpanRecord } from './attributes.ts'
import type { Step, UsageFlag } from './facts.ts'
import { conventions, current, type Field, fieldTypes, renamings } from './keys.ts'
import { remembered } from './memo.ts'
import { providers } from './provider.ts'
import { roleOfOperation } from './role.ts'
import { cut } from './value.ts'

/** What is wrong, roughly: where somebody looks who misses tokens, money or a step. */
export const findingKinds = ['MISSING', 'AMBIGUOUS', 'DROPPED', 'MALFORMED', 'OUTDATED', 'UNRECOGNISED'] as const
export type FindingKind = (typeof findingKinds)[number]

/** Everything that can be found about one step. Stored by name: append, never rename. */
export const findingCodes = [
  'USAGE_MISSING', 'MODEL_MISSING', 'RESPONSE_MODEL_MISSING', 'PROVIDER_MISSING', 'TOOL_NAME_MISSING', 'SERVICE_NAME_MISSING', 'SCOPE_NAME_MISSING',
  'USAGE_UNSPLIT', 'CACHE_COUNTING_UNKNOWN', 'USAGE_REPAIRED', 'USAGE_CONTRADICTORY', 'CACHE_LIFETIME_UNKNOWN', 'CACHED_SOUND_UNKNOWN',
  'CACHE_COUNTS_DROPPED', 'CACHE_WRITES_HIDDEN', 'ATTRIBUTES_DROPPED', 'EVENTS_DROPPED', 'LINKS_DROPPED', 'CONTENT_CUT',
  'USAGE_INVALID', 'TYPE_WRONG', 'END_BEFORE_START',
  'NAME_OUTDATED',
  'PROVIDER_UNKNOWN', 'OPERATION_UNKNOWN', 'OPERATION_MISSING',
] as const
export type FindingCode = (typeof findingCodes)[number]

export const kindOfFinding: Readonly<Record<FindingCode, FindingKind>> = {
  USAGE_MISSING: 'MISSING', MODEL_MISSING: 'MISSING', RESPONSE_MODEL_MISSING: 'MISSING', PROVIDER_MISSING: 'MISSING', TOOL_NAME_MISSING: 'MISSING',
  SERVICE_NAME_MISSING: 'MISSING', SCOPE_NAME_MISSING: 'MISSING',
  USAGE_UNSPLIT: 'AMBIGUOUS', CACHE_COUNTING_UNKNOWN: 'AMBIGUOUS', USAGE_REPAIRED: 'AMBIGUOUS', USAGE_CONTRADICTORY: 'AMBIGUOUS',
  CACHE_LIFETIME_UNKNOWN: 'AMBIGUOUS', CACHED_SOUND_UNKNOWN: 'AMBIGUOUS',
  CACHE_COUNTS_DROPPED: 'DROPPED', CACHE_WRITES_HIDDEN: 'DROPPED', ATTRIBUTES_DROPPED: 'DROPPED', EVENTS_DROPPED: 'DROPPED', LINKS_DROPPED: 'DROPPED',
  CONTENT_CUT: 'DROPPED',
  USAGE_INVALID: 'MALFORMED', TYPE_WRONG: 'MALFORMED', END_BEFORE_START: 'MALFORMED',
  NAME_OUTDATED: 'OUTDATED',
  PROVIDER_UNKNOWN: 'UNRECOGNISED', OPERATION_UNKNOWN: 'UNRECOGNISED', OPERATION_MISSING: 'UNRECOGNISED',
}

/**
 * One thing that a step lacks or says otherwise than expected. Steps that show the same get the same object, so that counting
 * them is cheap; only of names that senders make up there may be equal ones.
 */
export interface Finding {
  readonly code: FindingCode
  /** Where in the span: an attribute's key, or a field of OTLP. */
  readonly attribute: string
  readonly expected: string
  /** Names and types, never content. */
  readonly found: string
  /** Version of the convention by which it was judged. */
  readonly convention: string
}

const nothing = 'nothing'
const judgedBy = (convention: string) => (code: FindingCode, attribute: string, expected: string, found: string): Finding =>
  ({ code, attribute, expected, found, convention })
const genai = judgedBy(conventions.genai)
const general = judgedBy(conventions.general)
const otlp = judgedBy(conventions.otlp)

const inputTokens = 'gen_ai.usage.input_tokens'

const usageMissing = genai('USAGE_MISSING', inputTokens, 'token counts', nothing)
const modelMissing = genai('MODEL_MISSING', 'gen_ai.request.model', 'a model', nothing)
const responseModelMissing = genai('RESPONSE_MODEL_MISSING', 'gen_ai.response.model', 'the model that answered', 'only the model that was asked')
const providerMissing = genai('PROVIDER_MISSING', 'gen_ai.provider.name', 'a provider', 'none, or the name of a framework')
const toolNameMissing = genai('TOOL_NAME_MISSING', 'gen_ai.tool.name', 'a tool', nothing)
const operationMissing = genai('OPERATION_MISSING', 'gen_ai.operation.name', 'an operation', 'an answer or tokens without one')
const serviceNameMissing = general('SERVICE_NAME_MISSING', 'service.name', 'a name', 'none, or unknown_service')
const scopeNameMissing = otlp('SCOPE_NAME_MISSING', 'scope.name', 'the name of the instrumentation', nothing)
const attributesDropped = otlp('ATTRIBUTES_DROPPED', 'dropped_attributes_count', '0', 'more than 0')
const eventsDropped = otlp('EVENTS_DROPPED', 'dropped_events_count', '0', 'more than 0')
const linksDropped = otlp('LINKS_DROPPED', 'dropped_links_count', '0', 'more than 0')
const endBeforeStart = otlp('END_BEFORE_START', 'end_time_unix_nano', 'a time after the start', 'an earlier one, or none')

const findingOfFlag: Readonly<Record<UsageFlag, Finding>> = {
  assumed_inclusive: genai('CACHE_COUNTING_UNKNOWN', inputTokens, 'cached tokens inside it', 'cached tokens, and nothing that says so'),
  repaired: genai('USAGE_REPAIRED', inputTokens, 'a sum over the cached tokens', 'counts that only add up without them'),
  usage_lossy: genai('CACHE_COUNTS_DROPPED', 'gen_ai.usage.*', 'every part that is priced apart', 'an emitter that leaves some out'),
  cache_write_hidden: genai('CACHE_WRITES_HIDDEN', 'gen_ai.usage.cache_write.input_tokens', 'tokens written to the cache',
    'an emitter that hides them in its input'),
  cache_ttl_unknown: genai('CACHE_LIFETIME_UNKNOWN', 'gen_ai.usage.cache_write.input_tokens', 'a lifetime', nothing),
  usage_inconsistent: genai('USAGE_CONTRADICTORY', inputTokens, 'parts within their whole', 'a part larger than its whole'),
  unsplit_total: genai('USAGE_UNSPLIT', inputTokens, 'input and output tokens', 'a total alone'),
  total_disagrees: genai('USAGE_CONTRADICTORY', 'gen_ai.usage.total_tokens', 'the sum of the parts', 'another number'),
  cached_audio_unknown: genai('CACHED_SOUND_UNKNOWN', 'gen_ai.usage.audio.cache_read.input_tokens', 'how much of the sound was cached', nothing),
  usage_invalid: genai('USAGE_INVALID', 'gen_ai.usage.*', 'an integer from 0', 'something else'),
}

const knownProviders: ReadonlySet<string> = new Set(providers)
/** Names that senders make up: so many are remembered, each of so many characters. */
const namesMax = 256
const nameMax = 64

/** The same object for the same name, as long as few are in use. */
function perName(make: (name: string) => Finding): (name: string) => Finding {
  const known = new Map<string, Finding>()
  return (name) => {
    const found = known.get(name)
    if (found !== undefined) return found
    if (known.size === namesMax) known.clear()
    const fresh = make(name)
    known.set(name, fresh)
    return fresh
  }
}

const unknownProvider = perName((provider) => genai('PROVIDER_UNKNOWN', 'gen_ai.provider.name', 'a provider of the convention', provider))
const unknownOperation = perName((operation) => genai('OPERATION_UNKNOWN', 'gen_ai.operation.name', 'an operation of the convention', operation))

/** What one attribute may be asked; `undefined` where nothing is wrong with it. */
type Check = (value: NonNullable<AttributeValue>, span: Looked) => Finding | undefined

/** Of a span, what is looked at besides its step. */
export type Looked = Pick<SpanRecord,
  'attributes' | 'droppedAttributesCount' | 'droppedEventsCount' | 'droppedLinksCount' | 'startTimeUnixNano' | 'endTimeUnixNano'>

/** An attribute value's type in OTLP's words. */
function typeOf(value: NonNullable<AttributeValue>): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'boolean') return 'boolean'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof KeyValueList) return 'kvlist'
  return value.every((item: AttributeValue) => typeof item === 'string') ? 'string[]' : 'array'
}

const typeCheck = (attribute: string, expected: 'string' | 'int' | 'string[]'): Check => {
  const found = remembered((type) => genai('TYPE_WRONG', attribute, expected, type))
  return (value) => {
    const type = typeOf(value)
    return type === expected ? undefined : found(type)
  }
}

const renamedCheck = (attribute: string): Check => {
  const { now, since } = renamings[attribute] as (typeof renamings)[string]
  const outdated: Finding = { code: 'NAME_OUTDATED', attribute, expected: now, found: attribute, convention: since }
  // Who writes both names leaves nobody behind.
  return (_, { attributes }) => (attributes.has(now) ? undefined : outdated)
}

/** JSON by the conventions; the text of others may begin with a bracket and be none. */
const jsonKeys = [
  'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.tool.call.arguments',
]

/** Text that begins as a JSON list or object and does not end as one was cut, by a limit of the sender's SDK or by ours. */
const cutCheck = (attribute: string): Check => {
  const isCut = genai('CONTENT_CUT', attribute, 'JSON', 'JSON that ends in its midst')
  return (value) => (typeof value === 'string' && beginsAsJson(value) && !endsAsJson(value) ? isCut : undefined)
}
const beginsAsJson = (text: string): boolean => text.startsWith('[') || text.startsWith('{')
const endsAsJson = (text: string): boolean => {
  const end = text.endsWith('\n') ? text.trimEnd() : text
  return end.endsWith('}') || (end.endsWith(']') && !end.slice(-ourCutMax).includes('[spanledger: cut, '))
}
/** Characters of what decoding puts at the end of a value that is too long (`collector/decode/traces.ts`), with room to spare. */
const ourCutMax = 150

/** Fields whose type the conventions name and emitters get wrong; the keys of proposals are left out. */
const expectedTypes: Readonly<Partial<Record<(typeof fieldTypes)[Field], 'string' | 'int'>>> = { word: 'string', count: 'int' }

/** What an attribute is asked, by its key. A key that was renamed is asked for its type only under its new name. */
const checks: ReadonlyMap<string, Check> = new Map([
  ...typeChecks(),
  ...jsonKeys.map((key) => [key, cutCheck(key)] as const),
  ...Object.keys(renamings).map((key) => [key, renamedCheck(key)] as const),
])

function typeChecks(): readonly (readonly [string, Check])[] {
  const typed = (Object.entries(current) as [Field, readonly string[]][]).flatMap(([field, keys]) => {
    const expected = expectedTypes[fieldTypes[field]]
    return expected === undefined ? [] : keys.map((key) => [key, typeCheck(key, expected)] as const)
  })
  return [...typed, ['gen_ai.response.finish_reasons', typeCheck('gen_ai.response.finish_reasons', 'string[]')]]
}

/**
 * What is found about one step, each once. Runs for every span: what is already known of the step is looked at first, and of
 * attributes only those of spans that mean something to us.
 */
export function findings(span: Looked, step: Step, failed: boolean, report: (finding: Finding) => void): void {
  if (span.droppedAttributesCount > 0) report(attributesDropped)
  if (span.droppedEventsCount > 0) report(eventsDropped)
  if (span.droppedLinksCount > 0) report(linksDropped)
  if (span.endTimeUnixNano < span.startTimeUnixNano) report(endBeforeStart)
  for (const flag of step.usageFlags) report(findingOfFlag[flag])
  ofRole(step, failed, report)
  if (step.role === 'io' || (step.role === 'span' && step.dialect === 'generic')) return
  span.attributes.forEach((value, key) => {
    // An empty value is as good as none.
    const found = value === null ? undefined : checks.get(key)?.(value, span)
    if (found !== undefined) report(found)
  })
}

function ofRole(step: Step, failed: boolean, report: (finding: Finding) => void): void {
  switch (step.role) {
    case 'model_call':
    case 'embedding': return ofCall(step, failed, report)
    case 'tool':
      if (step.tool === '') report(toolNameMissing)
      return
    case 'span':
      if (step.operation !== '' && roleOfOperation(step.operation) === undefined) report(unknownOperation(cut(step.operation, nameMax)))
      else if (step.operation === '' && (step.responseModel !== '' || step.usage !== undefined)) report(operationMissing)
      return
    case 'turn': case 'workflow': case 'agent': case 'step': case 'plan': case 'retrieval': case 'memory': case 'guardrail':
    case 'evaluation': case 'handoff': case 'control': case 'mcp_control': case 'io':
  }
}

function ofCall(step: Step, failed: boolean, report: (finding: Finding) => void): void {
  // A call that failed is not expected to say what it used, nor who answered.
  if (!failed && step.errorType === '') {
    if (step.usage === undefined) report(usageMissing)
    if (step.responseModel === '' && step.requestModel !== '') report(responseModelMissing)
  }
  if (step.responseModel === '' && step.requestModel === '') report(modelMissing)
  if (step.provider === '') report(providerMissing)
  else if (!knownProviders.has(step.provider)) report(unknownProvider(cut(step.provider, nameMax)))
}

/** What is said of a whole resource and scope, not of a step. */
export function ofSender(service: string, scopeName: string): readonly Finding[] {
  return [
    ...(service === '' || service.startsWith('unknown_service') ? [serviceNameMissing] : []),
    ...(scopeName === '' ? [scopeNameMissing] : []),
  ]
}
