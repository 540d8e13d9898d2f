import type { Store } from '#clickhouse/store.ts'
import { callKeyId } from '#clickhouse/tables/call-keys.ts'
import type { Elsewhere } from '#semconv/account.ts'
import { callsTold } from '../derive/call-told.ts'
import { readCallsTold, readSessionTraces } from '../settle/history.ts'
import { tellersMax } from '../settle/settle.ts'
import { meets, otherSourcesKey, sessionsTold, speaks, toldBetter } from '../settle/told-better.ts'
import { toldElsewhere } from '../settle/told-elsewhere.ts'
import type { StoredTrace } from './stored-traces.ts'

/** What other traces say of the calls and sessions that these tell, as settlement asks it. */
export async function elsewhereOf(store: Store, tenant: string, traces: readonly StoredTrace[]): Promise<(trace: StoredTrace) => Elsewhere> {
  const answers = traces.flatMap((trace) => trace.derived.flatMap((span) => span.step.callKeys.map((key) => ({ key: callKeyId(key), traceId: trace.traceId }))))
  // A trace that asks is not answered with itself, nor with others that ask beside it: those are here.
  const told = answers.length === 0 ? [] : [...await readCallsTold(store, tenant, answers, tellersMax), ...traces.flatMap((trace) => trace.derived.flatMap(callsTold))]
  const tellers = Map.groupBy(told, (one) => one.key)
  const sessions = new Map(traces.map((trace) => [trace, sessionsTold(trace.derived)] as const).filter(([, own]) => own.length > 0))
  const keys = [...new Set([...sessions.values()].flat().map(otherSourcesKey))]
  const others = keys.length === 0 ? new Map() as Awaited<ReturnType<typeof readSessionTraces>> : await readSessionTraces(store, tenant, keys)
  return (trace) => {
    const elsewhere = toldElsewhere(trace.derived, tellers)
    const own = sessions.get(trace)
    if (own === undefined) return elsewhere
    const better = new Map(own.filter((one) => !speaks(one)).map((one) =>
      [one.session, (others.get(otherSourcesKey(one)) ?? []).filter((other) => other.traceId !== trace.traceId && meets(other, one))]))
    return { ...elsewhere, toldBetter: toldBetter(trace.derived, own, better) }
  }
}
