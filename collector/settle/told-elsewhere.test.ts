import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SpanFacts } from '#semconv/facts.ts'
import { spanOf } from '#semconv/testdata/span-lines.ts'
import { callsTold } from '../derive/call-told.ts'
import { toldElsewhere } from './told-elsewhere.ts'

const long = 'response:openai:chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012'
const hour = 3_600_000

interface Told {
  readonly trace: string
  /** Milliseconds. */
  readonly from: number
  readonly key?: string
  readonly scope?: string
  readonly service?: string
  readonly tokens?: string
  readonly model?: string
}

const span = ({ trace, from, key = long, scope = 'sdk', service = 'app', tokens = '100 in 20 out', model = 'gpt-4o' }: Told): SpanFacts => ({
  ...spanOf(`s  -  model_call  ${scope}  ${from}-${from + 100}  ${tokens}  model=${model} key=${key} service=${service}`), traceId: trace,
})

const judge = (own: Told, other: Told) => toldElsewhere([span(own)], Map.groupBy([span(own), span(other)].flatMap(callsTold), (told) => told.key))
const said = (own: Told, other: Told): string => {
  const { replayed, mirrored, laterTraces } = judge(own, other)
  return [replayed.size > 0 ? 'replayed' : '', mirrored.size > 0 ? 'mirrored' : '', laterTraces.size > 0 ? 'earlier' : ''].filter((word) => word !== '').join(' ') || 'own call'
}

const cases: readonly (readonly [string, Told, Told, string])[] = [
  ['T28: the same answer an hour later', { trace: 'b', from: hour }, { trace: 'a', from: 0 }, 'replayed'],
  ['… seen from the first trace', { trace: 'a', from: 0 }, { trace: 'b', from: hour }, 'earlier'],
  ['a gateway that tells the call in a trace of its own', { trace: 'b', from: 20, service: 'gateway', scope: 'proxy' }, { trace: 'a', from: 0 }, 'mirrored'],
  ['… its clock half a minute off', { trace: 'b', from: 30_000, service: 'gateway', scope: 'proxy' }, { trace: 'a', from: 0 }, 'mirrored'],
  ['another program an hour later', { trace: 'b', from: hour, service: 'other' }, { trace: 'a', from: 0 }, 'own call'],
  ['a server that counts from 1, another program', { trace: 'b', from: 5_000, key: 'response:openai:chatcmpl-1', service: 'other' }, { trace: 'a', from: 0, key: 'response:openai:chatcmpl-1' }, 'own call'],
  ['a server that counts from 1, started anew', { trace: 'b', from: 60_000, key: 'response:openai:resp_3' }, { trace: 'a', from: 0, key: 'response:openai:resp_3' }, 'own call'],
  ['the same id, another usage', { trace: 'b', from: hour, tokens: '101 in 20 out' }, { trace: 'a', from: 0 }, 'own call'],
  ['the same id, another model', { trace: 'b', from: hour, model: 'gpt-5' }, { trace: 'a', from: 0 }, 'own call'],
  ['the same trace', { trace: 'a', from: hour }, { trace: 'a', from: 0 }, 'own call'],
]
for (const [what, own, other, expected] of cases) test(what, () => assert.equal(said(own, other), expected))
