import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attributes, AttributeValue, SpanRecord } from '#semconv/attributes.ts'
import { interpret } from '#semconv/interpret.ts'
import { plain } from '#semconv/value.ts'
import { captures } from './captures.ts'
import { spansOf } from './records.ts'

/** Another writing of the same attributes: exporters, collectors on the way and SDKs of other languages differ in these. */
type Variant = (attributes: Attributes) => Attributes

const ofValues = (change: (value: AttributeValue) => AttributeValue): Variant => (attributes) => new Map([...attributes].map(([key, value]) => [key, change(value)]))

const variants: Readonly<Record<string, Variant>> = {
  'whole numbers as text': ofValues((value) => (typeof value === 'bigint' ? String(value) : value)),
  'whole numbers as doubles': ofValues((value) => (typeof value === 'bigint' ? Number(value) : value)),
  'fractions as text': ofValues((value) => (typeof value === 'number' ? String(value) : value)),
  'truths as text': ofValues((value) => (typeof value === 'boolean' ? String(value) : value)),
  'truths as Python prints them': ofValues((value) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : value)),
  'lists as JSON': ofValues((value) => (Array.isArray(value) ? JSON.stringify(plain(value)) : value)),
  'JSON with white space': ofValues((value) => (typeof value === 'string' ? indented(value) : value)),
  'in the opposite order': (attributes) => new Map([...attributes].reverse()),
  'among others': (attributes) => new Map<string, AttributeValue>([['thread.id', 1n], ['code.function.name', 'main'], ...attributes, ['x', null]]),
}

function indented(text: string): string {
  if (!/^[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // What only looks like JSON stays as it is.
    return text
  }
}

const varied = (span: SpanRecord, variant: Variant): SpanRecord => ({
  ...span, attributes: variant(span.attributes), events: span.events.map((event) => ({ ...event, attributes: variant(event.attributes) })),
})

const spans = captures().flatMap(({ payloads }) => payloads.flatMap(spansOf))

for (const [what, variant] of Object.entries(variants)) {
  test(`every captured span says the same with ${what}`, () => {
    for (const span of spans) assert.deepEqual(interpret(varied(span, variant)), interpret(span), `${span.scope.name}: ${span.name}`)
  })
}
