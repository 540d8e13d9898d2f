/** Budgets of the running program: a span is counted within seconds and once, a hold survives a kill, and every budget that matches is told. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { agentSpan, ago, callCost, exportRequest, type MadeSpan, modelCall, newTraceId } from './made-span.ts'
import { graphql, type Program, startProgram } from './program.ts'
import { post } from './sending.ts'

const file = `
budgets:
  - { id: clerk-day, period: day, limit: { usd: "0.001" }, scope: { agent: [clerk] }, action: deny, on_unpriced: deny }
  - { id: all-month, period: month, time_zone: Europe/Berlin, limit: { tokens: 1000000 }, action: alert }
  - { id: user-lifetime, period: lifetime, limit: { calls: 5 }, group_by: [user], action: observe }
  - { id: careful, period: lifetime, limit: { calls: 1 }, scope: { agent: [careful] }, group_by: [user], action: require_approval }
  - { id: again-repeater, period: lifetime, limit: { calls: 100 }, scope: { agent: [repeater] }, action: deny }
  - { id: again-late-repeater, period: lifetime, limit: { calls: 100 }, scope: { agent: [late-repeater] }, action: deny }
  - { id: run-ceiling, period: run, limit: { usd: "0.002" }, scope: { agent: [runner] }, action: kill }
`

interface Answer {
  readonly decision: string
  readonly reason: string
  readonly reservation: { readonly id: string; readonly usd: string; readonly basis: string } | null
  readonly budgets: readonly { readonly id: string; readonly outcome: string; readonly used: string; readonly held: string; readonly limit: string; readonly approved: string; readonly overshootBound: string; readonly reason: string; readonly group: Readonly<Record<string, string>> }[]
}

async function control<Body>(program: Program, path: string, question: unknown, contentType = 'application/json'): Promise<{ readonly status: number; readonly body: Body }> {
  const response = await fetch(`${program.http}/v1/${path}`, {
    method: 'POST', headers: { 'content-type': contentType }, body: typeof question === 'string' ? question : JSON.stringify(question),
  })
  return { status: response.status, body: (await response.json()) as Body }
}

async function decide(program: Program, question: object): Promise<Answer> {
  const { status, body } = await control<Answer>(program, 'decide', { model: 'gpt-5-mini', provider: 'openai', ...question })
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

async function send(program: Program, ...spans: readonly MadeSpan[]): Promise<void> {
  assert.equal((await post(program, exportRequest(spans))).status, 200)
}

interface Group {
  readonly group: readonly { readonly values: readonly string[] }[]
  readonly actual: string
  readonly held: string
  readonly holds: number
  readonly crossed: readonly { readonly percent: number }[]
}
const standings = async (program: Program, id: string): Promise<readonly Group[]> => {
  const { budgets } = await graphql<{ budgets: readonly { readonly groups: { readonly nodes: readonly Group[] } }[] }>(program,
    'query ($id: ID) { budgets(id: $id) { groups { nodes { group { values } actual held holds crossed { percent } } } } }', { id })
  return budgets.flatMap(({ groups }) => groups.nodes)
}

/** Waits for what settles or loads. */
async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await look()) return
    await sleep(200)
  }
  assert.fail(`${what} did not come`)
}

const dollars = (pico: bigint): string => (Number(pico) / 1e12).toFixed(12).replace(/\.?0+$/, '')
const tokens = { input: 400, output: 100 }
/** What an agent knows of such a call before it makes it. */
const stated = { inputTokens: tokens.input, maxOutputTokens: tokens.output }
const cost = callCost(tokens)

