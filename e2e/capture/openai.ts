/** OpenAI's three APIs: chat completions, responses and embeddings. Cached tokens are inside the input, reasoning inside the output. */
import { type Answer, type AnswerUsage, type Asked, type Reply, chunks, noUsage } from './answer.ts'

/** A fixed time of creation: a capture says the same on every run. */
const createdAt = 1767225600

export function chatCompletion(answer: Answer, asked: Asked): Reply {
  const id = `chatcmpl-${asked.id}`
  const model = answer.model ?? asked.model
  const toolCalls = (answer.toolCalls ?? []).map((call, index) => ({
    id: `call_${asked.id}_${index}`, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }))
  const finishReason = toolCalls.length > 0 ? 'tool_calls' : 'stop'
  const usage = chatUsage(answer.usage ?? noUsage)
  const chunk = (fields: object): string => JSON.stringify({ id, object: 'chat.completion.chunk', created: createdAt, model, ...fields })
  const delta = (content: object, finish: string | null): string => chunk({ choices: [{ index: 0, delta: content, finish_reason: finish }] })
  return {
    body: {
      id, object: 'chat.completion', created: createdAt, model, service_tier: 'default', usage,
      choices: [{
        index: 0, finish_reason: finishReason, logprobs: null,
        message: { role: 'assistant', content: answer.text ?? null, refusal: null, ...(toolCalls.length > 0 && { tool_calls: toolCalls }) },
      }],
    },
    stream: [
      delta({ role: 'assistant', content: toolCalls.length > 0 ? null : '' }, null),
      ...chunks(answer.text ?? '').map((content) => delta({ content }, null)),
      ...toolCalls.map((call, index) => delta({ tool_calls: [{ index, ...call }] }, null)),
      delta({}, finishReason),
      ...(asked.streamUsage ? [chunk({ choices: [], usage })] : []),
      '[DONE]',
    ].map((data) => ({ event: '', data })),
  }
}

export function response(answer: Answer, asked: Asked): Reply {
  const toolCalls = (answer.toolCalls ?? []).map((call, index) => ({
    id: `fc_${asked.id}_${index}`, type: 'function_call', status: 'completed',
    call_id: `call_${asked.id}_${index}`, name: call.name, arguments: JSON.stringify(call.arguments),
  }))
  const message = {
    id: `msg_${asked.id}`, type: 'message', status: 'completed', role: 'assistant',
    content: [{ type: 'output_text', text: answer.text ?? '', annotations: [], logprobs: [] }],
  }
  const reasoning = { id: `rs_${asked.id}`, type: 'reasoning', summary: [{ type: 'summary_text', text: answer.thinking ?? '' }] }
  const output = [
    ...(answer.thinking === undefined ? [] : [reasoning]), ...toolCalls, ...(answer.text === undefined ? [] : [message]),
  ]
  const body = {
    id: `resp_${asked.id}`, object: 'response', created_at: createdAt, status: 'completed', model: answer.model ?? asked.model,
    output, usage: responseUsage(answer.usage ?? noUsage), error: null, incomplete_details: null, instructions: null, metadata: {},
    parallel_tool_calls: true, temperature: 1, tool_choice: 'auto', tools: [], top_p: 1, service_tier: 'default',
    text: { format: { type: 'text' } }, truncation: 'disabled',
  }
  const begun = { ...body, status: 'in_progress', output: [], usage: null }
  const events: object[] = [{ type: 'response.created', response: begun }, { type: 'response.in_progress', response: begun }]
  output.forEach((item, index) => events.push(...itemEvents(item, index)))
  events.push({ type: 'response.completed', response: body })
  return {
    body,
    stream: events.map((event, index) => ({
      event: (event as { type: string }).type, data: JSON.stringify({ sequence_number: index, ...event }),
    })),
  }
}

type OutputItem = { readonly id: string; readonly type: string; readonly arguments?: string; readonly content?: readonly { readonly text: string }[] }

function itemEvents(item: OutputItem, index: number): object[] {
  const at = { item_id: item.id, output_index: index }
  const events: object[] = [{ type: 'response.output_item.added', output_index: index, item: emptied(item) }]
  if (item.arguments !== undefined) {
    events.push({ type: 'response.function_call_arguments.delta', ...at, delta: item.arguments })
    events.push({ type: 'response.function_call_arguments.done', ...at, arguments: item.arguments })
  }
  for (const part of item.content ?? []) {
    events.push({ type: 'response.content_part.added', ...at, content_index: 0, part: { ...part, text: '' } })
    for (const delta of chunks(part.text)) {
      events.push({ type: 'response.output_text.delta', ...at, content_index: 0, delta, logprobs: [] })
    }
    events.push({ type: 'response.output_text.done', ...at, content_index: 0, text: part.text, logprobs: [] })
    events.push({ type: 'response.content_part.done', ...at, content_index: 0, part })
  }
  events.push({ type: 'response.output_item.done', output_index: index, item })
  return events
}

function emptied(item: OutputItem): object {
  if (item.arguments !== undefined) return { ...item, status: 'in_progress', arguments: '' }
  if (item.content !== undefined) return { ...item, status: 'in_progress', content: [] }
  return item
}

/** `count` vectors of two numbers: nobody reads them, everybody stores them. */
export function embeddings(answer: Answer, asked: Asked, count: number, base64: boolean): Reply {
  const vector = [0.25, -0.5]
  const embedding = base64 ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector
  const tokens = answer.usage?.input ?? 0
  return {
    body: {
      object: 'list', model: answer.model ?? asked.model,
      data: Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
    stream: [],
  }
}

export function openaiError(status: number): object {
  const [type, code] = status === 429 ? ['rate_limit_exceeded', 'rate_limit_exceeded'] : ['server_error', null]
  return { error: { message: `the scripted answer is HTTP ${status}`, type, code, param: null } }
}

function chatUsage(usage: AnswerUsage): object {
  return {
    prompt_tokens: usage.input, completion_tokens: usage.output, total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead ?? 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning ?? 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0,
    },
  }
}

function responseUsage(usage: AnswerUsage): object {
  return {
    input_tokens: usage.input, input_tokens_details: { cached_tokens: usage.cacheRead ?? 0 },
    output_tokens: usage.output, output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: usage.input + usage.output,
  }
}
