import { Navigate, Route, Router } from '@solidjs/router'
import { QueryClient, QueryClientProvider } from '@tanstack/solid-query'
import { Frame } from './frame/frame.tsx'
import { RequestError } from './request.ts'
import { Run } from './run/run.tsx'
import { Runs } from './runs/runs.tsx'
import { Empty, Page } from './widgets/page.tsx'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A passing failure is asked again twice; a refusal is not.
      retry: (failures, error) => failures < 2 && (!(error instanceof RequestError) || error.retryable),
      retryDelay: (attempt) => 500 * 2 ** attempt,
      staleTime: 5_000,
      refetchOnWindowFocus: false,
    },
  },
})

const Missing = () => <Page title="Not found"><Empty><p>There is no such page. Runs, costs, the ledger and policy decisions are on the left.</p></Empty></Page>

export const App = () => (
  <QueryClientProvider client={client}>
    <Router root={Frame}>
      <Route path="/" component={() => <Navigate href="/runs" />} />
      <Route path="/runs" component={Runs} />
      <Route path="/runs/:id" component={Run} />
      <Route path="*" component={Missing} />
    </Router>
  </QueryClientProvider>
)
