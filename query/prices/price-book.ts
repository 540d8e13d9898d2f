import { GraphQLBoolean, GraphQLID, GraphQLInputObjectType, GraphQLObjectType, GraphQLString } from 'graphql'
import { type PriceUnit, priceUnits } from '#collector/price/book.ts'
import type { Effect } from '#collector/price/effect.ts'
import type { UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { Count, DateTime, Decimal } from '../scalars.ts'
import { asked, input, listOf, plain, required } from '../shape.ts'

export interface PriceBookVersion {
  readonly version: string
  readonly source: string
  readonly knownSince: UnixNano | null
  readonly activatedAt: readonly UnixNano[]
  readonly active: boolean
}

interface OverlaySummary {
  readonly name: string
  readonly source: string
  readonly models: number
  readonly prices: number
}

const OverlayType = new GraphQLObjectType<OverlaySummary, QueryContext>({
  name: 'PriceOverlay',
  description: 'What was imported over the price list.',
  fields: {
    name: plain(required(GraphQLString), 'An import of the same name replaces it.'),
    source: plain(required(GraphQLString), 'Where it came from, as its file says.'),
    models: plain(required(Count), 'Models it describes, or says to be another.'),
    prices: plain(required(Count), 'Prices and factors under conditions, contracts among them.'),
  },
})

interface BookContent {
  readonly list: string
  readonly cards: number
  readonly overlays: readonly OverlaySummary[]
}

const BookContentType = new GraphQLObjectType<BookContent, QueryContext>({
  name: 'PriceBookContent',
  description: 'What a version of the price book holds.',
  fields: {
    list: plain(required(GraphQLString), 'The price list and its version.'),
    cards: plain(required(Count), 'Models with a price card, those of the overlays included.'),
    overlays: plain(listOf(OverlayType), 'In order of import.'),
  },
})

export const PriceBookType = new GraphQLObjectType<PriceBookVersion, QueryContext>({
  name: 'PriceBook',
  description: 'One version of the price book: a hash of everything its answers depend on. From which day a price holds stands in the book; when the book was known, and from when on it priced, stands here.',
  fields: {
    version: plain(required(GraphQLID), 'sha256 of its content; ledger entries name it.'),
    source: plain(required(GraphQLString), 'Where it came from: shipped, a file\'s name, console.'),
    knownSince: plain(DateTime, 'When it became known here; null for the shipped list before it was first used.'),
    activatedAt: plain(listOf(DateTime), 'From when on it priced what arrived, oldest first, each time until another was activated.'),
    active: plain(required(GraphQLBoolean), 'It prices what arrives now.'),
    content: asked<PriceBookVersion>(BookContentType, 'What it holds; read from the store, so ask for it one version at a time.', {}, async ({ version }, _, { prices }): Promise<BookContent | null> => {
      const book = await prices.book(version)
      if (book === undefined) return null
      const { source, overlays = [] } = book.data
      return {
        list: `${source.package} ${source.version}`, cards: [...book.providers.values()].reduce((sum, { cards }) => sum + cards.length, 0),
        overlays: overlays.map(({ name, source: from, models, rules }) => ({ name, source: from, models: models.length, prices: rules.length })),
      }
    }),
  },
})

export const PriceEffectType = new GraphQLObjectType<Effect, QueryContext>({
  name: 'PriceEffect',
  description: 'What a version of the price book would make of the calls of one model.',
  fields: {
    provider: plain(required(GraphQLString), 'As the telemetry names it.'),
    model: plain(required(GraphQLString), 'As the telemetry names it.'),
    calls: plain(required(Count), 'Calls in the ledger.'),
    posted: plain(required(Decimal), 'As the ledger has them, US dollars; without those that have no price.'),
    repriced: plain(required(Decimal), 'As this version prices the same usage.'),
    unpricedNow: plain(required(Count), 'Calls of which something has no price in the ledger.'),
    unpricedThen: plain(required(Count), 'Calls of which something would have none.'),
  },
})

/** GraphQL's name of a unit: `cache_write_1h` is `cacheWrite1h`. */
export const unitField = (unit: PriceUnit): string => unit.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

const per = (unit: PriceUnit): string =>
  unit === 'audio_hour' ? 'an hour of audio' : ['web_search', 'file_search', 'code_execution', 'request'].includes(unit) ? 'a thousand' : 'a million tokens'

export const ModelPricesInput = new GraphQLInputObjectType({
  name: 'ModelPrices',
  description: 'Prices in US dollars. A class that is left out costs what the class around it costs: cached input is input, reasoning is output.',
  fields: Object.fromEntries(priceUnits.map((unit) => [unitField(unit), input(Decimal, `${unit.replaceAll('_', ' ')}, for ${per(unit)}.`)])),
})
