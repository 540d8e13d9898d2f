import { Navigate, Route, Router } from '@solidjs/router'
import { QueryClient, QueryClientProvider } from '@tanstack/solid-query'
import { lazy } from 'solid-js'
import { Frame } from './frame/frame.tsx'
import { RequestError } from './request.ts'
import { Empty, Page } from './widgets/page.tsx'

// A page's code comes when the page is opened, and that of the page in the address while this one is still being run.
const Runs = lazy(async () => ({ default: (await import('./runs/runs.tsx')).Runs }))
const SendTraces = lazy(async () => ({ default: (await import('./runs/first-trace.tsx')).SendTraces }))
const Run = lazy(async () => ({ default: (await import('./run/run.tsx')).Run }))
const Costs = lazy(async () => ({ default: (await import('./costs/costs.tsx')).Costs }))
const Models = lazy(async () => ({ default: (await import('./models/models.tsx')).Models }))
const CodingAgents = lazy(async () => ({ default: (await import('./coding-agents/coding-agents.tsx')).CodingAgents }))
const Reconciliation = lazy(async () => ({ default: (await import('./reconciliation/reconciliation.tsx')).Reconciliation }))
const Restatement = lazy(async () => ({ default: (await import('./restatement/restatement.tsx')).Restatement }))
const Ledger = lazy(async () => ({ default: (await import('./ledger/ledger.tsx')).Ledger }))
const Metrics = lazy(async () => ({ default: (await import('./metrics/metrics.tsx')).Metrics }))
const Ingest = lazy(async () => ({ default: (await import('./ingest/ingest.tsx')).Ingest }))
const Unpriced = lazy(async () => ({ default: (await import('./prices/unpriced.tsx')).Unpriced }))
const PriceBooks = lazy(async () => ({ default: (await import('./prices/price-books.tsx')).PriceBooks }))
const Budgets = lazy(async () => ({ default: (await import('./budgets/budgets.tsx')).Budgets }))
const Alerts = lazy(async () => ({ default: (await import('./alerts/alerts.tsx')).Alerts }))
const Policy = lazy(async () => ({ default: (await import('./policy/policy.tsx')).Policy }))

if (location.pathname.startsWith('/runs/')) void Run.preload()
else if (location.pathname === '/' || location.pathname === '/runs') void Runs.preload()

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

const Missing = () => <Page title="Not found"><Empty><p>There is no such page. Runs, metrics, ingest, costs, the ledger, budgets, alerts and policy decisions are in the navigation.</p></Empty></Page>

export const App = () => (
  <QueryClientProvider client={client}>
    <Router root={Frame}>
      <Route path="/" component={() => <Navigate href="/runs" />} />
      <Route path="/runs" component={Runs} />
      <Route path="/runs/:id" component={Run} />
      <Route path="/send" component={SendTraces} />
      <Route path="/charts" component={Metrics} />
      <Route path="/ingest" component={Ingest} />
      <Route path="/costs" component={Costs} />
      <Route path="/models" component={Models} />
      <Route path="/coding-agents" component={CodingAgents} />
      <Route path="/ledger" component={Ledger} />
      <Route path="/unpriced" component={Unpriced} />
      <Route path="/price-books" component={PriceBooks} />
      <Route path="/reconciliation" component={Reconciliation} />
      <Route path="/restatement" component={Restatement} />
      <Route path="/budgets" component={Budgets} />
      <Route path="/alerts" component={Alerts} />
      <Route path="/policy" component={Policy} />
      <Route path="*" component={Missing} />
    </Router>
  </QueryClientProvider>
)
