import { useQuery } from '@tanstack/solid-query'
import { createMemo, Show } from 'solid-js'
import { IngestDocument } from '../queries.ts'
import { ask } from '../request.ts'
import { HowToSend } from '../runs/how-to-send.tsx'
import { codingSnippets } from '../runs/snippets.ts'

/** What to set for a coding agent, with the addresses of this server. */
export const FirstSession = () => {
  const ingest = useQuery(() => ({ queryKey: ['ingest'], queryFn: ({ signal }: { signal: AbortSignal }) => ask(IngestDocument, {}, signal) }))
  // By endpoint, not by answer: the tabs must not be made anew under the reader's focus.
  const [http, grpc] = [createMemo(() => ingest.data?.ingest.httpEndpoint), createMemo(() => ingest.data?.ingest.grpcEndpoint)]
  const offered = createMemo(() => (http() === undefined || grpc() === undefined ? undefined : codingSnippets(http() ?? '', grpc() ?? '')))
  return <Show when={offered()}>{(all) => <HowToSend offered={all()} />}</Show>
}
