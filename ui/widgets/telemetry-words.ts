/** What the server calls by a short name, as people say it. Pure. */
import { money, picoText } from '../format.ts'

interface Words {
  readonly label: string
  readonly title: string
}

/** Doubts about a call's usage, by the flag that entries, exports and the API carry. */
const usageNotes: Readonly<Record<string, Words>> = {
  assumed_inclusive: { label: 'cached tokens read as part of the input', title: 'The instrumentation does not say whether its input contains the cached tokens. The convention says that it does.' },
  repaired: { label: 'token counts repaired', title: 'The counts only add up otherwise than this instrumentation is known to count: the reading that adds up was taken.' },
  usage_lossy: { label: 'parts of the usage missing', title: 'The instrumentation leaves out parts such as cached tokens, thoughts or sub-agents. Tokens and cost are too low where those are charged beside the rest, and the cost is too high where they are the cheaper part of it.' },
  cache_write_hidden: { label: 'cache writes hidden in the input', title: 'The instrumentation does not tell how many tokens of the input were written to the cache: they cannot be priced as such.' },
  cache_ttl_unknown: { label: 'cache lifetime unknown', title: 'The cache writes came without a lifetime: they are priced as kept for 5 minutes.' },
  usage_inconsistent: { label: 'token counts contradict each other', title: 'A part is larger than its whole, whichever way the counts are read.' },
  unsplit_total: { label: 'only a total of tokens', title: 'A total without input and output can be counted, not priced.' },
  total_disagrees: { label: 'total disagrees with its parts', title: 'The reported total is no sum of the reported parts: the parts were taken as they are.' },
  cached_audio_unknown: { label: 'cached sound unknown', title: 'Nothing says how much of the sound was cached: only what must have been is priced so.' },
  usage_invalid: { label: 'a token count that is none', title: 'A count was negative or no number, and was ignored.' },
}

/** A newer server's flag is shown as it is. */
export const usageNote = (flag: string): Words => {
  const words = usageNotes[flag]
  return words === undefined ? { label: flag, title: '' } : { label: words.label, title: `${words.title} (${flag})` }
}

/** Names of dialects that are nobody's own: the convention's versions, and what has no convention. */
const dialects: Readonly<Record<string, string>> = {
  semconv_genai: 'OpenTelemetry GenAI', semconv: 'OpenTelemetry GenAI 1.37 to 1.41', semconv_old: 'OpenTelemetry GenAI before 1.37', generic: 'plain spans', governance: 'policy spans',
}

export const dialectName = (dialect: string): string => dialects[dialect] ?? dialect

/** What a policy looked at, each amount in dollars beside the nano-dollars that policies compare. */
export const evidenceText = (evidence: unknown): string =>
  JSON.stringify(evidence, (key, value: unknown) => (key.endsWith('cost_nano') && typeof value === 'string' && /^-?\d+$/.test(value) ? `${value} (${money(picoText(BigInt(value) * 1_000n))})` : value), 2)
