import { randomBytes } from 'node:crypto'
import { conformance, type ConformanceRow } from '#clickhouse/tables/conformance.ts'
import type { LogRecord, Scope } from '#semconv/attributes.ts'
import { type Finding, findings, type Looked, ofSender } from '#semconv/conformance.ts'
import { kindOfRole, type SpanFacts, type UnixNano } from '#semconv/facts.ts'
import { cut } from '#semconv/value.ts'
import type { AccountOptions } from '../account/account.ts'
import { other } from '../account/names.ts'
import { FrameWriter } from '../spool/frame.ts'

/** Senders (service, scope and its version) that are told apart between two flushes; all others are one. */
const sendersMax = 256
/** Findings of one sender's steps of one kind that are told apart by attribute and what was found, beyond that by code alone. */
const findingsMax = 32
/** Counters in all between two flushes, 200 bytes each; a step that would need another is counted with the other senders. */
const countersMax = 8_192
/** Characters of a service's or scope's name that are kept. */
const nameMax = 256
/** What a scope's name ends in where each object has one of its own: a UUID (Flowise 3.1.4), Python's id of an object (HoneyHive). */
const objectId = /[-_.](?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|\d{12,})$/i

/** Steps, and the first of them as an example. */
interface Counter {
  steps: number
  readonly traceId: string
  readonly spanId: string
}

/** Steps of one kind, read as one dialect. */
interface Cell {
  readonly dialect: string
  readonly kind: ConformanceRow['kind']
  readonly all: Counter
  readonly findings: Map<Finding, Counter>
}

interface Sender {
  readonly service: string
  readonly scopeName: string
  readonly scopeVersion: string
  /** What each of its steps shows. */
  readonly always: readonly Finding[]
  /** By dialect and kind: closed lists of ours. */
  readonly cells: Map<string, Map<string, Cell>>
}

const keyOf = (service: string, scopeName: string, scopeVersion: string): string => JSON.stringify([service, scopeName, scopeVersion])
/** Also of a sender that calls itself so: two rows of one key would replace each other. */
const othersKey = keyOf(other, other, '')

/**
 * What was understood of each instrumentation since the last flush: counted in memory, written as sums. It helps people to mend
 * their telemetry and proves nothing: a process that is killed loses the last seconds of it.
 */
export class Conformance {
  readonly #options: AccountOptions
  readonly #instance = randomBytes(8).toString('hex')
  #senders = new Map<string, Sender>()
  #counters = 0
  /** Steps of a request mostly have the scope of the one before. */
  #lastScope: Scope | undefined
  #lastSender: Sender | undefined

  constructor({ tenant, project }: AccountOptions) {
    this.#options = { tenant, project }
  }

  /** A step that came for the first time. */
  see(span: Looked & { readonly scope: Scope }, facts: SpanFacts): void {
    const cell = this.#cellOf(this.#senderOf(span.scope, facts.service), facts)
    cell.all.steps++
    findings(span, facts.step, facts.failed, (finding) => this.#count(cell, finding, facts))
  }

  /** A step that a log event tells. */
  seeLog({ attributes, droppedAttributesCount, scope }: LogRecord, facts: SpanFacts): void {
    this.see({
      attributes, droppedAttributesCount, droppedEventsCount: 0, droppedLinksCount: 0, scope,
      startTimeUnixNano: facts.startedAt, endTimeUnixNano: facts.endedAt,
    }, facts)
  }

  #senderOf(scope: Scope, service: string): Sender {
    if (this.#lastScope === scope && this.#lastSender?.service === service) return this.#lastSender
    const sender = this.#named(cut(service, nameMax), cut(scope.name.replace(objectId, ''), nameMax), cut(scope.version, nameMax))
    this.#lastScope = scope
    this.#lastSender = sender
    return sender
  }

  #named(service: string, scopeName: string, scopeVersion: string): Sender {
    const key = keyOf(service, scopeName, scopeVersion)
    const known = this.#senders.get(key)
    if (known !== undefined) return known
    if (this.#full) return this.#others()
    return this.#add(key, { service, scopeName, scopeVersion, always: ofSender(service, scopeName), cells: new Map() })
  }

  get #full(): boolean {
    return this.#senders.size >= sendersMax || this.#counters >= countersMax
  }

