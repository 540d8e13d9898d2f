/**
 * Pictures of everything the console can show, in both themes and three widths, for people to look at:
 *
 *   node e2e/screenshots.ts FOLDER [STATE…]
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { type ConsoleState, emptyStates, failedStates, fillConsole, filledStates, nothingShown, type Shown } from './console-states.ts'
import { startProgram } from './program.ts'
import { openPage } from './watched-page.ts'

const widths = [1440, 1024, 390] as const
const themes = ['light', 'dark'] as const

const [folder, ...wanted] = process.argv.slice(2)
if (folder === undefined) throw new Error('name a folder for the pictures: node e2e/screenshots.ts FOLDER [STATE…]')
await mkdir(folder, { recursive: true })

await using program = await startProgram({ env: { SPANLEDGER_SETTLEMENT_DELAY_MS: '300' } })
await using browser = await launchBrowser((reason) => process.stderr.write(`${reason}\n`))
if (browser !== undefined) {
  const { page } = await openPage(browser, program.console)
  await take(page, emptyStates, nothingShown)
  const shown = await fillConsole(program)
  await take(page, filledStates, shown)
  await page.goto('/runs')
  program.signal('SIGTERM')
  await program.exited
  await take(page, failedStates, shown)
}

async function take(page: Page, states: readonly ConsoleState[], shown: Shown): Promise<void> {
  for (const state of states.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    await page.setViewportSize({ width: widths[0], height: 900 })
    await state.open(page, shown)
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme })
      for (const width of widths) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 })
        await page.screenshot({ path: join(folder as string, `${state.name}-${width}-${colorScheme}.png`) })
      }
    }
  }
}
