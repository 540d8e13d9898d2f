import type { PicoUsd } from '#semconv/facts.ts'

/** Sums of one model and meter over one period: priced and reported lines. */
export interface MeterSum {
  readonly model: string
  readonly meter: string
  readonly cost: PicoUsd
  /** Tokens times 10^12; 0 for what is not charged by the token. */
  readonly tokens: bigint
}

/** Why a period cost more or less than the one before: the effects add up to the difference, to the pico-dollar. */
export interface Effects {
  readonly volume: PicoUsd
  readonly models: PicoUsd
  readonly inputOutput: PicoUsd
  readonly cache: PicoUsd
  readonly prices: PicoUsd
  readonly other: PicoUsd
}

type Side = 'input' | 'output' | 'unsplit'
const sideOf = (meter: string): Side => (meter.startsWith('input.') ? 'input' : meter.startsWith('output.') ? 'output' : 'unsplit')

interface Sum {
  readonly cost: PicoUsd
  readonly tokens: bigint
}

/** Sums by what `of` says. */
function summed<Row extends MeterSum>(rows: readonly Row[], of: (row: Row) => string): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const row of rows) {
    const { cost, tokens } = sums.get(of(row)) ?? { cost: 0n, tokens: 0n }
    sums.set(of(row), { cost: cost + row.cost, tokens: tokens + row.tokens })
  }
  return sums
}

/**
 * What the tokens of `now` would have cost at the rates of `before`, at one level of detail: a rate is what a token of a group cost on
 * average. A group that had no tokens before keeps its own rate, so that it changes no price. Rounded down once for each group.
 */
function atFormerRates(before: readonly MeterSum[], now: readonly MeterSum[], of: (row: MeterSum) => string): PicoUsd {
  const former = summed(before, of)
  let cost = 0n
  for (const [group, sum] of summed(now, of)) {
    const rate = former.get(group)
    cost += rate === undefined || rate.tokens <= 0n ? sum.cost : (sum.tokens * rate.cost) / rate.tokens
  }
  return cost
}

const total = (rows: readonly MeterSum[]): PicoUsd => rows.reduce((sum, { cost }) => sum + cost, 0n)

/**
 * From the cost before to the cost now in steps, each looking closer than the one before: all tokens at one rate (volume), tokens by model,
 * by model and side (input, output), by model and meter (cached or not, thoughts or text), and what they did cost (prices). So each
 * effect is what its step adds, whatever rounding there is cancels, and their order is the order in which people ask.
 */
export function effects(before: readonly MeterSum[], now: readonly MeterSum[]): Effects {
  const byToken = (rows: readonly MeterSum[]): readonly MeterSum[] => rows.filter(({ tokens }) => tokens > 0n)
  const [tokensBefore, tokensNow] = [byToken(before), byToken(now)]
  const [costBefore, costNow] = [total(tokensBefore), total(tokensNow)]
  const steps = [
    costBefore, atFormerRates(tokensBefore, tokensNow, () => ''), atFormerRates(tokensBefore, tokensNow, ({ model }) => model),
    atFormerRates(tokensBefore, tokensNow, ({ model, meter }) => `${sideOf(meter)} ${model}`), atFormerRates(tokensBefore, tokensNow, ({ model, meter }) => `${meter} ${model}`), costNow,
  ] as const
  return {
    volume: steps[1] - steps[0], models: steps[2] - steps[1], inputOutput: steps[3] - steps[2], cache: steps[4] - steps[3], prices: steps[5] - steps[4],
    other: total(now) - costNow - (total(before) - costBefore),
  }
}

const readMeters = ['input.cache_read', 'input.audio.cache_read']
/** What a token would have cost without the cache. */
const uncachedOf = (meter: string): string => (meter === 'input.audio.cache_read' ? 'input.audio' : 'input.uncached')
const isCached = (meter: string): boolean => readMeters.includes(meter) || meter.startsWith('input.cache_write.')

/**
 * What tokens that were read from a cache or written to it would have cost more at the average rate of their model's uncached input;
 * writing costs more, so this is below 0 where a cache was written and hardly read. `undefined` where no model has both.
 */
export function cacheSavings(rows: readonly MeterSum[]): PicoUsd | undefined {
  const rates = summed(rows, ({ model, meter }) => `${meter} ${model}`)
  let saved: PicoUsd | undefined
  for (const { model, meter, cost, tokens } of rows) {
    const uncached = isCached(meter) ? rates.get(`${uncachedOf(meter)} ${model}`) : undefined
    if (uncached === undefined || uncached.tokens <= 0n) continue
    saved = (saved ?? 0n) + (tokens * uncached.cost) / uncached.tokens - cost
  }
  return saved
}
