import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { getIntrospectionQuery } from 'graphql'
import { runs } from '#clickhouse/tables/runs.ts'
import { staticFiles } from './http/static-files.ts'
import { noon, runRow, type TestQuery, testQuery, traceId } from './test-store.ts'

let query: TestQuery
let uiDir: string
before(async () => {
  uiDir = await mkdtemp(join(tmpdir(), 'query-ui-'))
  await mkdir(join(uiDir, 'assets'))
  await writeFile(join(uiDir, 'index.html'), '<!doctype html><script>document.title="x"</script><script type="module" src="/assets/a.js"></script>')
  await writeFile(join(uiDir, 'assets', 'a-1234.js'), `console.log(${'1'.repeat(3000)})`)
  await writeFile(join(uiDir, '.secret'), 'secret')
  query = await testQuery(uiDir)
})
after(async () => {
  await query[Symbol.asyncDispose]()
  await rm(uiDir, { recursive: true })
})

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}
/** `fetch` tidies paths and owns `Host`: this sends what it is given. */
const get = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET', body = ''): Promise<Got> =>
  new Promise((resolve, reject) => {
    const asked = request({ port: query.server.port, host: '127.0.0.1', path, method, headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    asked.on('error', reject)
    asked.end(body)
  })
const json = { 'content-type': 'application/json' }

test('health, readiness, metrics', async () => {
  assert.deepEqual([(await get('/healthz')).status, (await get('/readyz')).status], [200, 200])
  assert.equal((await get('/metrics')).body, 'spanledger_spans_received_total 1\n')
})

test('only our own names are served', async () => {
  for (const host of ['localhost', 'localhost:4320', '127.0.0.1:1', '[::1]:80', 'a.localhost', '127.1.2.3']) assert.equal((await get('/healthz', { host })).status, 200, host)
  for (const host of ['evil.example', 'evil.example:4320', '127.0.0.1.evil.example', '10.0.0.1', 'localhost.evil.example', 'x y']) {
    assert.equal((await get('/healthz', { host })).status, 421, host)
  }
})

test('the console: page for every route, immutable assets, strict policy', async () => {
  const page = await get('/runs/abc')
  assert.equal(page.status, 200)
  assert.equal(page.headers['cache-control'], 'no-cache')
  assert.equal(page.headers['x-content-type-options'], 'nosniff')
  const policy = String(page.headers['content-security-policy'])
  assert.match(policy, /script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='; /)
  assert.doesNotMatch(policy, /script-src[^;]*unsafe/)
  const asset = await get('/assets/a-1234.js', { 'accept-encoding': 'br' })
  assert.deepEqual([asset.status, asset.headers['content-encoding'], asset.headers['cache-control']], [200, 'br', 'public, max-age=31536000, immutable'])
  assert.equal((await get('/assets/missing.js')).status, 404)
})

test('a console that is not built says what to do', async (t) => {
  const files = staticFiles(join(uiDir, 'nowhere'))
  const server = createServer((request, response) => void files(request, response, request.url ?? '/')).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const page of ['/', '/runs/1']) {
    const response = await fetch(origin + page)
    assert.deepEqual([response.status, await response.text()], [404, 'The console is not built. Run `npm run prepare` in the folder of Spanledger and load this page again.\n'])
  }
  assert.equal((await fetch(`${origin}/assets/a.js`)).status, 404)
})

test('no path leads out of the console\'s folder', async () => {
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/assets/../../x.json', '/.secret', '/%2esecret', '/%00.js', '/..%5cx.js', '/%ff.js', '/C:%5cx.js']) {
    const got = await get(path)
    assert.ok(got.status === 404, `${path} ${got.status}`)
    assert.doesNotMatch(got.body, /secret"|dependencies/)
  }
})

test('GraphQL is posted as JSON and nothing else', async () => {
  const body = JSON.stringify({ query: '{ ingest { runCount } }' })
  assert.equal((await get('/graphql', json, 'POST', body)).body, '{"data":{"ingest":{"runCount":0}}}')
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
    assert.equal((await get('/graphql', type === '' ? {} : { 'content-type': type }, 'POST', body)).status, 415, type)
  }
  assert.equal((await get('/graphql?query={ingest{runCount}}'.replaceAll('{', '%7B').replaceAll('}', '%7D'))).status, 405)
  assert.equal((await get('/graphql', json, 'POST', ' '.repeat(1_100_000))).status, 413)
  assert.equal((await get('/graphql', { ...json, origin: 'https://evil.example' }, 'POST', body)).headers['access-control-allow-origin'], undefined)
})

test('introspection is on', async () => {
  assert.ok(await query.ask(getIntrospectionQuery()))
})

const tooMuch: readonly (readonly [what: string, query: string, code: string])[] = [
  ['a page above 500', '{ runs(first: 501) { totalCount } }', 'BAD_INPUT'],
  ['an empty page', '{ ledgerEntries(first: 0) { totalCount } }', 'BAD_INPUT'],
  ['a long text', `{ runs(filter: {text: "${'x'.repeat(60_000)}"}) { totalCount } }`, 'BAD_INPUT'],
  ['many aliases', `{ ${Array.from({ length: 70 }, (_, i) => `a${i}: ingest { runCount }`).join(' ')} }`, 'BAD_INPUT'],
  ['depth', `{ __schema { types { ${'ofType { '.repeat(20)} name ${'} '.repeat(20)} } } }`, 'BAD_INPUT'],
  ['types in types', `{ __schema { types { ${'fields { type { '.repeat(5)} name ${'} } '.repeat(5)} } } }`, 'BAD_INPUT'],
  ['all steps of 500 runs', '{ runs(first: 500) { nodes { steps { id name kind status cost agent } } } }', 'TOO_WIDE'],
  ['a ledger for each of 500 runs', '{ runs(first: 500) { nodes { a: ledger { id } b: ledger { id } } } }', 'TOO_WIDE'],
  ['fragments that double', `{ runs { nodes { ...a0 } } } ${Array.from({ length: 25 }, (_, i) => `fragment a${i} on Run { ...a${i + 1} ...a${i + 1} }`).join(' ')} fragment a25 on Run { id }`, 'BAD_INPUT'],
  ['a syntax error', '{ runs', 'BAD_INPUT'],
  ['an unknown field', '{ runs { secrets } }', 'BAD_INPUT'],
  ['a bad time', '{ costs(range: {from: "yesterday"}) { cost } }', 'BAD_INPUT'],
  ['money with an exponent', '{ runs(filter: {minCost: "1e3"}) { totalCount } }', 'BAD_INPUT'],
]
for (const [what, text, code] of tooMuch) {
  test(`refused with a reason: ${what}`, async () => {
    const [error] = await query.refusal(text)
    assert.equal(error?.code, code)
    assert.doesNotMatch(error?.message ?? '', /SELECT|\.ts|node_modules/)
    assert.ok(error?.message.includes(join(import.meta.dirname, '..')) === false, 'names no folder of this machine')
  })
}
test('a page size in a variable is bounded too', async () => {
  const [error] = await query.refusal('query($n: Int!) { runs(first: $n) { nodes { steps { id } } } }', { n: 500_000 })
  assert.equal(error?.code, 'TOO_WIDE')
})
test('a page size in the default of a variable is bounded too', async () => {
  const text = 'query($n: Int = 500) { runs(first: $n) { nodes { steps { id name kind status cost agent } } } }'
  assert.deepEqual((await query.refusal(text)).map(({ code }) => code), ['TOO_WIDE'])
  assert.deepEqual(await query.refusal(text, { n: 1 }), [], 'what is given counts, not the default')
  const twenty = Array.from({ length: 20 }, (_, n) => `a${n}: ledger { id }`).join(' ')
  const [error] = await query.refusal(`query($constructor: Int) { runs(first: $constructor) { nodes { ${twenty} } } }`)
  assert.equal(error?.code, 'TOO_WIDE', 'the default of the field')
})
test('a money variable that is no decimal is refused by name', async () => {
  const [error] = await query.refusal('query($m: Decimal) { runs(filter: {minCost: $m}) { totalCount } }', { m: '0,5' })
  assert.equal(error?.code, 'BAD_INPUT')
  assert.match(error?.message ?? '', /'0,5'/)
})

/** The events of a stream as they come. */
async function* events(path: string, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}): AsyncGenerator<{ readonly id: string; readonly data: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`${query.server.address.url}${path}`, { signal, headers })
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      const [, id] = /^id: (\d+)$/m.exec(part) ?? []
      const [, data] = /^data: (.*)$/m.exec(part) ?? []
      if (id !== undefined && data !== undefined) yield { id, data: JSON.parse(data) as Readonly<Record<string, unknown>> }
    }
  }
}

