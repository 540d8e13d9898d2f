import type { AttributeValue } from './attributes.ts'
import type { PicoUsd } from './facts.ts'
import type { Reading } from './reading.ts'
import { isObject, type Json, member, parsed, tokenCount } from './value.ts'

/** Digits after the point of one dollar. */
const picoDigits = 12
/** 10^12 dollars in one span: larger claims are noise, and `Decimal(38, 12)` must hold sums of them. */
const costLimit: PicoUsd = 10n ** 24n

const decimalText = /^\+?(\d{0,40})(?:\.(\d{0,400}))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Dollars as sent, to the digit: a double is read as its shortest decimal text, which is what the emitter wrote. Digits
 * beyond 10^-12 round half up. `undefined` for negative amounts and whatever is no number.
 */
export function picoUsd(value: AttributeValue | Json | undefined): PicoUsd | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const text = String(value).trim()
  if (text.length > 512) return undefined
  const match = decimalText.exec(text)
  if (match === null) return undefined
  const whole = match[1] ?? ''
  const fraction = match[2] ?? ''
  if (whole.length + fraction.length === 0) return undefined
  const shift = Number(match[3] ?? '0') + picoDigits - fraction.length
  const digits = BigInt(whole + fraction)
  const amount = shift >= 0 ? digits * 10n ** BigInt(Math.min(shift, 60)) : roundedQuotient(digits, 10n ** BigInt(-shift))
  return amount <= costLimit ? amount : undefined
}

function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor)
}

/** xAI's unit: 1 tick is 10^-10 dollars (docs.x.ai, Cost tracking; xai_sdk/cost.py). */
const picoPerTick = 100n

/** `undefined` for none: 0 is no claim here either. */
export function picoUsdOfTicks(value: AttributeValue | Json | undefined): PicoUsd | undefined {
  const ticks = tokenCount(value)
  return ticks ? BigInt(ticks) * picoPerTick : undefined
}

/**
 * What the instrumentation says the call cost. Zero is no claim: price lists that do not know a model
 * send 0 (captured from OpenLIT), and an unknown price must never be shown as free.
 */
export function reportedCost(reading: Reading): PicoUsd | undefined {
  const claim = claimed(reading)
  return claim === 0n ? undefined : claim
}

/** Claude Code's micro-dollars are exact, so they win. */
function claimed(reading: Reading): PicoUsd | undefined {
  const micros = picoUsd(reading.value('costMicros'))
  if (micros !== undefined) return micros / 1_000_000n
  const whole = costOf(reading.value('cost'))
  if (whole !== undefined) return whole
  const gateway = gatewayCost(reading.value('providerMetadata'))
  if (gateway !== undefined) return gateway
  return sum([picoUsd(reading.value('costInput')), picoUsd(reading.value('costOutput'))])
}

const totalNames: readonly string[] = ['total', 'total_cost', 'totalCost']

/** A number, or a map of parts (`langfuse.observation.cost_details`, `mlflow.llm.cost`): its total, else the sum. `totalCost` in the examples of @langfuse/tracing 5.11.1. */
function costOf(value: AttributeValue | undefined): PicoUsd | undefined {
  const direct = picoUsd(value)
  if (direct !== undefined) return direct
  const json = parsed(value)
  if (!isObject(json)) return typeof json === 'string' ? picoUsd(json) : undefined
  // An amount of other money is none of ours.
  const currency = member(json, 'currency')
  if (typeof currency === 'string' && currency.toUpperCase() !== 'USD') return undefined
  const totals = totalNames.map((name) => picoUsd(member(json, name))).filter((amount) => amount !== undefined)
  return totals[0] ?? sum(Object.entries(json).map(([name, amount]) => (totalNames.includes(name) ? undefined : picoUsd(amount))))
}

/** Vercel AI Gateway: `providerMetadata.gateway.cost`, a decimal text. */
function gatewayCost(value: AttributeValue | undefined): PicoUsd | undefined {
  if (typeof value !== 'string' || !value.includes('"gateway"')) return undefined
  const json = parsed(value)
  const gateway = isObject(json) ? member(json, 'gateway') : undefined
  return isObject(gateway) ? picoUsd(member(gateway, 'cost')) : undefined
}

function sum(amounts: readonly (PicoUsd | undefined)[]): PicoUsd | undefined {
  const known = amounts.filter((amount) => amount !== undefined)
  return known.length === 0 ? undefined : known.reduce((total, amount) => total + amount, 0n)
}
