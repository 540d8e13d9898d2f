import { RowBinaryWriter } from './row-binary.ts'

/**
 * A column, declared once: its DDL type and how a row's value is written. The insert list, the `RowBinary` encoder and
 * the DDL all come from this list, so they cannot drift apart.
 */
export interface Column<Row> {
  readonly name: string
  /** ClickHouse type, without codec. */
  readonly type: string
  /** `CODEC(...)` clause, '' for the default. */
  readonly codec: string
  readonly write: (writer: RowBinaryWriter, row: Row) => void
}

export interface Table<Row> {
  readonly name: string
  readonly columns: readonly Column<Row>[]
}

/** Where rows go: a `Table`, or one as an older program knew it. */
export interface InsertTarget {
  readonly name: string
  readonly columns: readonly { readonly name: string }[]
}

type Read<Row, T> = (row: Row) => T

const column = <Row>(name: string, type: string, write: Column<Row>['write'], codec = ''): Column<Row> => ({ name, type, codec, write })

export const text = <Row>(name: string, read: Read<Row, string>, codec = ''): Column<Row> =>
  column(name, 'String', (w, row) => w.string(read(row)), codec)
/** For values that repeat: names of services, models, agents. */
export const word = <Row>(name: string, read: Read<Row, string>): Column<Row> =>
  column(name, 'LowCardinality(String)', (w, row) => w.string(read(row)))
export const words = <Row>(name: string, read: Read<Row, readonly string[]>): Column<Row> =>
  column(name, 'Array(LowCardinality(String))', (w, row) => {
    const values = read(row)
    w.varint(values.length)
    for (const value of values) w.string(value)
  })
/** Ids: bytes inside, hex outside. '' is stored as zeros. */
export const id = <Row>(name: string, bytes: 8 | 16 | 32, read: Read<Row, string>): Column<Row> =>
  column(name, `FixedString(${bytes})`, (w, row) => w.fixedHex(read(row), bytes))
export const flag = <Row>(name: string, read: Read<Row, boolean>): Column<Row> =>
  column(name, 'Bool', (w, row) => w.uint8(read(row) ? 1 : 0))
export const small = <Row>(name: string, read: Read<Row, number>): Column<Row> =>
  column(name, 'UInt8', (w, row) => w.uint8(read(row)))
export const uint32 = <Row>(name: string, read: Read<Row, number>): Column<Row> =>
  column(name, 'UInt32', (w, row) => w.uint32(read(row)))
/** Largest count we hold: the last integer a JS number has exactly. A sum beyond it (spans with absurd counts) stays here. */
const countMax = 2 ** 53

/** Integers from 0 to 2^53; a larger sum is stored as 2^53. */
export const count = <Row>(name: string, read: Read<Row, number>): Column<Row> =>
  column(name, 'UInt64', (w, row) => w.uint64(Math.min(countMax, read(row))), 'CODEC(T64, ZSTD(1))')
/** An order among versions of one row; any unsigned 64-bit integer. */
export const version = <Row>(name: string, read: Read<Row, bigint>): Column<Row> =>
  column(name, 'UInt64', (w, row) => w.bigUint64(read(row)))

/** Counts as the wire has them, all 64 bits. */
export const uint64 = <Row>(name: string, read: Read<Row, bigint>): Column<Row> =>
  column(name, 'UInt64', (w, row) => w.bigUint64(read(row)), 'CODEC(T64, ZSTD(1))')
export const int32 = <Row>(name: string, read: Read<Row, number>): Column<Row> =>
  column(name, 'Int32', (w, row) => w.uint32(read(row) >>> 0))
export const int64 = <Row>(name: string, read: Read<Row, bigint>): Column<Row> =>
  column(name, 'Int64', (w, row) => w.bigInt64(read(row)), 'CODEC(T64, ZSTD(1))')
export const float = <Row>(name: string, read: Read<Row, number>): Column<Row> =>
  column(name, 'Float64', (w, row) => w.float64(read(row)), 'CODEC(ZSTD(1))')
/** An array of `type`, whose values `write` writes one by one. */
export const list = <Row, T>(name: string, type: string, read: Read<Row, readonly T[]>, write: (writer: RowBinaryWriter, value: T) => void): Column<Row> =>
  column(name, `Array(${type})`, (w, row) => {
    const values = read(row)
    w.varint(values.length)
    for (const value of values) write(w, value)
  }, 'CODEC(ZSTD(1))')

