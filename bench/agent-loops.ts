import { type Random, seededRandom } from '#otel-config/demo/random.ts'
import type { AttributeValue, SpanRecord } from '#semconv/attributes.ts'

/**
 * Agent loops with content: in every turn the model is sent the whole conversation so far, and so is told by its span. Text is
 * made of words at random, as varied as prose is to a compressor (about two bits and a half a character), so that only what is
 * really said again compresses to nothing.
 */
export const loopDialects = ['genai', 'openinference', 'ai-sdk'] as const
export type LoopDialect = (typeof loopDialects)[number]

/** A chat sends some 12 KB with every call, a coding agent with long instructions and whole files some 110 KB. */
export const loopSizes = ['chat', 'coding'] as const
export type LoopSize = (typeof loopSizes)[number]
const wordsOf: Readonly<Record<LoopSize, { readonly instructions: number; readonly result: readonly [number, number] }>> = {
  chat: { instructions: 350, result: [30, 160] },
  coding: { instructions: 6_000, result: [300, 1_200] },
}

/** Model-call spans of one conversation in one trace, its tools left out. */
export function agentLoops(seed: number, turns: number, size: LoopSize): (dialect: LoopDialect, endsAt: bigint) => readonly SpanRecord[] {
  const random = seededRandom(seed, 0)
  const words = Array.from({ length: 4_000 }, () => word(random))
  return (dialect, endsAt) => loop(random, words, { dialect, turns, size }, endsAt)
}

const syllables = ['an', 'be', 'co', 'de', 'er', 'fo', 'ga', 'in', 'le', 'mo', 'no', 'or', 'pa', 're', 'st', 'ti', 'un', 'ver', 'wi', 'al'] as const
const word = (random: Random): string => Array.from({ length: random.integer(1, 4) }, () => random.pick(syllables)).join('')

/** Frequent words are frequent: the square of an even chance. */
const prose = (random: Random, words: readonly string[], count: number): string =>
  Array.from({ length: count }, () => words[Math.floor(random.next() ** 2 * words.length)] as string).join(' ')

interface Message {
  readonly role: string
  readonly parts: readonly object[]
}

const answerWords: readonly [number, number] = [15, 60]
const turnNanos = 2_000_000_000n

interface LoopShape {
  readonly dialect: LoopDialect
  readonly turns: number
  readonly size: LoopSize
}

function loop(random: Random, words: readonly string[], { dialect, turns, size }: LoopShape, endsAt: bigint): readonly SpanRecord[] {
  const traceId = random.hex(32)
  const parentSpanId = random.hex(16)
  const instructions = prose(random, words, wordsOf[size].instructions)
  const messages: Message[] = [{ role: 'user', parts: [{ type: 'text', content: prose(random, words, 40) }] }]
  return Array.from({ length: turns }, (_, turn) => {
    const id = `call_${random.hex(24)}`
    const said: Message = {
      role: 'assistant',
      parts: [{ type: 'text', content: prose(random, words, random.integer(...answerWords)) }, { type: 'tool_call', id, name: 'search', arguments: { query: prose(random, words, 5) } }],
    }
    const start = endsAt - turnNanos * BigInt(turns - turn)
    const span: SpanRecord = {
      traceId, spanId: random.hex(16), parentSpanId, traceState: '', flags: 0x101, name: 'chat gpt-5', kind: 3, startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(random.integer(700_000_000, 1_900_000_000)), statusCode: 0, statusMessage: '',
      attributes: new Map([...common(random, turn), ...contentOf[dialect](instructions, messages, said)]), droppedAttributesCount: 0, events: [], droppedEventsCount: 0,
      links: [], droppedLinksCount: 0, resource, scope,
    }
    messages.push(said, { role: 'tool', parts: [{ type: 'tool_call_response', id, response: prose(random, words, random.integer(...wordsOf[size].result)) }] })
    return span
  })
}

const resource = { schemaUrl: '', attributes: new Map<string, AttributeValue>([['service.name', 'loop-agent'], ['deployment.environment.name', 'production']]) }
const scope = { name: 'opentelemetry.instrumentation.genai', version: '2.4b0', attributes: new Map(), schemaUrl: '' }

type Pairs = readonly (readonly [string, AttributeValue])[]

const common = (random: Random, turn: number): Pairs => [
  ['gen_ai.operation.name', 'chat'], ['gen_ai.provider.name', 'openai'], ['gen_ai.request.model', 'gpt-5'], ['gen_ai.response.model', 'gpt-5-2025-08-07'],
  ['gen_ai.response.id', `chatcmpl-${random.hex(24)}`], ['gen_ai.usage.input_tokens', BigInt(600 + turn * 180 + random.integer(0, 60))],
  ['gen_ai.usage.output_tokens', BigInt(random.integer(30, 120))],
]

const contentOf: Readonly<Record<LoopDialect, (instructions: string, messages: readonly Message[], said: Message) => Pairs>> = {
  genai: (instructions, messages, said) => [
    ['gen_ai.system_instructions', JSON.stringify([{ type: 'text', content: instructions }])],
    ['gen_ai.input.messages', JSON.stringify(messages)], ['gen_ai.output.messages', JSON.stringify([said])],
  ],
  openinference: (instructions, messages, said) => [
    ['openinference.span.kind', 'LLM'], ...flattened('llm.input_messages', [{ role: 'system', parts: [{ content: instructions }] }, ...messages]), ...flattened('llm.output_messages', [said]),
  ],
  'ai-sdk': (instructions, messages, said) => [
    ['ai.operationId', 'ai.generateText.doGenerate'],
    ['ai.prompt.messages', JSON.stringify([{ role: 'system', content: instructions }, ...messages.map(({ role, parts }) => ({ role, content: parts }))])],
    ['ai.response.text', JSON.stringify(said.parts)],
  ],
}

const flattened = (prefix: string, messages: readonly Message[]): Pairs => messages.flatMap(({ role, parts }, at): Pairs => [
  [`${prefix}.${at}.message.role`, role], [`${prefix}.${at}.message.content`, JSON.stringify(parts)],
])
