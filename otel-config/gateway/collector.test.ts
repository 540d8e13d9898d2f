import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'

interface Gateway {
  readonly service: { readonly extensions: readonly string[]; readonly pipelines: Readonly<Record<string, Readonly<Record<'receivers' | 'processors' | 'exporters', readonly string[]>>>> }
  readonly exporters: { readonly otlp_grpc: { readonly sending_queue: { readonly storage: string; readonly queue_size: number; readonly batch: { readonly max_size: number } }; readonly retry_on_failure: { readonly max_elapsed_time: string } } }
  readonly [section: string]: object
}

const gateway: Gateway = parse(readFileSync(new URL('collector.yaml', import.meta.url), 'utf8'))

test('every component in use is configured, and every configured one is in use', () => {
  const used = { extensions: new Set(gateway.service.extensions), receivers: new Set<string>(), processors: new Set<string>(), exporters: new Set<string>() }
  for (const pipeline of Object.values(gateway.service.pipelines)) {
    for (const section of ['receivers', 'processors', 'exporters'] as const) for (const name of pipeline[section]) used[section].add(name)
    assert.equal(pipeline.processors[0], 'memory_limiter', 'refuses before anything is held')
    assert.ok(!pipeline.processors.some((name) => name.startsWith('batch') || name.includes('sampl')), 'nothing holds accepted spans in memory, nothing drops them')
  }
  for (const [section, names] of Object.entries(used)) assert.deepEqual(Object.keys(gateway[section] ?? {}).sort(), [...names].sort(), section)
  assert.deepEqual(Object.keys(gateway.service.pipelines).sort(), ['logs', 'metrics', 'traces'])
})

test('no variable of the gateway is taken for a setting of the server that runs in the same shell', () => {
  const names = [...readFileSync(new URL('collector.yaml', import.meta.url), 'utf8').matchAll(/\$\{env:(\w+)|^#\s+(\w+)=/gm)].map(([, used, shown]) => used ?? shown ?? '')
  assert.ok(names.includes('GATEWAY_EXPORT_TO'))
  assert.deepEqual(names.filter((name) => name.startsWith('SPANLEDGER_') || name.startsWith('CLICKHOUSE_')), [])
})

test('what was accepted is kept on disk until it is delivered', () => {
  const { sending_queue: queue, retry_on_failure: retry } = gateway.exporters.otlp_grpc
  assert.ok(gateway.service.extensions.includes(queue.storage))
  assert.equal(retry.max_elapsed_time, '0s')
  assert.ok(queue.batch.max_size < queue.queue_size)
})
