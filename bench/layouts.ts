import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '#clickhouse/migrate.ts'
import { openStore, type Store } from '#clickhouse/store.ts'
import { columnNames, columnsDdl } from '#clickhouse/table.ts'
import { spans } from '#clickhouse/tables/spans.ts'
import { spansPerAgentRun } from './agent-runs.ts'
import { takenOn } from './machine.ts'
import { median } from './quantile.ts'
import { fillDays, type Known } from './reads.ts'
import { spansPerInsert } from './storage.ts'

/**
 * The table of spans in other orders, with other indexes and other maps: the same rows, copied. The first is what
 * `clickhouse/schema.sql` says; the others are what peers do (their sources are named) and single changes of ours.
 */
interface Layout {
  readonly name: string
  readonly order: string
  readonly partition: string
  /** How the order rounds the time in front of the time itself: ClickHouse does not conclude it (`clickhouse/time-bound.ts`). */
  readonly rounded: ((time: string) => string) | undefined
  readonly indexes: readonly string[]
  /** Spans that have this attribute of text. */
  readonly hasAttribute: (key: string, value: string) => string
  /** More settings of the table. */
  readonly settings?: string
  /** A change of the columns as they are declared. */
  readonly columns?: (ddl: string) => string
  /** Columns that are written, and what they are copied from; those of `spans` where it is left out. */
  readonly copied?: { readonly into: string; readonly from: string }
}

const [byTrace, bySession, byValue] = [
  'INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1', 'INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1', 'INDEX by_value attribute_values TYPE bloom_filter(0.025) GRANULARITY 1',
]
const decided: Layout = {
  name: 'decided: minute, service, trace; by month', order: 'tenant, toStartOfMinute(started_at), service, trace_id, started_at, span_id', partition: 'toYYYYMM(started_at)', rounded: (time) => `toStartOfMinute(${time})`,
  indexes: [byTrace, bySession, byValue], hasAttribute: (key, value) => `has(attribute_values, '${value}') AND attributes_string['${key}'] = '${value}'`,
}
/** A dot is a level there. */
const inJson = (key: string): string => key.replaceAll('.', '·')
const plainMap = 'attributes_string_own Map(LowCardinality(String), String) CODEC(ZSTD(3))'

const layouts: readonly Layout[] = [
  decided,
  { ...decided, name: '… by day', partition: 'toDate(started_at)' },
  { ...decided, name: 'service, name, second (contrib `clickhouseexporter`); by day', order: 'tenant, service, name, toDateTime(started_at), trace_id, span_id', partition: 'toDate(started_at)', rounded: undefined },
  { ...decided, name: 'minute, hash of the trace, span (Langfuse v4); by month', order: 'tenant, toStartOfMinute(started_at), xxHash32(trace_id), span_id, started_at' },
  { ...decided, name: 'trace, start; by month', order: 'tenant, trace_id, started_at, span_id', rounded: undefined },
  { ...decided, name: '30 minutes, service, name, start (as SigNoz v3); by day', order: 'tenant, toStartOfInterval(started_at, INTERVAL 30 MINUTE), service, name, started_at, trace_id, span_id', partition: 'toDate(started_at)', rounded: (time) => `toStartOfInterval(${time}, INTERVAL 30 MINUTE)` },
  { ...decided, name: 'decided, without `by_value`', indexes: [byTrace, bySession], hasAttribute: (key, value) => `attributes_string['${key}'] = '${value}'` },
  { ...decided, name: 'decided, `by_value` 0.1% wrong', indexes: [byTrace, bySession, byValue.replace('0.025', '0.001')] },
  { ...decided, name: 'decided, a text index of `key=value` instead of `by_value`', indexes: [byTrace, bySession, "INDEX by_item attribute_items TYPE text(tokenizer = 'array')"],
    hasAttribute: (key, value) => `has(attribute_items, '${key}=${value}') AND attributes_string['${key}'] = '${value}'`,
    columns: (ddl) => `${ddl},\n  attribute_items Array(String) ALIAS arrayMap((k, v) -> concat(k, '=', v), mapKeys(attributes_string), mapValues(attributes_string))` },
  { ...decided, name: 'decided, maps in buckets, at most 32', settings: `map_serialization_version = 'with_buckets', map_serialization_version_for_zero_level_parts = 'with_buckets', max_buckets_in_map = 32` },
  { ...decided, name: 'decided, text attributes as `JSON`', indexes: [byTrace, bySession],
    // A column holds the tool call's id, as in every layout.
    hasAttribute: (key, value) => (key === 'gen_ai.tool.call.id' ? `tool_call_id = '${value}'` : `attributes_string_own.\`${inJson(key)}\` = '${value}'`),
    columns: (ddl) => ddl.replace(plainMap, 'attributes_string_own JSON(max_dynamic_paths = 1024)').replace(/,\n {2}attributes_string [\s\S]*$/, ''),
    copied: { into: columnNames(spans), from: columnNames(spans).replace('attributes_string_own', "toJSONString(mapApply((k, v) -> (replaceAll(k, '.', '·'), v), attributes_string_own))") } },
]

