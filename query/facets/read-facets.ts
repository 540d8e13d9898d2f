import type { QueryContext } from '../context.ts'
import { checkedFirst } from '../page.ts'
import type { RunFilter } from '../runs/run-filter.ts'
import { runWhere, statusSql } from '../runs/run-where.ts'
import { checkedText, contains } from '../where.ts'
import type { FacetValue, RunFacet } from './facet-value.ts'

/** The SQL that gives a run's values in a field; a list gives one row for each. */
const values: Readonly<Record<RunFacet, string>> = {
  NAME: 'name',
  STATUS: statusSql,
  SERVICE: 'service',
  ENVIRONMENT: 'environment',
  AGENT: 'arrayJoin(agents)',
  USER: 'arrayJoin(users)',
  SESSION: 'arrayJoin(sessions)',
  PROVIDER: 'arrayJoin(providers)',
  MODEL: 'arrayJoin(models)',
  WORKFLOW: 'workflow',
  PROJECT: 'project',
}

export async function facets(
  context: QueryContext,
  args: { readonly field: RunFacet; readonly filter?: RunFilter | null; readonly search?: string | null; readonly first?: number | null },
): Promise<FacetValue[]> {
  const first = checkedFirst(args.first, 50)
  const search = checkedText('search', args.search?.trim() ?? '')
  const where = runWhere(context, args.filter ?? {})
  const rows = await context.reader.rows<{ readonly value: string; readonly n: string }>({
    columns: `toString(${values[args.field]}) AS value, count() AS n`,
    from: 'runs',
    where: { sql: where.sql, params: { ...where.params, search } },
    tail: `GROUP BY value HAVING value != '' AND (empty({search:String}) OR ${contains('value', 'search')}) ORDER BY n DESC, value LIMIT ${first}`,
  })
  return rows.map(({ value, n }) => ({ value, runs: Number(n) }))
}
