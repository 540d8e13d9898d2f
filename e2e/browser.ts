import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

/** The browser is our own page on loopback: no sandbox (root in containers), no calls home. */
const args = [
  '--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
  '--font-render-hinting=none',
]

/**
 * A real browser from npm on Linux x64; elsewhere an installed Chrome. `undefined` with the reason printed where there is
 * neither. `more` are further switches.
 */
export async function launchBrowser(print: (reason: string) => void, more: readonly string[] = []): Promise<Browser | undefined> {
  const all = [...args, ...more]
  if (process.platform === 'linux' && process.arch === 'x64') return launchPackaged(all)
  try {
    return await chromium.launch({ channel: 'chrome', args: all })
  } catch (error) {
    print(`browser tests skipped: no packaged Chromium for ${process.platform} ${process.arch} and no installed Chrome (${String(error).split('\n')[0]})`)
    return undefined
  }
}

async function launchPackaged(all: string[]): Promise<Browser> {
  const dir = await unpacked()
  const env = existsSync('/etc/fonts/fonts.conf') ? process.env : { ...process.env, FONTCONFIG_FILE: join(dir, 'fonts.conf') }
  const options: LaunchOptions = { executablePath: join(dir, 'chromium'), args: all, headless: true, env: env as Record<string, string> }
  try {
    return await chromium.launch(options)
  } catch (error) {
    if (!String(error).includes('error while loading shared libraries')) throw error
    // A minimal machine has no NSS and its like; the package brings those of Amazon Linux.
    return chromium.launch({ ...options, env: { ...options.env, LD_LIBRARY_PATH: join(dir, 'al2023', 'lib') } })
  }
}

const packageDir = join(import.meta.dirname, '..', 'node_modules', '@sparticuz', 'chromium')
/** The package writes where TMPDIR says, for the whole process: so a process of its own. */
const unpack = `import chromium, { inflate } from '@sparticuz/chromium'
await Promise.all([chromium.executablePath(), inflate(${JSON.stringify(join(packageDir, 'bin', 'al2023.tar.br'))})])`
const fontsConf = (dir: string): string =>
  `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${dir}/fonts</dir><cachedir>${dir}/fonts-cache</cachedir></fontconfig>`

/**
 * The folder of the unpacked package. Test files run side by side and can be ended at any moment: each unpacks into a
 * folder of its own and moves it into place whole, so that nobody ever starts half a browser.
 */
async function unpacked(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const dir = join(tmpdir(), `spanledger-chromium-${version}`)
  if (existsSync(dir)) return dir
  const own = await mkdtemp(`${dir}-`)
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', unpack], { cwd: import.meta.dirname, env: { ...process.env, TMPDIR: own } })
  await writeFile(join(own, 'fonts.conf'), fontsConf(dir))
  try {
    await rename(own, dir)
  } catch (error) {
    await rm(own, { recursive: true })
    // Somebody else was faster: theirs is the same.
    if (!existsSync(dir)) throw error
  }
  return dir
}
