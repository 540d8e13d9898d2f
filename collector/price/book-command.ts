import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Store } from '#clickhouse/store.ts'
import type { PicoUsd, UnixNano } from '#semconv/facts.ts'
import { canonicalJson, type PriceBook, shippedBook } from './book.ts'
import { activateBook, activeBook, activeVersion, listBooks, readBook, storeBook } from './book-store.ts'
import { PriceBookError } from './check-book.ts'
import type { CommandResult } from './command.ts'
import { table } from './command.ts'
import { checkedTogether, importedBook } from './compose.ts'
import { changed, type Effect, effectDays, effectOf } from './effect.ts'

/** Bytes of one file; the whole list of genai-prices has 2 MB. */
const fileBytesMax = 64 * 1024 * 1024

export const bookCommands = ['import', 'diff', 'activate', 'list'] as const
type BookCommand = (typeof bookCommands)[number]
export const isBookCommand = (verb: string | undefined): verb is BookCommand => (bookCommands as readonly (string | undefined)[]).includes(verb)

export interface BookCommandOptions {
  /** Attaches to what the server uses. */
  readonly store: Store
  readonly tenant: string
  readonly now: UnixNano
  /** Ends a long diff. */
  readonly signal: AbortSignal
}

/** `spanledger prices import | diff | activate | list`; `args` are the words after `prices`. What is refused has changed nothing. */
export async function bookCommand(verb: BookCommand, args: readonly string[], options: BookCommandOptions): Promise<CommandResult> {
  const [subject, extra] = args
  if (extra !== undefined) return { text: `"${extra}" is one word too many.`, exitCode: 2 }
  if (verb === 'list') return subject === undefined ? list(options) : { text: `list takes no "${subject}".`, exitCode: 2 }
  if (subject === undefined) return { text: `${verb} needs ${verb === 'activate' ? 'a version: "prices list" shows them' : 'a file, or a version'}.`, exitCode: 2 }
  try {
    switch (verb) {
      case 'import': return await importFile(subject, options)
      case 'diff': return await diff(subject, options)
      case 'activate': return await activate(subject, options)
    }
  } catch (error) {
    if (error instanceof PriceBookError) return { text: error.message, exitCode: 1 }
    throw error
  }
}

const current = ({ store, tenant }: BookCommandOptions): Promise<PriceBook> => activeBook(store, tenant, shippedBook())

async function importFile(file: string, options: BookCommandOptions): Promise<CommandResult> {
  const book = await bookFromFile(file, await current(options))
  await storeBook(options.store, book, file === 'shipped' ? 'shipped' : basename(file), options.now)
  return { text: `${book.version}\nIt is kept and prices nothing yet. What it would change: prices diff ${short(book)}. To use it: prices activate ${short(book)}.`, exitCode: 0 }
}

/** `shipped` is the list that came with this program, under the overlays that are active. */
async function bookFromFile(file: string, active: PriceBook): Promise<PriceBook> {
  if (file === 'shipped') return checkedTogether({ ...shippedBook().data, overlays: active.data.overlays ?? [] })
  return importedBook(active, basename(file), await textOf(file))
}

async function textOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw new PriceBookError(`${file}: there is no such file`)
  if (found.size > fileBytesMax) throw new PriceBookError(`${file}: the file has ${found.size} bytes, at most ${fileBytesMax} are read`)
  return readFile(file, 'utf8')
}

async function diff(subject: string, options: BookCommandOptions): Promise<CommandResult> {
  const active = await current(options)
  const book = /^[0-9a-f]{8,64}$/.test(subject) ? await bookOfVersion(subject, options) : await bookFromFile(subject, active)
  if (book.version === active.version) return { text: `${short(book)} is the active book: it changes nothing.`, exitCode: 0 }
  const effects = await effectOf(options.store, options.tenant, book, options.now, options.signal)
  return { text: `${cardChanges(active, book)}\n\n${effectText(effects)}`, exitCode: 0 }
}

