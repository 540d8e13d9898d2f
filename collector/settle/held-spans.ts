import { type AgentDecision, type Meter, meters, roles, type Role, type SpanFacts, type Step, type UnixNano, type Usage, type UsageFlag } from '#semconv/facts.ts'

/** A span, and when it was accepted. */
export type LiveSpan = SpanFacts & { readonly receivedAt: UnixNano }

/** How a span begins: enough to know whether a trace is all here. */
export type SpanHead = Pick<SpanFacts, 'startedAt' | 'parentSpanId' | 'name'>

/** Where the numbers of a record stand, in bytes; behind them, 8 bytes for each meter that is reported. */
const at = {
  startedAt: 0, endedAt: 8, receivedAt: 16, firstTokenMs: 24, texts: 32, present: 36, spanKind: 40, meters: 44,
  callKeys: 48, finishReasons: 50, usageFlags: 52, flags: 54, role: 55, counts: 56,
} as const

/** Bytes a trace begins with: eight spans. */
const bytesMin = 512
const noBytes = new DataView(new ArrayBuffer(0))
/** Up to this many spans a walk over their ids is as fast as a map, which takes 40 bytes a span. */
const walkedMax = 32

const roleNumbers = Object.fromEntries(roles.map((role, number) => [role, number])) as Readonly<Record<Role, number>>

const flag = { failed: 1, streaming: 2, usagePartial: 4, usageCumulative: 8, usageAuthoritative: 16, executed: 32, usage: 64, firstToken: 128 } as const

/** One for all spans that have none. */
const none: readonly never[] = []

/**
 * The spans of one live trace, by id. A garbage collector copies and walks all that is alive, and these live for seconds: as
 * objects a span was 12 of them and 900 bytes. So its numbers stand in one buffer for the trace, its texts, which it mostly shares
 * with a thousand other spans, in one list, and it is an object again only while somebody looks at it.
 */
export class HeldSpans {
  readonly #traceId: string
  /** Where the record of each span begins in `#numbers`, in the order in which spans came first. */
  #places: number[] = []
  #numbers = noBytes
  #numbersEnd = 0
  /** Of a record: span id, parent's id, name, call keys, finish reasons, usage flags, then the words that `present` says are there. */
  #texts: string[] = []
  /** Index in `#places` by span id, once there are more than `walkedMax`. */
  #index: Map<string, number> | undefined
  /** Records of versions that another took the place of. */
  #replaced = 0
  /** While a record is written or read: its next text, and what of its words is there. */
  #text = 0
  #present = 0
  #word = 0

  constructor(traceId: string) {
    this.#traceId = traceId
  }

  get size(): number {
    return this.#places.length
  }

  has(spanId: string): boolean {
    return this.#find(spanId) >= 0
  }

  get(spanId: string): LiveSpan | undefined {
    const index = this.#find(spanId)
    return index < 0 ? undefined : this.#read(this.#places[index]!)
  }

  /** When the version that is held was accepted. */
  receivedAt(spanId: string): UnixNano | undefined {
    const index = this.#find(spanId)
    return index < 0 ? undefined : this.#numbers.getBigUint64(this.#places[index]! + at.receivedAt)
  }

