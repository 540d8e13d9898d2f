import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBook } from './book.ts'
import { PriceBookError } from './check-book.ts'

const sound = {
  format: 1, source: { package: 'p', version: '1', licence: 'MIT', copyright: '', url: '' },
  aliases: {}, passThrough: [], owners: [], rounded: [],
  providers: [{ id: 'v', name: 'V', cards: [{ id: 'm', match: { equals: 'm' }, periods: [{ rates: [{ above: 0, prices: { input: 1 } }] }] }] }],
}
const card = (periods: unknown) => ({ ...sound, providers: [{ id: 'v', name: 'V', cards: [{ id: 'm', match: { equals: 'm' }, periods }] }] })

const always = [{ rates: [{ above: 0, prices: {} }] }]
const match = (clause: unknown) => ({ ...sound, providers: [{ id: 'v', name: 'V', cards: [{ id: 'm', match: clause, periods: always }] }] })

const refused: readonly (readonly [string, unknown, RegExp])[] = [
  ['a later format', { ...sound, format: 2 }, /has format 2; this version reads format 1/],
  ['no providers', { ...sound, providers: null }, /"providers" of the price book must be a list/],
  ['no aliases', { ...sound, aliases: undefined }, /"aliases" of the price book must be an object/],
  ['a provider twice', { ...sound, providers: [...sound.providers, ...sound.providers] }, /names the provider v twice/],
  ['an alias to nowhere', { ...sound, aliases: { x: 'y' } }, /alias x names y/],
  ['no price that holds always', card([{ from: '2026-01-01', rates: [{ above: 0, prices: {} }] }]), /first period of v\/m must hold always/],
  ['a date that is none', card([...always, { from: 'soon', rates: [] }]), /v\/m has "from" soon/],
  ['an hour that is none', card([...always, { hours: ['24:00:00', '01:00:00'], rates: [] }]), /hour 24:00:00/],
  ['tiers without a base', card([{ rates: [{ above: 5, prices: {} }] }]), /must start above 0/],
  ['tiers out of order', card([{ rates: [{ above: 0, prices: {} }, { above: 0, prices: {} }] }]), /must ascend/],
  ['an unknown unit', card([{ rates: [{ above: 0, prices: { words: 1 } }] }]), /has the unit words; allowed are input,/],
  ['a fraction of a pico-dollar', card([{ rates: [{ above: 0, prices: { input: 0.5 } }] }]), /has the price 0.5 for input/],
  ['a pattern that is not RE2', match({ regex: '^(?!x)' }), /v\/m has the pattern \^\(\?!x\), which is not RE2/],
  ['an unknown test', match({ resembles: 'gpt' }), /v\/m has the test "resembles"; allowed are equals,/],
  ['two tests in one', match({ equals: 'a', contains: 'b' }), /The rule of v\/m must be one test/],
  ['a fallback to nowhere', { ...sound, providers: [{ ...sound.providers[0], fallbacks: ['w'] }] }, /fallback of v names w/],
  ['an owner that is none', { ...sound, owners: [{ provider: 'w', owns: { equals: 'a' } }] }, /An owner names w/],
  ['nothing in it', null, /The price book must be an object/],
  ['a negative price', card([{ rates: [{ above: 0, prices: { input: -1 } }] }]), /has the price -1 for input/],
]

for (const [what, book, message] of refused) {
  test(`a book with ${what} is refused`, () => {
    assert.throws(() => parseBook(JSON.stringify(book)), (error) => error instanceof PriceBookError && message.test(error.message))
  })
}

test('a text that is no JSON is refused without a stack or a path', () => {
  assert.throws(() => parseBook('{'), { message: 'The price book is not JSON.' })
})

test('a sound book is read, and its version is 64 hex digits', () => {
  assert.match(parseBook(JSON.stringify(sound)).version, /^[0-9a-f]{64}$/)
})
