import { isObject, type Json, type JsonObject } from './value.ts'

/** Characters of a literal that is read: a usage has some hundred, LiteLLM's metadata with a request's headers a few thousand. */
const lengthLimit = 1 << 16
/** Levels of nesting. */
const depthLimit = 16

/** One word of a literal: a bracket, comma or colon, a string in either quote, a name, a number. */
const token = /\s*(?:([{}[\](),:])|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(None|True|False)\b|(-?\d[\d.]*(?:e[+-]?\d+)?))/sy
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
const names: Readonly<Record<string, Json>> = { None: null, True: true, False: false }

/**
 * What `str()` of a Python dict says, as JSON would say it. `undefined` where the text is no literal or holds anything but
 * dicts, lists, texts, numbers, `None` and truth values (`Decimal('1')`, `<Model.X: 'x'>`): nothing is read of half a value.
 */
export function pythonDict(text: unknown): JsonObject | undefined {
  if (typeof text !== 'string' || text.length > lengthLimit || !text.startsWith('{')) return undefined
  const words = wordsOf(text)
  if (words === undefined) return undefined
  const place = { words, at: 0 }
  const value = valueAt(place, depthLimit)
  return isObject(value) && place.at === words.length ? value : undefined
}

/** A mark, or a value that stands by itself. */
type Word = { readonly mark: string } | { readonly value: Json }

function wordsOf(text: string): readonly Word[] | undefined {
  const words: Word[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const [, mark, single, double, name, number] = token.exec(text) ?? []
    const string = single ?? double
    if (mark !== undefined) words.push({ mark })
    else if (string !== undefined) words.push({ value: string.replaceAll(/\\(u[\da-f]{4}|x[\da-f]{2}|.)/gis, (_, code: string) => escaped(code)) })
    else if (name !== undefined) words.push({ value: names[name] ?? null })
    else if (number !== undefined && Number.isFinite(Number(number))) words.push({ value: Number(number) })
    else return undefined
  }
  return words
}

const escaped = (code: string): string => (code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : escapes[code] ?? code)

interface Place {
  readonly words: readonly Word[]
  at: number
}

function valueAt(place: Place, levels: number): Json | undefined {
  const word = place.words[place.at++]
  if (word === undefined || levels === 0) return undefined
  if ('value' in word) return word.value
  if (word.mark === '{') return dictAt(place, levels - 1)
  if (word.mark === '[') return listAt(place, ']', levels - 1)
  return word.mark === '(' ? listAt(place, ')', levels - 1) : undefined
}

const takes = (place: Place, mark: string): boolean => {
  const word = place.words[place.at]
  if (word === undefined || !('mark' in word) || word.mark !== mark) return false
  place.at++
  return true
}

function dictAt(place: Place, levels: number): JsonObject | undefined {
  const entries: [string, Json][] = []
  while (!takes(place, '}')) {
    const key = valueAt(place, 1)
    const value = takes(place, ':') ? valueAt(place, levels) : undefined
    if (typeof key !== 'string' || value === undefined) return undefined
    entries.push([key, value])
    if (!takes(place, ',') && !('mark' in (place.words[place.at] ?? {}))) return undefined
  }
  return Object.fromEntries(entries)
}

function listAt(place: Place, end: string, levels: number): readonly Json[] | undefined {
  const list: Json[] = []
  while (!takes(place, end)) {
    const value = valueAt(place, levels)
    if (value === undefined) return undefined
    list.push(value)
    if (!takes(place, ',') && !('mark' in (place.words[place.at] ?? {}))) return undefined
  }
  return list
}
