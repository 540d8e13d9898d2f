/** The acceptance vectors that need logs, and what coding agents tell by logs alone. Numbers are those of the mapping reference. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { parsePolicies } from '#otel-config/policy/policies.ts'
import { account, type TraceAccount } from '#semconv/account.ts'
import type { LogRecord } from '#semconv/attributes.ts'
import type { SpanFacts } from '#semconv/facts.ts'
import { type Literal, literalAttributes, literalSpan, type LiteralSpan } from '#semconv/literal-span.ts'
import { captures } from '../corpus/captures.ts'
import { decodeLogs } from '../decode/logs.ts'
import { shippedBook } from '../price/book.ts'
import type { LedgerEntryRow } from '#clickhouse/tables/ledger-entries.ts'
import { post, type Posted } from '../settle/post.ts'
import { meets, sessionsTold, speaks, toldBetter } from '../settle/told-better.ts'
import { FrameWriter } from '../spool/frame.ts'
import { derive, type Derived } from './derive.ts'
import { entryKey } from './identity.ts'
import { deriveLog, logRunId } from './derive-log.ts'

const options = { tenant: 't', project: '', prices: shippedBook(), policies: parsePolicies('policies: []') }

/** Start of `literalSpan`s. */
const noon = 1_763_683_200_000_000_000n
const millis = 1_000_000n

interface LiteralLog {
  /** Milliseconds after the start of spans. */
  readonly at?: number
  readonly body?: string
  readonly service?: string
  readonly spanId?: string
  readonly attributes: { readonly [key: string]: Literal }
}

const literalLog = ({ at = 0, body = '', service = '', spanId = '', attributes }: LiteralLog): LogRecord => ({
  timeUnixNano: noon + BigInt(at) * millis, observedTimeUnixNano: 0n, severityNumber: 9, severityText: 'INFO', body, attributes: literalAttributes(attributes),
  droppedAttributesCount: 0, flags: 0, traceId: '', spanId, eventName: '', resource: { attributes: literalAttributes({ 'service.name': service }), schemaUrl: '' },
  scope: { name: '', version: '', attributes: new Map(), schemaUrl: '' },
})

const posted = (rows: readonly LedgerEntryRow[]): Posted => ({ charges: new Map(), entries: new Map(rows.map((row) => [entryKey(row), row])) })

const toldBy = (log: LiteralLog): Derived | undefined => deriveLog(literalLog(log), options, 0n, new FrameWriter()).told

function told(log: LiteralLog): SpanFacts {
  const derived = toldBy(log)
  assert.ok(derived)
  assert.equal(derived.first, false, 'nothing is charged before spans had their chance')
  return derived.facts
}

const spanFacts = (traceId: string, spanId: string, parentSpanId: string, span: LiteralSpan): SpanFacts =>
  derive({ ...literalSpan(span), traceId, spanId, parentSpanId }, options, 0n, true, new FrameWriter()).facts

/** Every trace of these steps, accounted as settlement does it, by trace id. */
function accounts(steps: readonly SpanFacts[]): ReadonlyMap<string, TraceAccount> {
  const traces = Map.groupBy(steps, (step) => step.traceId)
  const sessions = [...traces.values()].flatMap((spans) => sessionsTold(spans))
  return new Map([...traces].map(([traceId, spans]) => {
    const own = sessionsTold(spans)
    const better = new Map(own.map((one) => [one.session, sessions.filter((other) => speaks(other) && other.traceId !== traceId && other.session === one.session && meets(one, other))]))
    return [traceId, account(spans, { replayed: new Set(), mirrored: new Set(), toldBetter: toldBetter(spans, own, better) })]
  }))
}

const billablesOf = (steps: readonly SpanFacts[]) => [...accounts(steps).values()].flatMap((one) => one.billables)

const claude = (event: string, attributes: LiteralLog['attributes'], at = 0): LiteralLog =>
  ({ at, body: `claude_code.${event}`, service: 'claude-code', attributes: { 'event.name': event, 'session.id': 's', 'prompt.id': 'p', ...attributes } })

