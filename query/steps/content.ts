import { isToldByLog } from '#semconv/agent-logs.ts'
import type { Attributes, SpanEvent } from '#semconv/attributes.ts'
import { stepInput, stepOutput } from '#semconv/content.ts'
import { isSpanEvent, spanEventOf } from '#semconv/log-events.ts'
import type { QueryContext } from '../context.ts'
import type { LogRecord } from '../logs/log-record.ts'
import { logsOfSteps, type ReadLog } from '../logs/read-logs.ts'
import { hexOf, latestOfSpan } from '../reader.ts'
import { allOf, betweenNanos, idAmong, idIs } from '../where.ts'
import { attributes, type KeyValue, plainAttributes, storedAny, type StoredMaps, storedPairs, typedAttributes } from '#clickhouse/stored-attributes.ts'
import type { Step, StepEvent } from './step.ts'

/** What is too large for a list of steps: read only for the steps whose content is asked for. */
export interface StepContent {
  readonly input: unknown
  readonly output: unknown
  readonly attributes: unknown
  readonly events: readonly StepEvent[]
  readonly links: unknown
  readonly logs: readonly LogRecord[]
  readonly droppedAttributes: number
}

/** Spans of one read: 500 prompts of 200 kB are what an answer may hold in memory. */
const batchMax = 500

interface Batch {
  readonly steps: Map<string, Step>
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

const nothing: StepContent = { input: null, output: null, attributes: {}, events: [], links: [], logs: [], droppedAttributes: 0 }

/** By `run/step` the batch that holds a step, by `run` the one that can still be joined. */
function batchOf(context: QueryContext, step: Step): Batch {
  const known = batches.get(context) ?? new Map<string, Batch>()
  batches.set(context, known)
  const key = `${step.runId}/${step.id}`
  const mine = known.get(key)
  if (mine !== undefined) return mine
  const open = known.get(step.runId)
  const batch = open !== undefined && !open.closed && open.steps.size < batchMax ? open : openBatch(context, step.runId)
  batch.steps.set(step.id, step)
  known.set(step.runId, batch)
  known.set(key, batch)
  return batch
}

function openBatch(context: QueryContext, runId: string): Batch {
  const steps = new Map<string, Step>()
  const contents = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    batch.closed = true
    return readContents(context, runId, steps)
  })
  const batch: Batch = { steps, contents, closed: false }
  return batch
}

const spanColumns = [
  hexOf('span_id', 'id'), 'attributes_string', 'attributes_int', 'attributes_double', 'attributes_bool', 'attributes_json', 'dropped_attributes',
].join(', ')
const contentColumns = [hexOf('span_id', 'id'), 'attributes_string', 'attributes_json', 'events', 'links'].join(', ')

interface StoredAttributes extends StoredMaps {
  readonly id: string
  readonly dropped_attributes: number
}
interface StoredContent {
  readonly id: string
  readonly attributes_string: Readonly<Record<string, string>>
  readonly attributes_json: Readonly<Record<string, string>>
  readonly events: string
  readonly links: string
}

async function readContents(context: QueryContext, runId: string, steps: ReadonlyMap<string, Step>): Promise<Map<string, StepContent>> {
  const starts = [...steps.values()].map((step) => step.startedAt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const where = allOf(
    idIs('trace', 'trace_id', 16, runId),
    idAmong('span_ids', 'span_id', 8, [...steps.keys()]),
    betweenNanos('steps', 'started_at', starts.at(0) ?? 0n, starts.at(-1)),
  )
  const [spans, contents, logs] = await Promise.all([
    context.reader.rows<StoredAttributes>({ columns: spanColumns, from: 'spans', where, tail: latestOfSpan }),
    context.reader.rows<StoredContent>({ columns: contentColumns, from: 'spanContent', where, tail: '' }),
    logsOfSteps(context, runId, [...steps.values()].map(({ id, name, startedAt, endedAt }) => ({ id, startedAt, endedAt, toldByLog: isToldByLog(name) }))),
  ])
  const contentOf = new Map(contents.map((content) => [content.id, content]))
  return new Map(spans.map((span) => [span.id, stepContentOf(span, contentOf.get(span.id), logs.get(span.id) ?? [])]))
}

function stepContentOf(span: StoredAttributes, content: StoredContent | undefined, logs: readonly ReadLog[]): StepContent {
  const values = attributesOf(span, content)
  const own = content === undefined || content.events === '' ? [] : (JSON.parse(content.events) as readonly StoredEvent[]).map(event)
  const events = withLogEvents(own, logs)
  return {
    input: stepInput(values, events) ?? null,
    output: stepOutput(values, events) ?? null,
    attributes: plainAttributes(values),
    events: events.map((one) => ({ name: one.name, time: one.timeUnixNano, attributes: plainAttributes(one.attributes) })),
    links: content === undefined || content.links === '' ? [] : JSON.parse(content.links),
    logs: logs.map((log) => log.record),
    droppedAttributes: span.dropped_attributes,
  }
}

/** GenAI events that came as log records stand among the span's own, by time. */
function withLogEvents(own: readonly SpanEvent[], logs: readonly ReadLog[]): readonly SpanEvent[] {
  const joined = logs.flatMap(({ record, body, attributes: said }) =>
    record.eventName !== null && isSpanEvent(record.eventName) ? [spanEventOf({ body, attributes: said }, record.eventName, record.time)] : [])
  return joined.length === 0 ? own : [...own, ...joined].sort((a, b) => (a.timeUnixNano < b.timeUnixNano ? -1 : a.timeUnixNano > b.timeUnixNano ? 1 : 0))
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
  const values = typedAttributes(span)
  for (const [key, value] of Object.entries(content?.attributes_string ?? {})) values.set(key, value)
  for (const [key, value] of Object.entries(content?.attributes_json ?? {})) values.set(key, storedAny(value))
  return values
}

export const storedResource = (text: string): Readonly<Record<string, unknown>> => plainAttributes(attributes(storedPairs(text)))
