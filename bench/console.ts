/** How large traces behave in the console, in a real browser over the real program. `node bench/console.ts` prints a table. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { launchBrowser } from '../e2e/browser.ts'
import { enginePid } from '../e2e/engine.ts'
import { type Program, startProgram } from '../e2e/program.ts'
import { post } from '../e2e/sending.ts'
import { pico, settledTrace } from '../e2e/traces.ts'
import { openPage } from '../e2e/watched-page.ts'
import { takenOn } from './machine.ts'
import { processUsage } from './process-usage.ts'
import { median, quantile } from './quantile.ts'
import { type TreeTrace, treeTrace } from './tree-trace.ts'

/** One opening of a trace, in milliseconds from the start of the navigation. */
export interface Opening {
  /** The page asks for the columns of the trace. */
  readonly asked: number
  readonly answered: number
  readonly received: number
  /** The first rows are on the screen. */
  readonly painted: number
  readonly transferredBytes: number
}

/** An opening in a browser that has nothing of the console yet, of a trace that nobody has opened yet. */
export interface FirstOpening extends Opening {
  /** Milliseconds of processor that the program and its engine spent meanwhile. */
  readonly processorMs: number
}

export interface ConsoleFigures {
  readonly spans: number
  /** Milliseconds to send all of it, one request after the other. */
  readonly sendMs: readonly number[]
  /** Milliseconds from the last answer until the figures are exact. */
  readonly settleMs: readonly number[]
  /** As soon as the trace is known to be settled, a trace of its own each. */
  readonly firsts: readonly FirstOpening[]
  /** The first question that the program is asked after it was started again. */
  readonly restarted: readonly FirstOpening[]
  /** Loads of the whole page; the browser's cache is warm. */
  readonly openings: readonly Opening[]
  /** Milliseconds from a click in the list of runs until the first rows are on the screen. */
  readonly clicks: readonly number[]
  /** Milliseconds between frames. */
  readonly scroll: readonly number[]
  readonly zoom: readonly number[]
  /** Milliseconds of the page's own work a frame, mean. */
  readonly scrollWork: number
  /** Milliseconds a letter of a search takes before the page can paint. */
  readonly letters: readonly number[]
  /** Bytes of JavaScript and of the columns, after a collection. */
  readonly heapBytes: number
  /** Rows that the page says it has. */
  readonly rows: number
}

export interface ConsoleOptions {
  readonly spans: number
  /** Traces that are sent, each of them opened first once when it is settled and once after a restart. */
  readonly traces: number
  readonly openings: number
  readonly frames: number
}

/** Pixels a frame at most: what a hard fling of a wheel does. */
const flingPx = 5_600
const searched = 'gpt-5-mini'
const rowCount = (page: Page): Promise<number> => page.getByRole('treegrid').getAttribute('aria-rowcount').then((rows) => Number(rows) - 1)

/** Sends traces and measures them. Throws where what is stored is not what was sent. `undefined` without a browser. */
export async function measureConsole(options: ConsoleOptions): Promise<ConsoleFigures | undefined> {
  await using browser = await launchBrowser((reason) => process.stderr.write(`${reason}\n`), ['--enable-precise-memory-info'])
  if (browser === undefined) return undefined
  await using disposed = new AsyncDisposableStack()
  const dataDir = disposed.adopt(await mkdtemp(join(tmpdir(), 'spanledger-console-')), (dir) => rm(dir, { recursive: true, force: true, maxRetries: 10 }))
  const { ids, ...sent } = await sendAndOpen(browser, dataDir, options)
  const restarted: FirstOpening[] = []
  for (const id of ids) {
    await using program = await startProgram({ dataDir })
    restarted.push(await openFirst(browser, program, id))
  }
  await using program = await startProgram({ dataDir })
  return { spans: options.spans, ...sent, restarted, ...(await measurePage(browser, program, ids[0] ?? '', options)) }
}

async function sendAndOpen(browser: Browser, dataDir: string, { spans, traces }: ConsoleOptions) {
  // Made before the program listens: making one takes seconds, which are no part of what is measured.
  const made = Array.from({ length: traces }, () => treeTrace(spans, Date.now()))
  await using program = await startProgram({ dataDir })
  const figures = { ids: [] as string[], sendMs: [] as number[], settleMs: [] as number[], firsts: [] as FirstOpening[] }
  for (const trace of made) {
    const { sendMs, settleMs } = await sendTrace(program, trace)
    figures.ids.push(trace.id)
    figures.sendMs.push(sendMs)
    figures.settleMs.push(settleMs)
    figures.firsts.push(await openFirst(browser, program, trace.id))
  }
  return figures
}