test('T2: Claude Code counts the cache beside the input', () => {
  const { step, traceId } = told(claude('api_request', { model: 'claude-sonnet-4-5', input_tokens: 5, cache_read_tokens: 20000, cache_creation_tokens: 300, output_tokens: 80 }))
  assert.deepEqual(step.usage, { 'input.uncached': 5, 'input.cache_read': 20000, 'input.cache_write.5m': 300, 'output.text': 80 })
  assert.deepEqual([step.role, step.provider, step.session], ['model_call', 'anthropic', 's'])
  assert.equal(traceId, createHash('sha256').update('sp').digest('hex').slice(0, 32), 'the run is the prompt')
})

test('T22: numbers as strings, before Claude Code 2.1.122', () => {
  const facts = told(claude('api_request', { model: 'claude-opus-4-1', input_tokens: '5', output_tokens: '80', cost_usd: '0.25', duration_ms: '1500', request_id: 'req_1' }, 2_000))
  assert.deepEqual(facts.step.usage, { 'input.uncached': 5, 'output.text': 80 })
  assert.equal(facts.step.reportedCost, 250_000_000_000n)
  assert.deepEqual([facts.startedAt, facts.endedAt], [noon + 500n * millis, noon + 2_000n * millis], 'an event is stamped at the end of what it tells')
})

test('T4: Gemini CLI counts thoughts beside the output', () => {
  const { step, name } = told({ attributes: {
    'event.name': 'gemini_cli.api_response', 'session.id': 's', prompt_id: 's########0', model: 'gemini-2.5-pro', input_token_count: 100, cached_content_token_count: 40,
    output_token_count: 30, thoughts_token_count: 70, tool_token_count: 0, total_token_count: 200,
  } })
  assert.deepEqual(step.usage, { 'input.uncached': 60, 'input.cache_read': 40, 'output.text': 30, 'output.reasoning': 70 })
  assert.deepEqual([name, step.provider, step.role], ['gemini_cli.api_response', 'gcp.gemini', 'model_call'])
})

test('T19: a tool call that a person refused is told by its decision alone, and is not executed', () => {
  const derived = toldBy(claude('tool_decision', { tool_name: 'Bash', tool_use_id: 'Y', decision: 'reject', source: 'user_reject' }))
  assert.ok(derived)
  const { step, traceId } = derived.facts
  assert.deepEqual([step.role, step.tool, step.toolCallId, step.executed], ['tool', 'Bash', 'Y', false])
  assert.deepEqual(step.decision, { policyId: 'claude_code.user_reject', policyVersion: 0, outcome: 'DENY', reason: 'user_reject', target: 'Bash' })
  assert.deepEqual(derived.decisions.map(({ place, outcome, mode }) => [place, outcome, mode]), [['AGENT', 'DENY', 'ENFORCE']])
  assert.equal(accounts([derived.facts]).get(traceId)?.toolCalls, 0)
})

test('a decision and a result with one id are one call', () => {
  const steps = [
    told(claude('tool_decision', { tool_name: 'Bash', tool_use_id: 'Y', decision: 'accept', source: 'config' })),
    told(claude('tool_result', { tool_name: 'Bash', tool_use_id: 'Y', success: 'false', duration_ms: 12, error: 'exit 1' }, 20)),
  ]
  const [one] = accounts(steps).values()
  assert.deepEqual([one?.toolCalls, one?.failedToolCalls], [1, 1])
})

const geminiCall = (at: number): SpanFacts[] => [
  told({ at, attributes: { 'event.name': 'gemini_cli.api_response', 'session.id': 's', prompt_id: 'p', model: 'gemini-2.5-pro', input_token_count: 100, cached_content_token_count: 40, output_token_count: 30, thoughts_token_count: 70, duration_ms: 900 } }),
]
const geminiSpan = spanFacts('a'.repeat(32), 'a'.repeat(16), '', {
  name: 'llm_call', resource: { 'service.name': 'gemini-cli' },
  attributes: { 'gen_ai.operation.name': 'llm_call', 'gen_ai.conversation.id': 's', 'gen_ai.request.model': 'gemini-2.5-pro', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30 },
})

