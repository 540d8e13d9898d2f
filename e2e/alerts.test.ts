/** A budget's threshold is told within seconds, once, whatever is sent again and whoever is killed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { ago, exportRequest, modelCall, newTraceId } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { post } from './sending.ts'

const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

describe('alerts', () => {
  let dir: string
  let program: Program
  let env: Readonly<Record<string, string>>
  /** What the receiver verified: a signature that is wrong or old throws. */
  const told: { readonly type: string; readonly data: { readonly title: string } }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    told.push(new Webhook(secret).verify(body, request.headers as Record<string, string>) as (typeof told)[number])
    response.writeHead(204).end()
  })
  const start = (): Promise<Program> => startProgram({ dataDir: join(dir, 'data'), env })
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    dir = await mkdtemp(join(tmpdir(), 'budgets-alerts-e2e-'))
    await writeFile(join(dir, 'budgets.yaml'), 'budgets: [{ id: month, period: month, limit: { tokens: 1000 }, thresholds: [50, 100], action: alert }]')
    await writeFile(join(dir, 'alerts.yaml'), `
destinations: [{ id: hook, kind: webhook, url: "http://127.0.0.1:${(server.address() as AddressInfo).port}/x", secret: { env: HOOK_SECRET } }]
rules: [{ id: money, on: budget, notify: [hook] }]
`)
    env = { SPANLEDGER_BUDGETS: join(dir, 'budgets.yaml'), SPANLEDGER_ALERTS: join(dir, 'alerts.yaml'), HOOK_SECRET: secret, SPANLEDGER_SETTLEMENT_DELAY_MS: '500' }
    program = await start()
  })
  after(async () => {
    await program[Symbol.asyncDispose]()
    server.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  })
  const hears = async (count: number): Promise<void> => {
    for (let tries = 0; tries < 150 && told.length < count; tries++) await sleep(100)
    assert.deepEqual(told.map(({ data }) => data.title), ['month: 50 % used', 'month: 100 % used'].slice(0, count))
  }

  test('each threshold is told once: after duplicates, after a kill, and signed', async () => {
    const [first, second] = [600, 500].map((input) => exportRequest([modelCall({ traceId: newTraceId(), start: ago(0) }, { input, output: 1 })])) as [Buffer, Buffer]
    await post(program, first)
    await hears(1)
    await post(program, first)
    program.signal('SIGKILL')
    await program.exited
    program = await start()
    await post(program, first)
    await post(program, second)
    await hears(2)
    await sleep(2_500)
    await hears(2)
    assert.deepEqual(told.map(({ type }) => type), ['alert.firing', 'alert.firing'])
  })

  test('what fires, who was told and a test can be asked for; a secret cannot', async () => {
    const answer = await graphql<object>(program, `mutation { testAlertDestination(id: "hook") { ok detail } }`)
    assert.deepEqual(answer, { testAlertDestination: { ok: true, detail: 'answered 204' } })
    const said = await graphql<{ alerts: readonly { title: string; firing: boolean; severity: string }[] }>(program, '{ alerts { title firing severity waiting } alertRules { id on notify mutedUntil } alertDestinations { id kind failures gone } alertEvents { kind destination detail } }')
    assert.deepEqual(said.alerts.map(({ title, firing, severity }) => [title, firing, severity]), [['month: 100 % used', true, 'CRITICAL'], ['month: 50 % used', true, 'WARNING']])
    assert.doesNotMatch(JSON.stringify(said) + program.log(), new RegExp(`${secret}|http://127`))
  })

  test('a person makes a rule, looks at it in the past, changes and deletes it; the file\'s are the operator\'s', async () => {
    const define = (document: string): Promise<{ defineAlertRule: { id: string; version: number; origin: string; document: string } }> =>
      graphql(program, 'mutation ($document: String!) { defineAlertRule(document: $document) { id version origin document } }', { document })
    const spending = '{ id: spending, on: spend, above: 0, window: 1h, notify: [hook] }'
    const { alertPreview } = await graphql<{ alertPreview: { total: number; readings: readonly { value: number | null }[] } }>(
      program, 'query ($document: String) { alertPreview(document: $document, range: {}) { total readings { value } } }', { document: spending })
    assert.equal(alertPreview.total, 1)
    assert.deepEqual([alertPreview.readings.length <= 200, alertPreview.readings.some(({ value }) => (value ?? 0) > 0)], [true, true])
    assert.deepEqual((await define(spending)).defineAlertRule, { id: 'spending', version: 1, origin: 'API', document: 'id: spending\non: spend\nabove: 0\nwindow: 1h\nnotify:\n  - hook\n' })
    assert.equal((await define(spending.replace('above: 0', 'above: 1000'))).defineAlertRule.version, 2)
    program.signal('SIGKILL')
    await program.exited
    program = await start()
    const rules = async (): Promise<readonly object[]> => (await graphql<{ alertRules: readonly object[] }>(program, '{ alertRules { id origin version above unknown } }')).alertRules
    assert.deepEqual(await rules(), [{ id: 'money', origin: 'FILE', version: null, above: null, unknown: [] }, { id: 'spending', origin: 'API', version: 2, above: 1_000, unknown: [] }])
    await assert.rejects(define('{ id: money, on: budget, notify: [] }'), /^Error: rule 'money' is defined in the alerts file: change it there$/)
    await assert.rejects(define('{ id: other, on: spend, notify: [] }'), /^Error: rule 'other': above is missing, a number from 0 is needed \(US dollars\)$/)
    await graphql(program, 'mutation { retireAlertRule(id: "spending") { id } }')
    assert.equal((await rules()).length, 1)
    await assert.rejects(graphql(program, '{ alertPreview(range: {}) { total } }'), /a preview is of one rule: name it in rule, or write it in document/)
  })
})
