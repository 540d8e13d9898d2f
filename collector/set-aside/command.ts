import type { Store } from '#clickhouse/store.ts'
import { rowsAreAtFault, StoreError } from '#clickhouse/store-error.ts'
import { restate } from '../account/restate.ts'
import { asRows, insertSegment, openedSegment } from '../load/insert-segment.ts'
import { journalNumber } from '../spool/folders.ts'
import type { Section } from '../spool/frame.ts'
import type { Segment } from '../spool/segment.ts'
import { dropSetAside, listSetAside, readSetAside, type SetAside, type SetAsideReason, tellWhy } from './set-aside.ts'

export interface CommandResult {
  /** What to print, without a final line break. */
  readonly text: string
  /** 0 done, 1 not done, 2 wrong usage. */
  readonly exitCode: 0 | 1 | 2
}

export const setAsideHelp = `spanledger set-aside              what ClickHouse did not take, and what could not be read
spanledger set-aside show ID      why, and the rows by table
spanledger set-aside retry ID     load it again, with the same tokens: what is there already is not doubled
spanledger set-aside retry all
spanledger set-aside drop ID      delete it for good

It works beside a running server, and without one. The settings are the server's.

Example: spanledger set-aside retry 12.3`

export interface SetAsideCommandOptions {
  /** The journals' folders, one for each receiving process. What is set aside by the second is called `2/12.3`. */
  readonly spoolDirs: readonly string[]
  /** Attaches to what the server uses; called by `retry` alone. */
  readonly openStore: () => Promise<Store>
}

/** `spanledger set-aside …`; `args` are the words after it. Of the journal it touches what is set aside alone, which no server reads. */
export async function setAsideCommand(args: readonly string[], options: SetAsideCommandOptions): Promise<CommandResult> {
  const [verb, id, extra] = args
  if (verb === '--help' || verb === 'help') return { text: setAsideHelp, exitCode: 0 }
  const items = await listAll(options.spoolDirs)
  if (verb === undefined) return list(items)
  if (verb !== 'show' && verb !== 'retry' && verb !== 'drop') return wrong(`"${verb}" is no command of set-aside.`)
  if (id === undefined) return wrong(`${verb} needs an id, for example: set-aside ${verb} 12.3.`)
  if (extra !== undefined) return wrong(`"${extra}" is one word too many.`)
  if (verb === 'retry' && id === 'all') return retry(items, options)
  const item = items.find((one) => one.id === id)
  if (item === undefined) return { text: `nothing with the id ${id} is set aside; "set-aside" lists what is.`, exitCode: 1 }
  switch (verb) {
    case 'show': return show(item)
    case 'retry': return retry([item], options)
    case 'drop':
      await dropSetAside(item.dir, item)
      return { text: `${item.id} is deleted.`, exitCode: 0 }
  }
}

/** What is set aside, and in which journal's folder. */
interface Kept extends SetAside {
  readonly dir: string
}

const listAll = async (dirs: readonly string[]): Promise<Kept[]> =>
  (await Promise.all(dirs.map(async (dir) => {
    const number = journalNumber(dir)
    return (await listSetAside(dir)).map((item) => ({ ...item, dir, id: number === 1 ? item.id : `${number}/${item.id}` }))
  }))).flat()

const wrong = (message: string): CommandResult => ({ text: `${message}\n\n${setAsideHelp}`, exitCode: 2 })

const meaning: Readonly<Record<SetAsideReason, string>> = {
  refused: 'ClickHouse cannot take these rows',
  damaged: 'the file is not what was written; what is whole of it was loaded',
  unreadable: 'not even the head of the file is whole',
}

const since = ({ why }: SetAside): string => (why === undefined ? 'unknown' : new Date(why.at).toISOString())

/** Rows of each table, in the order of the journal; tables without rows are left out. */
function rowsByTable(content: Segment): readonly { readonly table: string; readonly rows: number; readonly bytes: number }[] {
  const sections = content.frames.flat()
  return content.head.tables.flatMap(({ name }, number) => {
    const own = sections.filter((section) => section.table === number)
    const sum = (of: (section: Section) => number): number => own.reduce((total, section) => total + of(section), 0)
    return own.length === 0 ? [] : [{ table: name, rows: sum(({ rows }) => rows), bytes: sum(({ body }) => body.length) }]
  })
}