test('T20: a call told by two log events and a span is one row', () => {
  const details = { at: 900, service: 'gemini-cli', attributes: { 'event.name': 'gen_ai.client.inference.operation.details', 'session.id': 's', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30 } }
  assert.equal(toldBy(details), undefined, 'it repeats what api_response tells')
  assert.equal(billablesOf(geminiCall(900)).length, 1)
  for (const steps of [[geminiSpan, ...geminiCall(900)], [...geminiCall(900), geminiSpan]]) {
    assert.deepEqual(billablesOf(steps).map((one) => one.usage), [{ 'input.uncached': 60, 'input.cache_read': 40, 'output.text': 30, 'output.reasoning': 70 }], 'the log tells more')
    assert.deepEqual([...accounts(steps).values()].map((one) => one.isRun).sort(), [false, true])
  }
})

test('the better source speaks for its session as long as it lasts, and no longer', () => {
  const hour = 3_600_000
  assert.equal(billablesOf([geminiSpan, ...geminiCall(hour)]).length, 2, 'an hour later the session went on, with logs')
})

test('what was charged for a call before it was told better is taken back', () => {
  const [log] = geminiCall(900)
  assert.ok(log)
  const spans = new Map([[geminiSpan.spanId, geminiSpan]])
  const alone = post(account([geminiSpan], { replayed: new Set(), mirrored: new Set() }), spans, posted([]), 1n, options)
  assert.ok(alone.rows.length > 0)
  const both = accounts([log, geminiSpan]).get(geminiSpan.traceId)
  assert.ok(both)
  const after = post(both, spans, posted(alone.rows), 2n, options)
  assert.deepEqual(new Set(after.rows.map((row) => `${row.kind} ${row.reason}`)), new Set(['REVERSAL mirrored']))
  assert.equal([...alone.rows, ...after.rows].reduce((sum, row) => sum + (row.amount ?? 0n), 0n), 0n)
})

test('T26: Copilot tells each call as a span, a details event and part of a turn', () => {
  const chat = { 'gen_ai.provider.name': 'github', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 100, 'copilot_chat.chat_session_id': 's' }
  const trace = 'b'.repeat(32)
  const spans = [
    spanFacts(trace, 'b'.repeat(16), '', { name: 'invoke_agent copilot', attributes: {
      'gen_ai.operation.name': 'invoke_agent', 'copilot_chat.turn_count': 3, 'copilot_chat.chat_session_id': 's', 'gen_ai.usage.input_tokens': 3000, 'gen_ai.usage.output_tokens': 300 } }),
    ...[1, 2, 3].map((n) => spanFacts(trace, `${n}`.repeat(16), 'b'.repeat(16), { name: 'chat gpt-4o', attributes: { ...chat, 'gen_ai.operation.name': 'chat', 'gen_ai.response.id': `r${n}` } })),
  ]
  const logs = [1, 2, 3].flatMap((n) => [
    toldBy({ at: n, service: 'copilot-chat', attributes: { ...chat, 'event.name': 'gen_ai.client.inference.operation.details', 'gen_ai.operation.name': 'chat', 'gen_ai.response.id': `r${n}` } }),
    toldBy({ at: n, service: 'copilot-chat', attributes: { 'event.name': 'copilot_chat.agent.turn', 'copilot_chat.chat_session_id': 's', 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 100 } }),
  ]).flatMap((derived) => derived?.facts ?? [])
  assert.equal(logs.length, 3, 'a turn sums up calls')
  assert.equal(billablesOf([...spans, ...logs]).length, 3)
  assert.equal(billablesOf(logs).length, 3, 'and without spans the details events tell the calls')
})

