import { RowBinaryWriter } from './row-binary.ts'

/**
 * A column, declared once: its DDL type and how a row's value is written. The insert list, the `RowBinary` encoder and
 * the DDL all come from this list, so they cannot drift apart.
 */
export interface Column<Row> {
  readonly name: string
  /** ClickHouse type, without codec. */
  readonly type: string
  /** `CODEC(...)` clause, '' for the default; or the `DEFAULT` of a row that does not name the column. */
  readonly codec: string
  /** The row's value, in the type that `encode` takes. */
  readonly read: (row: Row) => unknown
  readonly encode: Encoding
}

/** How a value is written: by the writer's method of this name, or by a function of several of them. */
type Encoding = 'string' | 'uint8' | 'uint32' | 'int32' | 'uint64' | 'bigUint64' | 'bigInt64' | 'float64' | 'int128' | ((writer: RowBinaryWriter, value: never) => void)

export interface Table<Row> {
  readonly name: string
  readonly columns: readonly Column<Row>[]
  /** How many of the first columns a row mostly has as the row before it: they are written once and copied. Default 0. */
  readonly alike?: number
  /** What ClickHouse makes of the columns by itself, as DDL: `ALIAS` when it is read, `DEFAULT` when it is inserted. */
  readonly computed?: readonly string[]
}

/** Where rows go: a `Table`, or one as an older program knew it. */
export interface InsertTarget {
  readonly name: string
  readonly columns: readonly { readonly name: string }[]
}

type Read<Row, T> = (row: Row) => T

const column = <Row>(name: string, type: string, read: Read<Row, unknown>, encode: Encoding, codec = ''): Column<Row> => ({ name, type, codec, read, encode })

export const text = <Row>(name: string, read: Read<Row, string>, codec = ''): Column<Row> => column(name, 'String', read, 'string', codec)
/** For values that repeat: names of services, models, agents. */
export const word = <Row>(name: string, read: Read<Row, string>): Column<Row> => column(name, 'LowCardinality(String)', read, 'string')
export const words = <Row>(name: string, read: Read<Row, readonly string[]>): Column<Row> =>
  column(name, 'Array(LowCardinality(String))', read, (w, values: readonly string[]) => {
    w.varint(values.length)
    for (const value of values) w.string(value)
  })
/** Ids: bytes inside, hex outside. '' is stored as zeros. */
export const id = <Row>(name: string, bytes: 8 | 16 | 32, read: Read<Row, string>, codec = ''): Column<Row> =>
  column(name, `FixedString(${bytes})`, read, (w, value: string) => w.fixedHex(value, bytes), codec)
/** False is 0: the byte that `uint8` makes of a boolean. */
export const flag = <Row>(name: string, read: Read<Row, boolean>): Column<Row> => column(name, 'Bool', read, 'uint8')
export const small = <Row>(name: string, read: Read<Row, number>): Column<Row> => column(name, 'UInt8', read, 'uint8')
export const uint32 = <Row>(name: string, read: Read<Row, number>): Column<Row> => column(name, 'UInt32', read, 'uint32')

/** Integers from 0; a sum beyond 2^53, the last integer a JS number has exactly, is stored as 2^53. */
export const count = <Row>(name: string, read: Read<Row, number>): Column<Row> => column(name, 'UInt64', read, 'uint64', 'CODEC(T64, ZSTD(1))')
/** An order among versions of one row; any unsigned 64-bit integer. */
export const version = <Row>(name: string, read: Read<Row, bigint>): Column<Row> => column(name, 'UInt64', read, 'bigUint64')

/** Counts as the wire has them, all 64 bits. */
export const uint64 = <Row>(name: string, read: Read<Row, bigint>): Column<Row> =>
  column(name, 'UInt64', read, 'bigUint64', 'CODEC(T64, ZSTD(1))')
