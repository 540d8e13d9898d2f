/**
 * Spans written as lines, so that a case reads like the trace it is about. The columns are explained at the top of
 * `account-cases.txt`.
 */
import assert from 'node:assert/strict'
import { type Meter, roles, type SpanFacts, type Step } from '../facts.ts'
import { tagText } from '../tags.ts'

/** A span that says nothing. */
export const silent: Step = {
  dialect: 'test', role: 'span', operation: '', agent: '', agentId: '', workflow: '', session: '', user: '', tags: '', provider: '',
  requestModel: '', responseModel: '', responseId: '', tool: '', toolCallId: '', toolArgumentsHash: '', finishReasons: [],
  errorType: '', errorMessage: '', timeToFirstTokenMs: undefined, streaming: false, usage: undefined, usageFlags: [],
  usagePartial: false, usageCumulative: false, usageAuthoritative: false, reportedCost: undefined, callKeys: [],
  decision: undefined, executed: true, serviceTier: '',
}

/** What a count of tokens is called in a line. */
export const words: Readonly<Record<string, Meter>> = {
  in: 'input.uncached', read: 'input.cache_read', written: 'input.cache_write.5m', out: 'output.text', thought: 'output.reasoning',
  unsplit: 'unsplit',
}

/** One span per line, empty lines aside. */
export const factsOf = (lines: string): SpanFacts[] =>
  lines.split('\n').map((line) => line.trim()).filter((line) => line !== '').map(spanOf)

/** Columns are found by what they look like, because tokens may be missing. */
export function spanOf(line: string): SpanFacts {
  const parts = /^(\S+) +(\S+) +(\S+) +(\S+) +(\d+)-(\d+)((?: +\d+ [a-z]+)*)((?: +[a-z]+(?:=\S+)?)*)$/.exec(line)
  assert.ok(parts, `not a span line: ${line}`)
  const [, spanId = '', parent = '', role = '', scope = '', from = '', to = '', tokens = '', more = ''] = parts
  const known = roles.find((name) => name === role)
  assert.ok(known, `no role: ${role}`)
  const said = new Map(more.trim().split(/ +/).map((word) => [word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1)]))
  const of = (word: string) => said.get(word) ?? ''
  const counts = [...tokens.matchAll(/(\d+) ([a-z]+)/g)].map(([, count, word = '']): [string, number] => {
    assert.ok(words[word], `no meter: ${word}`)
    return [words[word], Number(count)]
  })
  const cost = said.get('cost')
  const [scopeName = '', scopeVersion = ''] = scope.split('@')
  return {
    traceId: 'trace', spanId, parentSpanId: parent === '-' ? '' : parent, name: spanId, spanKind: 1,
    startedAt: BigInt(from) * 1_000_000n, endedAt: BigInt(to) * 1_000_000n,
    failed: said.has('failed'), service: of('service') || 'app', environment: '', scopeName, scopeVersion,
    step: {
      ...silent, role: known, agent: of('agent'), user: of('user'), session: of('session'), tags: tagText(of('tags')), requestModel: of('request'),
      responseModel: of('model'), responseId: of('response'), tool: of('tool'), toolCallId: of('call'),
      toolArgumentsHash: of('hash'), callKeys: said.has('key') ? [of('key')] : [],
      usage: counts.length === 0 ? undefined : Object.fromEntries(counts),
      reportedCost: cost === undefined ? undefined : BigInt(Math.round(Number(cost) * 1e6)) * 1_000_000n,
      streaming: said.has('streaming'), usageCumulative: said.has('cumulative'), usagePartial: said.has('partial'), usageAuthoritative: said.has('authoritative'),
      executed: !said.has('unexecuted'),
    },
  }
}
