import { type AttributeValue, KeyValueList } from './attributes.ts'

/** What `JSON.parse` yields. Structured attribute values are turned into it before anything looks inside. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Characters of one identifying word (a model, an agent, a session): ids are far shorter, and columns index these. */
const wordLimit = 1024
/** Characters of a text that is parsed as JSON to find one fact in it; content is not limited by this. */
const parseLimit = 1 << 20
/** Levels of nesting in a structured value. Deeper kvlists are cut off there, deeper JSON text stays text. */
const depthLimit = 64

export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit)
}

/** A word as text: strings, and numbers that somebody uses as an id. `undefined` for anything else and for ''. */
export function word(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'string') {
    if (value.length === 0) return undefined
    return cut(value, wordLimit)
  }
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return undefined
}

const countText = /^\d{1,16}(?:\.0+)?$/

/**
 * A token count, an integer from 0 to 2^53 - 1, whichever OTLP type carries it: Claude Code before 2.1.122 sends strings
 * (anthropics/claude-code CHANGELOG 2.1.122), Java sends doubles. `undefined` for anything else.
 */
export function tokenCount(value: AttributeValue | Json | undefined): number | undefined {
  let count: number
  if (typeof value === 'number') count = value
  else if (typeof value === 'bigint') count = Number(value)
  else if (typeof value === 'string' && value.length <= 40 && countText.test(value.trim())) count = Number(value.trim())
  else return undefined
  return Number.isSafeInteger(count) && count >= 0 ? (count === 0 ? 0 : count) : undefined
}

const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/** A finite number, as double, int or decimal text. */
export function finite(value: AttributeValue | Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' && value.length <= 64 && numberText.test(value.trim())) return Number(value.trim())
  return undefined
}

export function truth(value: AttributeValue | Json | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'True') return true
  if (value === 'false' || value === 'False') return false
  return undefined
}

/** An OTLP value as JSON: an int beyond 2^53 becomes text, bytes become base64, a list's `__proto__` stays a key. */
export function plain(value: AttributeValue, depth = 0): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (depth >= depthLimit) return null
  if (value instanceof KeyValueList) {
    const object: Record<string, Json> = Object.create(null)
    for (const [key, inner] of value.entries) object[key] = plain(inner, depth + 1)
    return object
  }
  return value.map((inner) => plain(inner, depth + 1))
}

/**
 * JSON out of a value: structured values as they are, text parsed, and parsed
 * once more where the emitter encoded twice (Vercel, LangSmith). `undefined` where the text is no JSON.
 */
export function parsed(value: AttributeValue | undefined): Json | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') return plain(value)
  if (value !== lastParsed.text) {
    const once = parseText(value)
    lastParsed = { text: value, json: typeof once === 'string' ? (parseText(once) ?? once) : once }
  }
  return lastParsed.json
}

/** A tool's arguments are hashed, shown in a list and looked at by policies, one right after the other. */
let lastParsed: { readonly text: string; readonly json: Json | undefined } = { text: '', json: undefined }

function parseText(text: string): Json | undefined {
  if (text.length > parseLimit || !looksLikeJson(text)) return undefined
  try {
    const json = JSON.parse(text) as Json
    return text.length > depthLimit * 2 && isDeeper(json, depthLimit) ? undefined : json
  } catch {
    // Not JSON after all (a prompt that starts with a bracket): the caller treats it as the plain text it is.
    return undefined
  }
}

/** Whoever walks JSON may recurse: what is nested deeper than people nest stays text. */
function isDeeper(json: Json, levels: number): boolean {
  if (typeof json !== 'object' || json === null) return false
  if (levels === 0) return true
  for (const inner of Object.values(json) as Json[]) {
    if (typeof inner === 'object' && inner !== null && isDeeper(inner, levels - 1)) return true
  }
  return false
}

/** Keeps prose away from `JSON.parse`, whose exceptions are expensive. */
function looksLikeJson(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) continue
    return code === 0x7b || code === 0x5b || code === 0x22
  }
  return false
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object in a value, parsed from text where needed; `undefined` where there is none. */
export function parsedObject(value: AttributeValue | undefined): JsonObject | undefined {
  const json = parsed(value)
  return isObject(json) ? json : undefined
}

/** The object that is a member of an object. */
export function objectMember(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = member(object, key)
  return isObject(value) ? value : undefined
}

/** An own member of an object, never one of its prototype. */
export function member(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined
}