export const int32 = <Row>(name: string, read: Read<Row, number>): Column<Row> => column(name, 'Int32', read, 'int32')
export const int64 = <Row>(name: string, read: Read<Row, bigint>): Column<Row> =>
  column(name, 'Int64', read, 'bigInt64', 'CODEC(T64, ZSTD(1))')
export const float = <Row>(name: string, read: Read<Row, number>): Column<Row> =>
  column(name, 'Float64', read, 'float64', 'CODEC(ZSTD(1))')
/** An array of `type`, whose values `write` writes one by one. */
export const list = <Row, T>(name: string, type: string, read: Read<Row, readonly T[]>, write: (writer: RowBinaryWriter, value: T) => void): Column<Row> =>
  column(name, `Array(${type})`, read, (w, values: readonly T[]) => {
    w.varint(values.length)
    for (const value of values) write(w, value)
  }, 'CODEC(ZSTD(1))')

/**
 * 2106-02-07T06:28:15.999999999Z, the last nanosecond of ClickHouse's `DateTime`. A `DateTime64(9)` goes on to 2262, but the minutes and
 * hours of sorting keys do not: there they begin again in 1970, and ranges of time would not find what they hold.
 */
export const timeMax = (1n << 32n) * 1_000_000_000n - 1n
/** As it is stored: a broken clock's earlier and later times are the first and the last there is. */
export const storableTime = (time: bigint): bigint => (time < 0n ? 0n : time > timeMax ? timeMax : time)

/** `Delta` is for a column that is nearly sorted; of one that is not, `T64` leaves out the bits that are the same within a block. */
export const time = <Row>(name: string, read: Read<Row, bigint>, codec = 'CODEC(Delta, ZSTD(1))'): Column<Row> =>
  column(name, `DateTime64(9, 'UTC')`, read, (w, value: bigint) => w.bigInt64(storableTime(value)), codec)

const nullable = <Row, T>(name: string, type: string, read: Read<Row, T | undefined>, encode: (w: RowBinaryWriter, value: T) => void, codec = ''): Column<Row> =>
  column(name, `Nullable(${type})`, read, (w, value: T | undefined) => {
    w.uint8(value === undefined ? 1 : 0)
    if (value !== undefined) encode(w, value)
  }, codec)
export const nullableTime = <Row>(name: string, read: Read<Row, bigint | undefined>): Column<Row> =>
  nullable(name, `DateTime64(9, 'UTC')`, read, (w, value) => w.bigInt64(storableTime(value)))
export const nullableFloat = <Row>(name: string, read: Read<Row, number | undefined>): Column<Row> => nullable(name, 'Float64', read, (w, value) => w.float64(value))
/** Pico-units: the bigint is the value times 10^12. */
export const decimal = <Row>(name: string, read: Read<Row, bigint>, codec = ''): Column<Row> => column(name, 'Decimal(38, 12)', read, 'int128', codec)
export const nullableDecimal = <Row>(name: string, read: Read<Row, bigint | undefined>, codec = ''): Column<Row> =>
  nullable(name, 'Decimal(38, 12)', read, (w, value) => w.int128(value), codec)

/** A closed set: stored as its position in the list, from 1. */
export const choice = <Row, T extends string>(name: string, values: readonly T[], read: Read<Row, T>): Column<Row> => {
  const codes = new Map<string, number>(values.map((value, index) => [value, index + 1]))
  return column(name, `Enum8(${values.map((value, index) => `'${value}' = ${index + 1}`).join(', ')})`, read, (w, value: string) => {
    const code = codes.get(value)
    if (code === undefined) throw new Error(`${name}: '${value}' is none of ${values.join(', ')}`)
    w.uint8(code)
  })
}

/** A map's keys and, at the same places, its values: as it is written, without the cost of a `Map` for every row. */
export interface Pairs<T> {
  readonly keys: readonly string[]
  readonly values: readonly T[]
}

