import { moneyPixels } from '../format.ts'
import { type Rect, squarify } from './squarify.ts'

/** What the costs of a value are: of a group, or of one part of it. Pure. */
export interface CostOf {
  readonly group: string
  /** `undefined`: the whole group. */
  readonly part: string | undefined
  readonly cost: string
  readonly unpricedEntries: number
}

export interface Tile {
  /** Groups it is of: one, or several that are too small for a tile each. */
  readonly groups: readonly string[]
  /** Parts of that group; `undefined` for the whole of it. */
  readonly parts: readonly string[] | undefined
  readonly rect: Rect
  /** The server's amount; `undefined` of several, whose sum nobody wrote. */
  readonly cost: string | undefined
  /** Dollars, for the picture. */
  readonly dollars: number
  readonly unpricedEntries: number
  /** Whether its parts lie on it, below its name. */
  readonly hasParts: boolean
  /** Place of the group among the groups. */
  readonly place: number
}

/** What a tile needs to be seen and hit, in square pixels; smaller ones are one tile together. */
const groupPx = 44 * 44
const partPx = 24 * 24
/** Tiles side by side that can still be told apart. */
const tilesMax = 24
/** Above the parts of a group stands its name, around them it shows. */
export const headPx = 20
const edgePx = 2

/** Each that is large enough in a tile of its own, in their order, and the rest in one. */
const placed = (all: readonly CostOf[], into: Rect, leastPx: number): { readonly of: readonly CostOf[]; readonly rect: Rect }[] => {
  const sized = all.filter(({ cost }) => moneyPixels(cost) > 0).sort((a, b) => moneyPixels(b.cost) - moneyPixels(a.cost))
  const total = sized.reduce((sum, { cost }) => sum + moneyPixels(cost), 0)
  const large = sized.filter(({ cost }, index) => index < tilesMax && (moneyPixels(cost) / total) * into.width * into.height >= leastPx)
  // The rest of one is that one.
  const own = sized.length - large.length === 1 ? sized : large
  const tiles = [...own.map((one) => [one]), ...(own.length < sized.length ? [sized.slice(own.length)] : [])]
  const rects = squarify(tiles.map((of) => of.reduce((sum, { cost }) => sum + moneyPixels(cost), 0)), into)
  return tiles.map((of, index) => ({ of, rect: rects[index]! }))
}

const tile = (of: readonly CostOf[], rect: Rect, place: number, hasParts: boolean): Tile => ({
  groups: [...new Set(of.map(({ group }) => group))], parts: of[0]?.part === undefined ? undefined : of.map(({ part }) => part ?? ''), rect, place, hasParts,
  cost: of.length === 1 ? of[0]?.cost : undefined, dollars: of.reduce((sum, { cost }) => sum + moneyPixels(cost), 0), unpricedEntries: of.reduce((sum, { unpricedEntries }) => sum + unpricedEntries, 0),
})

/** A picture of costs in two levels: each group, followed by its parts, which lie on it. What has no amount above zero has no tile. */
export const tilesOf = (groups: readonly CostOf[], parts: readonly CostOf[], into: Rect): Tile[] => {
  const byGroup = Map.groupBy(parts, ({ group }) => group)
  return placed(groups, into, groupPx).flatMap(({ of, rect }, place) => {
    const inside: Rect = { x: rect.x + edgePx, y: rect.y + headPx, width: rect.width - 2 * edgePx, height: rect.height - headPx - edgePx }
    const fits = of.length === 1 && inside.width >= headPx && inside.height >= headPx
    const within = fits ? placed(byGroup.get(of[0]?.group ?? '') ?? [], inside, partPx) : []
    return [tile(of, rect, place, within.length > 0), ...within.map((one) => tile(one.of, one.rect, place, false))]
  })
}
