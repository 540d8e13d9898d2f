import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Metrics } from '../metrics.ts'
import { Refused } from '../refused.ts'
import { answerControl } from './control.ts'

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