test('Codex by its logs alone: two calls, one tool call, the price of both', () => {
  const capture = captures().find(({ name }) => name.startsWith('codex@'))
  assert.ok(capture)
  const steps = capture.payloads.filter(({ signal }) => signal === 'logs').flatMap(({ body }) => decodeLogs(body).records)
    .flatMap((record) => deriveLog(record, options, 0n, new FrameWriter()).told?.facts ?? [])
  const [session = ''] = capture.expected.sessions
  const one = accounts(steps).get(logRunId(session, ''))
  assert.ok(one)
  const { modelCalls, failedModelCalls, unmeteredModelCalls, toolCalls, failedToolCalls, status, sessions, tokens: { total: _, ...tokens } } = one
  assert.deepEqual({ modelCalls, failedModelCalls, unmeteredModelCalls, toolCalls, failedToolCalls, status, sessions }, {
    modelCalls: 2, failedModelCalls: 0, unmeteredModelCalls: 0, toolCalls: 1, failedToolCalls: 1, status: 'COMPLETED', sessions: [session],
  })
  assert.deepEqual(tokens, capture.expected.tokens)
  const rows = post(one, new Map(steps.map((step) => [step.spanId, step])), posted([]), 1n, options).rows
  assert.equal(rows.reduce((sum, row) => sum + (row.amount ?? 0n), 0n), 884_200_000n)
})

test('Codex: an attempt that failed is a failed call, and its approvals are decisions of the agent', () => {
  const codex = (attributes: LiteralLog['attributes']): LiteralLog => ({ attributes: { 'conversation.id': 'c', model: 'gpt-5', ...attributes } })
  assert.equal(toldBy(codex({ 'event.name': 'codex.api_request', 'http.response.status_code': 200 })), undefined)
  const failed = told(codex({ 'event.name': 'codex.api_request', 'http.response.status_code': 429, 'error.message': 'slow down', attempt: 1 }))
  assert.deepEqual([failed.failed, failed.step.errorType, failed.step.errorMessage], [true, '429', 'slow down'])
  const [one] = accounts([failed]).values()
  assert.deepEqual([one?.modelCalls, one?.failedModelCalls, one?.unmeteredModelCalls, one?.status], [1, 1, 0, 'FAILED'])
  for (const [decision, outcome] of [['approved_for_session', 'ALLOW'], ['denied', 'DENY'], ['abort', 'DENY']] as const) {
    assert.equal(told(codex({ 'event.name': 'codex.tool_decision', tool_name: 'shell', call_id: 'x', decision, source: 'user' })).step.decision?.outcome, outcome)
  }
})

test('Gemini CLI: a tool call with its decision, and an error', () => {
  const gemini = (attributes: LiteralLog['attributes']): LiteralLog => ({ at: 50, attributes: { 'session.id': 's', prompt_id: 'p', ...attributes } })
  const ran = told(gemini({ 'event.name': 'gemini_cli.tool_call', function_name: 'read_file', success: true, decision: 'auto_accept', duration_ms: 20 }))
  assert.deepEqual([ran.step.role, ran.step.tool, ran.step.executed, ran.step.decision?.outcome], ['tool', 'read_file', true, 'ALLOW'])
  const refused = told(gemini({ 'event.name': 'gemini_cli.tool_call', function_name: 'run_shell_command', success: false, decision: 'reject', duration_ms: 0 }))
  assert.deepEqual([refused.step.executed, refused.step.decision?.outcome], [false, 'DENY'])
  const error = told(gemini({ 'event.name': 'gemini_cli.api_error', model: 'gemini-2.5-pro', error: 'quota', error_type: 'RetryableQuotaError', status_code: 429, duration_ms: 10 }))
  assert.deepEqual([error.step.role, error.failed, error.step.errorType], ['model_call', true, 'RetryableQuotaError'])
})

