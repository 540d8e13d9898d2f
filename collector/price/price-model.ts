import type { PriceBook, Prices } from './book.ts'
import { PriceBookError } from './check-book.ts'
import { checkedTogether, withOverlay } from './compose.ts'
import { providerNamed } from './match.ts'
import type { Overlay, OverlayModel } from './overlay.ts'

/** What somebody decided about a model that had no price. */
export interface Decided {
  /** As the telemetry names it, '' where it names none. */
  readonly provider: string
  readonly model: string
  /** A card of the book, `provider/model`, or prices. */
  readonly as: string | Prices
}

/** All that is decided one by one stands in one overlay. */
const overlayName = 'console'
/** Whose the cards are of models that came without a provider. */
const nobody = 'custom'

/** The active book with that model in it. Throws `PriceBookError`. */
export function withPricedModel(active: PriceBook, { provider, model, as }: Decided): PriceBook {
  const spelled = provider.trim().toLowerCase()
  const name = model.trim().toLowerCase()
  if (name === '') throw new PriceBookError('the model has no name')
  const models = typeof as === 'string' ? [sameAs(spelled, name, as)] : withCard(active, spelled, name, as)
  const known = active.data.overlays?.find((overlay) => overlay.name === overlayName)
  const others = (known?.models ?? []).filter((other) => !models.some((each) => each.provider === other.provider && each.model === other.model))
  const overlay: Overlay = { name: overlayName, source: 'decided in the console', aliases: {}, passThrough: [], rules: [], ...known, models: [...others, ...models] }
  return checkedTogether(withOverlay(active.data, overlay))
}

function sameAs(provider: string, model: string, target: string): OverlayModel {
  const slash = target.indexOf('/')
  if (slash < 1) throw new PriceBookError(`"${target}" is no model of the price book: write provider/model`)
  return { provider, model, sameAs: { provider: target.slice(0, slash), card: target.slice(slash + 1) } }
}

/** A card under the book's name of the provider, and the telemetry's spelling of it where that is another. */
function withCard(active: PriceBook, spelled: string, model: string, prices: Prices): OverlayModel[] {
  const provider = providerNamed(active, spelled)?.id ?? (spelled === '' || active.passThrough.has(spelled) ? nobody : spelled)
  const card: OverlayModel = { provider, model, card: { id: model, match: { equals: model }, periods: [{ rates: [{ above: 0, prices }] }] } }
  return provider === spelled ? [card] : [card, { provider: spelled, model, sameAs: { provider, card: model } }]
}
