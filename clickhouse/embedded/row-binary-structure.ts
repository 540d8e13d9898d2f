import type { Session } from 'chdb'

/** Tables whose columns are kept; far more than we have. */
const tablesMax = 256

/**
 * The columns of a `RowBinary` body as DDL, with `LowCardinality(String)` read as `String`: the bytes are the same, and
 * building the dictionaries once per block instead of once per value saves a quarter of an insert's CPU time.
 */
export interface RowBinaryStructure {
  /** '' where the insert list names something the table does not have: the engine then says so itself. */
  of(session: Session, database: string, table: string, columns: readonly string[]): Promise<string>
  /** Some DDL ran. */
  forget(): void
}

interface DescribedColumn {
  readonly name: string
  readonly type: string
  readonly default_type: string
}

export function rowBinaryStructure(): RowBinaryStructure {
  const known = new Map<string, readonly DescribedColumn[]>()

  async function describe(session: Session, database: string, table: string): Promise<readonly DescribedColumn[]> {
    const key = `${database} ${table}`
    const before = known.get(key)
    if (before !== undefined) return before
    const lines = (await session.queryAsync(`DESCRIBE TABLE ${table}`, { format: 'JSONEachRow' })).text().trim().split('\n')
    const columns = lines.map((line) => JSON.parse(line) as DescribedColumn)
    if (known.size >= tablesMax) known.clear()
    known.set(key, columns)
    return columns
  }

  return {
    async of(session, database, table, columns) {
      const all = await describe(session, database, table)
      const listed = columns.length === 0
        ? all.filter((column) => column.default_type === '' || column.default_type === 'DEFAULT')
        : columns.map((name) => all.find((column) => column.name === name))
      return listed.every((column) => column !== undefined) ? listed.map((column) => `\`${column.name}\` ${plain(column.type)}`).join(', ') : ''
    },
    forget: () => known.clear(),
  }
}

const plain = (type: string): string => type.replace(/LowCardinality\(((?:[^()]|\([^()]*\))*)\)/g, '$1')
