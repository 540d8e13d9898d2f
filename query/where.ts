import { storableTime, timeMax } from '#clickhouse/table.ts'
import { timeBound, type TimeOperator } from '#clickhouse/time-bound.ts'
import type { UnixNano } from '#semconv/facts.ts'
import { userError, quoted } from './errors.ts'
import type { TimeRange } from './time-range.ts'

/** A condition of a `WHERE` clause with the values it binds. Values from outside are bound, never written into the text. */
export interface Where {
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
}

/** Values in one list of a filter. A list is sent with every read, and no screen offers more. */
const valuesMax = 1_000
/** Characters of one list: all lists of a filter together must fit into the parameters of one read. */
const listCharsMax = 40_000
/** Characters of one value or search text. Names of models and agents are far shorter. */
const textMax = 1_000

export const when = (sql: string, params: Where['params'] = {}): Where => ({ sql, params })

/** All of them; what is `undefined` restricts nothing. Two conditions must not bind the same name. */
export function allOf(...parts: readonly (Where | undefined)[]): Where {
  const held = parts.filter((part) => part !== undefined)
  const params: Record<string, unknown> = {}
  for (const part of held) {
    for (const [name, value] of Object.entries(part.params)) {
      if (name in params) throw new Error(`parameter ${name} is bound twice`)
      params[name] = value
    }
  }
  return { sql: held.length === 0 ? '1' : held.map((part) => `(${part.sql})`).join(' AND '), params }
}

/** Any of them. Two conditions must not bind the same name. */
export function anyOf(...parts: readonly Where[]): Where {
  const { params } = allOf(...parts)
  return { sql: parts.length === 0 ? '0' : parts.map((part) => `(${part.sql})`).join(' OR '), params }
}

function checked(name: string, values: readonly string[]): readonly string[] {
  if (values.length > valuesMax) throw userError('BAD_INPUT', `filter ${name} has ${values.length} values, at most ${valuesMax} are allowed`)
  for (const value of values) checkedText(name, value)
  const chars = values.reduce((sum, value) => sum + value.length, 0)
  if (chars > listCharsMax) throw userError('BAD_INPUT', `filter ${name} has ${chars} characters, at most ${listCharsMax} are allowed`)
  return values
}

export function checkedText(name: string, value: string): string {
  if (value.length > textMax) throw userError('BAD_INPUT', `${name} is ${value.length} characters long, at most ${textMax} are allowed`)
  return value
}

type Values = readonly string[] | null | undefined

/** The column holds one of these words. */
export const among = (name: string, column: string, values: Values): Where | undefined =>
  values == null || values.length === 0 ? undefined : when(`${column} IN {${name}:Array(String)}`, { [name]: checked(name, values) })

/** The array column holds at least one of these words; '' stands for an empty array. */
export const anyAmong = (name: string, column: string, values: Values): Where | undefined =>
  values == null || values.length === 0
    ? undefined
    : when(`hasAny(${column}, {${name}:Array(String)})${values.includes('') ? ` OR empty(${column})` : ''}`, { [name]: checked(name, values) })

const hexText = /^[0-9a-f]*$/

/** Lower-case hex of exactly so many bytes, or `undefined`. */
export function hexId(text: string, bytes: number): string | undefined {
  const id = text.toLowerCase()
  return id.length === bytes * 2 && hexText.test(id) ? id : undefined
}

/** The `FixedString` column holds one of these ids, given in hex. A set of the column's own type, so that the primary key is used. */
export function idAmong(name: string, column: string, bytes: 8 | 16 | 32, values: Values): Where | undefined {
  if (values == null || values.length === 0) return undefined
  const ids = checked(name, values).map((value) => {
    const id = hexId(value, bytes)
    if (id === undefined) throw userError('BAD_INPUT', `${name} ${quoted(value)} is no id: write ${bytes * 2} hex digits`)
    return id
  })
  return when(`${column} IN (SELECT toFixedString(unhex(arrayJoin({${name}:Array(String)})), ${bytes}))`, { [name]: ids })
}

/** One id that is known to be hex. */
export const idIs = (name: string, column: string, bytes: 8 | 16 | 32, id: string): Where =>
  when(`${column} = toFixedString(unhex({${name}:String}), ${bytes})`, { [name]: id })

/** Nothing is stored after `timeMax`, so that no moment after it is an upper bound. */
const moment = (name: string, column: string, operator: TimeOperator, time: UnixNano | null | undefined): Where | undefined =>
  time == null || (time > timeMax && operator.startsWith('<')) ? undefined : when(timeBound(column, operator, name), { [name]: storableTime(time).toString() })

/** From (inclusive) to (exclusive) on a `DateTime64(9)` column. */
export const within = (name: string, column: string, range: TimeRange | null | undefined): Where | undefined =>
  range == null ? undefined : allOf(moment(`${name}_from`, column, '>=', range.from), moment(`${name}_to`, column, '<', range.to))

/** After (exclusive) until (inclusive). */
export const afterUntil = (name: string, column: string, after: UnixNano | null | undefined, until: UnixNano | null | undefined): Where | undefined =>
  after == null && until == null ? undefined : allOf(moment(`${name}_after`, column, '>', after), moment(`${name}_until`, column, '<=', until))

/** Both ends inclusive. */
export const betweenNanos = (name: string, column: string, from: UnixNano, to: UnixNano | undefined): Where =>
  allOf(moment(`${name}_from`, column, '>=', from), moment(`${name}_to`, column, '<=', to))

/** The text occurs, whatever its case. `positionCaseInsensitiveUTF8` takes the needle as it is: no pattern to escape. */
export const contains = (column: string, name: string): string => `positionCaseInsensitiveUTF8(${column}, {${name}:String}) > 0`
