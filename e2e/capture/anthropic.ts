/** Anthropic's Messages API. `input_tokens` excludes what was read from and written to the cache. */
import { type Answer, type AnswerUsage, type Asked, type Reply, chunks, noUsage } from './answer.ts'

type Block =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: object }

export function message(answer: Answer, asked: Asked): Reply {
  const content: Block[] = []
  if (answer.thinking !== undefined) content.push({ type: 'thinking', thinking: answer.thinking, signature: 'c2lnbmVk' })
  if (answer.text !== undefined) content.push({ type: 'text', text: answer.text })
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    content.push({ type: 'tool_use', id: `toolu_${asked.id}_${index}`, name: call.name, input: call.arguments })
  }
  const usage = messageUsage(answer.usage ?? noUsage)
  const stopReason = (answer.toolCalls ?? []).length > 0 ? 'tool_use' : 'end_turn'
  const body = {
    id: `msg_${asked.id}`, type: 'message', role: 'assistant', model: answer.model ?? asked.model,
    content, stop_reason: stopReason, stop_sequence: null, usage,
  }
  const events: object[] = [
    // Why output 1: the vendor opens a stream with the input's counts and a first token, and tells the sum at its end.
    { type: 'message_start', message: { ...body, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } } },
    ...content.flatMap((block, index) => blockEvents(block, index)),
    { type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: usage['output_tokens'] } },
    { type: 'message_stop' },
  ]
  return { body, stream: events.map((event) => ({ event: (event as { type: string }).type, data: JSON.stringify(event) })) }
}

/** Counts a prompt's tokens without asking the model: free, and no model call. */
export function tokenCount(answer: Answer): Reply {
  return { body: { input_tokens: answer.usage?.input ?? 0 }, stream: [] }
}

function blockEvents(block: Block, index: number): object[] {
  const delta = (fields: object): object => ({ type: 'content_block_delta', index, delta: fields })
  const start = (fields: object): object => ({ type: 'content_block_start', index, content_block: fields })
  const stop = { type: 'content_block_stop', index }
  switch (block.type) {
    case 'text':
      return [start({ ...block, text: '' }), ...chunks(block.text).map((text) => delta({ type: 'text_delta', text })), stop]
    case 'thinking':
      return [
        start({ ...block, thinking: '', signature: '' }),
        ...chunks(block.thinking).map((thinking) => delta({ type: 'thinking_delta', thinking })),
        delta({ type: 'signature_delta', signature: block.signature }), stop,
      ]
    case 'tool_use':
      return [start({ ...block, input: {} }), delta({ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }), stop]
  }
}

function messageUsage(usage: AnswerUsage): Readonly<Record<string, unknown>> {
  const read = usage.cacheRead ?? 0
  const written = usage.cacheWrite ?? 0
  return {
    input_tokens: usage.input - read - written, cache_read_input_tokens: read, cache_creation_input_tokens: written,
    cache_creation: { ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage.output, service_tier: 'standard',
    ...(usage.reasoning !== undefined && { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  }
}

export function anthropicError(status: number): object {
  const type = status === 429 ? 'rate_limit_error' : status === 529 ? 'overloaded_error' : 'api_error'
  return { type: 'error', error: { type, message: `the scripted answer is HTTP ${status}` } }
}