  /** Beyond every bound, and bounded itself: dialects, kinds and codes are closed lists. */
  #others(): Sender {
    return this.#senders.get(othersKey) ?? this.#add(othersKey, { service: other, scopeName: other, scopeVersion: '', always: [], cells: new Map() })
  }

  #add(key: string, sender: Sender): Sender {
    this.#senders.set(key, sender)
    return sender
  }

  #cellOf(sender: Sender, facts: SpanFacts): Cell {
    const { dialect, role } = facts.step
    const kind = kindOfRole[role]
    const known = sender.cells.get(dialect)?.get(kind)
    if (known !== undefined) return known
    if (this.#counters >= countersMax && sender !== this.#others()) return this.#cellOf(this.#others(), facts)
    const cell = { dialect, kind, all: this.#counter(facts), findings: new Map<Finding, Counter>() }
    const ofDialect = sender.cells.get(dialect) ?? new Map<string, Cell>()
    sender.cells.set(dialect, ofDialect.set(kind, cell))
    return cell
  }

  #counter({ traceId, spanId }: SpanFacts): Counter {
    this.#counters++
    return { steps: 0, traceId, spanId }
  }

  #count(cell: Cell, finding: Finding, facts: SpanFacts): void {
    let counter = cell.findings.get(finding)
    if (counter === undefined) {
      const named = cell.findings.size < findingsMax && this.#counters < countersMax
      const counted = equalIn(cell, finding) ?? (named ? finding : unnamed(finding))
      counter = cell.findings.get(counted) ?? this.#counter(facts)
      cell.findings.set(counted, counter)
    }
    counter.steps++
  }

  /** Everything counted since the last time. */
  take(at: UnixNano): ConformanceRow[] {
    const senders = [...this.#senders.values()]
    this.#senders = new Map()
    this.#counters = 0
    this.#lastScope = undefined
    this.#lastSender = undefined
    const cellsOf = ({ cells }: Sender): readonly Cell[] => [...cells.values()].flatMap((ofDialect) => [...ofDialect.values()])
    return senders.flatMap((sender) => cellsOf(sender).flatMap((cell) => this.#rows(sender, cell, at)))
  }

  #rows({ service, scopeName, scopeVersion, always }: Sender, cell: Cell, at: UnixNano): ConformanceRow[] {
    const common = { ...this.#options, at, instance: this.#instance, service, scopeName, scopeVersion, dialect: cell.dialect, kind: cell.kind }
    const { traceId, spanId, steps } = cell.all
    const shown = [...always.map((finding) => [finding, cell.all] as const), ...cell.findings]
    return [
      { ...common, finding: '', attribute: '', expected: '', found: '', convention: '', steps, traceId, spanId },
      ...shown.map(([{ code, ...finding }, counter]) => ({ ...common, ...finding, finding: code, ...counter })),
    ]
  }
}

/** Another object that says the same. */
function equalIn({ findings: known }: Cell, { code, attribute, found }: Finding): Finding | undefined {
  for (const finding of known.keys()) if (finding.code === code && finding.attribute === attribute && finding.found === found) return finding
  return undefined
}

const unnamedFindings = new Map<Finding['code'], Finding>()

/** A finding as one of all those of its code; codes are a closed list. */
function unnamed(finding: Finding): Finding {
  const known = unnamedFindings.get(finding.code)
  if (known !== undefined) return known
  const made = { ...finding, attribute: other, expected: other, found: other, convention: other }
  unnamedFindings.set(finding.code, made)
  return made
}

/** Rows as a frame of the journal; `undefined` where there are none. */
export function frameOf(rows: readonly ConformanceRow[]): Buffer | undefined {
  if (rows.length === 0) return undefined
  const frame = new FrameWriter()
  for (const row of rows) frame.add(conformance, row)
  return frame.finish()
}
