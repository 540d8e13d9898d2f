import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { type Accessor, createMemo, For, type JSX, Match, Show, Switch } from 'solid-js'
import { count, countExact, duration, legible, percent, plural, shortId } from '../format.ts'
import { useLive } from '../live.ts'
import { bytes } from '../metrics/value.ts'
import { type FindingKind, IngestPageDocument, type IngestPageQuery } from '../queries.ts'
import { ask } from '../request.ts'
import { activeFilters, findingKinds, ingestFilter, ingestKeys, queryString, rangeBounds, rangeOf, valueText } from '../url-state.ts'
import { Snippet } from '../widgets/copy.tsx'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Count, Time } from '../widgets/figures.tsx'
import { ActiveFilters, FilterBar } from '../widgets/filter-bar.tsx'
import { Note, Warning } from '../widgets/outcome.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { dialectName } from '../widgets/telemetry-words.ts'
import styles from './ingest.module.css'
import { findingsOf, findingWords, kindWords, scopeText, type Sender, senderKey, sendersOf, type Shown } from './words.ts'

/** Milliseconds between two readings of what is on show: the collector counts up every five seconds. */
const refreshMs = 5_000
/** Findings listed; more are left to the filters. */
const findingsMax = 200

type Account = IngestPageQuery['account'][number]
type Total = IngestPageQuery['total'][number]
type Ingest = IngestPageQuery['ingest']

const Figure = (props: { label: string; sign?: string; children: JSX.Element }) => (
  <div class={styles['figure']}><dt><Show when={props.sign}><span class={styles['sign']} aria-hidden="true">{props.sign}</span></Show>{props.label}</dt><dd>{props.children}</dd></div>
)

const Equation = (props: { total: Total }) => (
  <dl class={styles['figures']}>
    <Figure label="Received"><Count value={props.total.received} /></Figure>
    <Figure label="Stored" sign="="><Count value={props.total.stored} /></Figure>
    <Figure label="Already known" sign="+"><Count value={props.total.deduplicated} /></Figure>
    <Figure label="Rejected" sign="+"><Count value={props.total.rejected} /></Figure>
    <Figure label="Set aside" sign="+"><Count value={props.total.setAside} /></Figure>
  </dl>
)

const AccountTable = (props: { rows: readonly Account[] }) => (
  <div class="scroll-x" role="region" tabindex="0" aria-label="The account by sender">
    <table>
      <caption class="visually-hidden">Records by signal, sender and reason, most first</caption>
      <thead>
        <tr>
          <th scope="col">Signal</th><th scope="col">Sender</th><th scope="col">Reason</th><th scope="col" class="number">Requests</th><th scope="col" class="number">Received</th>
          <th scope="col" class="number">Stored</th><th scope="col" class="number">Already known</th><th scope="col" class="number">Rejected</th><th scope="col" class="number">Set aside</th>
        </tr>
      </thead>
      <tbody>
        <For each={props.rows}>
          {(row) => (
            <tr>
              <td>{row.signal}</td>
              <td class={styles['name']}><Show when={row.client} fallback={<span class="muted">says no name</span>}>{(client) => legible(client())}</Show></td>
              <td class={styles['name']}><Show when={row.reason} fallback={<span class="muted">taken</span>}>{(reason) => <><Warning label="rejected" /> {legible(reason())}</>}</Show></td>
              <td class="number"><Count value={row.requests} /></td><td class="number"><Count value={row.received} /></td><td class="number"><Count value={row.stored} /></td>
              <td class="number"><Count value={row.deduplicated} /></td><td class="number"><Count value={row.rejected} /></td><td class="number"><Count value={row.setAside} /></td>
            </tr>
          )}
        </For>
      </tbody>
    </table>
  </div>
)