/** What is asked of each: the condition alone, because that decides what is read. */
interface Question {
  readonly name: string
  readonly select: string
  readonly where: (known: Known, layout: Layout) => string
}

const at = (nano: bigint): string => `fromUnixTimestamp64Nano(${nano}, 'UTC')`
const between = ({ rounded }: Layout, from: bigint, to: bigint): string =>
  [(time: string) => time, ...(rounded === undefined ? [] : [rounded])].map((of) => `${of('started_at')} BETWEEN ${of(at(from))} AND ${of(at(to))}`).join(' AND ')
const hour = 3_600_000_000_000n
const tokens = 'count(), sum(usage_input_uncached + usage_output_text)'
const questions: readonly Question[] = [
  { name: 'a trace by its id', select: 'count()', where: ({ id }) => `trace_id = unhex('${id}')` },
  { name: '… and its day', select: 'count()', where: ({ id, startedAt }, layout) => `trace_id = unhex('${id}') AND ${between(layout, startedAt - 12n * hour, startedAt + 12n * hour)}` },
  { name: 'an hour', select: tokens, where: ({ startedAt }, layout) => between(layout, startedAt, startedAt + hour) },
  { name: 'ten days of a service', select: tokens, where: ({ service, startedAt }, layout) => `service = '${service}' AND ${between(layout, startedAt, startedAt + 240n * hour)}` },
  { name: 'a session', select: 'count()', where: ({ attribute }) => `session = '${attribute('gen_ai.conversation.id')}'` },
  { name: 'an attribute of one span in 2,000 calls', select: 'count()', where: ({ attribute }, { hasAttribute }) => hasAttribute('network.peer.address', attribute('network.peer.address')) },
  { name: 'an attribute of one span', select: 'count()', where: ({ attribute }, { hasAttribute }) => hasAttribute('gen_ai.tool.call.id', attribute('gen_ai.tool.call.id')) },
]

export interface LayoutResult {
  readonly name: string
  /** `undefined`: the engine does not know it, and says why. */
  readonly refused?: string
  readonly bytes: number
  readonly copySeconds: number
  /** By question: what came out, granules that the indexes leave, and how long it took. */
  readonly answers: readonly { readonly found: string; readonly granules: number; readonly medianMs: number }[]
}

const maxSeconds = 300
const table = 'spans_in_layout'

/** Stores `count` spans over 30 days, copies them into each layout, merges them, and asks each question `times` times; throws where two layouts answer differently. `skip` of those behind the decided one are left out, as an earlier run had them. */
export async function runLayouts(count: number, times: number, tell: (line: string) => void = () => undefined, skip = 0): Promise<readonly LayoutResult[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'spanledger-layouts-'))
  try {
    await using store = await openStore({ kind: 'embedded', dataDir, memoryBytes: 6 * 1024 ** 3 })
    await migrate(store)
    const known = await fillDays(store, Math.max(2, Math.ceil(count / spansPerAgentRun)), (stored) => { if (stored % 1_000_000 < spansPerInsert) tell(`${stored} spans`) })
    const results: LayoutResult[] = []
    for (const layout of [decided, ...layouts.slice(1 + skip)]) {
      const result = await tryLayout(store, layout, known, times)
      const differs = result.answers.findIndex(({ found }, question) => found !== (results[0] ?? result).answers[question]?.found)
      if (differs !== -1) throw new Error(`${layout.name} answers '${questions[differs]?.name}' with ${result.answers[differs]?.found}, ${decided.name} with ${results[0]?.answers[differs]?.found}`)
      results.push(result)
      tell(JSON.stringify(results.at(-1)))
    }
    return results
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  }
}

