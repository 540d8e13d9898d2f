import { type SpanFacts, tokenMeters } from '#semconv/facts.ts'
import { inputTokens, outputTokens } from '#semconv/usage-sums.ts'
import type { Pairs } from '../table.ts'
import type { SpanRow } from './spans.ts'
import { usageColumn } from './usage-column.ts'

/**
 * Most attributes of a GenAI span stand in a typed column too, ids of 24 random characters among them. Where the value is the
 * same, the map leaves the attribute out and a bit says that the column holds it: half of what a span took. Reading
 * `attributes_string` and `attributes_int` gives all of them, as sent.
 */
interface Held<T> {
  readonly key: string
  /** What the row says of it, in SQL. */
  readonly sql: string
  readonly of: (facts: SpanFacts) => T
}

/** The position is the bit on disk: append, never reorder; at most 16. */
const heldStrings: readonly Held<string>[] = [
  { key: 'gen_ai.operation.name', sql: 'operation', of: ({ step }) => step.operation },
  { key: 'gen_ai.provider.name', sql: 'provider', of: ({ step }) => step.provider },
  { key: 'gen_ai.request.model', sql: 'request_model', of: ({ step }) => step.requestModel },
  { key: 'gen_ai.response.model', sql: 'response_model', of: ({ step }) => step.responseModel },
  { key: 'gen_ai.response.id', sql: 'response_id', of: ({ step }) => step.responseId },
  { key: 'gen_ai.conversation.id', sql: 'session', of: ({ step }) => step.session },
  { key: 'session.id', sql: 'session', of: ({ step }) => step.session },
  { key: 'user.id', sql: 'user', of: ({ step }) => step.user },
  { key: 'gen_ai.agent.name', sql: 'agent', of: ({ step }) => step.agent },
  { key: 'gen_ai.agent.id', sql: 'agent_id', of: ({ step }) => step.agentId },
  { key: 'gen_ai.tool.name', sql: 'tool', of: ({ step }) => step.tool },
  { key: 'gen_ai.tool.call.id', sql: 'tool_call_id', of: ({ step }) => step.toolCallId },
  { key: 'gen_ai.system', sql: 'provider', of: ({ step }) => step.provider },
  { key: 'error.type', sql: 'error_type', of: ({ step }) => step.errorType },
]

const sumOf = (beginning: string): string => tokenMeters.filter((meter) => meter.startsWith(beginning)).map(usageColumn).join(' + ')

/** As above; their bits are those from 16 on. */
const heldInts: readonly Held<number>[] = [
  { key: 'gen_ai.usage.input_tokens', sql: sumOf('input.'), of: ({ step }) => inputTokens(step.usage ?? {}) },
  { key: 'gen_ai.usage.output_tokens', sql: sumOf('output.'), of: ({ step }) => outputTokens(step.usage ?? {}) },
  { key: 'gen_ai.usage.cache_read.input_tokens', sql: 'usage_input_cache_read', of: ({ step }) => step.usage?.['input.cache_read'] ?? 0 },
  { key: 'gen_ai.usage.reasoning.output_tokens', sql: 'usage_output_reasoning', of: ({ step }) => step.usage?.['output.reasoning'] ?? 0 },
]
const firstIntBit = 16

const bitsOf = (held: readonly { readonly key: string }[], first: number): ReadonlyMap<string, number> => new Map(held.map(({ key }, at) => [key, first + at]))
const stringBits = bitsOf(heldStrings, 0)
const intBits = bitsOf(heldInts, firstIntBit)

export interface HeldAttributes {
  /** A bit for each attribute that a column holds. */
  readonly held: number
  /** The others. */
  readonly ownStrings: Pairs<string>
  readonly ownInts: Pairs<bigint>
}

/** Three columns of a row are made of it, one after the other. */
let last: { readonly row: SpanRow; readonly attributes: HeldAttributes } | undefined

export function heldAttributesOf(row: SpanRow): HeldAttributes {
  if (last?.row !== row) last = { row, attributes: held(row) }
  return last.attributes
}

function held({ facts, attributesString, attributesInt }: SpanRow): HeldAttributes {
  const strings = without(attributesString, stringBits, (bit, value) => heldStrings[bit]?.of(facts) === value)
  // A count above 2^53 is stored as 2^53: what the column says must be what was sent.
  const ints = without(attributesInt, intBits, (bit, value) => Number.isSafeInteger(Number(value)) && heldInts[bit - firstIntBit]?.of(facts) === Number(value))
  return { held: (strings.held | ints.held) >>> 0, ownStrings: strings.own, ownInts: ints.own }
}

/** Without what is held, which a bit stands for; the same list where nothing is. A key that stands twice is told once: attributes are a map. */
function without<T>({ keys, values }: Pairs<T>, bits: ReadonlyMap<string, number>, isHeld: (bit: number, value: T) => boolean): { readonly held: number; readonly own: Pairs<T> } {
  let mask = 0
  const own: { keys: string[]; values: T[] } = { keys: [], values: [] }
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as string
    const value = values[at] as T
    const bit = bits.get(key)
    if (bit !== undefined && isHeld(bit, value)) mask |= 1 << bit
    else {
      own.keys.push(key)
      own.values.push(value)
    }
  }
  return { held: mask, own: mask === 0 ? { keys, values } : own }
}

/** The map of a column, all of it: what it keeps itself, and what other columns hold for it. */
function whole(column: string, type: string, ofHeld: readonly Held<unknown>[], first: number, cast: string): string {
  const keys = ofHeld.map(({ key }) => `'${key}'`).join(', ')
  const values = ofHeld.map(({ sql }) => `${cast}(${sql})`).join(', ')
  const bits = `arrayFilter(bit -> bitTest(attributes_held, bit), range(${first}, ${first + ofHeld.length}))`
  return `${column} ${type} ALIAS if(attributes_held = 0, ${column}_own, mapConcat(${column}_own, CAST(arrayMap(bit -> ([${keys}][bit - ${first - 1}], [${values}][bit - ${first - 1}]), ${bits}), '${type}')))`
}

/** Values of text that a search for an attribute asks the index `by_value` about, whatever their key. */
const searched = ['operation', 'provider', 'request_model', 'response_model', 'response_id', 'session', 'user', 'agent', 'agent_id', 'tool', 'tool_call_id', 'error_type']

export const heldDdl: readonly string[] = [
  whole('attributes_string', 'Map(LowCardinality(String), String)', heldStrings, 0, 'toString'),
  whole('attributes_int', 'Map(LowCardinality(String), Int64)', heldInts, firstIntBit, 'toInt64'),
  `attribute_values Array(String) ALIAS arrayConcat(mapValues(attributes_string_own), [${searched.map((column) => `toString(${column})`).join(', ')}])`,
]
