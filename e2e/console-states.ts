import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { captures } from '#collector/corpus/captures.ts'
import { openaiCosts } from '#collector/reconcile/made-bills.ts'
import { runDemo } from '#otel-config/demo/demo.ts'
import { agentMetrics } from './made-metrics.ts'
import { exportRequest, modelCall, newTraceId, plainSpan } from './made-span.ts'
import { graphql, type Program } from './program.ts'
import { post } from './sending.ts'
import { settledTrace } from './traces.ts'

/** Ids in a filled store that show what the console can show. */
export interface Shown {
  /** A run with sub-agents or tools in which the agent's own guardrail blocked a tool call. */
  readonly run: string
  readonly guardrail: string
  readonly modelCall: string
  readonly toolCall: string
  /** A trace without GenAI activity. */
  readonly plainTrace: string
  /** A run whose only call has no known price. */
  readonly unpricedRun: string
}

export const nothingShown: Shown = { run: '', guardrail: '', modelCall: '', toolCall: '', plainTrace: '', unpricedRun: '' }

/** One thing that the console can show, and how to get there. `open` resolves when it is on show. */
export interface ConsoleState {
  readonly name: string
  readonly open: (page: Page, shown: Shown) => Promise<void>
}

const goTo = async (page: Page, path: string, sign: string): Promise<void> => {
  await page.goto(path)
  await page.locator(sign).filter({ visible: true }).first().waitFor()
}
/** Data has arrived, and nothing is being asked. */
const rows = 'main tbody tr'
const chartCanvas = 'main canvas'
const duration = 'metric=gen_ai.client.operation.duration&unit=s&is=histogram'
const findingRow = 'section[aria-labelledby=findings] tbody tr'
const treeRow = '[role=treegrid] [role=row][aria-level]'

const step = (name: string, tab: string, span: keyof Shown): ConsoleState => ({
  name,
  open: async (page, shown) => {
    await goTo(page, `/runs/${shown.run}?span=${shown[span]}`, treeRow)
    await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click()
    await page.getByRole('tabpanel').waitFor()
  },
})

/** What a store without a run shows. */
export const emptyStates: readonly ConsoleState[] = [
  { name: 'first-trace', open: (page) => goTo(page, '/runs', '#first-trace') },
  { name: 'metrics-empty', open: (page) => goTo(page, '/charts', '#first-metric') },
  { name: 'ingest-empty', open: (page) => goTo(page, '/ingest', '#first-record') },
  { name: 'send-empty', open: (page) => goTo(page, '/send', 'main:has-text("Nothing received yet")') },
  { name: 'costs-empty', open: (page) => goTo(page, '/costs', 'main:has-text("No ledger entry")') },
  { name: 'models-empty', open: (page) => goTo(page, '/models', 'main:has-text("No model call yet")') },
  { name: 'unpriced-empty', open: (page) => goTo(page, '/unpriced', 'main:has-text("has a price")') },
  { name: 'coding-agents-empty', open: (page) => goTo(page, '/coding-agents', 'main:has-text("No coding agent has reported")') },
  { name: 'reconciliation-empty', open: (page) => goTo(page, '/reconciliation', 'main:has-text("No bill was imported")') },
  { name: 'restatement-empty', open: (page) => goTo(page, '/restatement', 'main:has-text("no month to look back on")') },
  { name: 'budgets-empty', open: (page) => goTo(page, '/budgets', 'main:has-text("No budget yet")') },
  { name: 'alerts-empty', open: (page) => goTo(page, '/alerts', 'main:has-text("Nobody is told of anything yet")') },
  { name: 'policy-empty', open: (page) => goTo(page, '/policy', 'main:has-text("No policy decision")') },
]

