import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ingestFilter } from '../url-state.ts'
import { type Finding, findingsOf, scopeText, type Sender, sendersOf } from './words.ts'

const finding = (said: Partial<Finding>): Finding => ({
  code: 'NAME_OUTDATED', kind: 'OUTDATED', stepKinds: ['MODEL_CALL'], attribute: 'gen_ai.system', expected: '', found: '', convention: '', steps: 1, ofSteps: 1,
  firstSeenAt: '', lastSeenAt: '', exampleRunId: '', exampleSpanId: '', meaning: '', advice: '', ...said,
})
const sender = (said: Partial<Sender>): Sender => ({
  service: 'shop', scopeName: 'sdk', scopeVersion: '1.0', dialects: [], steps: 1, understood: 1, modelCalls: 1, toolCalls: 0, missing: 0, unrecognised: 0, dropped: 0, malformed: 0,
  ambiguous: 0, outdated: 0, findings: [], ...said,
})
const shop = sender({ findings: [finding({ steps: 9 }), finding({ code: 'USAGE_MISSING', kind: 'MISSING', steps: 2 }), finding({ code: 'USAGE_MISSING', kind: 'MISSING', attribute: 'x', steps: 3 })] })
const gateway = sender({ service: 'gateway', scopeName: '', scopeVersion: '', findings: [finding({ code: 'OPERATION_MISSING', kind: 'UNRECOGNISED' })] })
const senders = [shop, gateway]

test('a scope is its name and version, as far as it has them', () => {
  assert.deepEqual(senders.map(scopeText), ['sdk@1.0', ''])
  assert.equal(scopeText({ scopeName: 'sdk', scopeVersion: '' }), 'sdk')
})

test('senders are left by service, by scope, and by what they show; an unknown word restricts nothing', () => {
  const left = (search: Record<string, string>): readonly string[] => sendersOf(senders, ingestFilter(search)).map(({ service }) => service)
  assert.deepEqual(left({}), ['shop', 'gateway'])
  assert.deepEqual(left({ service: 'gateway' }), ['gateway'])
  assert.deepEqual(left({ scope: 'sdk@1.0' }), ['shop'])
  assert.deepEqual(left({ scope: '(none)' }), ['gateway'])
  assert.deepEqual(left({ found: 'OUTDATED' }), ['shop'])
  assert.deepEqual(left({ found: 'NOPE' }), ['shop', 'gateway'])
})

test('findings stand in the order in which people should look, then by steps', () => {
  const shown = (search: Record<string, string>): readonly unknown[] => findingsOf(senders, ingestFilter(search)).map(({ finding: { code, steps } }) => [code, steps])
  assert.deepEqual(shown({}), [['USAGE_MISSING', 3], ['USAGE_MISSING', 2], ['OPERATION_MISSING', 1], ['NAME_OUTDATED', 9]])
  assert.deepEqual(shown({ found: 'UNRECOGNISED' }), [['OPERATION_MISSING', 1]])
  assert.equal(new Set(findingsOf(senders, ingestFilter({})).map(({ key }) => key)).size, 4)
})
