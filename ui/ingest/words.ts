import type { FindingCode, FindingKind, IngestPageQuery } from '../queries.ts'
import type { IngestFilter } from '../url-state.ts'

/** How findings are written and put in order. Pure. */

export type Sender = IngestPageQuery['conformance'][number]
export type Finding = Sender['findings'][number]

export const kindWords: Readonly<Record<FindingKind, string>> = {
  MISSING: 'Missing', UNRECOGNISED: 'Unrecognised', DROPPED: 'Dropped', MALFORMED: 'Malformed', AMBIGUOUS: 'Ambiguous', OUTDATED: 'Outdated',
}

/** In the order in which people should look: what loses tokens and money first, what is read all the same last. */
export const findingWords: Readonly<Record<FindingCode, string>> = {
  USAGE_MISSING: 'A call without tokens', OPERATION_MISSING: 'Tokens outside of a call', OPERATION_UNKNOWN: 'An unknown operation', MODEL_MISSING: 'A call without a model',
  USAGE_INVALID: 'A token count that is none', USAGE_UNSPLIT: 'Only a total of tokens', USAGE_CONTRADICTORY: 'Token counts that contradict each other',
  ATTRIBUTES_DROPPED: 'Attributes dropped by the SDK', CACHE_COUNTS_DROPPED: 'Parts of the usage left out', CACHE_WRITES_HIDDEN: 'Cache writes hidden in the input',
  PROVIDER_MISSING: 'A call without a provider', PROVIDER_UNKNOWN: 'An unknown provider', USAGE_REPAIRED: 'Token counts that were repaired',
  CACHE_COUNTING_UNKNOWN: 'Cached tokens, inside or beside the input', CACHE_LIFETIME_UNKNOWN: 'A cache write without a lifetime', CACHED_SOUND_UNKNOWN: 'Sound, cached or not', CONTENT_CUT: 'Messages that were cut',
  EVENTS_DROPPED: 'Events dropped by the SDK', LINKS_DROPPED: 'Links dropped by the SDK', TOOL_NAME_MISSING: 'A tool without a name', END_BEFORE_START: 'An end before its start',
  SERVICE_NAME_MISSING: 'A service without a name', SCOPE_NAME_MISSING: 'A tracer without a name', RESPONSE_MODEL_MISSING: 'Only the model that was asked',
  TYPE_WRONG: 'An attribute of another type', NAME_OUTDATED: 'An attribute\'s old name',
}
const rank = new Map(Object.keys(findingWords).map((code, index) => [code, index]))

/** `name@version`, '' where the scope has no name. */
export const scopeText = ({ scopeName, scopeVersion }: Pick<Sender, 'scopeName' | 'scopeVersion'>): string =>
  scopeName === '' || scopeVersion === '' ? scopeName : `${scopeName}@${scopeVersion}`

export const senderKey = ({ service, scopeName, scopeVersion }: Sender): string => JSON.stringify([service, scopeName, scopeVersion])

const holds = <T>(list: readonly T[], value: T): boolean => list.length === 0 || list.includes(value)

/** Senders that a filter leaves. */
export const sendersOf = (senders: readonly Sender[], { service, scope, found }: IngestFilter): readonly Sender[] =>
  senders.filter((sender) => holds(service, sender.service) && holds(scope, scopeText(sender)) && (found.length === 0 || sender.findings.some(({ kind }) => found.includes(kind))))

export interface Shown {
  readonly key: string
  readonly sender: Sender
  readonly finding: Finding
}

/** Their findings that it leaves, in the order of `findingWords`. */
export const findingsOf = (senders: readonly Sender[], { found }: Pick<IngestFilter, 'found'>): readonly Shown[] =>
  senders
    .flatMap((sender) => sender.findings.map((finding) => ({ key: JSON.stringify([senderKey(sender), finding.code, finding.attribute, finding.expected, finding.found, finding.convention]), sender, finding })))
    .filter(({ finding }) => holds(found, finding.kind))
    .sort((a, b) => (rank.get(a.finding.code) ?? 0) - (rank.get(b.finding.code) ?? 0) || b.finding.steps - a.finding.steps)
