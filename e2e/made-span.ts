import { randomBytes } from 'node:crypto'
import { encodeRequest } from '#collector/decode/oracle.ts'

/** A span that a test makes up, in the words of the current conventions. */
export interface MadeSpan {
  readonly traceId: string
  readonly spanId: string
  /** '' for a root. */
  readonly parentSpanId: string
  readonly name: string
  /** Nanoseconds since the epoch. */
  readonly start: bigint
  readonly ms: number
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, string | number>>
}

export const newTraceId = (): string => randomBytes(16).toString('hex')
export const newSpanId = (): string => randomBytes(8).toString('hex')

export const minute = 60_000_000_000n
/** Nanoseconds since the epoch, `minutes` ago. */
export const ago = (minutes: number): bigint => BigInt(Date.now()) * 1_000_000n - BigInt(minutes) * minute

type Given = Pick<MadeSpan, 'traceId'> & Partial<MadeSpan>

export const plainSpan = (given: Given): MadeSpan =>
  ({ spanId: newSpanId(), parentSpanId: '', name: 'work', start: ago(1), ms: 100, failed: false, attributes: {}, ...given })

export interface Tokens {
  readonly input: number
  readonly output: number
}

/** A call of `gpt-5-mini`: $0.25 for a million input tokens, $2 for a million output tokens. `responseId` '' for none. */
export const modelCall = (given: Given, tokens: Tokens, responseId = ''): MadeSpan =>
  plainSpan({
    name: 'chat gpt-5-mini', ...given,
    attributes: {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini', 'gen_ai.response.model': 'gpt-5-mini',
      'gen_ai.usage.input_tokens': tokens.input, 'gen_ai.usage.output_tokens': tokens.output,
      ...(responseId === '' ? {} : { 'gen_ai.response.id': responseId }), ...given.attributes,
    },
  })

/** Pico-dollars that such a call costs. */
export const callCost = ({ input, output }: Tokens): bigint => BigInt(input) * 250_000n + BigInt(output) * 2_000_000n

/** An agent; with tokens, it reports what its calls used in all. */
export const agentSpan = (given: Given, tokens?: Tokens): MadeSpan =>
  plainSpan({
    name: 'invoke_agent clerk', ms: 1_000, ...given,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'clerk', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini',
      ...(tokens === undefined ? {} : { 'gen_ai.usage.input_tokens': tokens.input, 'gen_ai.usage.output_tokens': tokens.output }), ...given.attributes,
    },
  })

const value = (of: string | number): object => (typeof of === 'string' ? { stringValue: of } : { intValue: String(of) })
const keyValues = (attributes: MadeSpan['attributes']): object[] => Object.entries(attributes).map(([key, of]) => ({ key, value: value(of) }))

/** An `ExportTraceServiceRequest` of one resource and scope, by protobufjs. Ids are taken as they are, valid or not. */
export const exportRequest = (spans: readonly MadeSpan[], service = 'e2e'): Buffer =>
  encodeRequest({
    resourceSpans: [{
      resource: { attributes: keyValues({ 'service.name': service }) },
      scopeSpans: [{
        scope: { name: 'e2e' },
        spans: spans.map((span) => ({
          traceId: Buffer.from(span.traceId, 'hex'), spanId: Buffer.from(span.spanId, 'hex'), parentSpanId: Buffer.from(span.parentSpanId, 'hex'),
          name: span.name, kind: 1, startTimeUnixNano: String(span.start), endTimeUnixNano: String(span.start + BigInt(span.ms) * 1_000_000n),
          attributes: keyValues(span.attributes), status: span.failed ? { code: 2, message: 'it failed' } : {},
        })),
      }],
    }],
  })
