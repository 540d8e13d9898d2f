/** Alerts fire once, survive a restart, and are told to real receivers until they have heard them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { type Alerting, type AlertRule, type Destination, parseAlertRule } from '#otel-config/alerts/alert.ts'
import type { AlertState } from '#otel-config/alerts/standing.ts'
import { Journal } from '../budgets/journal.ts'
import { Alerter } from './alerter.ts'
import type { Candidate } from './candidate.ts'
import { Rules } from './rules.ts'

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An HTTP server that answers with `status`, or not at all for 0. */
async function receiver(t: TestContext, status: () => number = () => 200, answerHeaders: Readonly<Record<string, string>> = {}): Promise<{ readonly url: string; readonly got: Received[] }> {
  const got: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    got.push({ path: request.url ?? '', headers: request.headers, body })
    if (status() !== 0) response.writeHead(status(), answerHeaders).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got }
}

/** The least of SMTP: takes one message after the other. */
async function mailServer(t: TestContext): Promise<{ readonly url: string; readonly mails: string[] }> {
  const mails: string[] = []
  const server = createSocketServer((socket) => {
    let data: string | undefined
    let rest = ''
    socket.write('220 test\r\n')
    socket.on('data', (chunk) => {
      rest += String(chunk)
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        if (data !== undefined && line !== '.') data += `${line}\n`
        else if (data !== undefined) {
          mails.push(data)
          data = undefined
          socket.write('250 kept\r\n')
        } else if (line === 'DATA') {
          data = ''
          socket.write('354 go on\r\n')
        } else socket.write(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n')
      }
    })
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, mails }
}

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const hour = 3_600_000
const begin = Date.parse('2026-11-27T00:00:00Z')
const crossed: Candidate = {
  key: 'month:1:0:[]:80:actual', rule: '', budget: 'month', crossing: 'month:1:0:[]:80:actual', group: '', on: 'budget', groupBy: null, from: begin, severity: 'warning', once: true, periodEnd: begin + 24 * hour,
  title: 'Shop <month>: 80 % used', summary: '$8 of $10 are used.', values: { limit: '$10' },
}

describe('alerts', () => {
  let dir: string
  let store: Store
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'budgets-alerts-'))
    store = await openStore({ kind: 'embedded', dataDir: dir, memoryBytes: 1024 * 1024 * 1024, readSessions: 2 })
    await migrate(store)
  })
  after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })

  /** An alerter at a time of the test's choosing; `restart` is what a kill leaves. */
  const world = async (t: TestContext, alerting: Alerting) => {
    const path = join(await mkdtemp(join(dir, 'decider-')), 'journal')
    const tenant = `t${path}`
    const state = { now: begin, candidates: [] as readonly Candidate[], still: true, warnings: [] as string[] }
    const open = async (file: Alerting = alerting): Promise<{ readonly alerter: Alerter; readonly journal: Journal }> => {
      const journal = await Journal.open({ path, sync: (file) => file.datasync(), now: () => state.now })
      const log = { info: () => undefined, warn: (message: string, { error }: Readonly<Record<string, unknown>>) => state.warnings.push(`${message}: ${String(error)}`), error: (message: string) => assert.fail(message) }
      const rules = await Rules.open({ store, tenant, alerting: file, log, nowNano: () => BigInt(state.now) * 1_000_000n })
      const alerter = new Alerter({ rules, destinations: file.destinations, tenant, store, journal, log, now: () => state.now, budgets: { crossed: () => state.candidates, stillCrossed: () => state.still } })
      t.after(async () => {
        await alerter.close()
        await journal.close()
      })
      return { journal, alerter }
    }
    return { state, open, tenant }
  }
  const until = async (what: string, alerter: Alerter, look: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 500 && !look(); tries++) {
      await alerter.tick()
      await sleep(10)
    }
    assert.ok(look(), what)
  }
  const rule = (notify: readonly string[]): AlertRule => parseAlertRule(JSON.stringify({ id: 'money', on: 'budget', notify }))

  test('every kind of destination hears of an alert once, also after a restart, and of its end when the period is over', async (t) => {
    const [http, mail] = [await receiver(t), await mailServer(t)]
    const destinations: readonly Destination[] = [
      { id: 'slack', kind: 'slack', url: `${http.url}/slack` }, { id: 'hook', kind: 'webhook', url: `${http.url}/hook`, secret },
      { id: 'pd', kind: 'pagerduty', url: `${http.url}/pd`, routingKey: 'route' }, { id: 'am', kind: 'alertmanager', url: `${http.url}/am` },
      { id: 'mail', kind: 'email', server: mail.url, from: 'ledger@example.com', to: ['finance@example.com'] },
    ]
    const { state, open, tenant } = await world(t, { rules: [rule(destinations.map(({ id }) => id))], destinations })
    const { alerter } = await open()
    state.candidates = [crossed]
    const quiet = (): boolean => alerter.alerts().every(({ waiting }) => waiting.length === 0)
    await until('all were told', alerter, () => alerter.alerts().length === 1 && quiet())
    const bodies = (path: string): readonly Received[] => http.got.filter((one) => one.path === path)
    assert.deepEqual(['/slack', '/hook', '/pd', '/am/api/v2/alerts'].map((path) => bodies(path).length), [1, 1, 1, 1])
    assert.equal(mail.mails.length, 1)
    assert.match(mail.mails[0] ?? '', /^Subject: Shop <month>: 80 % used$/m)
    assert.deepEqual(JSON.parse(bodies('/slack')[0]?.body ?? ''), { text: '*Shop &lt;month&gt;: 80 % used*\n$8 of $10 are used.' })
    const { dedup_key, event_action, payload } = JSON.parse(bodies('/pd')[0]?.body ?? '') as { dedup_key: string; event_action: string; payload: { severity: string } }
    assert.deepEqual([dedup_key, event_action, payload.severity], [`money:${crossed.key}`, 'trigger', 'warning'])
    // The signature is dated; the test's clock is not the wall's, which `verify` compares it with.
    const signed = bodies('/hook')[0] as Received
    assert.equal(signed.headers['webhook-signature'], new Webhook(secret).sign(String(signed.headers['webhook-id']), new Date(begin), signed.body))
    assert.equal(signed.headers['webhook-timestamp'], String(begin / 1_000))

    await alerter.tick()
    const { alerter: next } = await open()
    for (let n = 0; n < 20; n++) await next.tick()
    assert.equal(bodies('/slack').length, 1, 'not again after a restart')
    state.candidates = []
    state.now = begin + 25 * hour
    await until('all were told of the end', next, () => next.alerts().every(({ firing, waiting }) => !firing && waiting.length === 0))
    assert.match(bodies('/slack')[1]?.body ?? '', /Resolved: Shop/)
    assert.equal((JSON.parse(bodies('/pd')[1]?.body ?? '') as { event_action: string }).event_action, 'resolve')
    await next.tick()
    const rows = await store.read<{ kind: string; n: string }>('SELECT kind, toString(count()) AS n FROM alert_events FINAL WHERE tenant = {tenant:String} GROUP BY kind ORDER BY kind', { tenant }, { maxSeconds: 10 })
    assert.deepEqual(rows.map(({ kind, n }) => `${kind} ${n}`), ['FIRING 1', 'RESOLVED 1', 'DELIVERED 10'])
  })

  test('a receiver that fails is told again later, rests after five failures, and hears all in order when it is back', async (t) => {
    let status = 500
    const http = await receiver(t, () => status)
    const { state, open } = await world(t, { rules: [rule(['slack'])], destinations: [{ id: 'slack', kind: 'slack', url: http.url }] })
    const { alerter } = await open()
    state.candidates = [crossed]
    for (let failures = 1; failures <= 5; failures++) {
      await until(`failure ${failures}`, alerter, () => alerter.destinations()[0]?.failures === failures)
      state.candidates = []
      state.now += 3 * hour * failures
    }
    assert.equal(http.got.length, 5)
    status = 200
    await until('the end of the period and everything told', alerter, () => {
      state.now += hour
      return alerter.alerts().every(({ firing, waiting }) => !firing && waiting.length === 0)
    })
    assert.deepEqual(http.got.slice(5).map(({ body }) => body.includes('Resolved')), [false, true])
  })

  test('one that is gone is never told again', async (t) => {
    const http = await receiver(t, () => 410)
    const { state, open } = await world(t, { rules: [rule(['hook'])], destinations: [{ id: 'hook', kind: 'webhook', url: http.url, secret }] })
    const { alerter } = await open()
    state.candidates = [crossed, { ...crossed, key: 'other' }]
    await until('both were given up', alerter, () => alerter.alerts().length === 2 && alerter.alerts().every(({ waiting }) => waiting.length === 0))
    assert.deepEqual([http.got.length, alerter.destinations()[0]?.gone], [1, true])
  })

  test('one that says when to come again is left alone until then', async (t) => {
    const http = await receiver(t, () => 429, { 'retry-after': '3600' })
    const { state, open } = await world(t, { rules: [rule(['slack'])], destinations: [{ id: 'slack', kind: 'slack', url: http.url }] })
    const { alerter } = await open()
    state.candidates = [crossed]
    await until('it failed', alerter, () => alerter.destinations()[0]?.failures === 1)
    state.now += hour / 2
    await alerter.tick()
    await sleep(100)
    assert.equal(http.got.length, 1)
    state.now += hour
    await until('it is told again', alerter, () => http.got.length === 2)
  })

  test('a name with line breaks writes no lines of its own', async (t) => {
    const [http, mail] = [await receiver(t), await mailServer(t)]
    const { state, open } = await world(t, {
      rules: [rule(['slack', 'mail'])], destinations: [{ id: 'slack', kind: 'slack', url: http.url }, { id: 'mail', kind: 'email', server: mail.url, from: 'a@example.com', to: ['b@example.com'] }],
    })
    const { alerter } = await open()
    const name = 'eve\r\nlimit: $1\u2028<!channel>'
    state.candidates = [{ ...crossed, title: `Shop (user ${name}): 80 % used`, values: { limit: '$10', user: name } }]
    await until('both have heard', alerter, () => http.got.length === 1 && mail.mails.length === 1)
    assert.equal(JSON.parse(http.got[0]?.body ?? '').text, '*Shop (user eve limit: $1 &lt;!channel&gt;): 80 % used*\n$8 of $10 are used.')
    assert.deepEqual(mail.mails[0]?.split('\n').filter((line) => line.startsWith('limit')), ['limit: $10'])
  })

  test('a mail server that always has one more line to say is given up', { timeout: 60_000 }, async (t) => {
    const server = createSocketServer((socket) => {
      socket.on('error', () => undefined).write('220 test\r\n')
      const lines = setInterval(() => socket.write('250-and\r\n'), 500)
      socket.on('close', () => clearInterval(lines))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { open } = await world(t, { rules: [], destinations: [{ id: 'mail', kind: 'email', server: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, from: 'a@example.com', to: ['b@example.com'] }] })
    const { alerter } = await open()
    assert.deepEqual(await alerter.test('mail'), { ok: false, detail: 'no answer within 10 seconds' })
  })

  test('one that cannot be written down keeps no other from firing', async (t) => {
    const { state, open } = await world(t, { rules: [rule([])], destinations: [] })
    const { alerter } = await open()
    // Beyond what a record of the journal may hold.
    state.candidates = [{ ...crossed, key: 'too long', group: 'x'.repeat(70_000) }, crossed]
    await alerter.tick()
    assert.match(state.warnings.join(), /could not be written down.*the limit is/)
    assert.deepEqual(alerter.alerts().map(({ key }) => key), [`money:${crossed.key}`])
  })

  test('a receiver that hangs holds up nobody else', async (t) => {
    const [hanging, http] = [await receiver(t, () => 0), await receiver(t)]
    const { state, open } = await world(t, { rules: [rule(['hanging', 'slack'])], destinations: [{ id: 'hanging', kind: 'slack', url: hanging.url }, { id: 'slack', kind: 'slack', url: http.url }] })
    const { alerter } = await open()
    state.candidates = [crossed, { ...crossed, key: 'other' }]
    await until('the other one has heard both', alerter, () => http.got.length === 2)
    assert.equal(hanging.got.length, 1)
  })

  test('a muted rule fires and tells nobody; unmuted, what fires next is told', async (t) => {
    const http = await receiver(t)
    const { state, open } = await world(t, { rules: [rule(['slack'])], destinations: [{ id: 'slack', kind: 'slack', url: http.url }] })
    const { alerter } = await open()
    await alerter.mute('money', begin + hour)
    state.candidates = [crossed]
    await until('it fires', alerter, () => alerter.alerts().length === 1)
    await alerter.mute('money', undefined)
    state.candidates = [crossed, { ...crossed, key: 'other' }]
    await until('the next one is told', alerter, () => http.got.length === 1)
    assert.equal(alerter.alerts().length, 2)
    await assert.rejects(alerter.mute('nothing', undefined), { message: `there is no rule 'nothing'` })
  })

  test('what was told before its rule was muted is told to be over, also after a restart; what fires meanwhile is not', async (t) => {
    const http = await receiver(t)
    const { state, open } = await world(t, { rules: [rule(['slack'])], destinations: [{ id: 'slack', kind: 'slack', url: http.url }] })
    const { alerter } = await open()
    state.candidates = [crossed]
    await until('it is told', alerter, () => http.got.length === 1)
    await alerter.mute('money', begin + 48 * hour)
    state.candidates = [{ ...crossed, key: 'other' }]
    const { alerter: next } = await open()
    await until('the other fires', next, () => next.alerts().length === 2)
    state.candidates = []
    state.now = begin + 25 * hour
    await until('both are over', next, () => next.alerts().every(({ firing, waiting }) => !firing && waiting.length === 0))
    assert.deepEqual(http.got.map(({ body }) => body.includes('Resolved')), [false, true])
  })

  test('a name and a password in an address go into their header', async (t) => {
    const http = await receiver(t)
    const { open } = await world(t, { rules: [], destinations: [{ id: 'prometheus', kind: 'alertmanager', url: http.url.replace('//', '//ada:p%40ss@') }] })
    const { alerter } = await open()
    assert.deepEqual(await alerter.test('prometheus'), { ok: true, detail: 'answered 200' })
    assert.equal(http.got[0]?.headers.authorization, `Basic ${Buffer.from('ada:p@ss').toString('base64')}`)
  })

  test('a test says what the destination answered, and a secret address never', async (t) => {
    const http = await receiver(t, () => 302)
    const { open } = await world(t, { rules: [], destinations: [{ id: 'slack', kind: 'slack', url: http.url }, { id: 'nobody', kind: 'slack', url: 'http://127.0.0.1:1/secret' }] })
    const { alerter } = await open()
    assert.deepEqual(await alerter.test('slack'), { ok: false, detail: 'answered 302' })
    const { ok, detail } = await alerter.test('nobody')
    assert.deepEqual([ok, detail.includes('secret')], [false, false])
  })

  /** Runs that took two hours, by service, how they ended and when. */
  const ended = (tenant: string, runs: readonly (readonly [service: string, status: 'FAILED' | 'COMPLETED', at: number])[]): Promise<void> =>
    store.command(`INSERT INTO runs (tenant, trace_id, version, is_run, status, started_at, ended_at, service) VALUES ${runs.map(([service, status, at], trace) =>
      `('${tenant}', unhex('${trace.toString(16).padStart(32, '0')}'), 1, true, '${status}', fromUnixTimestamp64Milli(${at - 2 * hour}, 'UTC'), fromUnixTimestamp64Milli(${at}, 'UTC'), '${service}')`).join(', ')}`)

  test('an error rate that lasts fires for its service, and is over when it is', async (t) => {
    const http = await receiver(t)
    const failing = parseAlertRule('{ id: failing, on: error_rate, above: 20, window: 1h, for: 1m, group_by: service, notify: [slack] }')
    const { state, open, tenant } = await world(t, { rules: [failing], destinations: [{ id: 'slack', kind: 'slack', url: http.url }] })
    await ended(tenant, [['shop', 'FAILED', begin - 1], ['shop', 'COMPLETED', begin - 1], ['desk', 'COMPLETED', begin - 1], ['desk', 'FAILED', begin - 50 * hour]])
    const { alerter } = await open()
    await alerter.tick()
    assert.deepEqual(alerter.alerts(), [], 'it has to last')
    state.now += 90_000
    await until('it is told', alerter, () => http.got.length === 1)
    assert.deepEqual(alerter.alerts().map(({ title, summary }) => [title, summary]), [['error rate of service shop is above 20', '50 percent of runs that failed, in the last 60 minutes.']])
    assert.deepEqual(alerter.alerts().map(({ on, budget, groupBy, group, from, firedAt }) => [on, budget, groupBy, group, (firedAt - (from ?? 0)) / 60_000]), [['error_rate', '', 'service', 'shop', 61]], 'what it is about: the window before the minute that it was above')
    const { total, alerts } = await alerter.preview({ rule: 'failing' }, begin - 60 * hour, begin)
    assert.deepEqual([total, ...alerts.map(({ group, highest, resolvedAt }) => [group, highest, resolvedAt])], [2, ['shop', 50, undefined], ['desk', 100, begin - 48 * hour]])
    state.now += 2 * hour
    await until('it is over', alerter, () => http.got.length === 2)
    assert.match(http.got[1]?.body ?? '', /Resolved: error rate of service shop/)
    assert.deepEqual(state.warnings, [])
  })

  test('what lasts goes on lasting over a kill: nobody waits anew, and nothing fires that was below meanwhile', async (t) => {
    const minute = 60_000
    const { state, open, tenant } = await world(t, { rules: [parseAlertRule('{ id: failing, on: error_rate, above: 20, window: 2m, for: 10m, group_by: service, notify: [] }')], destinations: [] })
    const minutes = Array.from({ length: 16 }, (_, index) => index - 5)
    await ended(tenant, minutes.flatMap((at) => [['shop', 'FAILED', begin + at * minute], ['desk', at > 0 && at < 4 ? 'COMPLETED' : 'FAILED', begin + at * minute]] as const))
    const firing = async (at: number): Promise<readonly string[]> => {
      state.now = begin + at * minute
      const { alerter } = await open()
      await alerter.tick()
      return alerter.alerts().map(({ group }) => group)
    }
    assert.deepEqual(await firing(0), [])
    assert.deepEqual(await firing(4), [], 'nine minutes')
    assert.deepEqual(await firing(6), ['shop'])
    state.now = begin
    const { alerter: suspended } = await open({ rules: [parseAlertRule('{ id: other, on: error_rate, above: 20, window: 2m, for: 10m, group_by: service, notify: [] }')], destinations: [] })
    for (const at of [0, 6]) {
      state.now = begin + at * minute
      await suspended.tick()
    }
    assert.deepEqual(suspended.alerts().filter(({ rule: id }) => id === 'other').map(({ group }) => group), ['shop'], 'one that stood still was not there either')
    assert.deepEqual(state.warnings, [])
  })

  test('a preview of what was is what fired, up to a window', async (t) => {
    const minute = 60_000
    const words = ['group_by: service', 'for: 15m, group_by: service', 'for: 15m, group_by: service, no_data: keep', 'no_data: fire', 'no_data: keep']
    const rules = words.map((more, index) => parseAlertRule(`{ id: r${index}, on: error_rate, above: 40, window: 5m, notify: [], ${more} }`))
    const { state, open, tenant } = await world(t, { rules, destinations: [] })
    // What a service does in five minutes each: `c` completes runs, `F` fails them, `.` nothing.
    const history = { shop: 'cFFcFFFFc..FFFcF.F.cc', desk: 'ccccccccc..cFFFFc.ccF' }
    await ended(tenant, Object.entries(history).flatMap(([service, done]) => [...done].flatMap((one, index) =>
      (one === '.' ? [] : [1, 2, 3, 4].map((n) => [service, one === 'F' ? 'FAILED' : 'COMPLETED', begin + (5 * index + n) * minute] as const)))))
    const end = begin + history.shop.length * 5 * minute
    const { alerter } = await open()
    const fired = new Map<string, AlertState>()
    for (state.now += 5 * minute; state.now <= end; state.now += 2.5 * minute) {
      await alerter.tick()
      for (const alert of alerter.alerts()) fired.set(`${alert.key} ${alert.firedAt}`, alert)
    }
    for (const { id } of rules) {
      const { alerts } = await alerter.preview({ rule: id }, begin, end)
      const inOrder = (found: readonly Pick<AlertState, 'group' | 'firedAt' | 'resolvedAt'>[]) => found.toSorted((a, b) => a.group.localeCompare(b.group) || a.firedAt - b.firedAt)
      const [foreseen, seen] = [inOrder(alerts), inOrder([...fired.values()].filter(({ rule: of }) => of === id))]
      assert.deepEqual(foreseen.map(({ group, resolvedAt }) => [group, resolvedAt === undefined]), seen.map(({ group, resolvedAt }) => [group, resolvedAt === undefined]), id)
      for (const [index, { group, firedAt, resolvedAt }] of foreseen.entries()) for (const [at, was] of [[firedAt, seen[index]?.firedAt], [resolvedAt, seen[index]?.resolvedAt]]) {
        assert.ok(Math.abs((at ?? end) - (was ?? end)) <= 5 * minute, `${id} ${group}: ${((at ?? end) - (was ?? end)) / minute} minutes apart`)
      }
    }
    assert.deepEqual(state.warnings, [])
  })

  test('every signal can be read', async (t) => {
    const rules = (['error_rate', 'latency_p95', 'spend', 'spend_jump', 'denials', 'loops', 'rejected', 'silence'] as const)
      .map((on) => parseAlertRule(JSON.stringify({ id: on.replace('_', '-'), on, above: 0, window: '1h', notify: [] })))
    const { state, open } = await world(t, { rules, destinations: [] })
    const { alerter } = await open()
    await alerter.tick()
    assert.deepEqual(state.warnings, [])
    assert.deepEqual(alerter.alerts().map(({ rule: id }) => id), ['silence'], 'nothing was ever received')
  })

  const hook = (t: TestContext) => receiver(t).then((http) => ({ http, alerting: { rules: [], destinations: [{ id: 'slack', kind: 'slack', url: http.url }, { id: 'other', kind: 'slack', url: `${http.url}/other` }] } satisfies Alerting }))

  test('a rule is defined, changed and retired by a person; what it fired is over, and who was told of it is told that', async (t) => {
    const { http, alerting } = await hook(t)
    const { state, open, tenant } = await world(t, alerting)
    const { alerter } = await open()
    const first = await alerter.define('{ id: money, on: budget, notify: [slack] }')
    assert.deepEqual([first.defined?.version, first.unknown], [1, []])
    assert.equal((await alerter.define('{ id: money, on: budget, notify: [slack] }')).defined?.version, 1, 'the same again')
    state.candidates = [crossed]
    await until('it is told', alerter, () => http.got.length === 1)
    assert.equal((await alerter.define('{ id: money, on: budget, notify: [other] }')).defined?.version, 2)
    assert.deepEqual(alerter.alerts().map(({ firing }) => firing), [true], 'whom it tells makes no other alert')
    await alerter.mute('money', begin + hour)
    await alerter.mute('money', undefined)
    await alerter.retire('money')
    await until('its end is told', alerter, () => http.got.length === 2)
    assert.deepEqual(http.got.map(({ path, body }) => [path, body.includes('Resolved')]), [['/', false], ['/', true]])
    assert.deepEqual(alerter.rules(), [])
    await assert.rejects(alerter.retire('money'), { name: 'AlertError', message: `there is no rule 'money'` })
    assert.equal((await alerter.define('{ id: money, on: budget, notify: [slack] }')).defined?.version, 4, 'after the version that retired it')
    const rows = await store.read<{ said: string }>('SELECT concat(toString(version), if(retired, \' retired\', \'\')) AS said FROM alert_rule_versions WHERE tenant = {tenant:String} ORDER BY version', { tenant }, { maxSeconds: 10 })
    assert.deepEqual(rows.map(({ said }) => said), ['1', '2', '3 retired', '4'])
  })

  test('a rule that looks at something else from now on ends what it fired', async (t) => {
    const { http, alerting } = await hook(t)
    const { open, state } = await world(t, alerting)
    const { alerter } = await open()
    await alerter.define('{ id: quiet, on: silence, above: 30, notify: [slack] }')
    await until('nothing was ever received', alerter, () => http.got.length === 1)
    await alerter.define('{ id: quiet, on: silence, above: 60, notify: [slack] }')
    assert.deepEqual(alerter.alerts().map(({ firing }) => firing), [true])
    await alerter.define('{ id: quiet, on: rejected, above: 0, notify: [slack] }')
    await until('it is over', alerter, () => http.got.length === 2)
    state.now += hour
    await alerter.tick()
    assert.deepEqual(alerter.alerts().map(({ firing }) => firing), [false])
    assert.deepEqual(state.warnings, [])
  })

  test('what was defined holds after a restart; a rule of the file wins over it, and nobody else changes it', async (t) => {
    const { alerting } = await hook(t)
    const { state, open } = await world(t, alerting)
    const { alerter } = await open()
    await alerter.define('{ id: mine, on: loops, above: 0, notify: [slack] }')
    await alerter.define('{ id: money, on: loops, above: 5, notify: [] }')
    const { alerter: next } = await open()
    assert.deepEqual(next.rules().map(({ rule: { id }, defined }) => [id, defined?.version]), [['mine', 1], ['money', 1]])

    const withFile = await open({ rules: [rule(['slack'])], destinations: alerting.destinations })
    assert.deepEqual(withFile.alerter.rules().map(({ rule: { id, on }, defined }) => [id, on, defined?.version]), [['money', 'budget', undefined], ['mine', 'loops', 1]])
    assert.match(state.warnings.join(), /the alerts file has a rule of this id/)
    const ofFile = { name: 'AlertError', message: `rule 'money' is defined in the alerts file: change it there` }
    await assert.rejects(withFile.alerter.define('{ id: money, on: budget, notify: [] }'), ofFile)
    await assert.rejects(withFile.alerter.retire('money'), ofFile)

    const without = await open({ rules: [], destinations: [] })
    assert.deepEqual(without.alerter.rules().map(({ rule: { id }, unknown }) => [id, unknown]), [['mine', ['slack']], ['money', []]], 'a destination that left the file is said')
  })

  test('a rule that cannot be is one clear line and changes nothing', async (t) => {
    const { alerting } = await hook(t)
    const { open } = await world(t, alerting)
    const { alerter } = await open()
    await assert.rejects(alerter.define('{ id: r, on: budget, notify: [nobody] }'), { name: 'AlertError', message: `rule 'r': notify names 'nobody', destinations are slack, other` })
    await assert.rejects(alerter.define('{ id: r, on: weather, notify: [] }'), { name: 'AlertError', message: /^rule 'r': on is 'weather', allowed: budget, error_rate/ })
    await assert.rejects(alerter.preview({ document: '{ id: r, on: budget, notify: [] }' }, begin, begin + hour), { name: 'AlertError', message: /^rule 'r': rules on budgets have no preview/ })
    assert.deepEqual(alerter.rules(), [])
  })

  test('an alert whose rule left the file is over', async (t) => {
    const { alerting } = await hook(t)
    const { state, open } = await world(t, { ...alerting, rules: [rule([])] })
    const { alerter } = await open()
    state.candidates = [crossed]
    await alerter.tick()
    assert.deepEqual(alerter.alerts().map(({ firing }) => firing), [true])
    const { alerter: next } = await open({ ...alerting, rules: [] })
    state.candidates = []
    await next.tick()
    assert.deepEqual(next.alerts().map(({ firing }) => firing), [false])
  })

  test('silence in the past is every gap, until something came', async (t) => {
    const { open, tenant } = await world(t, { rules: [], destinations: [] })
    const { alerter } = await open()
    const preview = async (): Promise<readonly unknown[]> => {
      const { alerts, readings } = await alerter.preview({ document: '{ id: quiet, on: silence, above: 30, notify: [] }' }, begin - 3 * hour, begin)
      return [alerts.map(({ firedAt, resolvedAt, highest }) => [minutesAgo(firedAt), minutesAgo(resolvedAt ?? begin), highest]), readings.map(({ value }) => value)]
    }
    const minutesAgo = (ms: number): number => (begin - ms) / 60_000
    assert.deepEqual(await preview(), [[], Array.from({ length: 12 }, () => undefined)], 'nothing was ever received')
    const received = (ago: number): string => `('${tenant}', fromUnixTimestamp64Milli(${begin - ago * 60_000}, 'UTC'), '${ago}')`
    await store.command(`INSERT INTO ingest_account (tenant, at, instance) VALUES ${[170, 165, 100, 98, 40, 20].map(received).join(', ')}`)
    // 65 minutes until 100 minutes ago, 58 until 40 minutes ago: told at the end of the first window above 30.
    assert.deepEqual(await preview(), [[[60, 15, 58], [120, 75, 65]], [5, 15, 30, 45, 60, 65, 23, 38, 53, 58, 20, 20]])
  })

  test('a rule that is only written is looked at in the past: what an hour cost beside the hours before', async (t) => {
    const { open, tenant } = await world(t, { rules: [], destinations: [] })
    const { alerter } = await open()
    const spent = (hoursAgo: number, agent: string, amount: string): string =>
      `('${tenant}', fromUnixTimestamp64Milli(${begin - hoursAgo * hour + 1}, 'UTC'), '${agent}', ${amount}, unhex('${Buffer.from(`${agent}${hoursAgo}`.padEnd(16)).toString('hex')}'))`
    // A dollar an hour for a week is the usual of agent a; b is seen for the first time.
    const hours = Array.from({ length: 168 }, (_, index) => spent(index + 3, 'a', '1'))
    await store.command(`INSERT INTO ledger_entries (tenant, occurred_at, agent, amount, trace_id) VALUES ${[...hours, spent(2, 'a', '5'), spent(1, 'a', '2'), spent(1, 'b', '100')].join(', ')}`)
    const { total, alerts, readings } = await alerter.preview({ document: '{ id: jump, on: spend_jump, above: 3, window: 1h, group_by: agent, notify: [] }' }, begin - 2 * hour, begin)
    assert.deepEqual([total, alerts.map(({ group, highest, since }) => [group, highest, since])], [1, [['a', 5, begin - 2 * hour]]])
    // 167 hours of one dollar and one of five.
    assert.deepEqual(readings.map(({ value }) => value), [5, (2 * 168) / 172])
  })
})
