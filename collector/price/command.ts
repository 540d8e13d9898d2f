import type { PicoUsd, UnixNano } from '#semconv/facts.ts'
import { type Card, type Period, pieceUnits, type PriceBook, type PriceUnit, priceUnits, shippedBook } from './book.ts'
import { selectCard } from './match.ts'
import { periodAt } from './price.ts'

export interface CommandResult {
  /** What to print, without a final line break. */
  readonly text: string
  /** 0 done, 1 nothing found, 2 wrong usage. */
  readonly exitCode: 0 | 1 | 2
}

export const pricesHelp = `spanledger prices                              the price book: version, source, size
spanledger prices show MODEL [--provider P]    the card that prices a model, in US dollars per million tokens
spanledger prices list                         every version: when it became known, from when on it priced
spanledger prices import FILE                  keeps a list of genai-prices or an overlay as a new version, or refuses it; "shipped" is a file too
spanledger prices diff FILE|VERSION            what it would change: cards, and the last 30 days of the ledger by model
spanledger prices activate VERSION             what arrives from now on is priced by it

The first two tell the list that came with the program; the others work beside a running server, and without one. The formats
of files: collector/price/README.md.

Example: spanledger prices show us.anthropic.claude-sonnet-4-5-20250929-v1:0 --provider aws.bedrock
Example: spanledger prices diff contract-2027.yaml`

/** `spanledger prices …`; `args` are the words after `prices`, `now` decides which of several dated prices is current. */
export function pricesCommand(args: readonly string[], now: UnixNano, book: PriceBook = shippedBook()): CommandResult {
  const [verb, ...rest] = args
  if (verb === undefined) return { text: summary(book), exitCode: 0 }
  if (verb === '--help' || verb === 'help') return { text: pricesHelp, exitCode: 0 }
  if (verb !== 'show') return wrong(`"${verb}" is no command of prices.`)
  const words = [...rest]
  const flag = words.indexOf('--provider')
  const [, provider] = flag < 0 ? [undefined, ''] : words.splice(flag, 2)
  if (!provider && flag >= 0) return wrong('--provider needs a name, for example --provider openai.')
  const [model, extra] = words
  if (model === undefined) return wrong('show needs the name of a model, for example: prices show gpt-5-mini.')
  if (extra !== undefined) return wrong(`"${extra}" is one word too many.`)
  return show(book, provider ?? '', model, now)
}

function wrong(message: string): CommandResult {
  return { text: `${message}\n\n${pricesHelp}`, exitCode: 2 }
}

function summary(book: PriceBook): string {
  const { source, providers, rounded } = book.data
  const cards = providers.flatMap((provider) => provider.cards)
  const count = (holds: (period: Period) => boolean) => `${cards.filter((card) => card.periods.some(holds)).length} cards`
  return table([
    ['version', book.version],
    ['source', `${source.package} ${source.version}, ${source.licence} licence, ${source.copyright}`],
    ['', source.url],
    ['providers', String(providers.length)],
    ['price cards', String(cards.length)],
    ['dated', `${count(({ from }) => from !== undefined)} change price on a date`],
    ['by hour', `${count(({ hours }) => hours !== undefined)} change price by hour of the day`],
    ['tiered', `${count(({ rates }) => rates.length > 1)} have a second price for long prompts`],
    ['rounded', `${rounded.length} published prices, to a millionth of a dollar per million tokens`],
  ])
}

function show(book: PriceBook, provider: string, model: string, now: UnixNano): CommandResult {
  const selection = selectCard(book, { provider, requestModel: model, responseModel: '' })
  if (!('card' in selection)) return { text: `${selection.reason} Calls of it are UNPRICED.`, exitCode: 1 }
  const { card, seller } = selection
  const current = periodAt(card, now)
  const head = table([
    ['model', card.id],
    ['provider', seller === selection.provider ? seller : `${selection.provider}, at the price of ${seller}`],
    ['price book', book.version],
  ])
  const periods = card.periods.map((period) => periodText(period, period === current && card.periods.length > 1))
  return { text: [head, ...periods, ...unmetered(card)].join('\n\n'), exitCode: 0 }
}

function periodText({ from, hours, rates }: Period, current: boolean): string {
  const limits = [...(from === undefined ? [] : [`from ${from}`]), ...(hours ? [`${hours[0]} to ${hours[1]} every day`] : [])]
  const when = limits.length === 0 ? 'otherwise' : `${limits.join(', ')} UTC`
  const units = priceUnits.filter((unit) => rates.some(({ prices }) => prices[unit] !== undefined))
  const columns = rates.map(({ above }) => (above === 0 ? '$ per million tokens' : `prompt above ${above}`))
  const rows = units.map((unit) => [unitTitles[unit], ...rates.map(({ prices }) => dollarsOf(unit, prices[unit]))])
  const title = when === 'otherwise' && !current ? '' : `${when}${current ? ' (now)' : ''}`
  if (units.length === 0) return `${title === '' ? '' : `${title}\n`}no price per token is published: calls of it are UNPRICED`
  return table([[title, ...columns], ...rows])
}

const unitTitles: Readonly<Record<PriceUnit, string>> = {
  input: 'input', cache_read: 'cached input', cache_write: 'cache write', cache_write_1h: 'cache write, 1 hour',
  input_audio: 'audio input', cache_audio_read: 'cached audio input', input_image: 'image input', output: 'output',
  output_reasoning: 'reasoning output', output_audio: 'audio output', output_image: 'image output',
  web_search: '1,000 web searches', file_search: '1,000 file searches', code_execution: '1,000 code executions', request: '1,000 requests',
  audio_hour: 'hour of audio',
}

function unmetered({ unmetered: others }: Card): string[] {
  if (!others) return []
  const rows = Object.entries(others).map(([unit, dollars]) => [unit, dollars])
  return [`The vendor also charges, and spans do not meter:\n${table(rows)}`]
}

/** Decimals of a dollar that a published price of the unit can have: it is for a million tokens, a thousand pieces, an hour. */
export const decimalsOf = (unit: PriceUnit): number => (unit === 'audio_hour' ? 12 : (pieceUnits as readonly string[]).includes(unit) ? 9 : 6)

/** Dollars (times 10^12) as published, in pico-dollars for one; `undefined` where that is no whole number, negative or above $1,000. */
export function picoOf(unit: PriceUnit, dollars: PicoUsd): number | undefined {
  const scale = 10n ** BigInt(12 - decimalsOf(unit))
  return dollars < 0n || dollars % scale !== 0n || dollars > 1_000n * 10n ** 12n ? undefined : Number(dollars / scale)
}

/** As prices are published: per million tokens, per thousand pieces, per hour. Pico-dollars per token are millionths of a dollar then. */
export function dollarsOf(unit: PriceUnit, pico: number | undefined): string {
  if (pico === undefined) return '-'
  const decimals = decimalsOf(unit)
  const digits = String(pico).padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return `${digits.slice(0, -decimals)}${fraction === '' ? '' : `.${fraction}`}`
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), [])
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd()).join('\n')
}