const BacklogFigures = (props: { backlog: NonNullable<Ingest['backlog']> }) => (
  <dl class={styles['figures']}>
    <Figure label="Waiting for ClickHouse"><span title={`${countExact(props.backlog.bytes)} bytes in ${plural(props.backlog.segments, 'segment')}`}>{bytes(props.backlog.bytes)}</span></Figure>
    <Figure label="Oldest, not loaded yet">
      <Show when={props.backlog.oldestReceivedAt} fallback="none">{(at) => <time datetime={at()} title={at()}>{duration(Math.max(0, Date.now() - Date.parse(at())))}</time>}</Show>
    </Figure>
    <Show when={props.backlog.diskFreeBytes !== null}><Figure label="Free on its disk">{bytes(props.backlog.diskFreeBytes ?? 0)}</Figure></Show>
  </dl>
)

const FoundCount = (props: { sender: Sender; kind: FindingKind; value: number; range: string | undefined }) => (
  <td class="number">
    <Show when={props.value > 0} fallback={<span class="muted">0</span>}>
      <A href={senderHref(props.sender, props.range, props.kind)} aria-label={`${count(props.value)} ${kindWords[props.kind].toLowerCase()}, findings of ${legible(valueText(props.sender.scopeName))}`}><Count value={props.value} /></A>
    </Show>
  </td>
)

const senderHref = (sender: Sender, range: string | undefined, found?: FindingKind): string =>
  `/ingest${queryString({ range, service: valueText(sender.service), scope: valueText(scopeText(sender)), found })}#findings`

const SenderRow = (props: { sender: Sender; range: string | undefined }) => (
  <tr>
    <th scope="row" class={styles['sender']}>
      <A href={senderHref(props.sender, props.range)}>{legible(valueText(scopeText(props.sender)))}</A>
      <span class="muted">{legible(valueText(props.sender.service))} · read as {props.sender.dialects.map(dialectName).toSorted().join(', ') || 'nothing'}</span>
    </th>
    <td class="number"><Count value={props.sender.steps} /></td>
    <td class="number"><span title={`${countExact(props.sender.understood)} of ${countExact(props.sender.steps)} steps are more than plumbing`}>{percent(props.sender.understood, props.sender.steps)}</span></td>
    <td class="number"><Count value={props.sender.modelCalls} /></td>
    <td class="number"><Count value={props.sender.toolCalls} /></td>
    <FoundCount sender={props.sender} kind="MISSING" value={props.sender.missing} range={props.range} />
    <FoundCount sender={props.sender} kind="UNRECOGNISED" value={props.sender.unrecognised} range={props.range} />
    <FoundCount sender={props.sender} kind="DROPPED" value={props.sender.dropped} range={props.range} />
    <FoundCount sender={props.sender} kind="MALFORMED" value={props.sender.malformed} range={props.range} />
    <FoundCount sender={props.sender} kind="AMBIGUOUS" value={props.sender.ambiguous} range={props.range} />
    <FoundCount sender={props.sender} kind="OUTDATED" value={props.sender.outdated} range={props.range} />
  </tr>
)

/** Rows by key, so that one that is asked for again every few seconds stays the same element, open and focused as it was. */
const Keyed = <Row,>(props: { rows: readonly Row[]; keyOf: (row: Row) => string; children: (row: Accessor<Row>) => JSX.Element }) => {
  const byKey = createMemo(() => new Map(props.rows.map((row) => [props.keyOf(row), row])))
  return <For each={[...byKey().keys()]}>{(key) => <Show when={byKey().get(key)}>{(row) => props.children(row as Accessor<Row>)}</Show>}</For>
}

const Senders = (props: { senders: readonly Sender[]; range: string | undefined }) => (
  <div class="scroll-x" role="region" tabindex="0" aria-label="Instrumentations">
    <table>
      <caption class="visually-hidden">What was understood of each instrumentation, those that call models first</caption>
      <thead>
        <tr>
          <th scope="col">Instrumentation</th><th scope="col" class="number">Steps</th><th scope="col" class="number">Understood</th><th scope="col" class="number">Model calls</th><th scope="col" class="number">Tool calls</th>
          <For each={findingKinds}>{(kind) => <th scope="col" class="number">{kindWords[kind]}</th>}</For>
        </tr>
      </thead>
      <tbody><Keyed rows={props.senders} keyOf={senderKey}>{(sender) => <SenderRow sender={sender()} range={props.range} />}</Keyed></tbody>
    </table>
  </div>
)

