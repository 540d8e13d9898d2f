import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, createSignal, For, Match, Show, Switch } from 'solid-js'
import { count, decimalExact, money, moneyExact, plural, shortId } from '../format.ts'
import { ApproveResidualsDocument, ImportBillDocument, ReconciliationDocument, type ReconciliationQuery, type ResidualClass } from '../queries.ts'
import { ask } from '../request.ts'
import { ledgerHref, rangeBounds, rangeOf } from '../url-state.ts'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Money, Time } from '../widgets/figures.tsx'
import { Note, Warning } from '../widgets/outcome.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import styles from './reconciliation.module.css'

type Cell = ReconciliationQuery['reconciliation']['cells'][number]

const classWords: Readonly<Record<ResidualClass, { readonly label: string; readonly title: string }>> = {
  MATCHED: { label: 'matched', title: 'Bill and ledger agree up to a thousandth.' },
  COVERAGE: { label: 'coverage', title: 'More was billed than metered: somebody calls without telemetry.' },
  PRICE: { label: 'price', title: 'The same usage at another price: a tier, a discount, or no price card.' },
  TIMING: { label: 'timing', title: 'What is missing on one day is too much on the day beside it.' },
  DOUBLE_COUNT: { label: 'double count', title: 'More was metered than billed: something is told twice.' },
}

/** Our meters that a class of a bill sums up; others are found by their model. */
const metersOf: Readonly<Record<string, readonly string[]>> = {
  input: ['input.uncached', 'input.audio', 'input.image'], cache_read: ['input.cache_read', 'input.audio.cache_read'], cache_write: ['input.cache_write.5m', 'input.cache_write.1h'],
  output: ['output.text', 'output.reasoning', 'output.audio', 'output.image'],
}

/** The day's lines of this model. The book's name of a provider is not always telemetry's, so the model and the day find them. */
const cellHref = (cell: Cell): string => {
  const from = `${cell.day}T00:00:00.000Z`
  return ledgerHref({ range: `${from}..${new Date(Date.parse(from) + 86_400_000).toISOString()}`, ...(cell.model === '' ? {} : { model: cell.model }), meter: metersOf[cell.meter] ?? null })
}

const tokens = (value: string | null): string => (value === null ? '–' : count(Number(value)))
const isOpen = (cell: Cell): boolean => (cell.residualAmount ?? '0') !== '0' || (cell.residualQuantity ?? '0') !== '0'

const CellRow = (props: { cell: Cell; chosen: boolean; choose: (chosen: boolean) => void }) => {
  const cell = props.cell
  return (
    <tr>
      <td><Show when={isOpen(cell)}><input type="checkbox" checked={props.chosen} aria-label={`Choose ${cell.id}`} onChange={(event) => props.choose(event.currentTarget.checked)} /></Show></td>
      <td class="nowrap">{cell.day}</td>
      <td>{cell.model === '' ? 'all models' : cell.model}<span class="sub">{cell.provider}, {cell.meter === '' ? 'all classes' : cell.meter.replaceAll('_', ' ')}</span></td>
      <td class="number"><span title={`${decimalExact(cell.meteredQuantity)} metered`}>{tokens(cell.meteredQuantity)}</span></td>
      <td class="number"><span title={cell.billedQuantity === null ? 'No bill tells it.' : `${decimalExact(cell.billedQuantity)} billed`}>{tokens(cell.billedQuantity)}</span></td>
      <td class="number"><Money amount={cell.meteredAmount} href={cellHref(cell)} what={cell.id} /></td>
      <td class="number"><Show when={cell.billedAmount} fallback={<span class="muted">–</span>}>{(amount) => <Money amount={amount()} />}</Show></td>
      <td class="number"><Show when={cell.residualAmount} fallback={<span class="muted">–</span>}>{(amount) => <><span title={moneyExact(amount())}>{money(amount())}</span><Show when={cell.quantityEffect}>{(effect) => <span class="sub">{money(effect())} of it other tokens</span>}</Show></>}</Show></td>
      <td><Show when={cell.class !== 'MATCHED'} fallback={<Note label={classWords[cell.class].label} title={classWords[cell.class].title} />}><Warning label={classWords[cell.class].label} title={classWords[cell.class].title} /></Show></td>
    </tr>
  )
}

