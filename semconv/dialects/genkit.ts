import type { Attributes } from '../attributes.ts'
import { bodyCounts } from '../body-counts.ts'
import type { Dialect, Draft } from '../dialect.ts'
import { type JsonObject, member, objectMember, parsedObject, tokenCount, word } from '../value.ts'

const source = 'captured from genkit 1.42 for JavaScript'

/** Google's Genkit. It writes no convention's keys: what a call used, and the answer's name and id, stand in its output. */
export const genkit: Dialect = {
  name: 'genkit',
  keys: {
    kind: ['genkit:metadata:subtype', 'genkit:type'],
    session: ['genkit:sessionId'],
    entity: ['genkit:name'],
    toolArguments: ['genkit:input'],
    usageDetails: ['genkit:output'],
  },
  // Each plugin passes its provider's counts on.
  counting: [
    { source, providers: ['gcp.gemini', 'gcp.vertex_ai'], input: 'inclusive', output: 'exclusive' },
    // The plugin for Go passes neither the cache nor the answer on.
    { source: 'captured from genkit 1.4.0 for Go', providers: ['anthropic'], when: hidesAnswer, input: 'exclusive', lossy: true },
    { source, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive' },
    { source, input: 'inclusive', output: 'inclusive' },
  ],
  counts(counts, reading) {
    if (!calls.has(reading.word('kind'))) return
    const output = parsedObject(reading.value('usageDetails'))
    const usage = objectMember(output, 'usage')
    counts.input ??= tokenCount(member(usage, 'inputTokens'))
    counts.output ??= tokenCount(member(usage, 'outputTokens'))
    counts.total ??= tokenCount(member(usage, 'totalTokens'))
    counts.cacheRead ??= tokenCount(member(usage, 'cachedContentTokens'))
    counts.reasoning ??= tokenCount(member(usage, 'thoughtsTokens'))
    bodyCounts(counts, objectMember(answerBody(output), 'usage'))
  },
  refine(draft, reading) {
    const name = reading.word('entity')
    if (draft.role === 'tool') draft.tool ||= name
    if (draft.role === 'agent') draft.agent ||= name
    if (draft.role === 'workflow') draft.workflow ||= name
    if (draft.role === 'model_call' || draft.role === 'embedding') nameModel(draft, name)
    if (draft.role === 'model_call') nameAnswer(draft, parsedObject(reading.value('usageDetails')))
  },
}

const calls: ReadonlySet<string> = new Set(['model', 'background-model', 'embedder'])

/** `googleai/gemini-2.5-flash`: the plugin, then the model. */
function nameModel(draft: Draft, name: string): void {
  const slash = name.indexOf('/')
  draft.provider ||= slash < 0 ? '' : name.slice(0, slash)
  draft.requestModel ||= name.slice(slash + 1)
}

function nameAnswer(draft: Draft, output: JsonObject | undefined): void {
  const body = answerBody(output)
  const text = (value: ReturnType<typeof member>) => (typeof value === 'string' ? word(value) : undefined)
  draft.responseModel ||= text(member(body, 'model') ?? member(body, 'modelVersion')) ?? ''
  draft.responseId ||= text(member(body, 'id') ?? member(body, 'responseId')) ?? ''
  const candidates = member(output, 'candidates')
  const first = Array.isArray(candidates) ? (candidates[0] as JsonObject | undefined) : undefined
  const reason = text(member(output, 'finishReason') ?? member(first, 'finishReason'))
  if (reason !== undefined && draft.finishReasons.length === 0) draft.finishReasons = [reason]
}

/** The provider's own answer. */
const answerBody = (output: JsonObject | undefined): JsonObject | undefined => objectMember(output, 'raw') ?? objectMember(output, 'custom')

function hidesAnswer(attributes: Attributes): boolean {
  const output = attributes.get('genkit:output')
  return typeof output === 'string' && !/"(?:raw|custom)":/.test(output)
}