/** How many cards differ, and whose. */
function cardChanges(active: PriceBook, book: PriceBook): string {
  const texts = (of: PriceBook) => new Map([...of.providers.values()].flatMap(({ id, cards }) => cards.map((card) => [`${id}/${card.id}`, canonicalJson(card)] as const)))
  const [before, after] = [texts(active), texts(book)]
  const added = [...after.keys()].filter((name) => !before.has(name))
  const gone = [...before.keys()].filter((name) => !after.has(name))
  const other = [...after].filter(([name, text]) => before.has(name) && before.get(name) !== text).map(([name]) => name)
  const some = (names: readonly string[]) => `${names.length}${names.length === 0 ? '' : `: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`}`
  return table([['from', active.version], ['to', book.version], ['new cards', some(added)], ['other cards', some(other)], ['cards gone', some(gone)],
    ['overlays', (book.data.overlays ?? []).map(({ name }) => name).join(', ') || 'none']])
}

function effectText(effects: readonly Effect[]): string {
  const rows = effects.filter(changed)
  if (effects.length === 0) return `The ledger has no calls of the last ${effectDays} days.`
  if (rows.length === 0) return `It changes nothing of the ${sum(effects, ({ calls }) => BigInt(calls))} calls of the last ${effectDays} days.`
  const [before, after] = [sum(effects, ({ posted }) => posted), sum(effects, ({ repriced }) => repriced)]
  return `The last ${effectDays} days, US dollars, where it changes something:\n${table([
    ['model', 'provider', 'calls', 'ledger', 'this book', 'change', 'unpriced', 'then'],
    ...rows.map((effect) => [effect.model, effect.provider, String(effect.calls), known(effect.posted, effect.unpricedNow), known(effect.repriced, effect.unpricedThen), signed(effect.repriced - effect.posted), String(effect.unpricedNow), String(effect.unpricedThen)]),
    ['all models', '', String(sum(effects, ({ calls }) => BigInt(calls))), money(before), money(after), signed(after - before), String(sum(effects, ({ unpricedNow }) => BigInt(unpricedNow))), String(sum(effects, ({ unpricedThen }) => BigInt(unpricedThen)))],
  ])}\nEntries keep their price until somebody reprices on purpose.`
}

const sum = (effects: readonly Effect[], of: (effect: Effect) => bigint): bigint => effects.reduce((total, effect) => total + of(effect), 0n)

function money(pico: PicoUsd): string {
  const digits = String(pico < 0n ? -pico : pico).padStart(13, '0')
  return `${pico < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '')
}
/** What is unknown is never shown as 0. */
const known = (pico: PicoUsd, unpriced: number): string => (pico === 0n && unpriced > 0 ? 'unpriced' : money(pico))
const signed = (pico: PicoUsd): string => (pico > 0n ? `+${money(pico)}` : money(pico))

async function activate(subject: string, options: BookCommandOptions): Promise<CommandResult> {
  const book = await bookOfVersion(subject, options)
  const { store, tenant, now } = options
  if (await activeVersion(store, tenant) === book.version) return { text: `${short(book)} is active already.`, exitCode: 0 }
  await storeBook(store, book, 'shipped', now)
  await activateBook(store, tenant, book.version, now, 'prices activate')
  return { text: `${book.version} prices what arrives from now on; a running collector follows within seconds. What is in the ledger keeps its price.`, exitCode: 0 }
}

/** By its version or the beginning of it. */
async function bookOfVersion(version: string, { store, tenant }: BookCommandOptions): Promise<PriceBook> {
  const known = [shippedBook().version, ...(await listBooks(store, tenant)).map((book) => book.version)]
  const [found, ...more] = new Set(known.filter((each) => /^[0-9a-f]{8,64}$/.test(version) && each.startsWith(version)))
  if (found === undefined || more.length > 0) throw new PriceBookError(`no price book has the version ${version.slice(0, 80)}: "prices list" shows them`)
  const book = await readBook(store, found)
  if (book === undefined) throw new PriceBookError(`the price book ${found} cannot be read`)
  return book
}

const short = ({ version }: PriceBook): string => version.slice(0, 12)

async function list({ store, tenant }: BookCommandOptions): Promise<CommandResult> {
  const books = await listBooks(store, tenant)
  const shippedKnown = books.some(({ version }) => version === shippedBook().version)
  const rows = books.map((book) => [book.active ? '*' : '', book.version.slice(0, 12), day(book.knownSince), book.activatedAt.map(day).join(', ') || '-', book.source])
  return { text: table([['', 'version', 'known since', 'active from', 'source'], ...rows, ...(shippedKnown ? [] : [['', shippedBook().version.slice(0, 12), '-', '-', 'shipped with this program']])]), exitCode: 0 }
}

const day = (at: UnixNano): string => `${new Date(Number(at / 1_000_000n)).toISOString().slice(0, 19)}Z`