/** Says what came of it, and asks the page anew. */
const useAct = (done: () => void) => {
  const [said, setSaid] = createSignal<string>()
  const [busy, setBusy] = createSignal(false)
  const act = async (work: (signal: AbortSignal) => Promise<string>): Promise<void> => {
    setBusy(true)
    try {
      setSaid(await work(new AbortController().signal))
      done()
    } catch (cause) {
      setSaid(cause instanceof Error ? cause.message : 'Something unexpected happened.')
    }
    setBusy(false)
  }
  return { said, busy, act }
}

const Import = (props: { done: () => void }) => {
  const { said, busy, act } = useAct(() => props.done())
  let file: HTMLInputElement | undefined
  let by: HTMLInputElement | undefined
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const chosen = file?.files?.[0]
    if (chosen === undefined) return
    void act(async (signal) => {
      const { importBill: bill } = await ask(ImportBillDocument, { name: chosen.name, content: await chosen.text(), by: by?.value ?? '' }, signal)
      return `${chosen.name}: ${bill.source.replaceAll('_', ' ')}, ${plural(bill.lines, 'line')}.`
    })
  }
  return (
    <form class={styles['form']} onSubmit={submit} aria-label="Import a bill">
      <label>Bill (JSON or CSV)<input type="file" required accept=".json,.csv,application/json,text/csv" ref={file} /></label>
      <label>Your name<input required maxlength={200} autocomplete="name" ref={by} /></label>
      <button type="submit" disabled={busy()}>Import</button>
      <p class={`${styles['said']} muted`} role="status">{said() ?? 'OpenAI usage and costs, Anthropic usage and cost reports, AWS, Google Cloud and FOCUS exports, in US dollars. Larger than a megabyte: spanledger reconcile import.'}</p>
    </form>
  )
}

const Approve = (props: { cells: readonly string[]; done: () => void }) => {
  const { said, busy, act } = useAct(() => props.done())
  let by: HTMLInputElement | undefined
  let why: HTMLInputElement | undefined
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    void act(async (signal) => {
      const { approveResiduals: posted } = await ask(ApproveResidualsDocument, { cells: [...props.cells], by: by?.value ?? '', why: why?.value ?? '' }, signal)
      return `${plural(posted.length, 'adjustment')} posted to the ledger.`
    })
  }
  return (
    <form class={styles['form']} onSubmit={submit} aria-label="Approve adjustments">
      <label>Approved by<input required maxlength={200} autocomplete="name" ref={by} /></label>
      <label>Why<input required maxlength={1000} ref={why} /></label>
      <button type="submit" class="primary" disabled={busy() || props.cells.length === 0}>Post {plural(props.cells.length, 'adjustment')}</button>
      <p class={`${styles['said']} muted`} role="status">{said() ?? 'What is left of the chosen cells becomes ledger entries, so that the ledger says what the bill says. Name and reason stay beside them.'}</p>
    </form>
  )
}