/** Tables that hold a record each as it was sent; the others hold what was made of them. */
const recordTables: ReadonlySet<string> = new Set(['spans', 'log_records', 'metric_points'])

async function list(items: readonly Kept[]): Promise<CommandResult> {
  if (items.length === 0) return { text: 'nothing is set aside.', exitCode: 0 }
  const lines: string[][] = [['id', 'set aside', 'why', 'spans/records', 'rows', 'bytes']]
  for (const item of items) {
    const content = await readSetAside(item.dir, item)
    const tables = content === undefined ? [] : rowsByTable(content)
    const sum = (of: typeof tables): string => (content === undefined ? 'unknown' : String(of.reduce((total, { rows }) => total + rows, 0)))
    lines.push([item.id, since(item), item.why?.reason ?? 'unknown', sum(tables.filter(({ table }) => recordTables.has(table))), sum(tables), String(item.bytes)])
  }
  return { text: `${columns(lines)}\n\n"set-aside show ${items[0]?.id}" says more.`, exitCode: 0 }
}

async function show(item: Kept): Promise<CommandResult> {
  const { why } = item
  const content = await readSetAside(item.dir, item)
  const head = [
    ['id', item.id],
    ['set aside', since(item)],
    ['why', why === undefined ? 'unknown' : `${why.reason}: ${meaning[why.reason]}`],
    ...(why === undefined || why.error === '' ? [] : [['ClickHouse', why.error]]),
    ['bytes', String(item.bytes)],
  ]
  const tables = content === undefined ? [] : [['table', 'rows', 'bytes'], ...rowsByTable(content).map(({ table, rows, bytes }) => [table, String(rows), String(bytes)])]
  return { text: [columns(head), ...(tables.length === 0 ? [] : [columns(tables)])].join('\n\n'), exitCode: 0 }
}

async function retry(items: readonly Kept[], options: SetAsideCommandOptions): Promise<CommandResult> {
  if (items.length === 0) return { text: 'nothing is set aside.', exitCode: 0 }
  await using store = await options.openStore()
  const lines: string[] = []
  let left = 0
  for (const item of items) {
    const outcome = await retryOne(item, store)
    if (!outcome.loaded) left++
    lines.push(`${item.id}: ${outcome.text}`)
  }
  return { text: lines.join('\n'), exitCode: left === 0 ? 0 : 1 }
}

async function retryOne(item: Kept, store: Store): Promise<{ readonly loaded: boolean; readonly text: string }> {
  const content = await readSetAside(item.dir, item)
  if (content === undefined) return { loaded: false, text: 'cannot be read; "set-aside drop" deletes it' }
  if (content.torn) return { loaded: false, text: 'damaged: what is whole was loaded before; "set-aside drop" deletes the rest' }
  let waits: StoreError | undefined
  try {
    const opened = openedSegment(content, { number: item.number, first: item.frame ?? 0, store, bodyOf: asRows })
    const loaded = await insertSegment(opened, async (error) => {
      waits = error
      return false
    })
    if (!loaded) return { loaded: false, text: `ClickHouse does not take rows now, try again when this is put right: ${waits?.message ?? ''}` }
  } catch (error) {
    if (!(error instanceof StoreError) || !rowsAreAtFault(error)) throw error
    await tellWhy(item.dir, item, { reason: 'refused', code: error.code, error: error.message, at: item.why?.at ?? Date.now() })
    return { loaded: false, text: `refused again: ${error.message}` }
  }
  for (const frame of content.frames.keys()) await restate(store, content, frame, 'loaded after all')
  await dropSetAside(item.dir, item)
  return { loaded: true, text: 'loaded' }
}

/** Lines with their words under each other. */
function columns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)))
  return lines.map((line) => line.map((word, at) => (at === line.length - 1 ? word : word.padEnd((widths[at] ?? 0) + 2))).join('')).join('\n')
}
