import { A, useNavigate } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createEffect, createMemo, type ParentProps, Show } from 'solid-js'
import { plural } from '../format.ts'
import { IngestDocument, type IngestQuery, RunsDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { queryString, rangeText } from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Time } from '../widgets/figures.tsx'
import { Page } from '../widgets/page.tsx'
import { HowToSend } from './how-to-send.tsx'
import styles from './runs.module.css'
import { codingSnippets, snippets } from './snippets.ts'

type Ingest = IngestQuery['ingest']

/** Milliseconds between looks for what arrives. */
const refreshMs = 2_000

/** How to send, and whether anything comes; beside it what the page says of its own. */
const Sending = (props: ParentProps<{ ingest: Ingest }>) => {
  // By endpoint, not by answer: the tabs must not be made anew, under the reader's focus, each time the status is asked for.
  const http = createMemo(() => props.ingest.httpEndpoint)
  const grpc = createMemo(() => props.ingest.grpcEndpoint)
  const offered = createMemo(() => [...new Map([...snippets(http(), grpc()), ...codingSnippets(http(), grpc())].map((one) => [one.id, one])).values()])
  return (
    <>
      <HowToSend offered={offered()} />
      <div class={styles['status']} role="status">
        <span>Listening: HTTP <code>{props.ingest.httpEndpoint}</code>, gRPC <code>{props.ingest.grpcEndpoint}</code></span>
        <Show when={props.ingest.lastReceivedAt} fallback={<span>Nothing received yet</span>}>
          {(at) => <span>{plural(props.ingest.spanCount, 'span')} received, last <Time iso={at()} /></span>}
        </Show>
        {props.children}
      </div>
    </>
  )
}

/** Shown until the first run is there: how to send it, and whether it has come. Then it opens that run. */
export const FirstTrace = (props: { ingest: Ingest; leave: () => void }) => {
  const navigate = useNavigate()
  const arrived = () => props.ingest.runCount > 0
  createEffect(() => {
    if (!arrived()) return
    ask(RunsDocument, { first: 1, orderBy: 'STARTED_AT_DESC' }, AbortSignal.timeout(10_000)).then(
      ({ runs }) => (runs.nodes[0] === undefined ? props.leave() : navigate(`/runs/${runs.nodes[0].id}`)),
      // The list asks the same and shows why it failed.
      () => props.leave(),
    )
  })
  return (
    <section class={styles['wizard']} aria-labelledby="first-trace">
      <h2 id="first-trace">Send your first trace</h2>
      <p>Spanledger listens for OpenTelemetry. Choose how to send, run the command, and this page opens the run as soon as it arrives.</p>
      <Sending ingest={props.ingest}>
        <Show when={arrived()}><strong>The first run is here. Opening it…</strong></Show>
        <Show when={!arrived() && props.ingest.spanCount > 0}><span>None of these spans belongs to an agent yet: a run needs a model call, a tool call or an agent span (gen_ai.* attributes).</span></Show>
      </Sending>
    </section>
  )
}

/** The same at any time. Where others send too it opens nothing by itself. */
export const SendTraces = () => {
  const opened = new Date().toISOString()
  const query = useQuery(() => ({ queryKey: ['ingest'], queryFn: ({ signal }: { signal: AbortSignal }) => ask(IngestDocument, {}, signal), refetchInterval: refreshMs }))
  const ingest = () => (query.isSuccess ? query.data.ingest : undefined)
  const before = createMemo((known: number | undefined) => known ?? ingest()?.runCount, undefined)
  const arrived = (): number => Math.max(0, (ingest()?.runCount ?? 0) - (before() ?? 0))
  return (
    <Page title="Send traces" answer="Spanledger listens for OpenTelemetry. Choose how to send and run the command.">
      <Progress when={isAwaited(query)} what="the addresses" />
      <Show when={ingest()} fallback={<Show when={query.error}>{(cause) => <Failure what="The addresses" cause={cause()} retry={() => void query.refetch()} />}</Show>}>
        {(now) => (
          <section class={styles['wizard']} aria-label="How to send">
            <Sending ingest={now()}>
              <Show when={arrived() > 0} fallback={<span>No run since this page was opened</span>}>
                <strong><A href={`/runs${queryString({ range: rangeText({ from: opened }) })}`}>{plural(arrived(), 'run')} since this page was opened</A></strong>
              </Show>
            </Sending>
          </section>
        )}
      </Show>
    </Page>
  )
}
