import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { countsTokens, decimalExact, knownCost, legible, localTime, meterUnit, money, plural, shortId } from '../format.ts'
import { useList } from '../pages.ts'
import { CostTablesDocument, LedgerEntriesDocument, type LedgerFieldsFragment, LedgerTotalsDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { activeFilters, choices, costFilter, costKeys, type FilterKey, ledgerFilter, queryString, rangeBounds, rangeOf } from '../url-state.ts'
import { Id } from '../widgets/copy.tsx'
import { Failure, Progress } from '../widgets/failure.tsx'
import { Money, Time } from '../widgets/figures.tsx'
import { ActiveFilters, FilterBar } from '../widgets/filter-bar.tsx'
import { More } from '../widgets/more.tsx'
import { Name, Names } from '../widgets/name.tsx'
import { Note, Warning } from '../widgets/outcome.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { usageNote } from '../widgets/telemetry-words.ts'
import styles from './ledger.module.css'

const pageSize = 100
const word = (value: string): string => value.toLowerCase().replaceAll('_', ' ')
/** `..<until>` and `<after>..` in words. */
const postedWords = (value: string): string => {
  const [after = '', until = ''] = value.split('..')
  return [...(after === '' ? [] : [`after ${localTime(after)}`]), ...(until === '' ? [] : [`until ${localTime(until)}`])].join(', ')
}
const filterWord = (key: FilterKey, value: string): string =>
  key === 'run' || key === 'span' || key === 'book' ? shortId(value) : key === 'posted' ? postedWords(value) : value

const Entry = (props: { entry: LedgerFieldsFragment }) => (
  <tr>
    <td class="nowrap"><Time iso={props.entry.occurredAt} /></td>
    <td><Show when={props.entry.kind === 'CHARGE'} fallback={<Note label={word(props.entry.kind)} title={props.entry.reverses === null ? '' : `Takes back entry ${props.entry.reverses}`} />}>{word(props.entry.kind)}</Show><span class={styles['sub']}>{word(props.entry.reason)}</span></td>
    <td><Name name={props.entry.model ?? '–'} /><span class="sub"><Name name={props.entry.provider ?? 'unknown provider'} /></span></td>
    <td class="mono">{legible(props.entry.meter)}<For each={props.entry.usageFlags.map(usageNote)}>{({ label, title }) => <span class={styles['doubt']} title={title}>{label}</span>}</For></td>
    <td class="number">{decimalExact(props.entry.quantity)}<Show when={!countsTokens(props.entry.meter)}><span class={styles['sub']}>{meterUnit(props.entry.meter, props.entry.quantity)}</span></Show></td>
    <td class="number"><Show when={props.entry.unitPrice} fallback={<span class="muted">–</span>}>{(price) => <span title={props.entry.priceCard ?? undefined}>{price()}</span>}</Show></td>
    <td class="number"><Show when={props.entry.amount !== null} fallback={<Warning label="unpriced" title="No price card matches: the amount is unknown, not zero." />}><Money amount={props.entry.amount} /></Show></td>
    <td>{word(props.entry.basis)}<Show when={props.entry.priceBookVersion}>{(version) => <span class={styles['sub']}>book <Id id={version()} what="price book version" /></span>}</Show></td>
    <td><Name name={props.entry.agent ?? '–'} /><span class="sub"><Names names={[props.entry.user ?? '', ...props.entry.tags].filter((one) => one !== '')} /></span></td>
    <td><Show when={props.entry.runId !== ''} fallback={<A href="/reconciliation" title="Posted for a bill, of no run">bill</A>}><A class="mono" href={`/runs/${props.entry.runId}${queryString({ span: props.entry.spanId })}`} title={`Run ${props.entry.runId}, span ${props.entry.spanId}`}>{shortId(props.entry.runId)}</A></Show></td>
  </tr>
)

/** The lines behind every figure, in the order of usage. */
export const Ledger = () => {
  const [search, setSearch] = useSearchParams()
  const bounds = createMemo(() => rangeBounds(rangeOf(search), Date.now()))
  const filter = createMemo(() => ledgerFilter(search, bounds()))
  const list = useList<LedgerFieldsFragment>(() => {
    const asked = filter()
    return { key: ['ledger', asked], every: false, ask: async (after, signal) => (await ask(LedgerEntriesDocument, { first: pageSize, after: after ?? null, filter: asked }, signal)).ledgerEntries }
  })
  const sum = useQuery(() => {
    const asked = { range: bounds(), filter: costFilter(search) }
    return { queryKey: ['ledger-totals', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(LedgerTotalsDocument, asked, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const values = useQuery(() => {
    const asked = { range: bounds(), filter: {} }
    return { queryKey: ['cost-tables', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(CostTablesDocument, asked, signal), staleTime: 60_000, reconcile: false as const }
  })
  const offered = createMemo(() => {
    const found = values.isSuccess ? values.data : undefined
    const of = (rows: readonly { readonly value: string | null }[] | undefined) => (rows ?? []).slice(0, 100).map((row) => ({ value: row.value ?? '' }))
    return [
      { key: 'agent', values: of(found?.agent) }, { key: 'model', values: of(found?.model) }, { key: 'provider', values: of(found?.provider) }, { key: 'user', values: of(found?.user) },
      ...(found?.tag.some(({ value }) => value !== '') === true ? [{ key: 'tag' as const, values: of(found.tag) }] : []),
      { key: 'kind', values: choices.kind.map((value) => ({ value, label: word(value) })) }, { key: 'basis', values: choices.basis.map((value) => ({ value, label: word(value) })) },
    ] as const
  })
  const total = () => (sum.isSuccess ? sum.data.total[0] : undefined)
  const restricted = (): boolean => activeFilters(search, costKeys).length > 0 || rangeOf(search) !== undefined
  return (
    <Page
      title="Ledger"
      answer={<Show when={total()}>{(found) => <>{plural(found().entries, 'entry', 'entries')}, {money(knownCost(found().cost, found().unpricedEntries))} in all<Show when={found().unpricedEntries > 0}>, {plural(found().unpricedEntries, 'of them unpriced', 'of them unpriced')}</Show>.</>}</Show>}
    >
      <FilterBar choices={offered()} />
      <ActiveFilters keys={costKeys} label={filterWord} />
      <Progress when={list.asking() && (list.waiting() || list.outdated())} what="ledger entries" />
      <Switch>
        <Match when={list.failure() !== undefined && list.rows().length === 0}><Failure what="The ledger" cause={list.failure()} retry={list.refresh} /></Match>
        <Match when={list.rows().length > 0}>
          <div class="scroll-x" role="region" tabindex="0" aria-label="Ledger entries">
            <table class={styles['table']} classList={{ [styles['outdated'] ?? '']: list.outdated() }} aria-busy={list.outdated()}>
              <caption class="visually-hidden">Ledger entries, latest usage first</caption>
              <thead>
                <tr>
                  <th scope="col">Occurred</th><th scope="col">Entry</th><th scope="col">Model</th><th scope="col">Meter</th><th scope="col" class="number">Quantity (tokens, or as said)</th><th scope="col" class="number">Unit price (USD)</th>
                  <th scope="col" class="number">Amount (USD)</th><th scope="col">Basis</th><th scope="col">Agent, user</th><th scope="col">Run</th>
                </tr>
              </thead>
              <tbody><For each={list.rows()}>{(entry) => <Entry entry={entry} />}</For></tbody>
            </table>
          </div>
          <More list={list} />
        </Match>
        <Match when={!list.waiting()}>
          <Empty>
            <p>No ledger entry {restricted() ? 'matches' : 'yet'}.</p>
            <Show when={restricted()} fallback={<p>Entries appear with the first model call that reports its tokens: <A href="/send">send a trace</A>.</p>}>
              <p>Remove a filter above, or <button type="button" onClick={() => setSearch(Object.fromEntries([...costKeys, 'range'].map((key) => [key, null])))}>show all entries of all time</button></p>
            </Show>
          </Empty>
        </Match>
      </Switch>
    </Page>
  )
}
