import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** A page, and what must never happen on it. */
export interface WatchedPage {
  readonly page: Page
  /** Dialogs, errors on the page's console (violations of its content policy among them) and requests to anybody but the program. */
  readonly problems: readonly string[]
}

/** One look at a page takes this long at most, on a machine with other work. In milliseconds. */
const patienceMs = 30_000

/** A tab of its own context: nothing stored, nothing cached. English, UTC. */
export async function openPage(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'UTC', viewport: { width: 1440, height: 900 }, baseURL: origin, ...options })
  context.setDefaultTimeout(patienceMs)
  context.setDefaultNavigationTimeout(patienceMs)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(origin).origin) problems.push(`request: ${request.url().slice(0, 200)}`)
  })
  return { page, problems }
}
