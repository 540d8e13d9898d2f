/** Everything the console can show, in both themes and three widths: no rule of WCAG 2.2 A and AA that axe-core can check is broken, and no page is wider than its window. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { type ConsoleState, emptyStates, failedStates, fillConsole, filledStates, nothingShown, type Shown } from './console-states.ts'
import { type Program, startProgram } from './program.ts'
import { openPage, type WatchedPage } from './watched-page.ts'

const browser = await launchBrowser(console.log)
after(() => browser?.close())

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Rules that look at colours; all others say the same in every theme. */
const colourRules = ['color-contrast', 'link-in-text-block']
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const widths = [1440, 1024, 390]
const themes: readonly (readonly ['light' | 'dark', axe.RunOnly])[] = [['light', { type: 'tag', values: tags }], ['dark', { type: 'rule', values: colourRules }]]
type Axe = typeof axe

/** What is wrong with the page as it stands: one line each, naming the rule and the element. */
const faults = (page: Page, only: axe.RunOnly): Promise<string[]> => page.evaluate(async (runOnly) => {
  // Two frames: sizes that were observed in the first are drawn in the second.
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(document, { runOnly, resultTypes: ['violations'], preload: false })
  const broken = violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`))
  const { scrollWidth, clientWidth } = document.documentElement
  return scrollWidth > clientWidth ? [...broken, `the page is ${scrollWidth} px wide in ${clientWidth} px`] : broken
}, only)

async function look(page: Page, state: ConsoleState, shown: Shown): Promise<void> {
  await page.setViewportSize({ width: widths[0] as number, height: 900 })
  await state.open(page, shown)
  const found: string[] = []
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    for (const [colorScheme, only] of themes) {
      await page.emulateMedia({ colorScheme })
      for (const fault of await faults(page, only)) found.push(`${width} px, ${colorScheme}: ${fault}`)
    }
  }
  assert.deepEqual(found, [])
}

describe('the console can be read by everybody', { skip: browser === undefined }, () => {
  let program: Program
  let watched: WatchedPage
  before(async () => {
    program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
    watched = await openPage(browser as NonNullable<typeof browser>, program.console)
    await watched.page.addInitScript(axeSource)
  })
  after(() => program[Symbol.asyncDispose]())

  describe('empty', () => {
    for (const state of emptyStates) test(state.name, () => look(watched.page, state, nothingShown))
  })
  describe('filled', () => {
    let shown: Shown
    before(async () => {
      shown = await fillConsole(program)
    })
    for (const state of filledStates) test(state.name, () => look(watched.page, state, shown))
    test('no page said an error or asked anybody else', () => {
      // One of them asks for a run that there is not.
      assert.deepEqual(watched.problems, ['console: Failed to load resource: the server responded with a status of 404 (Not Found)'])
    })
  })
  describe('with the server gone', () => {
    before(async () => {
      await watched.page.goto('/runs')
      await watched.page.locator('main tbody tr').first().waitFor()
      program.signal('SIGTERM')
      await program.exited
    })
    for (const state of failedStates) test(state.name, () => look(watched.page, state, nothingShown))
  })
})
