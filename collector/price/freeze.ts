/**
 * Makes `shipped-book.json` from the data of `@pydantic/genai-prices` (MIT, a devDependency: nothing of it runs in the
 * product). Run `node collector/price/freeze.ts` after changing that package's version or `aliases.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitForUpdate } from '@pydantic/genai-prices'
import { type BookData, type BookProvider, canonicalJson } from './book.ts'
import { bookFromProviders } from './genai-prices.ts'

/** The book that the installed package and our aliases make. Throws where the data holds something this reader does not know. */
export async function freeze(): Promise<BookData> {
  const providers = await waitForUpdate()
  if (!providers) throw new Error('@pydantic/genai-prices holds no data.')
  return bookFromProviders(providers, source())
}

function source(): BookData['source'] {
  const main = createRequire(import.meta.url).resolve('@pydantic/genai-prices')
  const root = dirname(dirname(main))
  const { name, version, homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>
  const copyright = /^Copyright.*$/m.exec(readFileSync(join(root, 'LICENSE'), 'utf8'))?.[0]
  if (!name || !version || !homepage || !copyright) throw new Error('The package lacks its name, version, home page or copyright.')
  return { package: name, version, licence: 'MIT', copyright: copyright.trim(), url: homepage }
}

/**
 * The canonical JSON with line breaks between its parts, one card per line: a change of prices reads as one in review, and
 * the text without its line breaks is what the version is the hash of. `cards` sorts before a provider's other keys.
 */
export function bookText(book: BookData): string {
  const provider = ({ cards, ...rest }: BookProvider) =>
    `{"cards":[\n${cards.map(canonicalJson).join(',\n')}\n],${canonicalJson(rest).slice(1)}`
  const parts = Object.entries(book).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) =>
    `"${key}":${key === 'providers' ? `[\n${book.providers.map(provider).join(',\n')}\n]` : canonicalJson(value)}`)
  return `{${parts.join(',\n')}}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('./shipped-book.json', import.meta.url), bookText(await freeze()))
}
