import { costBases, ledgerKinds, type UnixNano } from '#semconv/facts.ts'
import { quoted, userError } from '../errors.ts'
import { parseDateTime } from '../instant.ts'
import type { LedgerFilter } from '../ledger/ledger-filter.ts'
import type { TimeRange } from '../time-range.ts'

const texts = ['agent', 'model', 'provider', 'user', 'session', 'service', 'environment', 'workflow', 'tag', 'project', 'meter', 'reason', 'runId', 'spanId', 'codingAgent', 'repository', 'priceBookVersion'] as const
const known: readonly string[] = ['from', 'to', 'postedAfter', 'postedUntil', 'claimed', 'claimDiffers', ...texts, 'kind', 'basis']

/** `?from=…&to=…&agent=a&agent=b`: the `LedgerFilter`, a repeated parameter meaning any of the values. `own` are the export's further parameters. */
export function ledgerFilter(parameters: URLSearchParams, own: readonly string[] = []): LedgerFilter & { readonly range: TimeRange } {
  onlyKnown(parameters, [...own, ...known])
  return {
    range: { from: time(parameters, 'from'), to: time(parameters, 'to') },
    posted: { after: time(parameters, 'postedAfter'), until: time(parameters, 'postedUntil') },
    claimed: flag(parameters, 'claimed'), claimDiffers: flag(parameters, 'claimDiffers'),
    ...Object.fromEntries(texts.map((name) => [name, parameters.getAll(name)])),
    kind: parameters.getAll('kind').map((text) => choice('kind', text, ledgerKinds)),
    basis: parameters.getAll('basis').map((text) => choice('basis', text, costBases)),
  }
}

export function onlyKnown(parameters: URLSearchParams, allowed: readonly string[]): void {
  for (const name of parameters.keys()) {
    if (!allowed.includes(name)) throw userError('BAD_INPUT', `parameter ${quoted(name)} is unknown: use ${allowed.join(', ')}`)
  }
}

/** `null` where it is not there. */
export function time(parameters: URLSearchParams, name: string): UnixNano | null {
  const text = parameters.get(name)
  if (text === null) return null
  const at = parseDateTime(text)
  if (at === undefined) throw userError('BAD_INPUT', `${name} ${quoted(text)} is no DateTime: write RFC 3339 with a zone, such as 2026-11-21T00:00:00Z`)
  return at
}

/** False where it is not there. */
const flag = (parameters: URLSearchParams, name: string): boolean => parameters.getAll(name).map((text) => choice(name, text, ['true', 'false'])).includes('true')

export function choice<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text)
  if (found === undefined) throw userError('BAD_INPUT', `${name} ${quoted(text)} is unknown: use ${allowed.join(', ')}`)
  return found
}
