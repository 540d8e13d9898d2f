import type { Attributes, AttributeValue, SpanEvent } from '#semconv/attributes.ts'
import { stepInput, stepOutput } from '#semconv/content.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { plain } from '#semconv/value.ts'
import type { QueryContext } from '../context.ts'
import { hexOf, latestOfSpan } from '../reader.ts'
import { allOf, betweenNanos, idAmong, idIs } from '../where.ts'
import { attributes, type KeyValue, storedAny, storedPairs } from './any-value.ts'
import type { Step, StepEvent } from './step.ts'

/** What is too large for a list of steps: read only for the steps whose content is asked for. */
export interface StepContent {
  readonly input: unknown
  readonly output: unknown
  readonly attributes: unknown
  readonly events: readonly StepEvent[]
  readonly links: unknown
  readonly droppedAttributes: number
}

/** Spans of one read: 500 prompts of 200 kB are what an answer may hold in memory. */
const batchMax = 500

interface Batch {
  readonly starts: Map<string, UnixNano>
  readonly contents: Promise<Map<string, StepContent>>
  /** Taken by the reader: nobody may join any more. */
  closed: boolean
}
const batches = new WeakMap<QueryContext, Map<string, Batch>>()

/**
 * The content of one step. Steps of one request that ask in the same tick are read together, so that a list of steps is
 * a few reads and not one a step; a step asked again by another field is not read again.
 */
export async function stepContent(context: QueryContext, step: Step): Promise<StepContent> {
  return (await batchOf(context, step).contents).get(step.id) ?? nothing
}

const nothing: StepContent = { input: null, output: null, attributes: {}, events: [], links: [], droppedAttributes: 0 }

/** By `run/step` the batch that holds a step, by `run` the one that can still be joined. */
function batchOf(context: QueryContext, step: Step): Batch {
  const known = batches.get(context) ?? new Map<string, Batch>()
  batches.set(context, known)
  const key = `${step.runId}/${step.id}`
  const mine = known.get(key)
  if (mine !== undefined) return mine
  const open = known.get(step.runId)
  const batch = open !== undefined && !open.closed && open.starts.size < batchMax ? open : openBatch(context, step.runId)
  batch.starts.set(step.id, step.startedAt)
  known.set(step.runId, batch)
  known.set(key, batch)
  return batch
}

function openBatch(context: QueryContext, runId: string): Batch {
  const starts = new Map<string, UnixNano>()
  const contents = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    batch.closed = true
    return readContents(context, runId, starts)
  })
  const batch: Batch = { starts, contents, closed: false }
  return batch
}

const spanColumns = [
  hexOf('span_id', 'id'), 'attributes_string', 'attributes_int', 'attributes_double', 'attributes_bool', 'attributes_json', 'dropped_attributes',
].join(', ')
const contentColumns = [hexOf('span_id', 'id'), 'attributes_string', 'attributes_json', 'events', 'links'].join(', ')

interface StoredAttributes {
  readonly id: string
  readonly attributes_string: Readonly<Record<string, string>>
  readonly attributes_int: Readonly<Record<string, string>>
  readonly attributes_double: Readonly<Record<string, number>>
  readonly attributes_bool: Readonly<Record<string, boolean>>
  readonly attributes_json: Readonly<Record<string, string>>
  readonly dropped_attributes: number
}
interface StoredContent {
  readonly id: string
  readonly attributes_string: Readonly<Record<string, string>>
  readonly attributes_json: Readonly<Record<string, string>>
  readonly events: string
  readonly links: string
}

async function readContents(context: QueryContext, runId: string, startOf: ReadonlyMap<string, UnixNano>): Promise<Map<string, StepContent>> {
  const starts = [...startOf.values()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const where = allOf(
    idIs('trace', 'trace_id', 16, runId),
    idAmong('span_ids', 'span_id', 8, [...startOf.keys()]),
    betweenNanos('steps', 'started_at', starts.at(0) ?? 0n, starts.at(-1)),
  )
  const [spans, contents] = await Promise.all([
    context.reader.rows<StoredAttributes>({ columns: spanColumns, from: 'spans', where, tail: latestOfSpan }),
    context.reader.rows<StoredContent>({ columns: contentColumns, from: 'spanContent', where, tail: '' }),
  ])
  const contentOf = new Map(contents.map((content) => [content.id, content]))
  return new Map(spans.map((span) => [span.id, stepContentOf(span, contentOf.get(span.id))]))
}

function stepContentOf(span: StoredAttributes, content: StoredContent | undefined): StepContent {
  const values = attributesOf(span, content)
  const events = content === undefined || content.events === '' ? [] : (JSON.parse(content.events) as readonly StoredEvent[]).map(event)
  return {
    input: stepInput(values, events) ?? null,
    output: stepOutput(values, events) ?? null,
    attributes: plainAttributes(values),
    events: events.map((one) => ({ name: one.name, time: one.timeUnixNano, attributes: plainAttributes(one.attributes) })),
    links: content === undefined || content.links === '' ? [] : JSON.parse(content.links),
    droppedAttributes: span.dropped_attributes,
  }
}

interface StoredEvent {
  readonly timeUnixNano?: string | number
  readonly name?: string
  readonly attributes?: readonly KeyValue[]
  readonly droppedAttributesCount?: number
}
const event = (stored: StoredEvent): SpanEvent => ({
  timeUnixNano: BigInt(stored.timeUnixNano ?? 0),
  name: stored.name ?? '',
  attributes: attributes(stored.attributes ?? []),
  droppedAttributesCount: stored.droppedAttributesCount ?? 0,
})

/** Every attribute with the type it was sent in. */
function attributesOf(span: StoredAttributes, content: StoredContent | undefined): Attributes {
  const values = new Map<string, AttributeValue>()
  for (const [key, value] of Object.entries(span.attributes_string)) values.set(key, value)
  for (const [key, value] of Object.entries(span.attributes_int)) values.set(key, BigInt(value))
  for (const [key, value] of Object.entries(span.attributes_double)) values.set(key, value)
  for (const [key, value] of Object.entries(span.attributes_bool)) values.set(key, value)
  for (const [key, value] of Object.entries(span.attributes_json)) values.set(key, storedAny(value))
  for (const [key, value] of Object.entries(content?.attributes_string ?? {})) values.set(key, value)
  for (const [key, value] of Object.entries(content?.attributes_json ?? {})) values.set(key, storedAny(value))
  return values
}

/** By key, sorted; `fromEntries` keeps a key like `__proto__` a key. */
export const plainAttributes = (values: Attributes): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, plain(value)]))

export const storedResource = (text: string): Readonly<Record<string, unknown>> => plainAttributes(attributes(storedPairs(text)))
