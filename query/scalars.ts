import { GraphQLScalarType, type ConstValueNode, Kind, type ValueNode } from 'graphql'
import { decimalString, parseDecimal } from './decimal.ts'
import { quoted, userError } from './errors.ts'
import { dateTimeString, parseDateTime } from './instant.ts'

const refuse = (message: string): never => {
  throw userError('BAD_INPUT', message)
}

const literalText = (node: ConstValueNode): string | undefined =>
  node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT ? node.value : undefined

/**
 * How a scalar reads variables and literals. Written in the names of graphql 16 and of 17, because the validator (17's)
 * calls the new ones and yoga's executor the old ones.
 */
const inputs = <Inside>(read: (value: unknown) => Inside, literal: (node: ConstValueNode) => unknown) => ({
  coerceInputValue: read,
  coerceInputLiteral: (node: ConstValueNode) => read(literal(node)),
  parseValue: read,
  parseLiteral: (node: ValueNode) => read(node.kind === Kind.VARIABLE ? undefined : literal(node as ConstValueNode)),
})

function readDecimal(value: unknown): bigint {
  const text = typeof value === 'number' ? String(value) : value
  const pico = typeof text === 'string' ? parseDecimal(text) : undefined
  return pico ?? refuse(`${quoted(value)} is no Decimal: write digits with at most 12 decimals and no exponent, such as "0.0425"`)
}

/** Inside: bigint pico-units. */
export const Decimal = new GraphQLScalarType<bigint, string>({
  name: 'Decimal',
  description: 'An exact decimal as a string: up to 12 decimals, no exponent, no trailing zeros, "0" for zero. Amounts are US dollars.',
  coerceOutputValue: (value) => {
    if (typeof value !== 'bigint') throw new Error(`a Decimal field holds ${typeof value}`)
    return decimalString(value)
  },
  ...inputs(readDecimal, literalText),
})

const readCount = (value: unknown): number =>
  Number.isSafeInteger(value) ? (value as number) : refuse(`${quoted(value)} is no Count: write a whole number up to 2^53`)

/**
 * Inside: a whole number. Telemetry says what it likes, and sums of what it says are told too: a single wild count must not
 * keep a page of runs from being read.
 */
export const Count = new GraphQLScalarType<number, number>({
  name: 'Count',
  description: 'A whole number as a JSON number, exact to 2^53; beyond that the nearest double.',
  coerceOutputValue: (value) => {
    if (!Number.isInteger(value)) throw new Error('a Count field holds no whole number')
    return value as number
  },
  ...inputs(readCount, (node) => (node.kind === Kind.INT ? Number(node.value) : undefined)),
})

function readDateTime(value: unknown): bigint {
  const time = typeof value === 'string' ? parseDateTime(value) : undefined
  return time ?? refuse(`${quoted(value)} is no DateTime: write RFC 3339 with a zone, such as "2026-11-21T00:00:00Z"`)
}

/** Inside: bigint nanoseconds since the Unix epoch. */
export const DateTime = new GraphQLScalarType<bigint, string>({
  name: 'DateTime',
  description: 'A moment as RFC 3339 in UTC with up to nanoseconds, such as "2026-11-21T08:30:00.000000001Z". Input may carry any offset.',
  coerceOutputValue: (value) => {
    if (typeof value !== 'bigint') throw new Error(`a DateTime field holds ${typeof value}`)
    return dateTimeString(value)
  },
  ...inputs(readDateTime, literalText),
})

/** Output only: no argument of this API takes free JSON. */
export const Json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value. Integers beyond 2^53 inside it are strings, so that no digit is lost.',
  coerceOutputValue: (value) => value,
})
