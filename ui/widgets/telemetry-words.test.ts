import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { dialectName, evidenceText, usageNote } from './telemetry-words.ts'

test('every doubt that the server can have about usage is said in words, and its flag stays findable', () => {
  const facts = readFileSync(new URL('../../semconv/facts.ts', import.meta.url), 'utf8')
  const known = [.../usageFlags = \[(.*?)\] as const/s.exec(facts)?.[1]?.matchAll(/^ {2}'(\w+)',$/gm) ?? []].map(([, flag = '']) => flag)
  assert.ok(known.length >= 9)
  for (const flag of known) {
    const { label, title } = usageNote(flag)
    assert.doesNotMatch(label, /_/, flag)
    assert.ok(title.endsWith(`(${flag})`), flag)
  }
  assert.deepEqual(usageNote('from_the_future'), { label: 'from_the_future', title: '' })
})

test('a dialect of the convention has the convention\'s name, an instrumentation its own', () => {
  assert.deepEqual(['semconv_genai', 'semconv_old', 'generic', 'openinference'].map(dialectName), ['OpenTelemetry GenAI', 'OpenTelemetry GenAI before 1.37', 'plain spans', 'openinference'])
})

test('an amount that a policy looked at is said in dollars too', () => {
  assert.deepEqual(JSON.parse(evidenceText({ 'run.cost_nano': '1650000000', 'step.tool': '7', 'attributes.x_cost_nano': 'much' })), { 'run.cost_nano': '1650000000 ($1.65)', 'step.tool': '7', 'attributes.x_cost_nano': 'much' })
})