const FindingRow = (props: { shown: Shown }) => {
  const finding = () => props.shown.finding
  return (
    <tr>
      <td class={styles['finding']}>
        <Show when={finding().kind === 'OUTDATED'} fallback={<Warning label={kindWords[finding().kind]} />}><Note label={kindWords[finding().kind]} /></Show> {findingWords[finding().code]}
        <details>
          <summary>What it means, what to do</summary>
          <p>{finding().meaning}</p>
          <p><strong>To do:</strong> {finding().advice}</p>
          <dl class={styles['facts']}>
            <dt>Expected</dt><dd>{legible(finding().expected)}</dd><dt>Found</dt><dd>{legible(finding().found)}</dd><dt>Judged by</dt><dd class="mono">{finding().convention}</dd>
            <dt>First seen</dt><dd><Time iso={finding().firstSeenAt} /></dd>
          </dl>
        </details>
      </td>
      <td class={`mono ${styles['name']}`}>{legible(finding().attribute)}</td>
      <td class="number"><span title={`${countExact(finding().steps)} of ${countExact(finding().ofSteps)} steps: ${finding().stepKinds.map((kind) => kind.toLowerCase().replaceAll('_', ' ')).join(', ')}`}><Count value={finding().steps} /> of <Count value={finding().ofSteps} /></span></td>
      <td class={styles['name']}>{legible(valueText(scopeText(props.shown.sender)))}<span class="sub">{legible(valueText(props.shown.sender.service))}</span></td>
      <td class="nowrap"><Time iso={finding().lastSeenAt} /></td>
      <td class="nowrap">
        <A class="mono" href={`/runs/${finding().exampleRunId}${queryString({ span: finding().exampleSpanId })}`} title={`Span ${finding().exampleSpanId} of trace ${finding().exampleRunId}`}>{shortId(finding().exampleRunId)} · {shortId(finding().exampleSpanId)}</A>
      </td>
    </tr>
  )
}

const Findings = (props: { shown: readonly Shown[] }) => (
  <Show when={props.shown.length > 0} fallback={<p class="muted">Nothing is missing, ambiguous or lost here.</p>}>
    <div class="scroll-x" role="region" tabindex="0" aria-label="Findings">
      <table>
        <caption class="visually-hidden">Findings, what loses tokens and money first</caption>
        <thead><tr><th scope="col">Finding</th><th scope="col">Attribute</th><th scope="col" class="number">Steps</th><th scope="col">Instrumentation</th><th scope="col">Last seen</th><th scope="col">Example</th></tr></thead>
        <tbody><Keyed rows={props.shown.slice(0, findingsMax)} keyOf={({ key }) => key}>{(shown) => <FindingRow shown={shown()} />}</Keyed></tbody>
      </table>
    </div>
    <Show when={props.shown.length > findingsMax}><p class="muted">The first {findingsMax} of {countExact(props.shown.length)} findings are listed: choose an instrumentation to see the others.</p></Show>
  </Show>
)

