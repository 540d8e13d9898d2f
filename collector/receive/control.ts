import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refused } from '../refused.ts'
import { askForBody, closeWithoutBody } from './expect-continue.ts'
import { questionFault, refusalOf, type RefusalOptions } from './refusal.ts'

/** What agents ask rather than tell, by path: JSON in, JSON out. Throws `Refused` with a line for the agent. */
export type Controls = ReadonlyMap<string, (body: Buffer) => Promise<object>>

/** A question is a few names. In bytes. */
const bodyBytesMax = 16_384

const statuses: Readonly<Record<Refused['verdict'], number>> = { malformed: 400, too_large: 413, overloaded: 503 }

/** Answers one question. A page of another origin cannot send JSON without asking first, and nobody answers that. */
export async function answerControl(request: IncomingMessage, response: ServerResponse, ask: (body: Buffer) => Promise<object>, options: RefusalOptions): Promise<void> {
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST')
    return send(request, response, 405, { error: 'use POST' })
  }
  if ((request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return send(request, response, 415, { error: 'Content-Type must be application/json' })
  }
  try {
    send(request, response, 200, await ask(await readBody(request, response)))
  } catch (error) {
    if (request.errored !== null) return void response.destroy()
    const { refused, wait } = refusalOf(error, questionFault, request.headers['user-agent'], options)
    if (wait !== undefined) response.setHeader('Retry-After', String(wait))
    send(request, response, statuses[refused.verdict], { error: refused.message })
  }
}

async function readBody(request: IncomingMessage, response: ServerResponse): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) throw tooLarge()
  askForBody(request, response)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyBytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (): Refused => new Refused('too_large', `the body is larger than ${bodyBytesMax} bytes`)

function send(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  request.resume()
  closeWithoutBody(request, response)
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length })
  response.end(bytes)
}
