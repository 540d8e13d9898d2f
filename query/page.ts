import { createHash } from 'node:crypto'
import type { Connection, PageArguments } from './connection.ts'
import { quoted, userError } from './errors.ts'
import { allOf, when, type Where } from './where.ts'

/** Most rows of one page. The next page starts where this one ends, so nothing is out of reach. */
export const pageMax = 500
/** A cursor of ours is under 300 characters. */
const cursorMax = 1_000

/** How a list is sorted: by a key and, among equals, by id. Both in one direction, so that the pair is one position. */
export interface Order {
  readonly name: string
  /** SQL of the key, of a type that `keyType` binds and `toString` prints exactly. */
  readonly key: string
  readonly keyType: 'Int64' | 'UInt64' | 'Decimal(38, 12)'
  readonly id: string
  readonly idBytes: 16 | 32
  readonly direction: 'ASC' | 'DESC'
}

export interface Position {
  readonly key: string
  readonly id: string
}

export function checkedFirst(first: number | null | undefined, otherwise: number, most = pageMax): number {
  const count = first ?? otherwise
  if (count < 1 || count > most) throw userError('BAD_INPUT', `first is ${count}, it may be 1 to ${most}`)
  return count
}

/** Binds a cursor to its question: the same cursor under another order or filter would silently skip rows. */
export const questionHash = (order: Order, filter: unknown): string =>
  createHash('sha256')
    .update(order.name)
    .update(JSON.stringify(canonical(filter)))
    .digest('base64url')
    .slice(0, 11)

/** Keys sorted, empty conditions dropped, bigints as text: equal questions have equal hashes. */
function canonical(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return value.map(canonical)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, v]) => v != null && !(Array.isArray(v) && v.length === 0))
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, canonical(v)]))
}

export const cursorOf = (question: string, position: Position): string =>
  Buffer.from(JSON.stringify([question, position.key, position.id])).toString('base64url')

const keyText = /^-?\d{1,39}(\.\d{1,12})?$/
const idText = /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/

export function parseCursor(question: string, cursor: string): Position {
  const bad = (why: string) => userError('BAD_INPUT', `cursor ${quoted(cursor)} ${why}: start again without \`after\``)
  if (cursor.length > cursorMax) throw bad('is none of ours')
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'))
  if (!Array.isArray(parsed)) throw bad('is none of ours')
  const [asked, key, id] = parsed as readonly unknown[]
  if (typeof asked !== 'string' || typeof key !== 'string' || typeof id !== 'string') throw bad('is none of ours')
  if (!keyText.test(key) || !idText.test(id)) throw bad('is none of ours')
  if (asked !== question) throw bad('belongs to another order or filter')
  return { key, id }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON means not ours: the caller refuses it by name.
    return undefined
  }
}

/** Rows that come after a position. */
export const after = (order: Order, position: Position | undefined): Where | undefined =>
  position === undefined
    ? undefined
    : when(
        `(${order.key}, ${order.id}) ${order.direction === 'ASC' ? '>' : '<'} (${bound(order)}, toFixedString(unhex({after_id:String}), ${order.idBytes}))`,
        { after_key: position.key, after_id: position.id },
      )
const bound = (order: Order): string => (order.keyType === 'Decimal(38, 12)' ? 'toDecimal128({after_key:String}, 12)' : `{after_key:${order.keyType}}`)

export interface Keyed {
  /** `toString` of the order's key. */
  readonly cursorKey: string
  readonly id: string
}

/** Where a page begins, behind this position, and how many rows are read of it. */
export interface PageBounds {
  readonly position: Position | undefined
  readonly rowsMax: number
}

/**
 * One page of a list by keyset: rows that arrive meanwhile shift nothing. `read` gets the condition and the tail, and what they are
 * made of, and returns one row more than the page, where there is one.
 */
export async function page<Row extends Keyed, Node>(
  args: PageArguments & { readonly filter?: unknown },
  otherwise: number,
  order: Order,
  filter: Where,
  ask: { readonly read: (where: Where, tail: string, bounds: PageBounds) => Promise<Row[]>; readonly count: (where: Where) => Promise<number>; readonly node: (row: Row) => Node },
): Promise<Connection<Node>> {
  const first = checkedFirst(args.first, otherwise)
  const question = questionHash(order, args.filter ?? {})
  const position = args.after == null ? undefined : parseCursor(question, args.after)
  const rows = await ask.read(
    allOf(filter, after(order, position)),
    `ORDER BY ${order.key} ${order.direction}, ${order.id} ${order.direction} LIMIT ${first + 1}`,
    { position, rowsMax: first + 1 },
  )
  const edges = rows.slice(0, first).map((row) => ({ cursor: cursorOf(question, { key: row.cursorKey, id: row.id }), node: ask.node(row) }))
  return {
    nodes: edges.map((edge) => edge.node),
    edges,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: position !== undefined,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    countAll: () => ask.count(filter),
  }
}