/** Everything about one trace in one page. */
async function measurePage(browser: Browser, program: Program, id: string, { openings, frames }: ConsoleOptions) {
  const { page, problems } = await openPage(browser, program.console)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  await page.addInitScript(watchRows)
  await openOnce(page, id)
  const opened: Opening[] = []
  for (let time = 0; time < openings; time++) opened.push(await openOnce(page, id))
  const clicks: number[] = []
  for (let time = 0; time < openings; time++) clicks.push(await clickOnce(page, id))
  const before = await taskSeconds(cdp)
  const scroll = await scrollFrames(page, frames)
  const scrollWork = ((await taskSeconds(cdp)) - before) * 1_000 / frames
  const zoom = await zoomFrames(page, frames)
  const letters = await page.evaluate(typeLetters, searched)
  const figures = { openings: opened, clicks, scroll, zoom, scrollWork, letters, heapBytes: await heapBytes(cdp), rows: await rowCount(page) }
  if (problems.length > 0) throw new Error(`the page has problems: ${problems.join('; ')}`)
  return figures
}

async function sendTrace(program: Program, trace: TreeTrace): Promise<{ readonly sendMs: number; readonly settleMs: number }> {
  const began = performance.now()
  for (const request of trace.requests) {
    // A connection each: one that was kept over the openings may be given up by the program just when it is used again.
    const { status } = await post(program, request, { headers: { connection: 'close' } })
    if (status !== 200) throw new Error(`a request of the trace was answered ${status}`)
  }
  const sent = performance.now()
  const { modelCalls, cost, spanCount } = await settledTrace(program, trace.id, trace.spans)
  const settled = performance.now()
  if (spanCount !== trace.spans || modelCalls !== trace.modelCalls || pico(cost) !== trace.cost) {
    throw new Error(`stored are ${spanCount} spans, ${modelCalls} model calls and $${cost}; sent were ${trace.spans}, ${trace.modelCalls} and ${trace.cost} pico-dollars`)
  }
  return { sendMs: sent - began, settleMs: settled - sent }
}

/** Runs in the page before anything else: notes when the first row has been drawn. */
function watchRows(): void {
  const here = globalThis as { paintedAt?: number }
  const look = (): void => {
    if (here.paintedAt !== undefined || document.querySelector('[role=treegrid] [role=row][aria-level]') === null) return
    here.paintedAt = 0
    // After the frame in which the rows are drawn.
    requestAnimationFrame(() => setTimeout(() => { here.paintedAt = performance.now() }))
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true })
}

const painted = (page: Page): Promise<number> =>
  page.waitForFunction(() => (globalThis as { paintedAt?: number }).paintedAt || undefined).then((handle) => handle.jsonValue()).then(Number)

async function openOnce(page: Page, id: string): Promise<Opening> {
  await page.goto('about:blank')
  await page.goto(`/runs/${id}`)
  const at = await painted(page)
  const columns = await page.evaluate(() => {
    const found = performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('/skeleton')) as PerformanceResourceTiming
    return { asked: found.requestStart, answered: found.responseStart, received: found.responseEnd, transferredBytes: found.encodedBodySize }
  })
  return { ...columns, painted: at }
}

async function openFirst(browser: Browser, program: Program, id: string): Promise<FirstOpening> {
  const { page, problems } = await openPage(browser, program.console)
  await page.addInitScript(watchRows)
  const before = processorMs(program)
  const opening = await openOnce(page, id)
  const after = processorMs(program)
  await page.context().close()
  if (problems.length > 0) throw new Error(`the page has problems: ${problems.join('; ')}`)
  return { ...opening, processorMs: after - before }
}

/** NaN where the system does not say. */
const processorMs = (program: Program): number =>
  [program.pid, enginePid(program)].reduce((sum, pid) => sum + (processUsage(pid)?.cpuSeconds ?? Number.NaN) * 1_000, 0)

async function clickOnce(page: Page, id: string): Promise<number> {
  await page.goto('/runs')
  await page.locator(`a[data-run][href="/runs/${id}"]`).waitFor()
  const from = await page.evaluate((href) => {
    const link = document.querySelector<HTMLElement>(`a[data-run][href="${href}"]`)
    const now = performance.now()
    link?.click()
    return now
  }, `/runs/${id}`)
  return (await painted(page)) - from
}

/** Milliseconds between frames while the trace is flung down and up. */
const scrollFrames = (page: Page, frames: number): Promise<number[]> => page.evaluate(async ({ frames: count, px }) => {
  const scroller = document.querySelector('[role=treegrid]') as HTMLElement
  const deltas: number[] = []
  let last = await new Promise<number>(requestAnimationFrame)
  let direction = 1
  for (let frame = 0; frame < count; frame++) {
    const before = scroller.scrollTop
    scroller.scrollTop += direction * px * Math.abs(Math.sin((frame / 60) * Math.PI))
    if (frame % 60 !== 0 && scroller.scrollTop === before) direction = -direction
    const now = await new Promise<number>(requestAnimationFrame)
    deltas.push(now - last)
    last = now
  }
  return deltas
}, { frames, px: flingPx })

