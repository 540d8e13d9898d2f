import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { BillError } from './bill.ts'
import type { Item } from './match.ts'
import type { Reconciliation } from './reconcile.ts'

export interface CommandResult {
  /** What to print, without a final line break. */
  readonly text: string
  /** 0 done, 1 not done, 2 wrong usage. */
  readonly exitCode: 0 | 1 | 2
}

export const reconcileHelp = `spanledger reconcile import FILE [--by NAME]             takes a provider's bill
spanledger reconcile show [--from DAY] [--to DAY]         what was metered beside what was billed
spanledger reconcile approve ITEM… --by NAME --why TEXT   posts what is left to the ledger, as adjustments

Bills: OpenAI usage and costs, Anthropic usage and cost reports, AWS Cost Explorer (JSON, as the APIs answer);
AWS Cost and Usage Report, Google Cloud billing export, FOCUS of any version (CSV). In US dollars.
It works beside a running server, and without one. The settings are the server's.

Example: spanledger reconcile import openai-costs-2026-11.json`

const names = ['--by', '--why', '--from', '--to'] as const
type Name = (typeof names)[number]

/** `spanledger reconcile …`; `args` are the words after it. `open` attaches to what the server uses. */
export async function reconcileCommand(args: readonly string[], open: () => Promise<AsyncDisposable & { readonly desk: Reconciliation }>, user: string): Promise<CommandResult> {
  const [verb, ...rest] = args
  if (verb === undefined || verb === '--help' || verb === 'help') return { text: reconcileHelp, exitCode: verb === undefined ? 2 : 0 }
  const { words, options } = parted(rest)
  const wrong = rest.find((word) => word.startsWith('--') && !names.some((name) => name === word))
  if (wrong !== undefined) return { text: `"${wrong}" is no option of reconcile.\n\n${reconcileHelp}`, exitCode: 2 }
  try {
    switch (verb) {
      case 'import': return words.length === 1 ? await importFile(words[0] ?? '', options['--by'] ?? user, open) : usage('import needs one file.')
      case 'show': return words.length === 0 ? await show(options, open) : usage(`"${words[0]}" is one word too many.`)
      case 'approve': return await approve(words, options, open)
      default: return usage(`"${verb}" is no command of reconcile.`)
    }
  } catch (error) {
    if (error instanceof BillError) return { text: error.message, exitCode: 1 }
    throw error
  }
}

const usage = (message: string): CommandResult => ({ text: `${message}\n\n${reconcileHelp}`, exitCode: 2 })

function parted(args: readonly string[]): { readonly words: readonly string[]; readonly options: Readonly<Partial<Record<Name, string>>> } {
  const words: string[] = []
  const options: Partial<Record<Name, string>> = {}
  for (let at = 0; at < args.length; at++) {
    const name = names.find((one) => one === args[at])
    if (name === undefined) words.push(args[at] ?? '')
    else options[name] = args[++at] ?? ''
  }
  return { words, options }
}

type Open = Parameters<typeof reconcileCommand>[1]

async function importFile(file: string, by: string, open: Open): Promise<CommandResult> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch {
    return { text: `${file} cannot be read.`, exitCode: 1 }
  }
  await using opened = await open()
  try {
    const { id, source, lines } = await opened.desk.importBill(basename(file), text, by)
    return { text: `${basename(file)}: ${source}, ${lines} ${lines === 1 ? 'line' : 'lines'}, import ${id.slice(0, 12)}. "reconcile show" compares them with the ledger.`, exitCode: 0 }
  } catch (error) {
    if (error instanceof BillError) return { text: `${basename(file)} was not imported: ${error.message}.`, exitCode: 1 }
    throw error
  }
}

const one = 1_000_000_000_000n
function decimal(value: bigint | undefined): string {
  if (value === undefined) return '–'
  const size = value < 0n ? -value : value
  const fraction = (size % one).toString().padStart(12, '0').replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${size / one}${fraction === '' ? '' : `.${fraction}`}`
}

async function show(options: Readonly<Partial<Record<Name, string>>>, open: Open): Promise<CommandResult> {
  const wrong = [options['--from'], options['--to']].find((day) => day !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(day))
  if (wrong !== undefined) return usage(`"${wrong}" is no day: write 2026-11-21.`)
  await using opened = await open()
  const items = await opened.desk.items({ from: options['--from'], to: options['--to'] })
  if (items.length === 0) return { text: 'no bill was imported for these days.', exitCode: 0 }
  const lines = [
    ['cause', 'item', 'metered tokens', 'billed tokens', 'metered USD', 'billed USD', 'difference USD'],
    ...items.map((item) => [item.cause, item.id, decimal(item.meteredQuantity), decimal(item.billedQuantity), decimal(item.meteredAmount), decimal(item.billedAmount), decimal(item.amountDifference)]),
  ]
  return { text: `${columns(lines)}\n\n${summary(items)}`, exitCode: 0 }
}

function summary(items: readonly Item[]): string {
  const of = (amount: (item: Item) => bigint | undefined): string => decimal(items.reduce((sum, item) => sum + (amount(item) ?? 0n), 0n))
  return `${items.length} ${items.length === 1 ? 'item' : 'items'}, ${items.filter((item) => item.cause === 'MATCHED').length} matched; billed ${of((item) => item.billedAmount)} USD, difference ${of((item) => item.amountDifference)} USD`
}

async function approve(items: readonly string[], options: Readonly<Partial<Record<Name, string>>>, open: Open): Promise<CommandResult> {
  if (items.length === 0) return usage('approve needs an item, as "reconcile show" names it.')
  if (!options['--by'] || !options['--why']) return usage('approve needs --by and --why: both stand beside the entry for good.')
  await using opened = await open()
  const approvals = await opened.desk.approve(items, options['--by'], options['--why'])
  if (approvals.length === 0) return { text: 'nothing is left of these items: the ledger says what the bill says.', exitCode: 0 }
  return { text: approvals.map(({ item, entryId }) => `${item}: entry ${entryId}`).join('\n'), exitCode: 0 }
}

/** Lines with their words under each other. */
function columns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)))
  return lines.map((line) => line.map((word, at) => (at === line.length - 1 ? word : word.padEnd((widths[at] ?? 0) + 2))).join('')).join('\n')
}