/** The ledger beside the providers' bills. */
export const Reconciliation = () => {
  const [search] = useSearchParams()
  const bounds = createMemo(() => rangeBounds(rangeOf(search), Date.now()))
  const [chosen, setChosen] = createSignal<ReadonlySet<string>>(new Set())
  const query = useQuery(() => {
    const range = bounds()
    return { queryKey: ['reconciliation', range], queryFn: ({ signal }: { signal: AbortSignal }) => ask(ReconciliationDocument, { range }, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const data = () => (query.isSuccess ? query.data : undefined)
  const again = (): void => {
    setChosen(new Set<string>())
    void query.refetch()
  }
  const choose = (id: string, on: boolean): void => {
    const next = new Set(chosen())
    if (on) next.add(id)
    else next.delete(id)
    setChosen(next)
  }
  return (
    <Page title="Reconciliation" answer={<Show when={data()?.reconciliation.cellCount ? data()?.reconciliation : undefined}>{(sum) => <>{money(sum().residual)} of {money(sum().billed)} billed is not in the ledger; {sum().matchedCells} of {plural(sum().cellCount, 'cell')} match.</>}</Show>}>
      <Import done={again} />
      <Progress when={isAwaited(query)} what="the reconciliation" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The reconciliation" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={data()?.reconciliation.cellCount === 0}><Empty><p>No bill was imported for these days. Import one above, and the ledger stands beside it.</p></Empty></Match>
        <Match when={data()}>
          {(found) => (
            <>
              <dl class="stats">
                <div><dt>Billed (USD)</dt><dd><Money amount={found().reconciliation.billed} /></dd></div>
                <div><dt>In the ledger (USD)</dt><dd><Money amount={found().reconciliation.metered} /></dd></div>
                <div><dt>Residual (USD)</dt><dd><Money amount={found().reconciliation.residual} /></dd></div>
              </dl>
              <div class="scroll-x" role="region" tabindex="0" aria-label="Cells">
                <table class={styles['cells']}>
                  <caption class="visually-hidden">Metered beside billed, dearest residual first</caption>
                  <thead>
                    <tr>
                      <th scope="col"><span class="visually-hidden">Choose</span></th><th scope="col">Day</th><th scope="col">Model</th><th scope="col" class="number">Metered tokens</th><th scope="col" class="number">Billed tokens</th>
                      <th scope="col" class="number">Ledger (USD)</th><th scope="col" class="number">Bill (USD)</th><th scope="col" class="number">Residual (USD)</th><th scope="col">Class</th>
                    </tr>
                  </thead>
                  <tbody><For each={found().reconciliation.cells}>{(cell) => <CellRow cell={cell} chosen={chosen().has(cell.id)} choose={(on) => choose(cell.id, on)} />}</For></tbody>
                </table>
              </div>
              <Show when={found().reconciliation.cells.length < found().reconciliation.cellCount}><p class="muted">The {found().reconciliation.cells.length} with the largest residuals of {found().reconciliation.cellCount} are shown; the sums are over all.</p></Show>
              <Approve cells={[...chosen()]} done={again} />
              <div class={styles['lists']}>
                <section>
                  <h2>Imported bills</h2>
                  <table>
                    <thead><tr><th scope="col">File</th><th scope="col">Format</th><th scope="col" class="number">Lines</th><th scope="col">By</th><th scope="col">When</th></tr></thead>
                    <tbody><For each={found().billImports}>{(bill) => <tr><td title={bill.id}>{bill.name}</td><td>{bill.source.replaceAll('_', ' ')}</td><td class="number">{bill.lines}</td><td>{bill.actor}</td><td><Time iso={bill.importedAt} /></td></tr>}</For></tbody>
                  </table>
                </section>
                <Show when={found().billApprovals.length > 0}>
                  <section>
                    <h2>Approved adjustments</h2>
                    <table>
                      <thead><tr><th scope="col">Cell</th><th scope="col">Why</th><th scope="col">By</th><th scope="col">When</th></tr></thead>
                      <tbody><For each={found().billApprovals}>{(approval) => <tr><td><A href={ledgerHref({ reason: 'reconciled' })} title={`Entry ${approval.entryId}`}>{approval.cell}</A><span class="sub">entry {shortId(approval.entryId)}</span></td><td>{approval.why}</td><td>{approval.actor}</td><td><Time iso={approval.approvedAt} /></td></tr>}</For></tbody>
                    </table>
                  </section>
                </Show>
              </div>
            </>
          )}
        </Match>
      </Switch>
    </Page>
  )
}
