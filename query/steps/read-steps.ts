import { kindOfRole, type StepKind } from '#semconv/facts.ts'
import { tokenUsage } from '#semconv/usage.ts'
import { spanFacts, spanFactsColumns, type SpanFactsRow } from '#clickhouse/span-facts.ts'
import type { QueryContext } from '../context.ts'
import { type StepStatus } from '../enums.ts'
import { quoted, userError } from '../errors.ts'
import { orNull, traceWhere } from '../runs/read-runs.ts'
import type { Run } from '../runs/run.ts'
import { allOf, hexId, idAmong, type Where } from '../where.ts'
import { storedResource } from './content.ts'
import { depthFirst } from './order.ts'
import type { Step } from './step.ts'
import type { Verdicts } from './verdicts.ts'
import { latestOfSpan } from '../reader.ts'

/**
 * Steps of one answer: their rows are held at once, about 1 KiB each. The skeleton gives all spans of a larger run, and
 * `stepsById` the details of those on the screen.
 */
const stepsMax = 150_000
/** Ids of one batch: a screen shows 50 rows and reads ahead. */
const idsMax = 200

const columns = `${spanFactsColumns}, status_code AS status_number, input_preview, output_preview, resource_attributes`
type StoredStep = SpanFactsRow & {
  readonly status_number: number
  readonly input_preview: string
  readonly output_preview: string
  readonly resource_attributes: string
}

export async function stepsOfRun(context: QueryContext, run: Run): Promise<Step[]> {
  if (run.spanCount > stepsMax) {
    throw userError('TOO_WIDE', `run ${run.id} has ${run.spanCount} steps, at most ${stepsMax} fit one answer: use /v1/runs/${run.id}/skeleton and stepsById`)
  }
  return depthFirst(await readSteps(context, run, traceWhere(run, 'started_at')))
}

/** Null where the run has no such span. */
export async function stepById(context: QueryContext, run: Run, id: string): Promise<Step | null> {
  const [step] = hexId(id, 8) === undefined ? [] : await stepsById(context, run, [id])
  return step ?? null
}

export async function stepsById(context: QueryContext, run: Run, ids: readonly string[]): Promise<Step[]> {
  if (ids.length > idsMax) throw userError('BAD_INPUT', `ids has ${ids.length} span ids, at most ${idsMax} are allowed`)
  for (const id of ids) if (hexId(id, 8) === undefined) throw userError('BAD_INPUT', `ids ${quoted(id)} is no span id: write 16 hex digits`)
  const among = idAmong('ids', 'span_id', 8, ids)
  if (among === undefined) return []
  const found = new Map((await readSteps(context, run, allOf(traceWhere(run, 'started_at'), among))).map((step) => [step.id, step]))
  return ids.flatMap((id) => found.get(id.toLowerCase()) ?? [])
}

async function readSteps(context: QueryContext, run: Run, where: Where): Promise<Step[]> {
  const [rows, verdicts] = await Promise.all([
    context.reader.rows<StoredStep>({ columns, from: 'spans', where, tail: latestOfSpan }),
    context.verdicts.get(context, run),
  ])
  const resources = memo(storedResource)
  return rows.map((row) => step(row, verdicts, resources))
}

/** Spans of one process share their resource's text. */
function memo<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>()
  return (text) => {
    const known = made.get(text)
    if (known !== undefined) return known
    const fresh = make(text)
    made.set(text, fresh)
    return fresh
  }
}

/** OTLP status codes, https://opentelemetry.io/docs/specs/otel/trace/api/#set-status: 0 unset, 1 ok, 2 error. */
const statuses: readonly StepStatus[] = ['UNSET', 'OK', 'ERROR']

function step(row: StoredStep, verdicts: Verdicts, resource: (text: string) => unknown): Step {
  const span = spanFacts(row)
  const { step: said } = span
  const ledger = verdicts.ledger.get(span.spanId)
  const verdict = verdicts.of.get(span.spanId) ?? fromLedger(kindOfRole[said.role], said.usage !== undefined, ledger)
  const whose = verdicts.attributions.get(span.spanId) ?? said
  return {
    id: span.spanId,
    runId: span.traceId,
    parentId: orNull(span.parentSpanId),
    kind: verdict.kind,
    name: span.name,
    status: statuses[row.status_number] ?? 'UNSET',
    startedAt: span.startedAt,
    endedAt: span.endedAt,
    durationMs: Number(span.endedAt - span.startedAt) / 1e6,
    agent: orNull(whose.agent),
    workflow: orNull(whose.workflow),
    session: orNull(whose.session),
    user: orNull(whose.user),
    provider: orNull(said.provider),
    requestModel: orNull(said.requestModel),
    responseModel: orNull(said.responseModel),
    tool: orNull(said.tool),
    toolCallId: orNull(said.toolCallId),
    executed: said.executed,
    tokens: said.usage === undefined ? null : tokenUsage(said.usage),
    usage: said.usage ?? null,
    cost: ledger?.cost ?? null,
    reportedCost: said.reportedCost ?? null,
    counted: verdict.counted,
    countReason: orNull(verdict.reason),
    timeToFirstTokenMs: said.timeToFirstTokenMs ?? null,
    finishReasons: said.finishReasons,
    errorType: orNull(said.errorType),
    errorMessage: orNull(said.errorMessage),
    inputPreview: row.input_preview,
    outputPreview: row.output_preview,
    resource: resource(row.resource_attributes),
    scope: span.scopeVersion === '' ? span.scopeName : `${span.scopeName}@${span.scopeVersion}`,
    service: span.service,
    dialect: said.dialect,
    flags: said.usageFlags,
  }
}

/** What can be said of a span of a run too large to be accounted again: its ledger lines know whether its usage stands. */
const fromLedger = (kind: StepKind, reported: boolean, ledger: Verdicts['ledger'] extends ReadonlyMap<string, infer L> ? L | undefined : never) => ({
  kind,
  counted: ledger?.stands === true,
  reason: !reported ? '' : ledger?.stands === true ? 'charged' : ledger?.reversed || 'not charged',
})
