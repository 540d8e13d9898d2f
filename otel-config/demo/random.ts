import { randomBytes } from 'node:crypto'

/** Chance, and the ids of a story. */
export interface Random {
  /** From 0, below 1. */
  readonly next: () => number
  /** An integer from `min` to `max`, both included. */
  readonly integer: (min: number, max: number) => number
  /** A number around `median`, now and then much larger: what latencies look like. */
  readonly latency: (median: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(items: readonly [T, ...T[]]) => T
  /** Lower-case hex digits, for ids. */
  readonly hex: (digits: number) => string
}

/**
 * The same seed tells the same story. Its ids also depend on `now`: a story told again tomorrow is about new traces and
 * new answers, not about the old ones changed.
 */
export const seededRandom = (seed: number, now: number): Random => {
  const next = mulberry32(seed)
  const nextId = mulberry32(seed ^ Math.imul(now % 4_294_967_296, 0x9e3779b1))
  return random(next, (digits) => Array.from({ length: digits }, () => Math.floor(nextId() * 16).toString(16)).join(''))
}

/** A new story every time. Ids are as random as those of any SDK: 32 bits of state would collide after some ten thousand. */
export const unseededRandom = (): Random =>
  random(mulberry32(randomBytes(4).readUInt32LE()), (digits) => randomBytes(Math.ceil(digits / 2)).toString('hex').slice(0, digits))

/** mulberry32 (Tommy Ettinger, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function random(next: () => number, hex: Random['hex']): Random {
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    integer,
    // Log-normal with sigma 0.4; the sum of three uniforms is close enough to a bell.
    latency: (median) => median * Math.exp(((next() + next() + next()) - 1.5) * 0.8),
    chance: (probability) => next() < probability,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    hex,
  }
}
