import type { Store } from '#clickhouse/store.ts'
import { callKeyId } from '#clickhouse/tables/call-keys.ts'
import type { Elsewhere } from '#semconv/account.ts'
import { callsTold } from '../derive/call-told.ts'
import { readCallsTold, readSessionTraces } from '../settle/history.ts'
import { meets, otherSourcesKey, sessionsTold, speaks, toldBetter } from '../settle/told-better.ts'
import { tellersMax, toldElsewhere } from '../settle/told-elsewhere.ts'
import type { StoredTrace } from './stored-traces.ts'

/** Answers that more than one trace tells; 100 bytes each in memory. Where there are more, each trace's answers are looked up. */
const sharedMax = 1_000_000
const askSeconds = 300

/** Keys of answers that more than one trace tells, of the whole store: almost none, so that almost no trace has to ask. `undefined`: too many. */
export async function sharedAnswers(store: Store, tenant: string): Promise<ReadonlySet<string> | undefined> {
  const rows = await store.read<{ readonly key_hex: string }>(
    `SELECT lower(hex(key)) AS key_hex FROM call_keys WHERE tenant = {tenant:String} GROUP BY tenant, key HAVING min(trace_id) != max(trace_id)
     LIMIT ${sharedMax + 1} SETTINGS optimize_aggregation_in_order = 1`, { tenant }, { maxSeconds: askSeconds })
  return rows.length > sharedMax ? undefined : new Set(rows.map((row) => row.key_hex))
}

export const nowhereElse: Elsewhere = { replayed: new Set(), mirrored: new Set() }

/** Whether other traces may say anything of what this one tells. */
export function asksOthers({ derived }: StoredTrace, shared: ReadonlySet<string> | undefined): boolean {
  if (shared?.size !== 0) for (const { step } of derived.values()) if (step.callKeys.some((key) => shared === undefined || shared.has(callKeyId(key)))) return true
  return sessionsTold(derived.values()).length > 0
}

/** What other traces say of the calls and sessions that these tell, as settlement asks it. `shared`: answers worth asking about, all where it is left out. */
export async function elsewhereOf(
  store: Store, tenant: string, traces: readonly StoredTrace[], shared?: ReadonlySet<string>,
): Promise<(trace: StoredTrace) => Elsewhere> {
  const asking = shared?.size === 0 ? [] : traces.flatMap((trace) => [...trace.derived.values()].filter((span) => span.step.callKeys.length > 0))
  const asked = asking.filter((span) => shared === undefined || span.step.callKeys.some((key) => shared.has(callKeyId(key))))
  const answers = asked.flatMap((span) => span.step.callKeys.map((key) => ({ key: callKeyId(key), traceId: span.traceId })))
  // A trace that asks is not answered with itself, nor with others that ask beside it: those are here.
  const told = answers.length === 0 ? [] : [...await readCallsTold(store, tenant, answers, tellersMax), ...asked.flatMap(callsTold)]
  const tellers = Map.groupBy(told, (one) => one.key)
  const sessions = new Map(traces.map((trace) => [trace, sessionsTold(trace.derived.values())] as const).filter(([, own]) => own.length > 0))
  const keys = [...new Set([...sessions.values()].flat().map(otherSourcesKey))]
  const others = keys.length === 0 ? new Map() as Awaited<ReturnType<typeof readSessionTraces>> : await readSessionTraces(store, tenant, keys)
  return (trace) => {
    const elsewhere = toldElsewhere(trace.derived.values(), tellers)
    const own = sessions.get(trace)
    if (own === undefined) return elsewhere
    const better = new Map(own.filter((one) => !speaks(one)).map((one) =>
      [one.session, (others.get(otherSourcesKey(one)) ?? []).filter((other) => other.traceId !== trace.traceId && meets(other, one))]))
    return { ...elsewhere, toldBetter: toldBetter(trace.derived.values(), own, better) }
  }
}
