import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startOtlpRecorder } from './otlp-recorder.ts'

test('bodies are kept decompressed, numbered as they came, named by signal and encoding', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'recorder-'))
  try {
    const recorder = await startOtlpRecorder(folder)
    const protobuf = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }
    const first = await fetch(`${recorder.url}/v1/traces`, { method: 'POST', headers: protobuf, body: gzipSync('spans') })
    const second = await fetch(`${recorder.url}/v1/metrics`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
    assert.deepEqual([first.status, await second.json()], [200, {}])
    assert.deepEqual(recorder.files(), ['001.traces.pb', '002.metrics.json'])
    assert.equal(await readFile(join(folder, '001.traces.pb'), 'utf8'), 'spans')
    assert.equal(await readFile(join(folder, '002.metrics.json'), 'utf8'), '{"a":1}')
    assert.equal((await fetch(`${recorder.url}/v1/secrets`, { method: 'POST' })).status, 404)
    await assert.rejects(recorder.close(), /POST \/v1\/secrets/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
