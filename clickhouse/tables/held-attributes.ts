import type { SpanFacts } from '#semconv/facts.ts'
import type { Pairs } from '../table.ts'
import type { SpanRow } from './spans.ts'

/**
 * Most text attributes of a GenAI span stand in a typed column too, ids of 24 random characters among them. Where the value is the
 * same, the map leaves the attribute out and a bit says that the column holds it: half of what a span took. Reading
 * `attributes_string` gives all of them, as sent. Token counts are not among them: `verify` works out what the columns say from
 * what was sent, so what was sent must not come from them.
 */
interface Held {
  readonly key: string
  readonly column: string
  readonly of: (facts: SpanFacts) => string
}

/** The position is the bit on disk: append, never reorder; at most 32. */
const heldStrings: readonly Held[] = [
  { key: 'gen_ai.operation.name', column: 'operation', of: ({ step }) => step.operation },
  { key: 'gen_ai.provider.name', column: 'provider', of: ({ step }) => step.provider },
  { key: 'gen_ai.request.model', column: 'request_model', of: ({ step }) => step.requestModel },
  { key: 'gen_ai.response.model', column: 'response_model', of: ({ step }) => step.responseModel },
  { key: 'gen_ai.response.id', column: 'response_id', of: ({ step }) => step.responseId },
  { key: 'gen_ai.conversation.id', column: 'session', of: ({ step }) => step.session },
  { key: 'session.id', column: 'session', of: ({ step }) => step.session },
  { key: 'user.id', column: 'user', of: ({ step }) => step.user },
  { key: 'gen_ai.agent.name', column: 'agent', of: ({ step }) => step.agent },
  { key: 'gen_ai.agent.id', column: 'agent_id', of: ({ step }) => step.agentId },
  { key: 'gen_ai.tool.name', column: 'tool', of: ({ step }) => step.tool },
  { key: 'gen_ai.tool.call.id', column: 'tool_call_id', of: ({ step }) => step.toolCallId },
  { key: 'gen_ai.system', column: 'provider', of: ({ step }) => step.provider },
  { key: 'error.type', column: 'error_type', of: ({ step }) => step.errorType },
]

const bits: ReadonlyMap<string, number> = new Map(heldStrings.map(({ key }, bit) => [key, bit]))

export interface HeldAttributes {
  /** A bit for each attribute that a column holds. */
  readonly held: number
  /** The others. */
  readonly own: Pairs<string>
}

/** Two columns of a row are made of it, one after the other. */
let last: { readonly row: SpanRow; readonly attributes: HeldAttributes } | undefined

export function heldAttributesOf(row: SpanRow): HeldAttributes {
  if (last?.row !== row) last = { row, attributes: heldOf(row) }
  return last.attributes
}

function heldOf({ facts, attributesString }: SpanRow): HeldAttributes {
  let held = 0
  const own: { keys: string[]; values: string[] } = { keys: [], values: [] }
  for (let at = 0; at < attributesString.keys.length; at++) {
    const key = attributesString.keys[at] as string
    const value = attributesString.values[at] as string
    const bit = bits.get(key)
    if (bit !== undefined && heldStrings[bit]?.of(facts) === value) held |= 1 << bit
    else {
      own.keys.push(key)
      own.values.push(value)
    }
  }
  return held === 0 ? { held, own: attributesString } : { held: held >>> 0, own }
}

/** Which of a row's columns hold an attribute, in the order of the bits: to say it again without asking the engine. */
export const heldColumns: readonly Pick<Held, 'key' | 'column'>[] = heldStrings

const listed = (items: readonly string[]): string => `[${items.join(', ')}]`
const keys = listed(heldStrings.map(({ key }) => `'${key}'`))
const values = listed(heldStrings.map(({ column }) => `toString(${column})`))
const type = 'Map(LowCardinality(String), String)'

/** Values that a search for an attribute asks the index `by_value` about, whatever their key. */
const searched = listed([...new Set(heldStrings.map(({ column }) => `toString(${column})`))])

export const heldDdl: readonly string[] = [
  `attributes_string ${type} ALIAS if(attributes_held = 0, attributes_string_own, mapConcat(attributes_string_own, CAST(arrayMap(bit -> (${keys}[bit + 1], ${values}[bit + 1]), arrayFilter(bit -> bitTest(attributes_held, bit), range(${heldStrings.length}))), '${type}')))`,
  `attribute_values Array(String) ALIAS arrayConcat(mapValues(attributes_string_own), ${searched})`,
]