  /** Holds a span that is not held yet. */
  add(span: LiveSpan): void {
    this.#index?.set(span.spanId, this.#places.length)
    this.#places.push(this.#write(span))
    if (this.#index === undefined && this.#places.length > walkedMax) this.#index = new Map(this.#places.map((_, index) => [this.#idOf(index), index]))
  }

  /** Holds this version of a span in place of the one that is held. */
  replace(span: LiveSpan): void {
    this.#places[this.#find(span.spanId)] = this.#write(span)
    // One span sent again and again takes no more than twice its room, and writing all of them anew costs each a constant.
    if (++this.#replaced > this.#places.length) this.#rewrite()
  }

  /** Objects of all spans, in the order in which they came first. */
  values(): readonly LiveSpan[] {
    return this.#places.map((place) => this.#read(place))
  }

  heads(): readonly SpanHead[] {
    return this.#places.map((place) => {
      const text = this.#numbers.getUint32(place + at.texts)
      return { startedAt: this.#numbers.getBigUint64(place + at.startedAt), parentSpanId: this.#texts[text + 1]!, name: this.#texts[text + 2]! }
    })
  }

  /** The call keys of all spans. */
  callKeys(): readonly string[] {
    const keys: string[] = []
    for (const place of this.#places) {
      const first = this.#numbers.getUint32(place + at.texts) + 3
      for (let key = this.#numbers.getUint16(place + at.callKeys) - 1; key >= 0; key--) keys.push(this.#texts[first + key]!)
    }
    return keys
  }

  clear(): void {
    this.#places = []
    this.#texts = []
    this.#numbers = noBytes
    this.#numbersEnd = 0
    this.#index = undefined
    this.#replaced = 0
  }

  #find(spanId: string): number {
    if (this.#index !== undefined) return this.#index.get(spanId) ?? -1
    for (let index = 0; index < this.#places.length; index++) if (this.#idOf(index) === spanId) return index
    return -1
  }

  #idOf(index: number): string {
    return this.#texts[this.#numbers.getUint32(this.#places[index]! + at.texts)]!
  }

  #rewrite(): void {
    const spans = this.values()
    this.clear()
    for (const span of spans) this.add(span)
  }

  /** Appends the record of a span; where it begins. */
  #write(span: LiveSpan): number {
    const { step } = span
    const place = this.#room(at.counts + countsOf(step.usage) * 8)
    const numbers = this.#numbers
    numbers.setBigUint64(place + at.startedAt, span.startedAt)
    numbers.setBigUint64(place + at.endedAt, span.endedAt)
    numbers.setBigUint64(place + at.receivedAt, span.receivedAt)
    numbers.setFloat64(place + at.firstTokenMs, step.timeToFirstTokenMs ?? 0)
    numbers.setUint32(place + at.texts, this.#texts.length)
    numbers.setUint32(place + at.spanKind, span.spanKind)
    numbers.setUint16(place + at.callKeys, step.callKeys.length)
    numbers.setUint16(place + at.finishReasons, step.finishReasons.length)
    numbers.setUint16(place + at.usageFlags, step.usageFlags.length)
    numbers.setUint8(place + at.flags, flagsOf(span))
    numbers.setUint8(place + at.role, roleNumbers[step.role])
    this.#writeTexts(span)
    numbers.setUint32(place + at.present, this.#present)
    this.#numbersEnd = this.#writeUsage(place, step.usage)
    return place
  }

  /** Where there is room for as many bytes. */
  #room(bytes: number): number {
    const needed = this.#numbersEnd + bytes
    if (needed <= this.#numbers.byteLength) return this.#numbersEnd
    const larger = new Uint8Array(Math.max(bytesMin, needed, this.#numbers.byteLength * 2))
    larger.set(new Uint8Array(this.#numbers.buffer, 0, this.#numbersEnd))
    this.#numbers = new DataView(larger.buffer)
    return this.#numbersEnd
  }

  #writeTexts(span: LiveSpan): void {
    const { step } = span
    this.#texts.push(span.spanId, span.parentSpanId, span.name)
    for (const key of step.callKeys) this.#texts.push(key)
    for (const reason of step.finishReasons) this.#texts.push(reason)
    for (const flag of step.usageFlags) this.#texts.push(flag)
    this.#present = 0
    this.#word = 1
    this.#put(span.service)
    this.#put(span.environment)
    this.#put(span.scopeName)
    this.#put(span.scopeVersion)
    this.#put(step.dialect)
    this.#put(step.operation)
    this.#put(step.agent)
    this.#put(step.agentId)
    this.#put(step.workflow)
    this.#put(step.session)
    this.#put(step.user)
    this.#put(step.tags)
    this.#put(step.provider)
    this.#put(step.requestModel)
    this.#put(step.responseModel)
    this.#put(step.responseId)
    this.#put(step.tool)
    this.#put(step.toolCallId)
    this.#put(step.toolArgumentsHash)
    this.#put(step.errorType)
    this.#put(step.errorMessage)
    this.#put(step.serviceTier)
    // Almost no span has one of these.
    this.#put(step.reportedCost === undefined ? '' : step.reportedCost.toString())
    this.#put(step.decision === undefined ? '' : JSON.stringify(step.decision))
  }

  #put(word: string): void {
    if (word !== '') {
      this.#texts.push(word)
      this.#present |= this.#word
    }
    this.#word <<= 1
  }

  #take(): string {
    const there = this.#present & 1
    this.#present >>>= 1
    return there === 0 ? '' : this.#texts[this.#text++]!
  }

  /** The next texts of a record. */
  #list(count: number): readonly string[] {
    if (count === 0) return none
    const first = this.#text
    this.#text += count
    return this.#texts.slice(first, this.#text)
  }

  /** The end of the record. */
  #writeUsage(place: number, usage: Usage | undefined): number {
    let end = place + at.counts
    let reported = 0
    if (usage !== undefined) for (let meter = 0; meter < meters.length; meter++) {
      const count = usage[meters[meter]!]
      if (count === undefined) continue
      reported |= 1 << meter
      this.#numbers.setFloat64(end, count)
      end += 8
    }
    this.#numbers.setUint32(place + at.meters, reported)
    return end
  }

  #readUsage(place: number): Usage {
    const usage: Partial<Record<Meter, number>> = {}
    const reported = this.#numbers.getUint32(place + at.meters)
    let count = place + at.counts
    for (let meter = 0; reported >>> meter !== 0; meter++) {
      if ((reported & (1 << meter)) === 0) continue
      usage[meters[meter]!] = this.#numbers.getFloat64(count)
      count += 8
    }
    return usage
  }

