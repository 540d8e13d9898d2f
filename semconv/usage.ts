import { type Meter, meters, type PieceMeter, type TokenUsage, type Usage, type UsageFlag } from './facts.ts'

/** Token counts as an emitter reports them: overlapping, partly absent. `undefined` is unknown, never zero. */
export interface UsageCounts {
  input?: number | undefined
  output?: number | undefined
  cacheRead?: number | undefined
  /** All cache writes, whatever their lifetime. */
  cacheWrite?: number | undefined
  cacheWrite5m?: number | undefined
  cacheWrite1h?: number | undefined
  reasoning?: number | undefined
  audioInput?: number | undefined
  audioOutput?: number | undefined
  /** Part of `cacheRead`. */
  audioCacheRead?: number | undefined
  imageInput?: number | undefined
  imageOutput?: number | undefined
  /** Gemini: tokens of tool results, counted beside the prompt. */
  toolUseInput?: number | undefined
  total?: number | undefined
  webSearches?: number | undefined
  fileSearches?: number | undefined
  codeExecutions?: number | undefined
  audioSeconds?: number | undefined
}

/** What the table of emitters says about these counts. */
export interface Counting {
  readonly input?: 'inclusive' | 'exclusive' | 'twice'
  readonly output?: 'inclusive' | 'exclusive'
  readonly lossy?: boolean
  readonly hidesCacheWrites?: boolean
}

/** The vector while it is written. */
type Vector = Partial<Record<Meter, number>>

export interface NormalUsage {
  /** Disjoint; `{}` when everything reported was zero, `undefined` when nothing was reported. */
  readonly usage: Usage | undefined
  readonly flags: readonly UsageFlag[]
}

/**
 * Reported counts as a disjoint vector. Hard arithmetic beats the table, the table beats weak
 * arithmetic, weak arithmetic beats the convention's default.
 */
export function normaliseUsage(counts: UsageCounts, counting: Counting): NormalUsage {
  if (!reported(counts)) return { usage: undefined, flags: [] }
  const flags = new Set<UsageFlag>()
  if (counting.lossy === true) flags.add('usage_lossy')
  const writes = cacheWrites(counts, flags)
  const output = outputTotal(counts, writes.all, counting, flags)
  const input = inputTotal(counts, output, writes.all, counting, flags)
  if (counting.hidesCacheWrites === true && writes.all === 0) flags.add('cache_write_hidden')
  const vector: Vector = {}
  splitInput(vector, counts, input, writes, flags)
  splitOutput(vector, counts, output, flags)
  putUnsplit(vector, counts, input, output, flags)
  if (contradicted(counts, writes.all, input, output)) flags.add('total_disagrees')
  for (const [meter, field] of pieces) put(vector, meter, counts[field] ?? 0)
  return { usage: vector, flags: [...flags] }
}

const pieces: readonly (readonly [PieceMeter, keyof UsageCounts])[] = [
  ['tool.web_search', 'webSearches'], ['tool.file_search', 'fileSearches'], ['tool.code_execution', 'codeExecutions'], ['audio.seconds', 'audioSeconds'],
]

/**
 * A total that is neither what the parts make by the reading that was chosen, cache writes left out or not, nor the sum of the
 * two sides as they were reported (which says nothing: SDKs add their own numbers up).
 */
function contradicted(counts: UsageCounts, writes: number, input: number | undefined, output: number | undefined): boolean {
  const { total } = counts
  if (total === undefined || total === 0 || input === undefined || output === undefined) return false
  return total !== input + output && total !== input + output - writes && total !== (counts.input ?? 0) + (counts.output ?? 0)
}

function reported(counts: UsageCounts): boolean {
  return Object.values(counts).some((count) => count !== undefined)
}

interface CacheWrites {
  readonly all: number
  readonly for5m: number
  readonly for1h: number
}

