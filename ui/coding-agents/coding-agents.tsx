import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, For, Match, Show, Switch } from 'solid-js'
import { count, decimalExact, knownCost, money, plural } from '../format.ts'
import { CodingAgentsDocument, type CodingFieldsFragment } from '../queries.ts'
import { ask } from '../request.ts'
import { type FilterKey, ledgerHref, rangeBounds, rangeOf, rangeText, valueText } from '../url-state.ts'
import { Failure, Progress } from '../widgets/failure.tsx'
import { Count, Money } from '../widgets/figures.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import styles from './coding-agents.module.css'

/** Rows of a table before the rest is left to the ledger. */
const tableMax = 50

const splits = ['coding', 'user', 'repo', 'model'] as const satisfies readonly FilterKey[]
type Split = (typeof splits)[number]
const splitWords: Readonly<Record<Split, string>> = { coding: 'Agent', user: 'Developer', repo: 'Repository', model: 'Model' }
/** As their makers call them. */
const agentNames: Readonly<Record<string, string>> = { claude_code: 'Claude Code', codex: 'Codex', gemini_cli: 'Gemini CLI', copilot: 'GitHub Copilot' }

type Row = CodingFieldsFragment & { readonly value: string | null }
const shown = (split: Split, row: Row): string => (split === 'coding' ? (agentNames[row.value ?? ''] ?? valueText(row.value)) : valueText(row.value))

const SplitTable = (props: { split: Split; rows: readonly Row[]; href: (values: Partial<Record<FilterKey, string>>) => string }) => (
  <section>
    <h2>By {splitWords[props.split].toLowerCase()}</h2>
    <div class="scroll-x">
      <table>
        <thead><tr><th scope="col">{splitWords[props.split]}</th><th scope="col" class="number">Sessions</th><th scope="col" class="number">Prompts</th><th scope="col" class="number">Tokens in → out</th><th scope="col" class="number">Cached</th><th scope="col" class="number">Cost (USD)</th></tr></thead>
        <tbody>
          <For each={props.rows.slice(0, tableMax)}>
            {(row) => (
              <tr>
                <td>{shown(props.split, row)}</td>
                <td class="number"><Count value={row.sessions} /></td>
                <td class="number"><Count value={row.runs} /></td>
                <td class="number"><span title={`${decimalExact(row.inputTokens)} → ${decimalExact(row.outputTokens)}`}>{count(Number(row.inputTokens))} → {count(Number(row.outputTokens))}</span></td>
                <td class="number"><span title={decimalExact(row.cachedInputTokens)}>{count(Number(row.cachedInputTokens))}</span></td>
                <td class="number">
                  <Money amount={knownCost(row.cost, row.unpricedEntries)} href={props.href({ [props.split]: valueText(row.value) })} what={shown(props.split, row)} />
                  <Show when={row.unpricedEntries > 0}> <A href={props.href({ [props.split]: valueText(row.value), basis: 'UNPRICED' })}>{plural(row.unpricedEntries, 'unpriced entry', 'unpriced entries')}</A></Show>
                </td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
    <Show when={props.rows.length > tableMax}><p class="muted">The {tableMax} dearest of {props.rows.length} are shown.</p></Show>
  </section>
)

/** What coding agents cost: who, where, with which model. */
export const CodingAgents = () => {
  const [search] = useSearchParams()
  const bounds = createMemo(() => rangeBounds(rangeOf(search), Date.now()))
  const query = useQuery(() => {
    const range = bounds()
    return { queryKey: ['coding-agents', range], queryFn: ({ signal }: { signal: AbortSignal }) => ask(CodingAgentsDocument, { range }, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const data = () => (query.isSuccess ? query.data : undefined)
  const total = () => data()?.total[0]
  /** All of them: a filter by agent keeps out everybody else's lines. */
  const everyone = (): string[] => (data()?.coding ?? []).map((row) => valueText(row.value))
  const href = (values: Partial<Record<FilterKey, string>>): string => ledgerHref({ coding: everyone(), range: rangeText(bounds()), ...values })
  return (
    <Page title="Coding agents" answer={<Show when={total()?.entries ? total() : undefined}>{(sum) => <>{money(knownCost(sum().cost, sum().unpricedEntries))} in {plural(sum().sessions, 'session')} of {plural(sum().developers, 'developer')}. A call that comes as span, log event and counter is in it once.</>}</Show>}>
      <Progress when={query.isFetching} what="coding agents" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The coding agents" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={total()?.entries === 0}>
          <Empty>
            <p>No coding agent has reported a model call{rangeOf(search) === undefined ? ' yet' : ' in this range'}.</p>
            <p>Claude Code, Codex, Gemini CLI and Copilot need no code, only an endpoint: <A href="/runs">see where to send</A>.</p>
          </Empty>
        </Match>
        <Match when={total()}>
          {(sum) => (
            <>
              <dl class={styles['stats']}>
                <div><dt>Cost (USD)</dt><dd><Money amount={knownCost(sum().cost, sum().unpricedEntries)} href={href({})} what="all coding agents" /></dd></div>
                <div><dt>Developers</dt><dd><Count value={sum().developers} /></dd></div>
                <div><dt>Sessions</dt><dd><Count value={sum().sessions} /></dd></div>
                <div><dt>Tokens in</dt><dd title={decimalExact(sum().inputTokens)}>{count(Number(sum().inputTokens))}</dd></div>
                <div><dt>Tokens out</dt><dd title={decimalExact(sum().outputTokens)}>{count(Number(sum().outputTokens))}</dd></div>
              </dl>
              <Show when={data()}>{(found) => <div class={styles['tables']}><For each={splits}>{(split) => <SplitTable split={split} rows={found()[split]} href={href} />}</For></div>}</Show>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
