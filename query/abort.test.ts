import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import type { ReadOptions, Store } from '#clickhouse/store.ts'
import { projectsPay } from './export/allocation.ts'
import { startQuery } from './server.ts'

test('a read is bounded in time, and ended when its asker goes away', async () => {
  const asked = Promise.withResolvers<ReadOptions>()
  const neverAnswers: Pick<Store, 'read'> = {
    read: (_sql, _params, options) => {
      asked.resolve(options)
      return new Promise((_, reject) => options.signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    },
  }
  const server = await startQuery({
    store: neverAnswers as Store, host: '127.0.0.1', port: 0, uiDir: '/nonexistent', skeletonsDir: '/nonexistent', tenant: 'acme', metrics: async () => '', trouble: () => '', endpoints: { grpc: '', http: '' }, backlog: () => undefined,
    incompleteAfterMs: 1, allocation: projectsPay, reconciler: undefined, budgets: undefined, alerts: undefined, onSummaries: () => undefined, logger: { info: () => undefined, error: () => undefined }, now: () => 0,
  })
  const client = request({ port: server.port, path: '/graphql', method: 'POST', headers: { 'content-type': 'application/json' } })
  client.on('error', () => undefined)
  client.end('{"query":"{ ingest { runCount } }"}')
  const { signal, maxSeconds } = await asked.promise
  assert.ok(maxSeconds > 0 && maxSeconds <= 60)
  assert.ok(signal !== undefined && !signal.aborted)
  const ended = once(signal, 'abort')
  client.destroy()
  await ended
  await server.close()
})
