import type { Card, Rate } from './book.ts'

/** What was imported over a price list: made from a file by `overlay-file.ts`, kept inside the book. */
export interface Overlay {
  /** An import of the same name replaces it. */
  readonly name: string
  /** Where it came from, for people: a page and the day it was read, a contract's number. */
  readonly source: string
  readonly aliases: Readonly<Record<string, string>>
  readonly passThrough: readonly string[]
  readonly models: readonly OverlayModel[]
  readonly rules: readonly PriceRule[]
}

/** A model that the list does not have: with a card of its own, or another name of a card. */
export interface OverlayModel {
  /** The book's id for `card`; for `sameAs` as telemetry spells it, '*' for whoever is named. */
  readonly provider: string
  readonly model: string
  readonly card?: Card
  readonly sameAs?: { readonly provider: string; readonly card: string }
}

/** Under what a price holds. Absent says nothing. */
export interface Conditions {
  readonly tier?: string
  readonly batch?: true
  readonly speed?: string
  readonly region?: string
}
export const conditionNames = ['tier', 'batch', 'speed', 'region'] as const

/** A price that holds instead of the list's: `rates`, or the list's own times `factor`. */
export interface PriceRule {
  readonly provider: string
  /** Id of a card, '*' for all of the provider's (`factor` only). */
  readonly model: string
  readonly when: Conditions
  /** `YYYY-MM-DD`: from midnight UTC, and until midnight UTC before it. */
  readonly from?: string
  readonly to?: string
  readonly rates?: readonly Rate[]
  /** A plain decimal: `0.5`. */
  readonly factor?: string
  /** Whose contract it is. */
  readonly tenant?: string
  readonly contract?: string
}

/** A rule by what tells it from others: two of one name would be a tie. */
export function ruleName({ provider, model, when, from, to, tenant, factor }: PriceRule): string {
  const conditions = conditionNames.filter((name) => when[name] !== undefined).map((name) => (name === 'batch' ? 'batch' : `${name}=${when[name]}`))
  return `${tenant === undefined ? '' : `tenant ${tenant} `}${provider}/${model}${conditions.length === 0 ? '' : `{${conditions.join(',')}}`}` +
    `${from === undefined ? '' : `@${from}`}${to === undefined ? '' : `..${to}`}${factor === undefined ? '' : ' multiply'}`
}
