import { tagCharactersMax, tagText } from '#semconv/tags.ts'
import { Refused } from '../refused.ts'
import type { Named } from './tally.ts'

/** A call that an agent is about to make. */
export interface DecideRequest {
  readonly named: Named
  /** Tokens of the prompt, `undefined` where the agent does not know. */
  readonly inputTokens: number | undefined
  /** The bound the agent gives the model. */
  readonly maxOutputTokens: number | undefined
  readonly holdMs: number
  /** The same request sent again is the same reservation; '' where each is its own. */
  readonly requestId: string
}

const nameCharactersMax = 500
const tagsMax = 32
const tokensMax = 1_000_000_000
/** How long a call may take until its reservation is given back, in seconds. */
const holdSecondsDefault = 600
const holdSecondsMax = 86_400

const names = ['project', 'environment', 'service', 'agent', 'workflow', 'model', 'provider', 'user', 'session', 'runId'] as const
const counts = ['inputTokens', 'maxOutputTokens', 'holdSeconds'] as const
const keys: readonly string[] = [...names, ...counts, 'requestId', 'tags']
const requestIdText = /^[\w.:-]{1,128}$/
const runIdText = /^[0-9a-f]{32}$/

const malformed = (message: string): Refused => new Refused('malformed', message)

/** Throws `Refused` with one line that names the key and what is allowed. `project` is whose key it is. */
export function readDecideRequest(body: Buffer, project: string): DecideRequest {
  const said = object(body)
  for (const key of Object.keys(said)) if (!keys.includes(key)) throw malformed(`unknown key '${key.slice(0, 80)}', allowed: ${keys.join(', ')}`)
  const name = (key: (typeof names)[number]): string => {
    const value = said[key] ?? ''
    if (typeof value === 'string' && value.length <= nameCharactersMax) return value
    throw malformed(`${key} must be a text of at most ${nameCharactersMax} characters`)
  }
  const count = (key: (typeof counts)[number], max: number): number | undefined => {
    const value = said[key] ?? undefined
    if (value === undefined) return undefined
    if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= max) return value as number
    throw malformed(`${key} must be a whole number from 1 to ${max}`)
  }
  const requestId = said['requestId'] ?? ''
  if (requestId !== '' && (typeof requestId !== 'string' || !requestIdText.test(requestId))) {
    throw malformed('requestId must be 1 to 128 letters, digits and . _ : -')
  }
  const run = name('runId').toLowerCase()
  if (run !== '' && !runIdText.test(run)) throw malformed('runId must be a trace id: 32 hex digits')
  if (name('model') === '') throw malformed('model is missing: which model is to be called?')
  const tags: unknown = said['tags'] ?? []
  if (!Array.isArray(tags) || tags.length > tagsMax || !tags.every((tag) => typeof tag === 'string' && tag.length <= tagCharactersMax)) {
    throw malformed(`tags must be a list of at most ${tagsMax} texts of at most ${tagCharactersMax} characters`)
  }
  return {
    requestId, inputTokens: count('inputTokens', tokensMax), maxOutputTokens: count('maxOutputTokens', tokensMax),
    holdMs: (count('holdSeconds', holdSecondsMax) ?? holdSecondsDefault) * 1_000,
    named: {
      project: name('project') || project, environment: name('environment'), service: name('service'), agent: name('agent'), workflow: name('workflow'),
      model: name('model'), provider: name('provider'), user: name('user'), session: name('session'), run, tag: tagText(tags as readonly string[]),
    },
  }
}

/** `{"reservation": "…"}` */
export function readReleaseRequest(body: Buffer): string {
  const { reservation, ...others } = object(body)
  if (typeof reservation === 'string' && requestIdText.test(reservation) && Object.keys(others).length === 0) return reservation
  throw malformed('the body must be {"reservation": "…"} with the id that /v1/decide answered')
}

function object(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw malformed('the body is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('the body must be a JSON object')
  return value as Readonly<Record<string, unknown>>
}
