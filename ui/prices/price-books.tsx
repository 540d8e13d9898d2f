import { A, useSearchParams } from '@solidjs/router'
import { useQuery, useQueryClient } from '@tanstack/solid-query'
import { createSignal, For, Match, Show, Switch } from 'solid-js'
import { knownCost, legible, shortId } from '../format.ts'
import { ActivatePriceBookDocument, PriceBookDocument, PriceBooksDocument, type PriceBooksQuery } from '../queries.ts'
import { ask } from '../request.ts'
import { valueText } from '../url-state.ts'
import { CopyButton } from '../widgets/copy.tsx'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Count, Money, Time } from '../widgets/figures.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { pricedUnasked } from './book-words.ts'
import styles from './prices.module.css'

type Book = PriceBooksQuery['priceBooks'][number]

/** What a version would make of the last 30 days, before anybody activates it. */
const Effect = (props: { book: Book; activated: () => void }) => {
  const [failure, setFailure] = createSignal<unknown>()
  const query = useQuery(() => ({
    queryKey: ['price-book', props.book.version], queryFn: ({ signal }: { signal: AbortSignal }) => ask(PriceBookDocument, { version: props.book.version }, signal), reconcile: false as const,
  }))
  const activate = async (): Promise<void> => {
    try {
      await ask(ActivatePriceBookDocument, { version: props.book.version }, new AbortController().signal)
      props.activated()
    } catch (cause) {
      setFailure(cause)
    }
  }
  return (
    <section class={styles['effect']}>
      <h2>What {shortId(props.book.version)} makes of the last 30 days</h2>
      <Progress when={isAwaited(query)} what="the comparison" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The comparison" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={query.isSuccess && query.data.priceBookEffect.length === 0}><p class="muted">It changes nothing of what is in the ledger.</p></Match>
        <Match when={query.isSuccess ? query.data.priceBookEffect : undefined}>
          {(effects) => (
            <div class="scroll-x" role="region" tabindex="0" aria-label="Sums by model, in the ledger and by this version">
              <table>
                <caption class="visually-hidden">Models whose sum would change, largest change first</caption>
                <thead><tr><th scope="col">Model</th><th scope="col">Provider</th><th scope="col" class="number">Calls</th><th scope="col" class="number">In the ledger (USD)</th><th scope="col" class="number">By this version (USD)</th><th scope="col" class="number">Unpriced now</th><th scope="col" class="number">Then</th></tr></thead>
                <tbody>
                  <For each={effects()}>
                    {(effect) => (
                      <tr>
                        <td>{legible(valueText(effect.model))}</td><td>{legible(valueText(effect.provider))}</td><td class="number"><Count value={effect.calls} /></td>
                        <td class="number"><Money amount={knownCost(effect.posted, effect.unpricedNow)} /></td><td class="number"><Money amount={knownCost(effect.repriced, effect.unpricedThen)} /></td>
                        <td class="number"><Count value={effect.unpricedNow} /></td><td class="number"><Count value={effect.unpricedThen} /></td>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
            </div>
          )}
        </Match>
      </Switch>
      <Show when={!props.book.active}><p><button type="button" class="primary" onClick={() => void activate()}>Price what arrives by this version</button></p></Show>
      <Show when={failure()}>{(cause) => <Failure what="The activation" cause={cause()} retry={() => void activate()} />}</Show>
    </section>
  )
}

/** Versions of the price book: when each became known, from when on it priced, what it would change. */
export const PriceBooks = () => {
  const [search, setSearch] = useSearchParams()
  const client = useQueryClient()
  const query = useQuery(() => ({ queryKey: ['price-books'], queryFn: ({ signal }: { signal: AbortSignal }) => ask(PriceBooksDocument, {}, signal), reconcile: false as const }))
  const books = (): readonly Book[] => (query.isSuccess ? query.data.priceBooks : [])
  let versions: HTMLDivElement | undefined
  /** The button that was pressed is gone: reading goes on at the versions, which say which of them is active. */
  const activated = (): void => {
    versions?.focus()
    void client.invalidateQueries({ queryKey: ['price-books'] })
  }
  const chosen = (): Book | undefined => books().find(({ version }) => version === search['version'])
  return (
    <Page title="Price books" answer="Every entry names the version that priced it. From which day a price holds stands in the book; when the book was known, and when it priced, stand here.">
      <Progress when={isAwaited(query)} what="price books" />
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The price books" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={books().length > 0}>
          <div ref={versions} class="scroll-x" role="region" tabindex="0" aria-label="Price books">
            <table>
              <caption class="visually-hidden">Versions of the price book, latest known first</caption>
              <thead><tr><th scope="col">Version</th><th scope="col">Source</th><th scope="col">Known since</th><th scope="col">Priced from</th><th scope="col">State</th><th scope="col">Compare</th></tr></thead>
              <tbody>
                <For each={books()}>
                  {(book) => (
                    <tr aria-current={book.version === chosen()?.version ? 'true' : undefined}>
                      <td class="nowrap"><span class="mono" title={book.version}>{shortId(book.version)}</span> <CopyButton text={book.version} label={`the version ${shortId(book.version)}`} /></td>
                      <td>{book.source}</td>
                      <td class="nowrap"><Show when={book.knownSince} fallback={<span class="muted">with the program</span>}>{(iso) => <Time iso={iso()} />}</Show></td>
                      <td><Show when={book.activatedAt.length > 0} fallback={<Show when={pricedUnasked(book, books())} fallback={<span class="muted">never</span>}>{(unasked) => <Show when={unasked().since} fallback={<span class="muted">the beginning</span>}>{(iso) => <span class="nowrap"><Time iso={iso()} /> <span class="muted">as shipped</span></span>}</Show>}</Show>}><For each={book.activatedAt}>{(iso) => <div class="nowrap"><Time iso={iso} /></div>}</For></Show></td>
                      <td>{book.active ? 'active' : ''}</td>
                      <td><button type="button" aria-label={`With the ledger: ${shortId(book.version)}`} onClick={() => setSearch({ version: book.version })}>With the ledger</button></td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          </div>
          <Show when={chosen()} keyed>{(book) => <Effect book={book} activated={activated} />}</Show>
          <p class="muted">Import a newer list, tiers, regions or a contract: <code>npm run spanledger -- prices import FILE</code>. Models without a price: <A href="/unpriced">Unpriced</A>.</p>
        </Match>
        <Match when={query.isSuccess}><Empty><p>There is no price book.</p></Empty></Match>
      </Switch>
    </Page>
  )
}