describe('budgets', () => {
  let dir: string
  let program: Program
  let env: Readonly<Record<string, string>>
  const start = (): Promise<Program> => startProgram({ dataDir: join(dir, 'data'), env })
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'budgets-e2e-'))
    await writeFile(join(dir, 'budgets.yaml'), file)
    env = { SPANLEDGER_BUDGETS: join(dir, 'budgets.yaml'), SPANLEDGER_SETTLEMENT_DELAY_MS: '500' }
    program = await start()
  })
  after(async () => {
    await program[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  })

  const clerkRun = (traceId = newTraceId(), more: Readonly<Record<string, string>> = {}): readonly MadeSpan[] => {
    const agent = agentSpan({ traceId, start: ago(0) })
    return [agent, modelCall({ traceId, parentSpanId: agent.spanId, start: ago(0), attributes: { 'user.id': 'u1', ...more } }, tokens)]
  }

  test('a span is counted when it is acknowledged, and once, however often it is sent', async () => {
    const spans = clerkRun()
    await send(program, ...spans)
    assert.equal((await standings(program, 'clerk-day'))[0]?.actual, dollars(cost), 'at once')
    await send(program, ...spans)
    await send(program, ...spans)
    assert.equal((await standings(program, 'clerk-day'))[0]?.actual, dollars(cost))
    assert.equal((await standings(program, 'all-month'))[0]?.actual, '500')
    assert.deepEqual((await standings(program, 'user-lifetime')).map(({ group, actual }) => [group[0]?.values, actual]), [[['u1'], '1']])
  })

  test('a call is asked about: what it is expected to use is held, and given back when its span arrives', async () => {
    const traceId = newTraceId()
    const question = { agent: 'clerk', user: 'u1', runId: traceId, ...stated }
    const answer = await decide(program, question)
    assert.deepEqual([answer.decision, answer.reservation?.basis, answer.reservation?.usd], ['allow', 'stated_tokens', dollars(cost)])
    assert.deepEqual(answer.budgets.map(({ id, outcome, used, held }) => [id, outcome, used, held]), [
      ['clerk-day', 'allow', dollars(cost), '0'], ['all-month', 'allow', '500', '0'], ['user-lifetime', 'allow', '1', '0'],
    ], 'every budget that is about it')
    assert.equal((await standings(program, 'clerk-day'))[0]?.held, dollars(cost))
    await send(program, ...clerkRun(traceId))
    assert.deepEqual((await standings(program, 'clerk-day')).map(({ actual, held }) => [actual, held]), [[dollars(2n * cost), '0']])
  })

  test('a span can name its reservation, the same question is one reservation, and a call that is not made gives it back', async () => {
    const first = await decide(program, { agent: 'clerk', requestId: 'call-1', ...stated })
    assert.deepEqual((await decide(program, { agent: 'clerk', requestId: 'call-1', ...stated })).reservation?.id, first.reservation?.id)
    assert.equal((await standings(program, 'clerk-day'))[0]?.holds, 1)
    assert.deepEqual((await control(program, 'release', { reservation: 'call-1' })).body, { released: true })
    assert.deepEqual((await control(program, 'release', { reservation: 'call-1' })).body, { released: false })
    const named = await decide(program, { agent: 'clerk', ...stated })
    await send(program, modelCall({ traceId: newTraceId(), start: ago(0), failed: true, attributes: { 'spanledger.reservation.id': named.reservation?.id ?? '' } }, { input: 0, output: 0 }))
    assert.equal((await standings(program, 'clerk-day'))[0]?.holds, 0, 'a call that failed, too')
  })

  test('a budget that only tells lets a call pass its limit, and says so', async () => {
    const { decision, reason, reservation, budgets } = await decide(program, { agent: 'large', requestId: 'large', inputTokens: 2_000_000, maxOutputTokens: 1 })
    assert.deepEqual([decision, reason], ['allow', 'used, held and this call together exceed the limit; allowed, because this budget only alerts'])
    assert.deepEqual(budgets.map(({ id, outcome }) => [id, outcome]), [['all-month', 'warn'], ['user-lifetime', 'allow']])
    assert.deepEqual((await control(program, 'release', { reservation: reservation?.id })).body, { released: true })
  })

  test('a kill forgets neither a hold nor what was used', async () => {
    const held = await decide(program, { agent: 'clerk', ...stated })
    program.signal('SIGKILL')
    await program.exited
    program = await start()
    assert.deepEqual((await standings(program, 'clerk-day')).map((one) => [one.actual, one.held, one.holds]), [[dollars(2n * cost), dollars(cost), 1]])
    assert.deepEqual((await control(program, 'release', { reservation: held.reservation?.id })).body, { released: true })
  })

  test('what does not fit any more is refused, a hundred at once do not overspend, and each refusal is a decision', async () => {
    const question = { agent: 'clerk', ...stated }
    const answers = await Promise.all(Array.from({ length: 100 }, () => decide(program, question)))
    const allowed = answers.filter(({ decision }) => decision === 'allow')
    assert.equal(allowed.length, Number((1_000_000_000n - 2n * cost) / cost), 'a tenth of a cent less two calls')
    const refused = answers.find(({ decision }) => decision === 'deny')
    assert.deepEqual([refused?.reservation, refused?.reason], [null, 'used, held and this call together exceed the limit'])
    await Promise.all(allowed.map(({ reservation }) => control(program, 'release', { reservation: reservation?.id })))
    const count = async (): Promise<number> => (await graphql<{ policyDecisions: { totalCount: number } }>(program,
      '{ policyDecisions(filter: { policyId: ["budget:clerk-day"], place: [ENDPOINT], outcome: [DENY] }) { totalCount } }')).policyDecisions.totalCount
    await eventually('the decisions', async () => (await count()) === 100 - allowed.length)
  })

  test('a model without a price: the budget in dollars says what its rule says, the others count it', async () => {
    const { decision, reason, budgets } = await decide(program, { agent: 'clerk', model: 'nobody-knows-this' })
    assert.deepEqual([decision, reason], ['deny', 'no price is known for the model'])
    assert.deepEqual(budgets.map(({ id, outcome }) => [id, outcome]), [['clerk-day', 'deny'], ['all-month', 'allow'], ['user-lifetime', 'allow']])
  })

  test('a model that gets a price while agents ask is priced in their next question', async () => {
    const ask = async (): Promise<string | undefined> => (await decide(program, { agent: 'accountant', model: 'priced-later', requestId: 'priced-later', ...stated })).reservation?.basis
    assert.equal(await ask(), 'unpriced')
    await graphql(program, 'mutation { priceModel(provider: "openai", model: "priced-later", sameAs: "openai/gpt-5-mini") { version } }')
    await eventually('the price', async () => (await ask()) === 'stated_tokens')
    await control(program, 'release', { reservation: 'priced-later' })
  })

  test('a call beyond the limit passes when a person agrees: for that group, by so much, until then, and not when it is taken back', async () => {
    const ask = (user: string): Promise<Answer> => decide(program, { agent: 'careful', user, requestId: `careful-${user}`, ...stated })
    const release = (user: string): Promise<unknown> => control(program, 'release', { reservation: `careful-${user}` })
    await send(program, modelCall({ traceId: newTraceId(), start: ago(0), attributes: { 'gen_ai.agent.name': 'careful', 'user.id': 'ada' } }, tokens))
    assert.deepEqual([(await ask('ada')).decision, (await ask('bob')).decision], ['require_approval', 'allow'])
    await release('bob')
    interface Approved { readonly approvals: readonly { readonly id: string; readonly amount: string; readonly group: readonly string[]; readonly by: string; readonly why: string; readonly withdrawnBy: string | null }[] }
    const approve = async (given: object): Promise<Approved> => (await graphql<{ approveBudget: Approved }>(program,
      'mutation ($id: ID!, $group: [String!]!, $amount: Decimal!, $until: DateTime!, $by: String!, $why: String!) { approveBudget(id: $id, group: $group, amount: $amount, until: $until, by: $by, why: $why) { approvals { id amount group by why withdrawnBy } } }',
      { id: 'careful', group: ['ada'], amount: '1', until: new Date(Date.now() + 3_600_000).toISOString(), by: 'grace', why: 'the audit', ...given })).approveBudget
    const { approvals: [approval] } = await approve({})
    assert.deepEqual([approval?.amount, approval?.group, approval?.by, approval?.why, approval?.withdrawnBy], ['1', ['ada'], 'grace', 'the audit', null])
    const allowed = await ask('ada')
    assert.deepEqual([allowed.decision, allowed.budgets.find(({ id }) => id === 'careful')?.reason], ['allow', 'approved by grace'])
    assert.equal((await decide(program, { agent: 'careful', user: 'ada', ...stated })).decision, 'require_approval', 'a second one is more than was approved')
    program.signal('SIGKILL')
    await program.exited
    program = await start()
    assert.equal((await ask('ada')).decision, 'allow', 'also after a kill')
    await release('ada')
    await graphql(program, 'mutation ($id: ID!) { withdrawBudgetApproval(id: $id, by: "linus", why: "done") { id } }', { id: approval?.id })
    assert.equal((await ask('ada')).decision, 'require_approval')
    await assert.rejects(approve({ id: 'clerk-day', group: [] }), /^Error: budget 'clerk-day': its action is deny, only budgets with require_approval can be approved$/)
    await assert.rejects(approve({ group: [] }), /^Error: budget 'careful': the group needs a value of each of user$/)
    await assert.rejects(approve({ amount: '-1' }), /^Error: budget 'careful': an amount above 0 is needed$/)
    await assert.rejects(approve({ until: '2020-01-01T00:00:00Z' }), /^Error: budget 'careful': until must be a time within the next 31 days$/)
    await assert.rejects(approve({ by: ' ' }), /^Error: by must be a text of 1 to 500 characters$/)
    program.signal('SIGKILL')
    await program.exited
    program = await start()
    const { budgets: [stored] } = await graphql<{ budgets: readonly Approved[] }>(program, '{ budgets(id: "careful") { approvals { id amount group by why withdrawnBy } } }')
    assert.deepEqual(stored?.approvals, [{ ...approval, withdrawnBy: 'linus' }])
  })

  test('a run that is killed stays so when there is room again', async () => {
    const runId = newTraceId()
    const { decision } = await decide(program, { agent: 'runner', runId, inputTokens: 1_000_000, maxOutputTokens: 1_000_000 })
    assert.equal(decision, 'deny')
    const next = await decide(program, { agent: 'runner', runId, inputTokens: 1, maxOutputTokens: 1 })
    assert.deepEqual([next.decision, next.reason], ['deny', 'the run was stopped by this budget'])
    assert.equal((await decide(program, { agent: 'runner', runId: newTraceId(), inputTokens: 1, maxOutputTokens: 1 })).decision, 'allow')
  })

  test('a budget is defined, changed and retired; one that cannot be is one clear line and changes nothing', async () => {
    const define = (document: string): Promise<{ defineBudget: { version: number; groups: { nodes: readonly { actual: string }[] } } }> =>
      graphql(program, 'mutation ($document: String!) { defineBudget(document: $document) { version groups { nodes { actual } } } }', { document })
    const spent = '{ id: spent, period: lifetime, limit: { usd: 7 }, action: alert }'
    await eventually('what was sent, in ClickHouse', async () =>
      (await graphql<{ costs: readonly { cost: string }[] }>(program, '{ costs(range: {}) { cost } }')).costs[0]?.cost === dollars(3n * cost))
    assert.deepEqual((await define(spent)).defineBudget, { version: 1, groups: { nodes: [{ actual: dollars(3n * cost) }] } })
    assert.equal((await define(spent)).defineBudget.version, 1, 'the same again')
    assert.equal((await define(spent.replace('7', '8'))).defineBudget.version, 2)
    await assert.rejects(define('{ id: spent, period: fortnight }'), /^Error: budget 'spent': period is 'fortnight', allowed: day, week/)
    await assert.rejects(define('{ id: clerk-day, period: day, limit: { usd: 1 }, action: alert }'), /^Error: budget 'clerk-day' is defined in the budgets file: change it there$/)
    const ids = async (): Promise<readonly string[]> => (await graphql<{ budgets: readonly { id: string }[] }>(program, '{ budgets { id } }')).budgets.map(({ id }) => id)
    await graphql(program, 'mutation { retireBudget(id: "spent") { id } }')
    assert.deepEqual(await ids(), ['again-late-repeater', 'again-repeater', 'all-month', 'careful', 'clerk-day', 'run-ceiling', 'user-lifetime'])
    await assert.rejects(graphql(program, 'mutation { retireBudget(id: "spent") { id } }'), /there is no budget 'spent'/)
  })

  test('a budget that was changed to one that only tells lets the runs go on that it killed', async () => {
    const define = (action: string): Promise<unknown> =>
      graphql(program, 'mutation ($document: String!) { defineBudget(document: $document) { version } }', { document: `{ id: killer, period: run, limit: { usd: "0.002" }, scope: { agent: [prey] }, action: ${action} }` })
    const runId = newTraceId()
    const ask = async (tokens: number) => {
      const { decision, budgets } = await decide(program, { agent: 'prey', runId, inputTokens: tokens, maxOutputTokens: tokens })
      return [decision, budgets.find(({ id }) => id === 'killer')?.outcome]
    }
    await define('kill')
    assert.deepEqual([await ask(1_000_000), await ask(1)], [['deny', 'deny'], ['deny', 'deny']])
    await define('alert')
    assert.deepEqual([await ask(1), await ask(1_000_000)], [['allow', 'allow'], ['allow', 'warn']])
    await define('kill')
    assert.deepEqual(await ask(1), ['deny', 'deny'], 'for a day, while it kills')
    await graphql(program, 'mutation { retireBudget(id: "killer") { id } }')
  })

  test('what was approved of a budget ends when it is changed', async () => {
    const define = (words: string): Promise<unknown> =>
      graphql(program, 'mutation ($document: String!) { defineBudget(document: $document) { version } }', { document: `{ id: agreed, period: month, scope: { agent: [agreed] }, ${words} }` })
    const ask = async (): Promise<readonly unknown[]> => {
      const { decision, budgets } = await decide(program, { agent: 'agreed', requestId: 'agreed', inputTokens: 2_000, maxOutputTokens: 2_000 })
      await control(program, 'release', { reservation: 'agreed' })
      return [decision, budgets.find(({ id }) => id === 'agreed')?.approved]
    }
    const approved = async (): Promise<readonly boolean[]> =>
      (await graphql<{ budgets: readonly { approvals: readonly { until: string }[] }[] }>(program, '{ budgets(id: "agreed") { approvals { until } } }')).budgets.flatMap(({ approvals }) => approvals.map(({ until }) => Date.parse(until) > Date.now()))
    await define('limit: { tokens: 1000 }, action: require_approval')
    await graphql(program, 'mutation ($until: DateTime!) { approveBudget(id: "agreed", group: [], amount: "5000", until: $until, by: "grace", why: "a long text") { id } }', { until: new Date(Date.now() + 3_600_000).toISOString() })
    assert.deepEqual([await ask(), await approved()], [['allow', '5000'], [true]])
    await define('limit: { usd: "0.000001" }, action: require_approval')
    assert.deepEqual([await ask(), await approved()], [['require_approval', '0'], [false]], 'five thousand tokens are not five thousand dollars')
    await define('limit: { tokens: 1000 }, action: deny')
    assert.deepEqual(await ask(), ['deny', '0'])
    await graphql(program, 'mutation { retireBudget(id: "agreed") { id } }')
  })

  test('a budget that is changed in its period, or retired and made again, counts by what it says now', async () => {
    const changed = async (words: string): Promise<readonly unknown[]> => {
      await graphql(program, 'mutation ($document: String!) { defineBudget(document: $document) { version } }', { document: `{ id: changing, period: month, ${words} }` })
      const { decision, budgets } = await decide(program, { agent: 'left', requestId: 'changing', ...stated })
      await control(program, 'release', { reservation: 'changing' })
      const of = budgets.find(({ id }) => id === 'changing')
      return [(await standings(program, 'changing')).map(({ group, actual }) => `${group.map(({ values }) => values).join()} ${actual}`.trim()), decision, of?.used]
    }
    const call = (agent: string): MadeSpan => modelCall({ traceId: newTraceId(), start: ago(0), attributes: { 'gen_ai.agent.name': agent } }, tokens)
    const stored = async (): Promise<string> => (await graphql<{ costs: readonly { cost: string }[] }>(program, '{ costs(range: {}) { cost } }')).costs[0]?.cost ?? ''
    const before = await stored()
    await send(program, call('left'), call('left'), call('right'))
    await eventually('the calls, in ClickHouse', async () => Math.abs(Number(await stored()) - Number(before) - Number(dollars(3n * cost))) < 1e-9)
    const cases = [
      ['scope: { agent: [left] }, limit: { calls: 2 }, action: deny', ['2'], 'deny', '2'],
      ['scope: { agent: [left] }, limit: { calls: 3 }, action: deny', ['2'], 'allow', '2'],
      ['scope: { agent: [left, right] }, limit: { calls: 3 }, action: deny', ['3'], 'deny', '3'],
      ['scope: { agent: [left, right] }, limit: { calls: 3 }, action: alert', ['3'], 'allow', '3'],
      ['scope: { agent: [left, right] }, group_by: [agent], limit: { calls: 2 }, action: require_approval', ['left 2', 'right 1'], 'require_approval', '2'],
      ['scope: { agent: [left] }, limit: { tokens: 1001 }, action: deny', ['1000'], 'deny', '1000'],
      ['scope: { agent: [left] }, limit: { usd: 1 }, action: deny', [dollars(2n * cost)], 'allow', dollars(2n * cost)],
    ] as const
    for (const [words, ...said] of cases) assert.deepEqual(await changed(words), said, words)
    await graphql(program, 'mutation { retireBudget(id: "changing") { id } }')
    assert.deepEqual(await changed('scope: { agent: [left] }, limit: { calls: 2 }, action: deny'), [['2'], 'deny', '2'], 'made again')
    await graphql(program, 'mutation { retireBudget(id: "changing") { id } }')
  })

  // A start remembers what began in the last two hours.
  for (const [began, agent] of [[0, 'repeater'], [180, 'late-repeater']] as const) test(`a call that began ${began} minutes ago and is sent again after a kill counts once at every moment, and gives no other call of its run its reservation back`, async () => {
    const [traceId, name] = [newTraceId(), { 'gen_ai.agent.name': agent }]
    const root = agentSpan({ traceId, start: ago(began), attributes: name })
    const spans = [root, modelCall({ traceId, parentSpanId: root.spanId, start: ago(began), attributes: name }, tokens)]
    await send(program, ...spans)
    const stands = async (): Promise<readonly (readonly [string, number])[]> => (await standings(program, `again-${agent}`)).map(({ actual, holds }) => [actual, holds] as const)
    await eventually('the call', async () => (await stands())[0]?.[0] === '1')
    program.signal('SIGKILL')
    await program.exited
    program = await start()
    assert.equal((await decide(program, { agent, runId: traceId, ...stated })).decision, 'allow')
    await send(program, ...spans)
    assert.deepEqual(await stands(), [['1', 1]])
    // Until it is settled again.
    for (let looks = 0; looks < 10; looks++) {
      await sleep(200)
      assert.deepEqual(await stands(), [['1', 1]])
    }
  })

  test('a question that is asked once more and refused then holds nothing any more', async () => {
    const ask = (): Promise<Answer> => decide(program, { agent: 'careful', user: 'cyd', requestId: 'careful-cyd', ...stated })
    assert.equal((await ask()).decision, 'allow')
    await send(program, modelCall({ traceId: newTraceId(), start: ago(0), attributes: { 'gen_ai.agent.name': 'careful', 'user.id': 'cyd' } }, tokens))
    assert.equal((await ask()).decision, 'require_approval')
    assert.deepEqual((await standings(program, 'careful')).filter(({ group }) => group[0]?.values[0] === 'cyd').map(({ actual, holds }) => [actual, holds]), [['1', 0]])
  })

  test('a call with several tags is asked of the budget of each', async () => {
    await graphql(program, 'mutation ($document: String!) { defineBudget(document: $document) { id } }', { document: '{ id: by-tag, period: lifetime, limit: { calls: 1 }, action: deny, scope: { tag: [beta, checkout] }, group_by: [tag] }' })
    const traceId = newTraceId()
    const agent = agentSpan({ traceId, start: ago(0), attributes: { 'spanledger.tags': 'checkout' } })
    await send(program, agent, modelCall({ traceId, parentSpanId: agent.spanId, start: ago(0), attributes: { 'spanledger.tags': 'other' } }, tokens))
    assert.deepEqual((await standings(program, 'by-tag')).map(({ group, actual }) => [group[0]?.values, actual]), [[['checkout'], '1']])
    const { decision, budgets } = await decide(program, { agent: 'tagged', tags: ['checkout', 'other', 'beta'], ...stated })
    assert.equal(decision, 'deny')
    assert.deepEqual(budgets.filter(({ id }) => id === 'by-tag').map(({ outcome, group }) => [outcome, group]), [['allow', { tag: 'beta' }], ['deny', { tag: 'checkout' }]])
    assert.equal((await decide(program, { agent: 'tagged', tags: ['beta'], ...stated })).decision, 'allow')
    assert.deepEqual((await decide(program, { agent: 'tagged', ...stated })).budgets.filter(({ id }) => id === 'by-tag'), [])
    await graphql(program, 'mutation { retireBudget(id: "by-tag") { id } }')
  })

  test('a question that cannot be is one clear line', async () => {
    const refusal = async (question: unknown, contentType?: string): Promise<readonly [number, string]> => {
      const { status, body } = await control<{ error: string }>(program, 'decide', question, contentType)
      return [status, body.error]
    }
    assert.deepEqual(await refusal('{'), [400, 'the body is no JSON'])
    assert.deepEqual(await refusal({}), [400, 'model is missing: which model is to be called?'])
    assert.deepEqual(await refusal({ model: 'gpt-5', agnet: 'x' }), [400, `unknown key 'agnet', allowed: project, environment, service, agent, workflow, model, provider, user, session, runId, inputTokens, maxOutputTokens, holdSeconds, requestId, tags`])
    assert.deepEqual(await refusal({ model: 'gpt-5', tags: 'checkout' }), [400, 'tags must be a list of at most 32 texts of at most 200 characters'])
    const asked = { model: 'gpt-5-mini', agent: 'anybody', user: 'u1', requestId: 'said-twice', inputTokens: 1, maxOutputTokens: 1 }
    assert.equal((await decide(program, asked)).reservation?.id, 'said-twice')
    for (const other of [{ user: 'u2' }, { agent: 'writer' }, { tags: ['beta'] }]) {
      assert.deepEqual(await refusal({ ...asked, ...other }), [400, `requestId 'said-twice' holds the reservation of another call: each call needs its own`])
    }
    await control(program, 'release', { reservation: 'said-twice' })
    assert.deepEqual(await refusal({ model: 'gpt-5', runId: 'x' }), [400, 'runId must be a trace id: 32 hex digits'])
    assert.deepEqual(await refusal({ model: 'x'.repeat(20_000) }), [413, 'the body is larger than 16384 bytes'])
    assert.deepEqual(await refusal({ model: 'gpt-5' }, 'text/plain'), [415, 'Content-Type must be application/json'])
  })

  test('a file that cannot be read stops the start with one line', async () => {
    await writeFile(join(dir, 'bad.yaml'), 'budgets: [{ id: x, period: day, limit: { usd: 0 }, action: deny }]')
    await assert.rejects(startProgram({ env: { SPANLEDGER_BUDGETS: join(dir, 'bad.yaml') } }), /ended with 2 before it was ready\nspanledger: budget 'x': limit: usd is 0, dollars above 0 with at most 12 decimals are needed, such as "99.50"\n$/)
  })
})