const map = <Row, T>(name: string, type: string, read: Read<Row, Pairs<T>>, write: (w: RowBinaryWriter, value: T) => void, codec = ''): Column<Row> =>
  column(name, `Map(LowCardinality(String), ${type})`, read, (w, { keys, values }: Pairs<T>) => {
    w.varint(keys.length)
    for (let at = 0; at < keys.length; at++) {
      w.string(keys[at] as string)
      write(w, values[at] as T)
    }
  }, codec)
export const stringMap = <Row>(name: string, read: Read<Row, Pairs<string>>, codec = ''): Column<Row> =>
  map(name, 'String', read, (w, value) => w.string(value), codec)
export const countMap = <Row>(name: string, read: Read<Row, Pairs<number>>): Column<Row> => map(name, 'UInt64', read, (w, value) => w.uint64(value))
export const intMap = <Row>(name: string, read: Read<Row, Pairs<bigint>>): Column<Row> => map(name, 'Int64', read, (w, value) => w.bigInt64(value))
export const doubleMap = <Row>(name: string, read: Read<Row, Pairs<number>>): Column<Row> => map(name, 'Float64', read, (w, value) => w.float64(value))
export const boolMap = <Row>(name: string, read: Read<Row, Pairs<boolean>>): Column<Row> => map(name, 'Bool', read, (w, value) => w.uint8(value))

export const columnNames = (table: InsertTarget): string => table.columns.map((c) => c.name).join(', ')

/** The column part of `CREATE TABLE`. */
export const columnsDdl = <Row>({ columns, computed = [] }: Table<Row>): string =>
  [...columns.map((c) => `${c.name} ${c.type}${c.codec === '' ? '' : ` ${c.codec}`}`), ...computed].map((line) => `  ${line}`).join(',\n')

type WriteRow<Row> = (writer: RowBinaryWriter, row: Row) => void

const compiled = new WeakMap<Table<never>, WriteRow<never>>()

export function writeRow<Row>(table: Table<Row>, writer: RowBinaryWriter, row: Row): void {
  let write = compiled.get(table) as WriteRow<Row> | undefined
  if (write === undefined) {
    write = compile(table)
    compiled.set(table, write)
  }
  write(writer, row)
}

/**
 * The table's columns one after the other as a function of its own: in a loop over them every call would go to many targets,
 * which the compiler neither inlines nor predicts (75 columns a span). Only names of our own go in.
 */
function compile<Row>({ columns, alike = 0 }: Table<Row>): WriteRow<Row> {
  const write = (at: number, value: string): string => (typeof columns[at]?.encode === 'string' ? `w.${columns[at].encode}(${value})` : `write${at}(w, ${value})`)
  const places = [...columns.keys()]
  const rest = places.slice(alike).map((at) => write(at, `read${at}(row)`)).join('\n')
  const bound = columns.flatMap(({ read, encode }, at) => (typeof encode === 'string' ? [[`read${at}`, read]] : [[`read${at}`, read], [`write${at}`, encode]]) as [string, unknown][])
  const body = alike === 0 ? `return (w, row) => {\n${rest}\n}` : copying(places.slice(0, alike), write, rest)
  return new Function(...bound.map(([name]) => name), body)(...bound.map(([, value]) => value)) as WriteRow<Row>
}

/** The columns of `head` are written where one has another value than in the row before, else their bytes are copied. */
function copying(head: readonly number[], write: (at: number, value: string) => string, rest: string): string {
  const each = (line: (at: number) => string): string => head.map(line).join('\n')
  return `let head
  ${each((at) => `let last${at}`)}
  return (w, row) => {
    ${each((at) => `const value${at} = read${at}(row)`)}
    if (head !== undefined && ${head.map((at) => `value${at} === last${at}`).join(' && ')}) w.copy(head)
    else {
      const start = w.length
      ${each((at) => write(at, `value${at}`))}
      head = w.since(start)
      ${each((at) => `last${at} = value${at}`)}
    }
    ${rest}
  }`
}
