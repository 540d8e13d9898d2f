/**
 * A fake model: answers are scripted, so a capture knows before the run what was used. It speaks the APIs that the
 * captured SDKs call, on loopback, and gives the answers in the order in which the requests arrive.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Answer, Asked, Reply } from './answer.ts'
import { anthropicError, message, tokenCount } from './anthropic.ts'
import { geminiError, generateContent } from './gemini.ts'
import { chatCompletion, embeddings, openaiError, response } from './openai.ts'

export interface ModelServer {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string
  /** Answers that nobody asked for yet. */
  unasked(): number
  /** Requests that had no answer left, as `METHOD path`. */
  unanswered(): readonly string[]
  close(): Promise<void>
}

interface Api {
  readonly path: RegExp
  readonly reply: (answer: Answer, asked: Asked, request: RequestBody) => Reply
  readonly error: (status: number) => object
}

interface RequestBody {
  readonly model?: string
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly input?: unknown
  readonly encoding_format?: string
}

const apis: readonly Api[] = [
  { path: /\/chat\/completions$/, reply: chatCompletion, error: openaiError },
  { path: /\/responses$/, reply: response, error: openaiError },
  {
    path: /\/embeddings$/, error: openaiError,
    reply: (answer, asked, { input, encoding_format }) =>
      embeddings(answer, asked, Array.isArray(input) ? input.length : 1, encoding_format === 'base64'),
  },
  { path: /\/messages\/count_tokens$/, reply: tokenCount, error: anthropicError },
  { path: /\/messages$/, reply: message, error: anthropicError },
  { path: /\/models\/([^/:]+):(?:stream)?[gG]enerateContent$/, reply: generateContent, error: geminiError },
]

/** `name` makes the ids of its answers unique over all captures. */
export async function startModelServer(name: string, answers: readonly Answer[]): Promise<ModelServer> {
  const unanswered: string[] = []
  let given = 0
  const server = createServer((request, out) => {
    answerOne(request, out).catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))))
  })
  async function answerOne(request: IncomingMessage, out: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://model').pathname
    const body = JSON.parse((await text(request)) || '{}') as RequestBody
    const api = apis.find((one) => one.path.test(path))
    const answer = api && answers[given]
    if (!api || !answer) {
      unanswered.push(`${request.method} ${path}`)
      return sendJson(out, 404, { error: { message: 'no scripted answer is left for this request' } })
    }
    given += 1
    const id = `${name}-${given}`
    if (answer.status !== undefined) return sendJson(out, answer.status, api.error(answer.status), { 'request-id': `req_${id}` })
    const asked = {
      id, model: api.path.exec(path)?.[1] ?? body.model ?? 'unnamed', streamUsage: body.stream_options?.include_usage === true,
    }
    const reply = api.reply(answer, asked, body)
    if (body.stream === true || path.endsWith(':streamGenerateContent')) return sendStream(out, reply, id)
    sendJson(out, 200, reply.body, { 'request-id': `req_${id}`, 'x-request-id': `req_${id}` })
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    unasked: () => answers.length - given,
    unanswered: () => unanswered,
    close: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections() }),
  }
}

function sendJson(out: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  out.writeHead(status, { 'content-type': 'application/json', ...headers })
  out.end(JSON.stringify(body))
}

function sendStream(out: ServerResponse, reply: Reply, id: string): void {
  out.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${id}`, 'x-request-id': `req_${id}` })
  for (const { event, data } of reply.stream) out.write(`${event === '' ? '' : `event: ${event}\n`}data: ${data}\n\n`)
  out.end()
}
