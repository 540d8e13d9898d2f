/** Prices that a model can be given, as people write them. Pure. */
import type { ModelPrices } from '../queries.ts'

export type PriceKey = keyof ModelPrices

export interface PriceField {
  readonly key: PriceKey
  readonly label: string
  /** What holds where it is left empty. */
  readonly otherwise: string
}

export interface PriceGroup {
  readonly title: string
  readonly fields: readonly PriceField[]
  /** Beginnings of the meters that these prices are for. */
  readonly meters: readonly string[]
}

const field = (key: PriceKey, label: string, otherwise = 'unpriced'): PriceField => ({ key, label, otherwise })

/** What almost every model has. */
export const firstFields: readonly PriceField[] = [field('input', 'Input'), field('output', 'Output')]

export const furtherGroups: readonly PriceGroup[] = [
  {
    title: 'Cache, reasoning, audio and images, for a million tokens', meters: ['input.cache', 'input.audio', 'input.image', 'output.reasoning', 'output.audio', 'output.image'],
    fields: [
      field('cacheRead', 'Cache read', 'as input'), field('cacheWrite', 'Cache write, 5 minutes', 'as input'), field('cacheWrite1h', 'Cache write, 1 hour', 'as 5 minutes'), field('outputReasoning', 'Reasoning', 'as output'),
      field('inputAudio', 'Audio in', 'as input'), field('cacheAudioRead', 'Audio in, cached', 'as audio in'), field('outputAudio', 'Audio out', 'as output'), field('inputImage', 'Images in', 'as input'), field('outputImage', 'Images out', 'as output'),
    ],
  },
  {
    title: 'Searches, code runs and requests, for a thousand; audio, for an hour', meters: ['tool.', 'request', 'audio.'],
    fields: [field('webSearch', 'Web searches'), field('fileSearch', 'File searches'), field('codeExecution', 'Code runs'), field('request', 'Requests', 'none'), field('audioHour', 'Hours of audio')],
  },
]

const fields: readonly PriceField[] = [...firstFields, ...furtherGroups.flatMap((group) => group.fields)]

/** Decimals of a dollar that the ledger can charge exactly: a million tokens in whole pico-dollars each, a thousand pieces, an hour. */
const decimalsOf = (key: PriceKey): number =>
  key === 'audioHour' ? 12 : key === 'webSearch' || key === 'fileSearch' || key === 'codeExecution' || key === 'request' ? 9 : 6
const dollarsMax = 1_000

const isPrice = (key: PriceKey, text: string): boolean => {
  const [, whole, fraction = ''] = /^(\d{1,4})(?:\.(\d+))?$/.exec(text) ?? []
  return whole !== undefined && fraction.length <= decimalsOf(key) && (Number(whole) < dollarsMax || (Number(whole) === dollarsMax && /^0*$/.test(fraction)))
}

export interface Fault {
  /** `undefined`: of the form as a whole. */
  readonly key: PriceKey | 'sameAs' | undefined
  readonly message: string
}

export type Decision =
  | { readonly kind: 'same'; readonly as: string }
  | { readonly kind: 'own'; readonly prices: ModelPrices }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] }

/** A call of which one class of tokens has no price is unpriced as a whole. */
const neededFor: readonly (readonly [meter: string, field: PriceField])[] = [['input.uncached', firstFields[0]!], ['output.text', firstFields[1]!]]

/** What somebody wrote about a model whose `meters` have no price. */
export function decisionOf(written: (name: PriceKey | 'sameAs') => string, meters: readonly string[]): Decision {
  const as = written('sameAs').trim()
  const said = fields.map((one) => ({ ...one, text: written(one.key).trim() })).filter(({ text }) => text !== '')
  if (as !== '' && said.length > 0) return { kind: 'refused', faults: [{ key: 'sameAs', message: `Both “${as}” and prices of its own are written. Empty one of them.` }] }
  if (as !== '') return /^[^/\s]+\/\S+$/.test(as) ? { kind: 'same', as } : { kind: 'refused', faults: [{ key: 'sameAs', message: `“${as}” names no model of the price book. Write provider/model, such as openai/gpt-5-mini.` }] }
  if (said.length === 0) return { kind: 'refused', faults: [{ key: undefined, message: 'Nothing is written yet. Name a model that costs the same, or write its prices; 0 is free.' }] }
  const faults: Fault[] = said.filter(({ key, text }) => !isPrice(key, text)).map(({ key, label, text }) => ({
    key, message: `${label}: “${text}” is no price. Write US dollars from 0 to ${dollarsMax} with a point and at most ${decimalsOf(key)} decimals, such as 1.25.`,
  }))
  for (const [meter, { key, label }] of neededFor) {
    if (meters.includes(meter) && !said.some((one) => one.key === key)) faults.push({ key, message: `${label} is empty, and without it these calls stay unpriced. Write its price, 0 where it is free.` })
  }
  return faults.length > 0 ? { kind: 'refused', faults } : { kind: 'own', prices: Object.fromEntries(said.map(({ key, text }) => [key, text])) }
}