test('events: what changes is told once, also a version that shows up late; a client resumes where it was', async () => {
  await query.insert(runs, [runRow(1, { version: noon })])
  const stop = new AbortController()
  const all = events('/v1/runs/events', stop.signal)
  const one = events(`/v1/runs/${traceId(1)}/events`, stop.signal)
  assert.deepEqual((await one.next()).value?.data, { id: traceId(1), version: String(noon), settled: true, status: 'COMPLETED', isRun: true })
  const first = all.next()
  // The feed looks from the moment somebody listens.
  await new Promise((resolve) => setTimeout(resolve, 700))
  await query.insert(runs, [runRow(2, { version: noon + 9n, settled: false, status: 'RUNNING' })])
  assert.deepEqual((await first).value?.data, { id: traceId(2), version: String(noon + 9n), settled: false, status: 'RUNNING', isRun: true })
  await query.insert(runs, [runRow(3, { version: noon + 5n, isRun: false })])
  assert.equal((await all.next()).value?.data['id'], traceId(3))
  await query.insert(runs, [runRow(1, { version: noon + 20n, status: 'FAILED' })])
  assert.equal((await all.next()).value?.data['status'], 'FAILED')
  assert.equal((await one.next()).value?.data['version'], String(noon + 20n))
  const resumed = events('/v1/runs/events', stop.signal, { 'last-event-id': String(noon + 5n) })
  assert.deepEqual([(await resumed.next()).value?.data['id'], (await resumed.next()).value?.data['id']], [traceId(2), traceId(1)])
  stop.abort()
  await Promise.all([all, one, resumed].map((stream) => stream.next().catch(() => undefined)))
})

test('a fault of ours is masked and logged with its cause', async () => {
  const before = query.errors.length
  await query.store.command('RENAME TABLE runs TO runs_away')
  const [error] = await query.refusal('{ ingest { runCount } }')
  await query.store.command('RENAME TABLE runs_away TO runs')
  assert.deepEqual(error, { message: 'something went wrong here; it is in the log', code: 'INTERNAL' })
  assert.match(String(query.errors[before + 1]), /runs/)
  assert.equal(query.errors.length, before + 2, 'logged once')
})
