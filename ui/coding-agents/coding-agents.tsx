import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, For, lazy, Match, Show, Switch } from 'solid-js'
import { knownCost, legible, money, plural, userName } from '../format.ts'
import { CodingAgentsDocument, type CodingFieldsFragment } from '../queries.ts'
import { ask } from '../request.ts'
import { cacheReadMeters, type FilterKey, ledgerHref, rangeBounds, rangeOf, rangeText, valueText } from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Count, Money, Tokens } from '../widgets/figures.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import styles from './coding-agents.module.css'

// Only where none has sent.
const FirstSession = lazy(async () => ({ default: (await import('./first-session.tsx')).FirstSession }))

/** Rows of a table before the rest is left to the ledger. */
const tableMax = 50

const splits = ['coding', 'user', 'repo', 'model'] as const satisfies readonly FilterKey[]
type Split = (typeof splits)[number]
const splitWords: Readonly<Record<Split, string>> = { coding: 'Agent', user: 'Developer', repo: 'Repository', model: 'Model' }
/** As their makers call them. */
const agentNames: Readonly<Record<string, string>> = { claude_code: 'Claude Code', codex: 'Codex', gemini_cli: 'Gemini CLI', qwen_code: 'Qwen Code', copilot: 'GitHub Copilot' }

type Row = CodingFieldsFragment & { readonly value: string | null }
const shown = (split: Split, row: Row): string => {
  const name = valueText(row.value)
  return legible(split === 'coding' ? (agentNames[row.value ?? ''] ?? name) : split === 'user' ? userName(name) : name)
}

type Href = (values: Partial<Record<FilterKey, string | readonly string[]>>) => string

const SplitTable = (props: { split: Split; rows: readonly Row[]; href: Href }) => (
  <section>
    <h2>By {splitWords[props.split].toLowerCase()}</h2>
    <div class="scroll-x">
      <table>
        <thead><tr><th scope="col">{splitWords[props.split]}</th><th scope="col" class="number">Sessions</th><th scope="col" class="number">Prompts</th><th scope="col" class="number">Tokens in → out</th><th scope="col" class="number">Cached</th><th scope="col" class="number">Cost (USD)</th></tr></thead>
        <tbody>
          <For each={props.rows.slice(0, tableMax)}>
            {(row) => {
              const name = shown(props.split, row)
              const href = (restriction: { readonly basis?: 'UNPRICED'; readonly meter?: readonly string[] } = {}): string => props.href({ [props.split]: valueText(row.value), ...restriction })
              return (
                <tr>
                  <td title={legible(valueText(row.value))}>{name}</td>
                  <td class="number"><Count value={row.sessions} href={href()} what={`sessions of ${name}`} /></td>
                  <td class="number"><Count value={row.runs} href={href()} what={`prompts of ${name}`} /></td>
                  <td class="number"><Tokens sum={row} href={href()} what={name} /></td>
                  <td class="number"><Count value={Number(row.cachedInputTokens)} href={href({ meter: cacheReadMeters })} what={`cached tokens of ${name}`} /></td>
                  <td class="number">
                    <Money amount={knownCost(row.cost, row.unpricedEntries)} href={href()} what={name} />
                    <Show when={row.unpricedEntries > 0}> <A href={href({ basis: 'UNPRICED' })}>{plural(row.unpricedEntries, 'unpriced entry', 'unpriced entries')}</A></Show>
                  </td>
                </tr>
              )
            }}
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
  const href: Href = (values) => ledgerHref({ coding: everyone(), range: rangeText(bounds()), ...values })
  return (
    <Page title="Coding agents" answer={<Show when={total()?.entries ? total() : undefined}>{(sum) => <>{money(knownCost(sum().cost, sum().unpricedEntries))} in {plural(sum().sessions, 'session')} of {plural(sum().developers, 'developer')}. A call that comes as span, log event and counter is in it once.</>}</Show>}>
      <Progress when={isAwaited(query)} what="coding agents" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The coding agents" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={total()?.entries === 0}>
          <Empty>
            <p>No coding agent has reported a model call{rangeOf(search) === undefined ? ' yet' : ' in this range'}.</p>
            <p>Coding agents need no code, only to be told where to send:</p>
            <FirstSession />
          </Empty>
        </Match>
        <Match when={total()}>
          {(sum) => (
            <>
              <dl class="stats">
                <div><dt>Cost (USD)</dt><dd><Money amount={knownCost(sum().cost, sum().unpricedEntries)} href={href({})} what="all coding agents" /></dd></div>
                <div><dt>Developers</dt><dd><Count value={sum().developers} href={href({})} what="developers" /></dd></div>
                <div><dt>Sessions</dt><dd><Count value={sum().sessions} href={href({})} what="sessions" /></dd></div>
                <div><dt>Tokens in → out</dt><dd><Tokens sum={sum()} href={href({})} what="all coding agents" /></dd></div>
              </dl>
              <Show when={data()}>{(found) => <div class={styles['tables']}><For each={splits}>{(split) => <SplitTable split={split} rows={found()[split]} href={href} />}</For></div>}</Show>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
