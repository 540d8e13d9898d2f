import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Metrics } from '../metrics.ts'
import { Refused } from '../refused.ts'
import { answerControl } from './control.ts'
import { startTestReceiver } from './test-receiver.ts'

/** The answer to a question that ends in this error, with a journal so full. */
async function answerTo(error: Error, fill: number): Promise<{ readonly status: number; readonly wait: string | null }> {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const server = createServer((request, response) => void answerControl(request, response, () => Promise.reject(error), { log, metrics: new Metrics(), spool: { fill } }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })
    await answer.arrayBuffer()
    return { status: answer.status, wait: answer.headers.get('Retry-After') }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('who may ask again is told in how many seconds, who may not is not', async () => {
  for (const [error, fill, expected] of [
    [new Error('of our own'), 0, { status: 503, wait: '1' }],
    [new Refused('overloaded', 'later', 'failed'), 0.95, { status: 503, wait: '3' }],
    [new Refused('malformed', 'no such run'), 0, { status: 400, wait: null }],
  ] as const) assert.deepEqual(await answerTo(error, fill), expected)
})

test('Expect: 100-continue: a question is asked for only where it is wanted', async (t) => {
  const receiver = await startTestReceiver(new Map([['/v1/ask', async (body) => ({ asked: body.toString() })]]))
  t.after(() => receiver[Symbol.asyncDispose]())
  for (const [path, method, type, bytes, expected] of [
    ['/v1/ask', 'POST', 'application/json', 2, { status: 200, continued: true, connection: 'keep-alive' }],
    ['/v1/ask', 'POST', 'application/json', 65_536, { status: 413, continued: false, connection: 'close' }],
    ['/v1/ask', 'POST', 'text/plain', 2, { status: 415, continued: false, connection: 'close' }],
    ['/v1/ask', 'PUT', 'application/json', 2, { status: 405, continued: false, connection: 'close' }],
    ['/v1/tell', 'POST', 'application/json', 2, { status: 404, continued: false, connection: 'close' }],
  ] as const) {
    const sent = request(`${receiver.http}${path}`, { method, headers: { 'content-type': type, 'content-length': bytes, expect: '100-continue' } })
    let continued = false
    sent.on('continue', () => {
      continued = true
      sent.end('{}')
    })
    sent.flushHeaders()
    const [response] = (await once(sent, 'response', { signal: AbortSignal.timeout(10_000) })) as [IncomingMessage]
    response.resume()
    sent.destroy()
    assert.deepEqual({ status: response.statusCode, continued, connection: response.headers.connection }, expected, `${method} ${path} ${type} ${bytes}`)
  }
})