/** The last nanosecond `DateTime64(9)` holds (an Int64): 2262-04-11T23:47:16Z. Later times are stored as this one. */
export const timeMax = (1n << 63n) - 1n
const clampTime = (time: bigint): bigint => (time < 0n ? 0n : time > timeMax ? timeMax : time)

export const time = <Row>(name: string, read: Read<Row, bigint>): Column<Row> =>
  column(name, `DateTime64(9, 'UTC')`, (w, row) => w.bigInt64(clampTime(read(row))), 'CODEC(Delta, ZSTD(1))')
export const nullableTime = <Row>(name: string, read: Read<Row, bigint | undefined>): Column<Row> =>
  column(name, `Nullable(DateTime64(9, 'UTC'))`, (w, row) => {
    const value = read(row)
    w.uint8(value === undefined ? 1 : 0)
    if (value !== undefined) w.bigInt64(clampTime(value))
  })
export const nullableFloat = <Row>(name: string, read: Read<Row, number | undefined>): Column<Row> =>
  column(name, 'Nullable(Float64)', (w, row) => {
    const value = read(row)
    w.uint8(value === undefined ? 1 : 0)
    if (value !== undefined) w.float64(value)
  })
/** Pico-units: the bigint is the value times 10^12. */
export const decimal = <Row>(name: string, read: Read<Row, bigint>): Column<Row> =>
  column(name, 'Decimal(38, 12)', (w, row) => w.int128(read(row)))
export const nullableDecimal = <Row>(name: string, read: Read<Row, bigint | undefined>): Column<Row> =>
  column(name, 'Nullable(Decimal(38, 12))', (w, row) => {
    const value = read(row)
    w.uint8(value === undefined ? 1 : 0)
    if (value !== undefined) w.int128(value)
  })
/** A closed set: stored as its position in the list, from 1. */
export const choice = <Row, T extends string>(name: string, values: readonly T[], read: Read<Row, T>): Column<Row> => {
  const codes = new Map(values.map((value, index) => [value, index + 1]))
  return column(name, `Enum8(${values.map((value, index) => `'${value}' = ${index + 1}`).join(', ')})`, (w, row) => {
    const value = read(row)
    const code = codes.get(value)
    if (code === undefined) throw new Error(`${name}: '${value}' is none of ${values.join(', ')}`)
    w.uint8(code)
  })
}
const map = <Row, T>(name: string, type: string, write: (w: RowBinaryWriter, value: T) => void, read: Read<Row, ReadonlyMap<string, T>>, codec = ''): Column<Row> =>
  column(name, `Map(LowCardinality(String), ${type})`, (w, row) => {
    const values = read(row)
    w.varint(values.size)
    for (const [key, value] of values) {
      w.string(key)
      write(w, value)
    }
  }, codec)
export const stringMap = <Row>(name: string, read: Read<Row, ReadonlyMap<string, string>>, codec = ''): Column<Row> =>
  map(name, 'String', (w, value: string) => w.string(value), read, codec)
export const intMap = <Row>(name: string, read: Read<Row, ReadonlyMap<string, bigint>>): Column<Row> =>
  map(name, 'Int64', (w, value: bigint) => w.bigInt64(value), read)
export const doubleMap = <Row>(name: string, read: Read<Row, ReadonlyMap<string, number>>): Column<Row> =>
  map(name, 'Float64', (w, value: number) => w.float64(value), read)
export const boolMap = <Row>(name: string, read: Read<Row, ReadonlyMap<string, boolean>>): Column<Row> =>
  map(name, 'Bool', (w, value: boolean) => w.uint8(value ? 1 : 0), read)

export const columnNames = (table: InsertTarget): string => table.columns.map((c) => c.name).join(', ')

/** The column part of `CREATE TABLE`. */
export const columnsDdl = <Row>(table: Table<Row>): string =>
  table.columns.map((c) => `  ${c.name} ${c.type}${c.codec === '' ? '' : ` ${c.codec}`}`).join(',\n')

export function writeRow<Row>(table: Table<Row>, writer: RowBinaryWriter, row: Row): void {
  for (const c of table.columns) c.write(writer, row)
}
