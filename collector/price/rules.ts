import type { UnixNano } from '#semconv/facts.ts'
import { type PriceTerms, termsOf } from '#semconv/price-terms.ts'
import { type Conditions, conditionNames, type Overlay, type PriceRule, ruleName } from './overlay.ts'

/** What the overlays of a book say, as they hold for one tenant. */
export interface Rules {
  /** The card that somebody declared this name to be another name of. */
  sameAs(provider: string, model: string): { readonly provider: string; readonly card: string } | undefined
  /** `undefined` where no rule is about who is paid or whose card it is: almost always. */
  of(provider: string, seller: string, card: string, termWords: string, at: UnixNano): Applied | undefined
}

export interface Applied {
  /** Whose rates hold, `undefined` for the list's. */
  readonly rates: PriceRule | undefined
  readonly factors: readonly PriceRule[]
}

/**
 * The total order of selection. Rates: a contract before the list, more conditions before fewer, the later date before the
 * earlier; the import refuses what is then still equal. Factors: of each condition the one that is about the card before the
 * one about all cards, the later before the earlier; they multiply, and a condition that the rates name is in them already.
 * Where a card is lent (Azure sells OpenAI's models), rules of who is paid come first, then the published ones of whose card it
 * is: a contract is with who is paid.
 */
export function rulesOf(overlays: readonly Overlay[], tenant: string): Rules {
  const byProvider = new Map<string, PriceRule[]>()
  const names = new Map<string, { readonly provider: string; readonly card: string }>()
  for (const { models, rules } of overlays) {
    for (const { provider, model, sameAs } of models) if (sameAs) names.set(`${provider}\n${model}`, sameAs)
    for (const rule of rules) {
      if (rule.tenant !== undefined && rule.tenant !== tenant) continue
      const known = byProvider.get(rule.provider)
      if (known) known.push(rule)
      else byProvider.set(rule.provider, [rule])
    }
  }
  /** By card, in order, made when a call first asks: a provider may have a rule for each of hundreds of cards. */
  const byCard = new Map<string, readonly PriceRule[]>()
  const about = (rules: readonly PriceRule[], provider: string, card: string): readonly PriceRule[] => {
    const key = `${provider}\n${card}`
    let found = byCard.get(key)
    if (found === undefined) byCard.set(key, (found = rules.filter(({ model }) => model === card || model === '*').sort(before)))
    return found
  }
  const none: readonly PriceRule[] = []
  return {
    sameAs: (provider, model) => (names.size === 0 ? undefined : names.get(`${provider}\n${model}`) ?? names.get(`*\n${model}`)),
    of: (provider, seller, card, termWords, at) => {
      const own = byProvider.get(provider) ?? none
      const lent = provider === seller ? none : byProvider.get(seller) ?? none
      if (own === none && lent === none) return undefined
      const terms = termsOf(termWords)
      const rules = [...about(own, provider, card), ...about(lent, seller, card).filter(({ tenant: whose }) => whose === undefined)]
      return applied(rules.filter((rule) => inForce(rule, at) && met(rule.when, terms)))
    },
  }
}

/** What comes first is asked first. */
function before(a: PriceRule, b: PriceRule): number {
  return Number(b.tenant !== undefined) - Number(a.tenant !== undefined) || Number(a.model === '*') - Number(b.model === '*') ||
    conditions(b.when) - conditions(a.when) || compare(b.from ?? '', a.from ?? '')
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
export const conditions = (when: Conditions): number => conditionNames.filter((name) => when[name] !== undefined).length

function applied(rules: readonly PriceRule[]): Applied {
  const rates = rules.find((rule) => rule.rates !== undefined)
  const factors = new Map<string, PriceRule>()
  for (const rule of rules) {
    if (rule.factor === undefined) continue
    const about = conditionNames.find((name) => rule.when[name] !== undefined) ?? 'contract'
    const contained = about === 'contract' ? rates?.tenant !== undefined : rates?.when[about] !== undefined
    if (!contained && !factors.has(about)) factors.set(about, rule)
  }
  return { rates, factors: [...factors.values()] }
}

function inForce({ from, to }: PriceRule, at: UnixNano): boolean {
  return (from === undefined || at >= midnight(from)) && (to === undefined || at < midnight(to))
}
const midnight = (day: string): UnixNano => BigInt(Date.parse(`${day}T00:00:00Z`)) * 1_000_000n

function met(when: Conditions, terms: PriceTerms): boolean {
  return (when.tier === undefined || when.tier === terms.tier) && (when.batch === undefined || terms.batch) &&
    (when.speed === undefined || when.speed === terms.speed) && (when.region === undefined || isIn(terms.region, when.region))
}

/** `us-*` is every region that begins so. */
const isIn = (region: string, wanted: string): boolean => (wanted.endsWith('*') ? region !== '' && region.startsWith(wanted.slice(0, -1)) : region === wanted)

/** Two rules that would both be first for one call, by name; `undefined` where there are none. */
export function tie(rules: readonly PriceRule[]): string | undefined {
  const groups = Map.groupBy(rules, ({ provider, model, tenant, factor, when }) =>
    `${provider}\n${model}\n${tenant ?? ''}\n${factor === undefined ? `rates ${conditions(when)}` : `factor ${conditionNames.find((name) => when[name] !== undefined) ?? ''}`}`)
  for (const group of groups.values()) {
    for (let a = 0; a < group.length; a++) for (let b = a + 1; b < group.length; b++) {
      const [one, other] = [group[a] as PriceRule, group[b] as PriceRule]
      if ((one.from ?? '') === (other.from ?? '') && bothMet(one.when, other.when) && !settled(one, other, rules)) {
        return `${ruleName(one)} and ${ruleName(other)}`
      }
      if ((one.from ?? '') !== (other.from ?? '') && !sameConditions(one.when, other.when) && bothMet(one.when, other.when) && overlap(one, other) && !settled(one, other, rules)) {
        return `${ruleName(one)} and ${ruleName(other)}`
      }
    }
  }
  return undefined
}

const overlap = (a: PriceRule, b: PriceRule): boolean =>
  (a.to === undefined || (b.from ?? '') < a.to) && (b.to === undefined || (a.from ?? '') < b.to)

const sameConditions = (a: Conditions, b: Conditions): boolean => conditionNames.every((name) => a[name] === b[name])

/** One call can meet both. */
function bothMet(a: Conditions, b: Conditions): boolean {
  return conditionNames.every((name) => {
    const [one, other] = [a[name], b[name]]
    if (one === undefined || other === undefined || one === other) return true
    if (name !== 'region') return false
    const [x, y] = [String(one), String(other)]
    return isIn(x.replace('*', ''), y) || isIn(y.replace('*', ''), x)
  })
}

/** Where both are met, a third rule that names all of their conditions comes first. */
function settled(a: PriceRule, b: PriceRule, rules: readonly PriceRule[]): boolean {
  const both = { ...a.when, ...b.when }
  return a.factor === undefined && !sameConditions(a.when, b.when) && rules.some((rule) =>
    rule.rates !== undefined && rule.provider === a.provider && rule.model === a.model && rule.tenant === a.tenant && sameConditions(rule.when, both) &&
    (rule.from ?? '') <= ((a.from ?? '') > (b.from ?? '') ? a.from ?? '' : b.from ?? '') && rule.to === undefined)
}