async function tryLayout(store: Store, layout: Layout, known: Known, times: number): Promise<LayoutResult> {
  const { name, order, partition, indexes, settings, columns = (ddl) => ddl, copied = { into: columnNames(spans), from: columnNames(spans) } } = layout
  const ddl = columns(columnsDdl(spans))
  try {
    await store.command(`CREATE TABLE ${table} (\n${[ddl, ...indexes].join(',\n')}\n) ENGINE = ReplacingMergeTree(received_at) PARTITION BY ${partition} ORDER BY (${order})
      SETTINGS auto_statistics_types = '', default_compression_codec = 'ZSTD(1)', vertical_merge_algorithm_min_rows_to_activate = 1${settings === undefined ? '' : `, ${settings}`}`)
    const began = performance.now()
    await copy(store, copied)
    const copySeconds = (performance.now() - began) / 1_000
    for (const part of await partitions(store, table)) await store.command(`OPTIMIZE TABLE ${table} PARTITION ID '${part}' FINAL`)
    const [size] = await store.read<{ n: string }>(`SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}'`, {}, { maxSeconds })
    const answers: LayoutResult['answers'][number][] = []
    for (const question of questions) answers.push(await ask(store, `SELECT ${question.select} FROM ${table} WHERE tenant = 'default' AND ${question.where(known, layout)}`, times))
    return { name, bytes: Number(size?.n), copySeconds, answers }
  } catch (error) {
    return { name, refused: error instanceof Error ? error.message : String(error), bytes: 0, copySeconds: 0, answers: [] }
  } finally {
    await store.command(`DROP TABLE IF EXISTS ${table} SYNC`)
  }
}

/** Day by day: one statement may take five minutes. */
async function copy(store: Store, { into, from }: NonNullable<Layout['copied']>): Promise<void> {
  const days = await store.read<{ day: string }>('SELECT DISTINCT toString(toDate(started_at)) AS day FROM spans ORDER BY day', {}, { maxSeconds })
  for (const { day } of days) await store.command(`INSERT INTO ${table} (${into}) SELECT ${from} FROM spans WHERE toDate(started_at) = '${day}'`)
}

const partitions = async (store: Store, of: string): Promise<readonly string[]> =>
  (await store.read<{ id: string }>(`SELECT DISTINCT partition_id AS id FROM system.parts WHERE active AND database = currentDatabase() AND table = '${of}' ORDER BY id`, {}, { maxSeconds })).map(({ id }) => id)

async function ask(store: Store, sql: string, times: number): Promise<LayoutResult['answers'][number]> {
  const plan = await store.read<{ explain: string }>(`EXPLAIN indexes = 1 ${sql}`, {}, { maxSeconds })
  const granules = granulesLeft(plan.map(({ explain }) => explain))
  const ms: number[] = []
  let found = ''
  for (let time = 0; time < times; time++) {
    const began = performance.now()
    found = JSON.stringify(await store.read(sql, {}, { maxSeconds }))
    ms.push(performance.now() - began)
  }
  return { found, granules, medianMs: median(ms) }
}

/** What the last of the indexes leaves. */
const granulesLeft = (plan: readonly string[]): number => Number(plan.flatMap((line) => /Granules: (\d+)\/\d+/.exec(line)?.[1] ?? []).at(-1) ?? 0)

export function describeLayouts(count: number, results: readonly LayoutResult[]): string {
  const cell = (answer: LayoutResult['answers'][number]): string => `${answer.granules} · ${answer.medianMs.toFixed(0)} ms`
  const rows = results.map(({ name, refused, bytes, copySeconds, answers }) =>
    refused === undefined
      ? `| ${name} | ${(bytes / count).toFixed(1)} | ${(count / copySeconds / 1_000).toFixed(0)} k/s | ${answers.map(cell).join(' | ')} |`
      : `| ${name} | the engine refuses it: ${refused.split('\n')[0]?.slice(0, 120)} |${' |'.repeat(questions.length + 1)}`)
  return [
    `${count} spans of 30 days in \`spans\`, merged; of each question the granules that are left to read, and the median.`, '',
    `| layout | bytes a span | copied | ${questions.map(({ name }) => name).join(' | ')} |`, `| --- | --- | --- |${' --- |'.repeat(questions.length)}`, ...rows, '',
  ].join('\n')
}

if (import.meta.main) {
  const taken = takenOn()
  const count = Number(process.env['SPANS'] ?? 1_000_000)
  const results = await runLayouts(count, Number(process.env['TIMES'] ?? 9), (line) => process.stderr.write(`${line}\n`), Number(process.env['SKIP'] ?? 0))
  process.stdout.write(`${taken}\n\n${describeLayouts(count, results)}`)
}
