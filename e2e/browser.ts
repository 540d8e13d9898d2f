import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium, { inflate } from '@sparticuz/chromium'
import { type Browser, chromium as playwright, type LaunchOptions } from 'playwright-core'

/** The browser is our own page on loopback: no sandbox (root in containers), no calls home. */
const args = [
  '--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
  '--font-render-hinting=none',
]

/**
 * A real browser from npm on Linux x64; elsewhere an installed Chrome. `undefined` with the reason printed where there is
 * neither.
 */
export async function launchBrowser(print: (reason: string) => void): Promise<Browser | undefined> {
  if (process.platform === 'linux' && process.arch === 'x64') return launchPackaged()
  try {
    return await playwright.launch({ channel: 'chrome', args })
  } catch (error) {
    print(`browser tests skipped: no packaged Chromium for ${process.platform} ${process.arch} and no installed Chrome (${String(error).split('\n')[0]})`)
    return undefined
  }
}

async function launchPackaged(): Promise<Browser> {
  const options: LaunchOptions = { executablePath: await chromium.executablePath(), args, headless: true }
  try {
    return await playwright.launch(options)
  } catch (error) {
    if (!String(error).includes('error while loading shared libraries')) throw error
    // A minimal machine has no NSS and its like; the package brings those of Amazon Linux.
    return playwright.launch({ ...options, env: { ...process.env, LD_LIBRARY_PATH: await packagedLibraries() } })
  }
}

async function packagedLibraries(): Promise<string> {
  const lib = join(tmpdir(), 'al2023', 'lib')
  if (!existsSync(lib)) await inflate(join(import.meta.dirname, '..', 'node_modules', '@sparticuz', 'chromium', 'bin', 'al2023.tar.br'))
  return lib
}
