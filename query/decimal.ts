/**
 * Amounts and quantities between ClickHouse's `Decimal(38, 12)`, bigint pico-units and the text that people and BI
 * tools read. Never a float on the way.
 */

const scale = 12
const one = 10n ** BigInt(scale)
/** `Decimal(38, s)` holds 38 digits. */
const digitsMax = 38
const decimalText = /^(-?)(\d{1,38})(?:\.(\d{1,12}))?$/

/** Pico-units as text: no exponent, no trailing zeros, '0' for zero. */
export function decimalString(pico: bigint): string {
  const magnitude = pico < 0n ? -pico : pico
  const whole = magnitude / one
  const fraction = (magnitude % one).toString().padStart(scale, '0').replace(/0+$/, '')
  return `${pico < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** The inverse; `undefined` where the text is no decimal of at most 12 places and 38 digits. */
export function parseDecimal(text: string): bigint | undefined {
  const match = decimalText.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = ''] = match
  const magnitude = BigInt(whole) * one + BigInt(fraction.padEnd(scale, '0'))
  if (magnitude.toString().length > digitsMax) return undefined
  return sign === '-' ? -magnitude : magnitude
}

/** A decimal as our own SQL returns it (`toString(amount)`); anything else is a fault of ours. */
export function storedDecimal(text: string): bigint {
  const value = parseDecimal(text)
  if (value === undefined) throw new Error(`'${text}' is not a stored decimal`)
  return value
}
