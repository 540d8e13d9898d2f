import type { TraceAccount } from '#semconv/account.ts'
import type { SpanFacts, Step } from '#semconv/facts.ts'

/** Facts for tests: everything blank but what the test is about. */
export function sampleStep(step: Partial<Step>): Step {
  return {
    dialect: 'semconv', role: 'tool', operation: 'execute_tool', agent: '', agentId: '', workflow: '', session: '', user: '', tags: '',
    provider: '', requestModel: '', responseModel: '', responseId: '', tool: '', toolCallId: '', toolArgumentsHash: '',
    finishReasons: [], errorType: '', errorMessage: '', timeToFirstTokenMs: undefined, streaming: false, usage: undefined,
    usageFlags: [], usagePartial: false, usageCumulative: false, usageAuthoritative: false, reportedCost: undefined, callKeys: [],
    decision: undefined, executed: true, serviceTier: '', ...step,
  }
}

export function sampleSpan(step: Partial<Step>, span: Partial<Omit<SpanFacts, 'step'>> = {}): SpanFacts {
  return {
    traceId: '1'.repeat(32), spanId: '2'.repeat(16), parentSpanId: '', startedAt: 1_000_000_000n, endedAt: 1_250_000_000n, name: 'a span',
    spanKind: 1, failed: false, service: 'shop', environment: 'production', scopeName: '', scopeVersion: '', ...span, step: sampleStep(step),
  }
}

export function sampleAccount(account: Partial<TraceAccount>): TraceAccount {
  return {
    isRun: true, name: 'a run', status: 'COMPLETED', startedAt: 1_000_000_000n, endedAt: 3_000_000_000n, service: 'shop',
    environment: 'production', workflow: '', agents: [], users: [], sessions: [], providers: [], models: [], modelCalls: 0,
    failedModelCalls: 0, unmeteredModelCalls: 0, toolCalls: 0, failedToolCalls: 0, spanCount: 0, errorCount: 0,
    tokens: { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0, total: 0 }, reportedCost: undefined,
    verdicts: () => new Map(), attributions: () => new Map(), billables: [], uncounted: new Map(), repeatedToolCalls: [], ...account,
  }
}
