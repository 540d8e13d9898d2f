/** 10^-9 US dollar: the unit of money in policy expressions, where an int64 reaches 9.2 thousand million dollars. */
export type NanoUsd = bigint

const nanoPerUsd = 1_000_000_000n
const int64Max = (1n << 63n) - 1n

/** "1.50" is 1_500_000_000n. `undefined` where the text is no amount with at most 10 digits before and 9 after the point. */
export function nanoUsd(text: string): NanoUsd | undefined {
  const parts = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(text)
  if (parts === null) return undefined
  const amount = BigInt(parts[1] ?? '0') * nanoPerUsd + BigInt((parts[2] ?? '').padEnd(9, '0'))
  return amount > int64Max ? undefined : amount
}

/** 1_500_000_000n is "1.50": at least two decimals, no trailing zeros beyond them. */
export function formatUsd(amount: NanoUsd): string {
  const absolute = amount < 0n ? -amount : amount
  const decimals = (absolute % nanoPerUsd).toString().padStart(9, '0').replace(/0{1,7}$/, '')
  return `${amount < 0n ? '-' : ''}${absolute / nanoPerUsd}.${decimals}`
}

/** Rounded towards zero: the ledger keeps 12 decimals, and a thousandth of a nano-dollar decides no limit. */
export function nanoFromPico(pico: bigint): NanoUsd {
  const nano = pico / 1_000n
  return nano > int64Max ? int64Max : nano < -int64Max ? -int64Max : nano
}
