/** `Decimal(38, 12)` as ClickHouse prints it (`-0.0375`, trailing zeros dropped) in pico-units, exactly. */
export function picoFromDecimal(text: string): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text) ?? []
  if (whole === undefined) throw new Error(`'${text}' is no decimal of at most 12 places`)
  const pico = BigInt(whole + fraction.padEnd(12, '0'))
  return sign === '-' ? -pico : pico
}

/** The other way, for parameters: `{amount:Decimal(38, 12)}`. */
export function decimalFromPico(pico: bigint): string {
  const digits = String(pico < 0n ? -pico : pico).padStart(13, '0')
  return `${pico < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`
}
