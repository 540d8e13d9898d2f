import { useNavigate } from '@solidjs/router'
import { createEffect, createMemo, Show } from 'solid-js'
import { countExact } from '../format.ts'
import type { IngestQuery } from '../queries.ts'
import { RunsDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { Time } from '../widgets/figures.tsx'
import { HowToSend } from './how-to-send.tsx'
import styles from './runs.module.css'
import { snippets } from './snippets.ts'

/** Shown until the first run is there: how to send it, and whether it has come. Then it opens that run. */
export const FirstTrace = (props: { ingest: IngestQuery['ingest']; leave: () => void }) => {
  const navigate = useNavigate()
  // By endpoint, not by answer: the tabs must not be made anew, under the reader's focus, each time the status is asked for.
  const http = createMemo(() => props.ingest.httpEndpoint)
  const grpc = createMemo(() => props.ingest.grpcEndpoint)
  const offered = createMemo(() => snippets(http(), grpc()))
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
      <HowToSend offered={offered()} />
      <div class={styles['status']} role="status">
        <span>Listening: HTTP <code>{props.ingest.httpEndpoint}</code>, gRPC <code>{props.ingest.grpcEndpoint}</code></span>
        <Show when={props.ingest.lastReceivedAt} fallback={<span>Nothing received yet</span>}>
          {(at) => <span>{countExact(props.ingest.spanCount)} spans received, last <Time iso={at()} /></span>}
        </Show>
        <Show when={arrived()}><strong>The first run is here. Opening it…</strong></Show>
        <Show when={!arrived() && props.ingest.spanCount > 0}><span>None of these spans belongs to an agent yet: a run needs a model call, a tool call or an agent span (gen_ai.* attributes).</span></Show>
      </div>
    </section>
  )
}