/** Without a lifetime a write counts as 5 minutes, the cheaper one and every provider's default. */
function cacheWrites(counts: UsageCounts, flags: Set<UsageFlag>): CacheWrites {
  const for5m = counts.cacheWrite5m ?? 0
  const for1h = counts.cacheWrite1h ?? 0
  const split = for5m + for1h
  const all = counts.cacheWrite ?? split
  if (all < split) {
    // LangChain writes cache_creation 0 beside the split: no contradiction.
    if (all > 0) flags.add('usage_inconsistent')
    return { all: split, for5m, for1h }
  }
  if (all > split) flags.add('cache_ttl_unknown')
  return { all, for5m: all - for1h, for1h }
}

/** Output tokens with reasoning among them (rule 3). `undefined` where no output was reported. */
function outputTotal(counts: UsageCounts, writes: number, counting: Counting, flags: Set<UsageFlag>): number | undefined {
  const reasoning = counts.reasoning ?? 0
  const output = counts.output
  if (output === undefined) return counts.reasoning === undefined ? partsOfOutput(counts) : reasoning + (partsOfOutput(counts) ?? 0)
  if (reasoning === 0) return output
  if (counting.output === 'exclusive') return output + reasoning
  if (reasoning > output) {
    flags.add('repaired')
    return output + reasoning
  }
  const cached = counting.input === 'exclusive' ? (counts.cacheRead ?? 0) + writes : 0
  const rest = counts.total === undefined ? undefined : counts.total - (counts.input ?? 0) - cached - output
  // Gemini's tool results may stand beside the prompt, too.
  if (rest === reasoning || rest === reasoning + (counts.toolUseInput ?? 0)) {
    if (counting.output === 'inclusive') flags.add('repaired')
    return output + reasoning
  }
  return output
}

function partsOfOutput(counts: UsageCounts): number | undefined {
  if (counts.audioOutput === undefined && counts.imageOutput === undefined) return undefined
  return (counts.audioOutput ?? 0) + (counts.imageOutput ?? 0)
}

/** Input tokens with cached and cache-written ones among them (rules 1, 2 and 5). */
function inputTotal(
  counts: UsageCounts, output: number | undefined, writes: number, counting: Counting, flags: Set<UsageFlag>,
): number | undefined {
  const reads = counts.cacheRead ?? 0
  const cached = reads + writes
  const input = counts.input
  if (input === undefined) {
    const parts = cached + (counts.audioInput ?? 0) + (counts.imageInput ?? 0) + (counts.toolUseInput ?? 0)
    const some = counts.cacheRead ?? counts.cacheWrite ?? counts.cacheWrite5m ?? counts.cacheWrite1h ?? counts.audioInput ??
      counts.imageInput ?? counts.toolUseInput
    return some === undefined ? undefined : parts
  }
  const total = counts.total
  const whole = input + addedToInput(input, output ?? 0, reads, writes, total, counting, flags)
  const toolUse = counts.toolUseInput ?? 0
  // Only arithmetic can show that tool-use tokens stand beside the prompt's: the total is larger by exactly them.
  return toolUse > 0 && total === whole + (output ?? 0) + toolUse && cached <= whole ? whole + toolUse : whole
}

/** How much of the cache counts the reported input leaves out; below 0 where it has them twice. */
function addedToInput(
  input: number, output: number, reads: number, writes: number, total: number | undefined, counting: Counting,
  flags: Set<UsageFlag>,
): number {
  const cached = reads + writes
  if (cached === 0) return 0
  if (counting.input === 'twice' && input >= 2 * cached) return -cached
  if (counting.input === 'inclusive' && reads <= input && cached > input) {
    flags.add('repaired')
    return writes
  }
  const exclusive = cached > input ||
    (total !== undefined && (total === input + output + cached || (reads > 0 && total === input + output + reads)))
  if (exclusive) {
    if (counting.input === 'inclusive') flags.add('repaired')
    return cached
  }
  if (counting.input !== undefined) return counting.input === 'exclusive' ? cached : 0
  if (total !== input + output) flags.add('assumed_inclusive')
  return 0
}