test('Qwen Code: its logs tell a call where its spans do not, and who answered only as far as it is known', () => {
  const qwen = (attributes: LiteralLog['attributes']): LiteralLog => ({ at: 900, attributes: { 'session.id': 's', prompt_id: 'p', ...attributes } })
  const call = told(qwen({
    'event.name': 'qwen-code.api_response', model: 'qwen3-coder-plus', auth_type: 'openai', response_id: 'chatcmpl-1', duration_ms: 500, ttft_ms: 300,
    input_token_count: 1200, output_token_count: 130, cached_content_token_count: 400, thoughts_token_count: 100, total_token_count: 1330,
  }))
  assert.deepEqual([call.step.role, call.step.provider, call.step.session, call.endedAt - call.startedAt], ['model_call', '', 's', 500n * millis])
  assert.deepEqual(call.step.usage, { 'input.uncached': 800, 'input.cache_read': 400, 'output.text': 30, 'output.reasoning': 100 })
  const google = told(qwen({ 'event.name': 'qwen-code.api_response', model: 'gemini-2.5-pro', auth_type: 'gemini', input_token_count: 100, output_token_count: 30, thoughts_token_count: 70 }))
  assert.deepEqual([google.step.provider, google.step.usage], ['gcp.gemini', { 'input.uncached': 100, 'output.text': 30, 'output.reasoning': 70 }])
  const refused = told(qwen({ 'event.name': 'qwen-code.tool_call', function_name: 'run_shell_command', call_id: 'c', success: false, decision: 'reject' }))
  assert.deepEqual([refused.step.role, refused.step.tool, refused.step.executed, refused.step.decision?.outcome], ['tool', 'run_shell_command', false, 'DENY'])
  const error = told(qwen({ 'event.name': 'qwen-code.api_error', model: 'qwen3-coder-plus', error_message: 'slow down', error_type: 'RateLimitError', status_code: 429 }))
  assert.deepEqual([error.failed, error.step.errorType, error.step.errorMessage], [true, 'RateLimitError', 'slow down'])
  const span = spanFacts('c'.repeat(32), 'c'.repeat(16), '', { name: 'qwen-code.llm_request', scope: 'qwen-code', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'dashscope', 'session.id': 's', 'gen_ai.request.model': 'qwen3-coder-plus',
    'gen_ai.usage.input_tokens': 1200, 'gen_ai.usage.output_tokens': 130, 'gen_ai.usage.cache_creation.input_tokens': 300 } })
  for (const steps of [[span, call], [call, span]]) {
    assert.deepEqual(billablesOf(steps).map((one) => one.usage['input.cache_write.5m']), [300], 'the span tells more')
  }
})

test('a run told by logs fails with its last call, not with one that was tried again', () => {
  const error = told(claude('api_error', { model: 'claude-opus-4-1', error: 'overloaded', status_code: 529, duration_ms: 10 }, 10))
  const call = told(claude('api_request', { model: 'claude-opus-4-1', input_tokens: 1, output_tokens: 1, duration_ms: 10 }, 50))
  assert.equal(accounts([error, call]).get(call.traceId)?.status, 'COMPLETED')
  assert.equal(accounts([error]).get(error.traceId)?.status, 'FAILED')
})

test('without a session, or joined to a span, an event tells no step of its own', () => {
  assert.equal(toldBy({ service: 'claude-code', attributes: { 'event.name': 'api_request', model: 'm', input_tokens: 1 } }), undefined)
  assert.equal(toldBy({ spanId: '1'.repeat(16), service: 'copilot-chat', attributes: { 'event.name': 'gen_ai.client.inference.operation.details', 'session.id': 's' } }), undefined)
  assert.equal(toldBy({ attributes: { 'event.name': 'api_request', 'session.id': 's' } }), undefined, 'a bare name is Claude Code\'s in its own mouth only')
})

test('the same record has the same id, whatever the order of its attributes; another second, another id', () => {
  const call = claude('api_request', { model: 'm', input_tokens: 1, output_tokens: 2 })
  const turned = { ...call, attributes: Object.fromEntries(Object.entries(call.attributes).toReversed()) }
  assert.equal(told(call).spanId, told(turned).spanId)
  assert.notEqual(told(call).spanId, told({ ...call, at: 1000 }).spanId)
})
