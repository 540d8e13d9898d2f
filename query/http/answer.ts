import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** Every answer: no sniffing, no framing, no address in a referrer. */
export const safeHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** An answer of the HTTP layer itself, in the shape of GraphQL's errors so that a client reads one shape. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  answer(response, status, 'application/json; charset=utf-8', JSON.stringify({ errors: [{ message, extensions: { code } }] }))
}

export function answer(response: ServerResponse, status: number, type: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, { ...safeHeaders, 'content-type': type, 'content-length': bytes.length, 'cache-control': 'no-store', ...headers })
  response.end(response.req.method === 'HEAD' ? undefined : bytes)
}

/** Below this, compressing costs more than sending. */
const compressFrom = 1_024
const toBrotli = promisify(brotliCompress)
const toGzip = promisify(gzip)

export interface Encoded {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export type Encoding = 'br' | 'gzip' | 'identity'

/** Brotli where the client takes it, else gzip, else as it is. */
export function acceptedEncoding(request: IncomingMessage): Encoding {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const takes = (name: string): boolean => accepted.split(',').some((part) => part.trim().split(';')[0] === name && !/;\s*q=0(\.0*)?\s*$/.test(part))
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'identity'
}

const vary = { vary: 'accept-encoding' } as const
export const encodingHeaders = (encoding: Encoding): Readonly<Record<string, string>> => (encoding === 'identity' ? vary : { ...vary, 'content-encoding': encoding })

/** Fast levels: a skeleton of 100,000 spans is compressed while somebody waits. */
export async function encoded(encoding: Encoding, body: Buffer): Promise<Encoded> {
  if (body.length < compressFrom) return { body, headers: vary }
  switch (encoding) {
    case 'br': {
      const params = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_SIZE_HINT]: body.length }
      return { body: await toBrotli(body, { params }), headers: encodingHeaders(encoding) }
    }
    case 'gzip': return { body: await toGzip(body, { level: 1 }), headers: encodingHeaders(encoding) }
    case 'identity': return { body, headers: vary }
  }
}