const FirstRecord = (props: { ingest: Ingest }) => (
  <section class={styles['first']} aria-labelledby="first-record">
    <h2 id="first-record">Nothing has arrived yet</h2>
    <p>Any OpenTelemetry SDK sends here. This is all that most agents need:</p>
    <Snippet label="Commands to send telemetry" text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${props.ingest.httpEndpoint}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\nexport OTEL_SERVICE_NAME=my-agent`} />
    <p>gRPC is taken at <code>{props.ingest.grpcEndpoint}</code>. <A href="/send">Ready-made commands</A> are on a page of their own, a demo among them.</p>
    <p>Then this page says what became of every record, what was understood of each instrumentation, and what it lacks: why tokens, prices or steps are missing, and what to do.</p>
  </section>
)

const waitingWords = ({ backlog }: Ingest): string =>
  (backlog === null ? '' : backlog.oldestReceivedAt === null ? ' Nothing waits for ClickHouse.' : ` ${bytes(backlog.bytes)} wait for ClickHouse.`)

/** What became of everything that was sent, and what was understood of it. */
export const Ingest = () => {
  const [search, setSearch] = useSearchParams()
  const live = useLive()
  const page = useQuery(() => {
    const range = rangeBounds(rangeOf(search), Date.now())
    return {
      queryKey: ['ingest-page', rangeOf(search)], queryFn: ({ signal }: { signal: AbortSignal }) => ask(IngestPageDocument, { range }, signal),
      placeholderData: keepPreviousData, refetchInterval: live.wanted() ? refreshMs : false, reconcile: false as const,
    }
  })
  const found = () => (page.isSuccess ? page.data : undefined)
  const total = () => found()?.total[0]
  const all = () => found()?.conformance ?? []
  const senders = createMemo(() => sendersOf(all(), ingestFilter(search)))
  const findings = createMemo(() => findingsOf(senders(), ingestFilter(search)))
  const nothing = (): boolean => total()?.received === 0 && all().length === 0
  const restricted = (): boolean => rangeOf(search) !== undefined || activeFilters(search, ingestKeys).length > 0
  const offered = createMemo(() => {
    const distinct = (values: readonly string[]) => [...new Set(values)].sort().map((value) => ({ value }))
    return [
      { key: 'service', values: distinct(all().map(({ service }) => service)) }, { key: 'scope', values: distinct(all().map(scopeText)) },
      { key: 'found', values: findingKinds.map((value) => ({ value, label: kindWords[value] })) },
    ] as const
  })
  const showAll = (): void => setSearch(Object.fromEntries([...ingestKeys, 'range'].map((key) => [key, null])))

  return (
    <Page title="Ingest" answer={<Show when={found()}>{(now) => <Show when={!nothing()}>{plural(total()?.received ?? 0, 'record')} received, {plural(total()?.rejected ?? 0, 'of them rejected', 'of them rejected')}.{waitingWords(now().ingest)}</Show>}</Show>}>
      <Progress when={isAwaited(page)} what="the account" />
      <Switch>
        <Match when={page.isError && found() === undefined}><Failure what="The account" cause={page.error} retry={() => void page.refetch()} /></Match>
        <Match when={nothing() && !restricted() ? found() : undefined}>{(now) => <FirstRecord ingest={now().ingest} />}</Match>
        <Match when={nothing()}><Empty><p>Nothing was received in this range.</p><p><button type="button" onClick={showAll}>Show all time</button></p></Empty></Match>
        <Match when={found()}>
          {(now) => (
            <>
              <section class={styles['section']} aria-labelledby="account">
                <h2 id="account">What became of it</h2>
                <p class="muted">Every span, log record and data point of a request that was answered is in one of these, counted where it happens.</p>
                <Show when={total()}>{(sums) => <Equation total={sums()} />}</Show>
                <Show when={(total()?.setAside ?? 0) > 0}><p><Warning label="set aside" /> ClickHouse could not take these rows; they are kept. <code>spanledger set-aside</code> shows why, and loads them again.</p></Show>
                <AccountTable rows={now().account} />
              </section>
              <section class={styles['section']} aria-labelledby="backlog">
                <h2 id="backlog">On the way</h2>
                <Show when={now().ingest.backlog} fallback={<p class="muted">The collector is another process; its <code>/metrics</code> says what waits for ClickHouse.</p>}>{(backlog) => <BacklogFigures backlog={backlog()} />}</Show>
              </section>
              <section class={styles['section']} aria-labelledby="conformance">
                <h2 id="conformance">What was understood</h2>
                <p class="muted">Each instrumentation and version, read by OpenTelemetry's conventions for GenAI or by its own. Plumbing (HTTP, databases) is not expected to be understood.</p>
                <FilterBar choices={offered()} />
                <ActiveFilters keys={ingestKeys} label={(key, value) => (key === 'found' ? (kindWords[value as FindingKind] ?? value) : value)} />
                <Show when={senders().length > 0} fallback={<Empty><p>No instrumentation {all().length === 0 ? 'was counted in this range: a step counts a few seconds after it arrived' : 'matches'}.</p></Empty>}>
                  <Senders senders={senders()} range={rangeOf(search)} />
                </Show>
              </section>
              <section class={styles['section']} aria-labelledby="findings">
                <h2 id="findings">What was found</h2>
                <Findings shown={findings()} />
              </section>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
