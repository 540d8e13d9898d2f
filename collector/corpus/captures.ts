import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The facts that must come out of a folder's payloads, written by hand. Over all its traces together. */
export interface ExpectedFacts {
  readonly emitter: string
  readonly runs: number
  readonly failedRuns: number
  readonly modelCalls: number
  readonly failedModelCalls: number
  readonly unmeteredModelCalls: number
  /** Executed calls by tool. */
  readonly toolCalls: Readonly<Record<string, number>>
  readonly tokens: {
    readonly input: number
    readonly cachedInput: number
    readonly cacheWrite: number
    readonly output: number
    readonly reasoning: number
  }
  /** US dollars at the shipped price book, exact. */
  readonly costUsd: string
  /** What the instrumentation claims, absent where it claims nothing. */
  readonly reportedCostUsd?: string
  /** Lists are sets: each word once, in no order. */
  readonly providers: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
  readonly agents: readonly string[]
  readonly workflows?: readonly string[]
  /** What makes a careless reader of these payloads count wrong. */
  readonly hazards: readonly string[]
}

export interface Payload {
  readonly signal: 'traces' | 'metrics' | 'logs'
  readonly encoding: 'pb' | 'json'
  readonly body: Buffer
}

export interface Capture {
  /** `<sdk>@<version>`. */
  readonly name: string
  /** Request bodies, decompressed, in the order in which they arrived. */
  readonly payloads: readonly Payload[]
  readonly expected: ExpectedFacts
}

const payloadName = /^\d{3}\.(traces|metrics|logs)\.(pb|json)$/

export function captures(): Capture[] {
  const root = import.meta.dirname
  return readdirSync(root).filter((name) => name.includes('@')).sort().map((name) => ({
    name,
    payloads: readdirSync(join(root, name)).sort().flatMap((file) => {
      const [, signal, encoding] = payloadName.exec(file) ?? []
      if (signal === undefined) return []
      return [{ signal, encoding, body: readFileSync(join(root, name, file)) } as Payload]
    }),
    expected: JSON.parse(readFileSync(join(root, name, 'expected.json'), 'utf8')) as ExpectedFacts,
  }))
}