  /** Field by field in the order in which a span that arrives has them, so that the compiler sees one kind of object. */
  #read(place: number): LiveSpan {
    const numbers = this.#numbers
    const flags = numbers.getUint8(place + at.flags)
    this.#text = numbers.getUint32(place + at.texts)
    this.#present = numbers.getUint32(place + at.present)
    const spanId = this.#texts[this.#text++]!
    const parentSpanId = this.#texts[this.#text++]!
    const name = this.#texts[this.#text++]!
    const callKeys = this.#list(numbers.getUint16(place + at.callKeys))
    const finishReasons = this.#list(numbers.getUint16(place + at.finishReasons))
    const usageFlags = this.#list(numbers.getUint16(place + at.usageFlags)) as readonly UsageFlag[]
    return {
      traceId: this.#traceId,
      spanId,
      parentSpanId,
      startedAt: numbers.getBigUint64(place + at.startedAt),
      endedAt: numbers.getBigUint64(place + at.endedAt),
      name,
      spanKind: numbers.getUint32(place + at.spanKind),
      failed: (flags & flag.failed) !== 0,
      service: this.#take(),
      environment: this.#take(),
      scopeName: this.#take(),
      scopeVersion: this.#take(),
      step: this.#readStep(place, flags, callKeys, finishReasons, usageFlags),
      receivedAt: numbers.getBigUint64(place + at.receivedAt),
    }
  }

  #readStep(place: number, flags: number, callKeys: readonly string[], finishReasons: readonly string[], usageFlags: readonly UsageFlag[]): Step {
    const dialect = this.#take()
    const operation = this.#take()
    const agent = this.#take()
    const agentId = this.#take()
    const workflow = this.#take()
    const session = this.#take()
    const user = this.#take()
    const tags = this.#take()
    const provider = this.#take()
    const requestModel = this.#take()
    const responseModel = this.#take()
    const responseId = this.#take()
    const tool = this.#take()
    const toolCallId = this.#take()
    const toolArgumentsHash = this.#take()
    const errorType = this.#take()
    const errorMessage = this.#take()
    const serviceTier = this.#take()
    const reportedCost = this.#take()
    const decision = this.#take()
    return {
      dialect, role: roles[this.#numbers.getUint8(place + at.role)]!, operation, agent, agentId, workflow, session, user, tags,
      provider, requestModel, responseModel, responseId, tool, toolCallId, toolArgumentsHash, finishReasons, errorType, errorMessage,
      timeToFirstTokenMs: (flags & flag.firstToken) === 0 ? undefined : this.#numbers.getFloat64(place + at.firstTokenMs),
      streaming: (flags & flag.streaming) !== 0,
      usage: (flags & flag.usage) === 0 ? undefined : this.#readUsage(place),
      usageFlags,
      usagePartial: (flags & flag.usagePartial) !== 0,
      usageCumulative: (flags & flag.usageCumulative) !== 0,
      usageAuthoritative: (flags & flag.usageAuthoritative) !== 0,
      reportedCost: reportedCost === '' ? undefined : BigInt(reportedCost),
      callKeys,
      decision: decision === '' ? undefined : JSON.parse(decision) as AgentDecision,
      executed: (flags & flag.executed) !== 0,
      serviceTier,
    }
  }
}

/** How many meters it has. */
function countsOf(usage: Usage | undefined): number {
  let counts = 0
  for (const meter in usage) if (usage[meter as Meter] !== undefined) counts++
  return counts
}

function flagsOf({ failed, step }: SpanFacts): number {
  return (failed ? flag.failed : 0) | (step.streaming ? flag.streaming : 0) | (step.usagePartial ? flag.usagePartial : 0) |
    (step.usageCumulative ? flag.usageCumulative : 0) | (step.usageAuthoritative ? flag.usageAuthoritative : 0) |
    (step.executed ? flag.executed : 0) | (step.usage === undefined ? 0 : flag.usage) | (step.timeToFirstTokenMs === undefined ? 0 : flag.firstToken)
}