export const filledStates: readonly ConsoleState[] = [
  { name: 'runs', open: (page) => goTo(page, '/runs', rows) },
  { name: 'runs-filtered', open: (page) => goTo(page, '/runs?status=COMPLETED&has=policy&range=7d', rows) },
  { name: 'runs-none', open: (page) => goTo(page, '/runs?agent=nobody', 'main:has-text("No run matches")') },
  { name: 'run', open: (page, shown) => goTo(page, `/runs/${shown.run}`, treeRow) },
  {
    name: 'run-failed', open: async (page) => {
      await goTo(page, '/runs?status=FAILED', 'a[data-run]')
      await page.locator('a[data-run]').first().click()
      await page.getByRole('link', { name: / failed: / }).waitFor()
    },
  },
  { name: 'run-search', open: (page, shown) => goTo(page, `/runs/${shown.run}?find=chat`, `${treeRow}[data-hit=true]`) },
  step('run-summary', 'Summary', 'modelCall'),
  step('run-messages', 'Messages', 'modelCall'),
  step('run-tool', 'Input/output', 'toolCall'),
  step('run-cost', 'Cost', 'modelCall'),
  step('run-policy', 'Policy', 'guardrail'),
  step('run-attributes', 'Attributes', 'modelCall'),
  step('run-events', 'Events', 'modelCall'),
  { name: 'run-unpriced', open: (page, shown) => goTo(page, `/runs/${shown.unpricedRun}`, treeRow) },
  { name: 'trace-no-run', open: (page, shown) => goTo(page, `/runs/${shown.plainTrace}`, treeRow) },
  { name: 'run-missing', open: (page) => goTo(page, `/runs/${'0'.repeat(31)}1`, '[role=alert]') },
  { name: 'metrics', open: (page) => goTo(page, '/charts', rows) },
  { name: 'metric', open: (page) => goTo(page, `/charts?${duration}`, 'main td a[href*="?span="]') },
  { name: 'metric-split', open: (page) => goTo(page, '/charts?metric=gen_ai.client.token.usage&unit={token}&is=counter&by=model', chartCanvas) },
  { name: 'metric-filtered', open: (page) => goTo(page, `/charts?${duration}&show=avg&by=attribute:gen_ai.operation.name&service=metered-agent`, chartCanvas) },
  { name: 'metric-none', open: (page) => goTo(page, `/charts?${duration}&model=nobody`, 'main:has-text("has no value here")') },
  { name: 'ingest', open: (page) => goTo(page, '/ingest', findingRow) },
  {
    name: 'ingest-finding', open: async (page) => {
      await goTo(page, '/ingest?found=UNRECOGNISED', findingRow)
      await page.locator(`${findingRow} summary`).first().click()
      await page.locator(`${findingRow} details[open] dl`).scrollIntoViewIfNeeded()
    },
  },
  { name: 'ingest-none', open: (page) => goTo(page, '/ingest?range=2001-01-01T00:00:00.000Z..2001-01-02T00:00:00.000Z', 'main:has-text("Nothing was received in this range")') },
  { name: 'send', open: (page) => goTo(page, '/send', 'main:has-text("No run since this page was opened")') },
  { name: 'costs', open: (page) => goTo(page, '/costs', chartCanvas) },
  { name: 'costs-changed', open: (page) => goTo(page, '/costs?range=7d', 'main h2:has-text("Why it changed")') },
  {
    name: 'costs-map', open: async (page) => {
      await goTo(page, '/costs?g=agent&split=user', 'main a[data-level=part]')
      await page.locator('main figure:has(a[data-level=part]) summary').click()
      await page.locator('main figure:has(a[data-level=part]) table').scrollIntoViewIfNeeded()
    },
  },
  { name: 'costs-by-tag', open: (page) => goTo(page, '/costs?g=tag', 'main section:has-text("these rows overlap")') },
  { name: 'models', open: (page) => goTo(page, '/models', 'main h2:has-text("How long calls took")') },
  {
    name: 'model', open: async (page) => {
      await goTo(page, '/models?model=gpt-5-mini', 'main h2:has-text("Beside other models")')
      await page.getByText('As a table').click()
    },
  },
  { name: 'coding-agents', open: (page) => goTo(page, '/coding-agents', rows) },
  { name: 'reconciliation', open: (page) => goTo(page, '/reconciliation', rows) },
  { name: 'restatement', open: (page) => goTo(page, '/restatement', 'main tbody th') },
  { name: 'restatement-unchanged', open: (page) => goTo(page, '/restatement?at=2099-01-01T00:00:00.000Z', 'main:has-text("still to come")') },
  { name: 'ledger-claims', open: (page) => goTo(page, '/ledger?claim=differs', rows) },
  { name: 'ledger-posted', open: (page) => goTo(page, '/ledger?posted=2026-01-01T00:00:00.000Z..', rows) },
  { name: 'ledger', open: (page) => goTo(page, '/ledger?agent=mail-triage&agent=data-analyst', rows) },
  { name: 'budgets', open: (page) => goTo(page, '/budgets', rows) },
  {
    name: 'budget-over-time', open: async (page) => {
      await goTo(page, '/budgets', rows)
      await page.getByRole('button', { name: /^over time: / }).first().click()
      await page.locator(chartCanvas).waitFor()
    },
  },
  {
    name: 'budget-being-defined',
    open: async (page) => {
      await goTo(page, '/budgets', rows)
      await page.getByText('Define a budget').click()
      await page.getByRole('textbox').fill('{ id: b, period: fortnight }')
      await page.getByRole('button', { name: 'Define' }).click()
      await page.getByRole('alert').waitFor()
    },
  },
  { name: 'alerts', open: (page) => goTo(page, '/alerts', rows) },
  {
    name: 'alert-rule-being-made',
    open: async (page) => {
      await goTo(page, '/alerts', rows)
      await page.getByRole('button', { name: 'New rule' }).click()
      await page.getByLabel('Looks at').selectOption('spend')
      await page.getByLabel(/^Fires above/).fill('0')
      await page.getByRole('button', { name: 'Preview on the last 30 days' }).click()
      await page.locator(chartCanvas).waitFor()
    },
  },
  {
    name: 'alert-rule-refused',
    open: async (page) => {
      await goTo(page, '/alerts', rows)
      await page.getByRole('button', { name: 'Change: failing' }).click()
      await page.getByLabel(/^Fires above/).fill('many')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByRole('alert').getByText('a number from 0 is needed').waitFor()
    },
  },
  { name: 'ledger-of-run', open: (page, shown) => goTo(page, `/ledger?run=${shown.run}`, rows) },
  { name: 'unpriced', open: (page) => goTo(page, '/unpriced', rows) },
  {
    name: 'unpriced-being-priced', open: async (page) => {
      await goTo(page, '/unpriced', rows)
      await page.getByRole('button', { name: /^Give it a price/ }).first().click()
      await page.getByText(/^Cache, reasoning/).click()
      await page.getByLabel('Cache read').fill('1,5')
      await page.getByRole('button', { name: 'Price it from now on' }).click()
      await page.getByRole('alert').getByText('is no price').waitFor()
    },
  },
  { name: 'price-books', open: (page) => goTo(page, '/price-books', rows) },
  { name: 'policy', open: (page) => goTo(page, '/policy', rows) },
  { name: 'not-found', open: (page) => goTo(page, '/nothing/here', 'main:has-text("no such page")') },
  {
    name: 'help', open: async (page) => {
      await goTo(page, '/runs', rows)
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'palette', open: async (page) => {
      await goTo(page, '/runs', rows)
      await page.keyboard.press('Control+k')
      await page.getByRole('dialog').getByRole('option').first().waitFor()
    },
  },
]

/** What is left when the program has gone, for pages that were open before. */
export const failedStates: readonly ConsoleState[] = [
  {
    name: 'failed', open: async (page) => {
      await page.getByRole('link', { name: 'Ledger', exact: true }).click()
      await page.getByRole('alert').waitFor()
    },
  },
]

/**
 * Fills a store with a demo's history and what the demo does not have, and says where to look. What a seed tells depends
 * on the hour, so the history ends at midnight: these runs are of all kinds, one failed, one was blocked, some have no price.
 */
export async function fillConsole(program: Program): Promise<Shown> {
  const midnight = new Date().setUTCHours(0, 0, 0, 0)
  await runDemo({ endpoint: program.grpc, live: false, historyHours: 6, runs: demoRuns, seed: 1_142, now: midnight, stopped: new AbortController().signal, log: () => undefined })
  const [plainTrace, unpricedRun] = [newTraceId(), newTraceId()]
  await post(program, exportRequest([plainSpan({ traceId: plainTrace, name: 'GET /health' })], 'gateway'))
  await post(program, exportRequest([modelCall({ traceId: unpricedRun, name: 'chat house-model', attributes: { 'gen_ai.response.model': 'house-model', 'gen_ai.request.model': 'house-model', 'gen_ai.provider.name': 'in_house' } }, { input: 1_200, output: 80 })], 'batch'))
  await post(program, exportRequest([modelCall({ traceId: newTraceId(), attributes: { 'gen_ai.usage.cost': '0.02', 'spanledger.tags': 'checkout, beta' } }, { input: 50_000, output: 2_000 })], 'gateway'))
  await settledTrace(program, plainTrace, 1)
  await settledTrace(program, unpricedRun, 1)
  await codingAgent(program)
  await billOf(program)
  await closedMonth(program)
  const { run, guardrail } = await blockedRun(program)
  const { trace } = await graphql<{ trace: { steps: readonly { id: string; kind: string }[] } }>(program, 'query ($id: ID!) { trace(id: $id) { steps { id kind } } }', { id: run })
  const first = (kind: string): string => {
    const found = trace.steps.find((one) => one.kind === kind)
    if (found === undefined) throw new Error(`run ${run} has no ${kind}`)
    return found.id
  }
  const { status } = await post(program, agentMetrics(Date.now(), { traceId: run, spanId: first('MODEL_CALL') }), { signal: 'metrics' })
  if (status !== 200) throw new Error(`metrics were answered with ${status}`)
  await storedMetric(program)
  for (const document of ['{ id: all, title: Everything, period: lifetime, limit: { usd: "0.1" }, action: alert }', '{ id: agents, period: month, group_by: [agent], limit: { tokens: 50000 }, action: deny, owner: finance }']) {
    await graphql(program, 'mutation ($document: String!) { defineBudget(document: $document) { id } }', { document })
  }
  for (const document of ['{ id: failing, on: error_rate, above: 20, window: 15m, for: 5m, group_by: service, notify: [] }', '{ id: money, on: budget, budgets: [all], notify: [] }']) {
    await graphql(program, 'mutation ($document: String!) { defineAlertRule(document: $document) { id } }', { document })
  }
  return { run, guardrail, modelCall: first('MODEL_CALL'), toolCall: first('TOOL_CALL'), plainTrace, unpricedRun }
}

/** A captured session of Claude Code, from its log events alone. */
export async function codingAgent(program: Program): Promise<void> {
  const capture = captures().find(({ name }) => name.startsWith('claude-code@'))
  for (const { signal, body } of capture?.payloads ?? []) if (signal === 'logs') await post(program, body, { signal })
  for (const end = Date.now() + storedMsMax; Date.now() < end; await sleep(250)) {
    const { codingAgents: [total] } = await graphql<{ codingAgents: readonly { entries: number }[] }>(program, '{ codingAgents(range: {}) { entries } }')
    if ((total?.entries ?? 0) > 0) return
  }
  throw new Error(`no model call of a coding agent within ${storedMsMax} ms`)
}

/** Yesterday's bill: a model that nobody metered, one that was, and something beside tokens; one difference is agreed to. */
async function billOf(program: Program): Promise<void> {
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const content = openaiCosts(day, [['gpt-5-mini, input', '12.5'], ['gpt-4.1, output', '3'], ['Image models', '0.25']])
  await graphql(program, 'mutation ($content: String!) { importBill(name: "openai-costs.json", content: $content, by: "ada") { id } }', { content })
  await graphql(program, 'mutation ($item: ID!) { approveDifferences(items: [$item], by: "ada", why: "the build has no telemetry") { item } }', { item: `${day}/openai/gpt-4.1/output` })
}

/** The month before this one: closed, with a model that got a price since and a call that was late. */
export async function closedMonth(program: Program): Promise<void> {
  const begin = new Date()
  begin.setUTCMonth(begin.getUTCMonth(), 0)
  const start = BigInt(begin.setUTCHours(12, 0, 0, 0)) * 1_000_000n
  const [early, late] = [newTraceId(), newTraceId()]
  const model = { 'gen_ai.response.model': 'house-model-1', 'gen_ai.request.model': 'house-model-1', 'gen_ai.provider.name': 'in_house' }
  await post(program, exportRequest([modelCall({ traceId: early, start }, { input: 90_000, output: 4_000 }), modelCall({ traceId: early, start, attributes: model }, { input: 8_000, output: 900 })], 'batch'))
  await settledTrace(program, early, 2)
  const run = (...words: string[]): Promise<unknown> => promisify(execFile)(process.execPath, [join(import.meta.dirname, '..', 'main.ts'), ...words], { env: { ...process.env, SPANLEDGER_DATA_DIR: program.dataDir } })
  await run('ledger', 'close', new Date(begin).toISOString().slice(0, 7))
  await post(program, exportRequest([modelCall({ traceId: late, start }, { input: 30_000, output: 1_500 })], 'batch'))
  await settledTrace(program, late, 1)
  await graphql(program, 'mutation { priceModel(provider: "in_house", model: "house-model-1", prices: { input: "2", output: "8" }) { version } }')
  await run('reprice', '--from', begin.toISOString().slice(0, 10), '--to', new Date(begin.getTime() + 86_400_000).toISOString().slice(0, 10))
}

/** Few, because rules are checked for every cell of every table. */
const demoRuns = 10
/** Waiting for what was sent to be stored, on a machine with other work. In milliseconds. */
const storedMsMax = 30_000

/** Waits until a metric is there to be charted. */
async function storedMetric(program: Program): Promise<void> {
  for (const end = Date.now() + storedMsMax; Date.now() < end; await sleep(250)) {
    const { metrics } = await graphql<{ metrics: readonly object[] }>(program, '{ metrics(first: 1) { name } }')
    if (metrics.length > 0) return
  }
  throw new Error(`no metric within ${storedMsMax} ms`)
}

/** A run that ended and in which the agent itself blocked a tool call, once one is stored. A live demo's last runs never end. */
export async function blockedRun(program: Program): Promise<{ readonly run: string; readonly guardrail: string }> {
  for (const end = Date.now() + storedMsMax; Date.now() < end; await sleep(250)) {
    const { policyDecisions: { nodes } } = await graphql<{ policyDecisions: { nodes: readonly { runId: string; spanId: string }[] } }>(
      program, '{ policyDecisions(first: 20, filter: { outcome: [DENY], place: [AGENT] }) { nodes { runId spanId } } }')
    for (const { runId, spanId } of nodes) {
      const { run } = await graphql<{ run: { endedAt: string | null } | null }>(program, 'query ($id: ID!) { run(id: $id) { endedAt } }', { id: runId })
      if (run?.endedAt != null) return { run: runId, guardrail: spanId }
    }
  }
  throw new Error(`no blocked tool call within ${storedMsMax} ms: the demo told no such story`)
}