/** Milliseconds between frames while Ctrl and the wheel zoom in and out. */
const zoomFrames = (page: Page, frames: number): Promise<number[]> => page.evaluate(async (count) => {
  const scroller = document.querySelector('[role=treegrid]') as HTMLElement
  const { left, width } = scroller.getBoundingClientRect()
  const deltas: number[] = []
  let last = await new Promise<number>(requestAnimationFrame)
  for (let frame = 0; frame < count; frame++) {
    scroller.dispatchEvent(new WheelEvent('wheel', { deltaY: frame % 40 < 20 ? -100 : 100, ctrlKey: true, clientX: left + width * 0.8, bubbles: true, cancelable: true }))
    const now = await new Promise<number>(requestAnimationFrame)
    deltas.push(now - last)
    last = now
  }
  return deltas
}, frames)

/** Milliseconds each letter keeps the page busy. */
async function typeLetters(text: string): Promise<number[]> {
  const input = document.querySelector('[data-shortcut="/"]') as HTMLInputElement
  const times: number[] = []
  for (let end = 1; end <= text.length; end++) {
    input.value = text.slice(0, end)
    const before = performance.now()
    input.dispatchEvent(new InputEvent('input', { bubbles: true }))
    times.push(performance.now() - before)
    await new Promise(requestAnimationFrame)
  }
  return times
}

const taskSeconds = async (cdp: CDPSession): Promise<number> =>
  (await cdp.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Number.NaN

async function heapBytes(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize, backingStorageSize } = await cdp.send('Runtime.getHeapUsage')
  return usedSize + backingStorageSize
}

/** Frames that came more than one beat of 60 Hz late. */
const lateMs = 34

export function describeConsole(all: readonly ConsoleFigures[]): string {
  const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
  const mid = (list: readonly Opening[], read: (one: Opening) => number): string => ms(median(list.map(read)))
  const first = (list: readonly FirstOpening[]): string => `**${mid(list, (o) => o.painted)}**, slowest ${ms(Math.max(...list.map((o) => o.painted)))} of ${list.length}`
  const firstParts = (list: readonly FirstOpening[]): string =>
    [mid(list, (o) => o.asked), mid(list, (o) => o.answered - o.asked), mid(list, (o) => o.received - o.answered), mid(list, (o) => o.painted - o.received)].join(', ')
  const processor = (list: readonly FirstOpening[]): string => {
    const value = median(list.map((o) => o.processorMs))
    return Number.isNaN(value) ? 'unknown' : ms(value)
  }
  const frames = (list: readonly number[]): string =>
    `p50 ${quantile(list, 0.5).toFixed(1)}, p95 ${quantile(list, 0.95).toFixed(1)}, max ${quantile(list, 1).toFixed(0)} ms; ${list.filter((delta) => delta > lateMs).length} of ${list.length} late`
  const rows: readonly (readonly [string, (one: ConsoleFigures) => string])[] = [
    ['sent, one request after the other', (one) => `${(median(one.sendMs) / 1_000).toFixed(1)} s`],
    ['then settled and exact', (one) => `${(median(one.settleMs) / 1_000).toFixed(1)} s`],
    ['**first opening, just settled, new browser**', (one) => first(one.firsts)],
    ['of it: asked for the columns, server, transfer, decode and paint', (one) => firstParts(one.firsts)],
    ['processor of server and engine', (one) => processor(one.firsts)],
    ['**first opening after a restart, new browser**', (one) => first(one.restarted)],
    ['of it: asked for the columns, server, transfer, decode and paint', (one) => firstParts(one.restarted)],
    ['processor of server and engine', (one) => processor(one.restarted)],
    ['**page loaded again until rows are painted**', (one) => `**${mid(one.openings, (o) => o.painted)}**`],
    ['of it: until the columns are asked for', (one) => mid(one.openings, (o) => o.asked)],
    ['of it: server', (one) => mid(one.openings, (o) => o.answered - o.asked)],
    ['of it: transfer', (one) => `${mid(one.openings, (o) => o.received - o.answered)}, ${(median(one.openings.map((o) => o.transferredBytes)) / 1_000).toFixed(0)} kB`],
    ['of it: decode and paint', (one) => mid(one.openings, (o) => o.painted - o.received)],
    ['**clicked in the list until rows are painted**', (one) => `**${ms(median(one.clicks))}**`],
    ['frames while scrolling', (one) => frames(one.scroll)],
    ['work of the page per frame while scrolling', (one) => ms(one.scrollWork)],
    ['frames while zooming', (one) => frames(one.zoom)],
    ['a letter of a search', (one) => `median ${ms(median(one.letters))}, max ${ms(quantile(one.letters, 1))}`],
    ['heap with the columns', (one) => `${(one.heapBytes / 1e6).toFixed(1)} MB`],
  ]
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return line(['spans', ...all.map((one) => one.spans.toLocaleString('en-US'))]) + line(['---', ...all.map(() => '---')]) + rows.map(([name, read]) => line([name, ...all.map(read)])).join('')
}

if (import.meta.main) {
  const sizes = (process.env['SPANS'] ?? '1000,10000,100000').split(',').map(Number)
  const taken = takenOn()
  const figures: ConsoleFigures[] = []
  for (const spans of sizes) {
    const one = await measureConsole({ spans, traces: 3, openings: 5, frames: 240 })
    if (one !== undefined) figures.push(one)
  }
  process.stdout.write(`${taken}\n\n${describeConsole(figures)}`)
}