function splitInput(
  vector: Vector, counts: UsageCounts, input: number | undefined, writes: CacheWrites, flags: Set<UsageFlag>,
): void {
  if (input === undefined) return
  const reads = Math.min(counts.cacheRead ?? 0, input)
  const certain = certainlyCached(counts.audioInput, reads, writes.all, input)
  if (counts.audioCacheRead === undefined && certain < Math.min(counts.audioInput ?? 0, reads)) flags.add('cached_audio_unknown')
  const audioReads = part(Math.max(counts.audioCacheRead ?? 0, certain), reads, flags)
  put(vector, 'input.cache_read', reads - audioReads)
  put(vector, 'input.audio.cache_read', audioReads)
  put(vector, 'input.cache_write.5m', writes.for5m)
  put(vector, 'input.cache_write.1h', writes.for1h)
  const uncached = input - reads - writes.all
  const audio = modality(counts.audioInput, audioReads, uncached, input, flags)
  const image = modality(counts.imageInput, 0, uncached - audio, input, flags)
  put(vector, 'input.audio', audio)
  put(vector, 'input.image', image)
  put(vector, 'input.uncached', uncached - audio - image)
}

/** Audio that has no place beside the cache is in it, whatever else is told. */
const certainlyCached = (audio: number | undefined, reads: number, writes: number, input: number): number =>
  Math.min(Math.max(Math.min(audio ?? 0, input) + reads + writes - input, 0), reads)

function splitOutput(vector: Vector, counts: UsageCounts, output: number | undefined, flags: Set<UsageFlag>): void {
  if (output === undefined) return
  const reasoning = part(counts.reasoning, output, flags)
  const audio = part(counts.audioOutput, output - reasoning, flags)
  const image = part(counts.imageOutput, output - reasoning - audio, flags)
  put(vector, 'output.reasoning', reasoning)
  put(vector, 'output.audio', audio)
  put(vector, 'output.image', image)
  put(vector, 'output.text', output - reasoning - audio - image)
}

/** A part of a whole that cannot be larger than it. */
function part(reportedPart: number | undefined, whole: number, flags: Set<UsageFlag>): number {
  const count = reportedPart ?? 0
  if (count <= whole) return count
  flags.add('usage_inconsistent')
  return whole
}

/**
 * Uncached tokens of one modality. What exceeds the uncached rest lies in the cache: only more than the whole input is a
 * contradiction. No meter is for cached pictures: they are cached text.
 */
function modality(
  reportedPart: number | undefined, cachedPart: number, uncached: number, input: number, flags: Set<UsageFlag>,
): number {
  const count = reportedPart ?? 0
  if (count > input) flags.add('usage_inconsistent')
  return Math.min(Math.max(count - cachedPart, 0), uncached)
}

/** What a reported total holds beyond the sides that are known: countable, not priceable (rule 6). */
function putUnsplit(
  vector: Vector, counts: UsageCounts, input: number | undefined, output: number | undefined, flags: Set<UsageFlag>,
): void {
  if (counts.total === undefined || (input !== undefined && output !== undefined)) return
  const rest = counts.total - (input ?? 0) - (output ?? 0)
  if (rest <= 0) return
  put(vector, 'unsplit', rest)
  flags.add('unsplit_total')
}

function put(vector: Vector, meter: Meter, count: number): void {
  if (count > 0) vector[meter] = Math.min(count, Number.MAX_SAFE_INTEGER)
}

/** What a row's count holds. Larger sums, of which only wild counts are capable, are written and compared as this. */
const countMax = 2 ** 53

/** The vector as people read it: input with its cached parts, output with reasoning. `unsplit` counts only in the total. */
export function tokenUsage(usage: Usage): TokenUsage {
  const cachedInput = (usage['input.cache_read'] ?? 0) + (usage['input.audio.cache_read'] ?? 0)
  const cacheWrite = (usage['input.cache_write.5m'] ?? 0) + (usage['input.cache_write.1h'] ?? 0)
  let input = 0
  let output = 0
  for (const meter of meters) {
    const count = usage[meter] ?? 0
    if (meter.startsWith('input.')) input += count
    else if (meter.startsWith('output.')) output += count
  }
  const count = (sum: number): number => Math.min(sum, countMax)
  return {
    input: count(input), cachedInput: count(cachedInput), cacheWrite: count(cacheWrite), output: count(output), reasoning: count(usage['output.reasoning'] ?? 0),
    total: count(input + output + (usage.unsplit ?? 0)),
  }
}
