import { Navigate, Route, Router } from '@solidjs/router'
import { QueryClient, QueryClientProvider } from '@tanstack/solid-query'
import { lazy } from 'solid-js'
import { Frame } from './frame/frame.tsx'
import { RequestError } from './request.ts'
import { Runs } from './runs/runs.tsx'
import { Empty, Page } from './widgets/page.tsx'

// The runs list is where people arrive; what it does not need comes when it is opened.
const Run = lazy(async () => ({ default: (await import('./run/run.tsx')).Run }))
const Costs = lazy(async () => ({ default: (await import('./costs/costs.tsx')).Costs }))
const Ledger = lazy(async () => ({ default: (await import('./ledger/ledger.tsx')).Ledger }))
const Metrics = lazy(async () => ({ default: (await import('./metrics/metrics.tsx')).Metrics }))
const Policy = lazy(async () => ({ default: (await import('./policy/policy.tsx')).Policy }))

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

const Missing = () => <Page title="Not found"><Empty><p>There is no such page. Runs, metrics, costs, the ledger and policy decisions are in the navigation.</p></Empty></Page>

export const App = () => (
  <QueryClientProvider client={client}>
    <Router root={Frame}>
      <Route path="/" component={() => <Navigate href="/runs" />} />
      <Route path="/runs" component={Runs} />
      <Route path="/runs/:id" component={Run} />
      <Route path="/charts" component={Metrics} />
      <Route path="/costs" component={Costs} />
      <Route path="/ledger" component={Ledger} />
      <Route path="/policy" component={Policy} />
      <Route path="*" component={Missing} />
    </Router>
  </QueryClientProvider>
)
