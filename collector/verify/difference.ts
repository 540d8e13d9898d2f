/** Where what is stored is not what comes out when it is worked out again. One for each row, whatever number of its fields differ. */
export interface Difference {
  /** `day`: the ledger's sum of a day, see clickhouse/cost-days.ts. */
  readonly of: 'entry' | 'span' | 'run' | 'day'
  /** The entry's id, '' where it is missing; else of the span or the trace, or the day. */
  readonly id: string
  readonly traceId: string
  readonly spanId: string
  /** What it is about, for people: `CHARGE metered input.uncached`. */
  readonly title: string
  /** `missing`: it should be there and is not; `surplus`: it is there and should not. */
  readonly kind: 'missing' | 'surplus' | 'changed'
  readonly fields: readonly FieldDifference[]
}

export interface FieldDifference {
  readonly field: string
  readonly stored: string
  readonly recomputed: string
}

/** Fields whose values, as text, are not the same. */
export function fieldDifferences<Row extends object>(stored: Row, recomputed: Row, fields: readonly (keyof Row & string)[]): readonly FieldDifference[] {
  const found: FieldDifference[] = []
  for (const field of fields) {
    const [a, b] = [shown(stored[field]), shown(recomputed[field])]
    if (a !== b) found.push({ field, stored: a, recomputed: b })
  }
  return found
}

/** Whether these fields agree, asked of every row: each field read at a place of its own, as `compile` in clickhouse/table.ts does. Only names of our own go in. */
export function fieldsAgree<Row extends object>(fields: readonly (keyof Row & string)[]): (a: Row, b: Row) => boolean {
  const agree = fields.map((field) => `(a.${field} === b.${field} || same(a.${field}, b.${field}))`).join(' && ')
  return new Function('same', `return (a, b) => ${agree}`)(same) as (a: Row, b: Row) => boolean
}

/** Lists by their items, all else that is no single value as text. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => same(item, b[at]))
  const names = Object.keys(a)
  const [left, right] = [a, b] as readonly Readonly<Record<string, unknown>>[]
  return names.length === Object.keys(b).length && names.every((name) => same(left?.[name], right?.[name])) || shown(a) === shown(b)
}

/** Characters of one value: prompts are not compared, but error messages are. */
const valueCharsMax = 4_200

/** Any value as one line of text; equal values have equal texts. */
function shown(value: unknown): string {
  if (value === undefined) return 'none'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const text = Array.isArray(value) ? `[${value.map(shown).join(', ')}]` : `{ ${Object.entries(value).filter(([, inner]) => inner !== undefined).map(([key, inner]) => `${key}: ${shown(inner)}`).sort().join(', ')} }`
  return text.slice(0, valueCharsMax)
}

export function differenceText({ of, id, traceId, spanId, title, kind, fields }: Difference): string {
  const where = of === 'day' ? 'summed up' : of === 'run' ? `run ${traceId}` : `trace ${traceId} span ${spanId}`
  const head = `${of} ${title}${of === 'entry' && id !== '' ? ` ${id}` : ''}, ${where}: ${verdicts[kind]}`
  return [head, ...fields.map(({ field, stored, recomputed }) => `    ${field}: stored ${stored}, recomputed ${recomputed}`)].join('\n')
}

const verdicts: Readonly<Record<Difference['kind'], string>> = {
  missing: 'should be there and is not', surplus: 'is there and should not be', changed: 'is not what comes out',
}
