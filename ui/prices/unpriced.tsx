import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, createSignal, For, Match, Show, Switch } from 'solid-js'
import { count, decimalExact, plural, shortId } from '../format.ts'
import { PriceModelDocument, UnpricedModelsDocument, type UnpricedModelsQuery } from '../queries.ts'
import { ask } from '../request.ts'
import { ledgerHref, rangeBounds, rangeOf, valueText } from '../url-state.ts'
import { CopyButton } from '../widgets/copy.tsx'
import { Failure, Progress } from '../widgets/failure.tsx'
import { Count, Time } from '../widgets/figures.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import styles from './prices.module.css'

type Model = UnpricedModelsQuery['unpricedModels'][number]

/** Else the model has a card, and only a tool of it has no price. */
const isTokens = (meter: string): boolean => /^(?:input|output)\./.test(meter)

const repriceCommand = 'npm run spanledger -- reprice --dry-run'

/** A price for one model, in one step: that of another, or its own. */
const PriceForm = (props: { model: Model; done: (version: string) => void }) => {
  const [failure, setFailure] = createSignal<string>()
  const [busy, setBusy] = createSignal(false)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const said = new FormData(event.currentTarget as HTMLFormElement)
    const text = (name: string): string => String(said.get(name) ?? '').trim()
    const own = { ...(text('input') !== '' && { input: text('input') }), ...(text('output') !== '' && { output: text('output') }) }
    setBusy(true)
    setFailure(undefined)
    try {
      const { priceModel } = await ask(PriceModelDocument, {
        provider: props.model.provider, model: props.model.model,
        ...(text('sameAs') === '' ? { prices: own } : { sameAs: text('sameAs') }),
      }, new AbortController().signal)
      props.done(priceModel.version)
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : 'The price was not taken. Try again.')
    } finally {
      setBusy(false)
    }
  }
  return (
    <details class={styles['form']}>
      <summary>Give it a price</summary>
      <form onSubmit={(event) => void submit(event)}>
        <label>Costs what this one costs<input type="text" name="sameAs" placeholder="openai/gpt-5-mini" autocomplete="off" spellcheck={false} /></label>
        <span class="muted">or, US dollars per million tokens</span>
        <label>Input<input type="text" name="input" inputmode="decimal" autocomplete="off" /></label>
        <label>Output<input type="text" name="output" inputmode="decimal" autocomplete="off" /></label>
        <button type="submit" class="primary" disabled={busy()}>Price it from now on</button>
        <Show when={failure()}>{(message) => <p role="alert" class={styles['failed']}>{message()}</p>}</Show>
      </form>
    </details>
  )
}

/** What is in no sum because its price, or its usage, is unknown. */
export const Unpriced = () => {
  const [search] = useSearchParams()
  const [taken, setTaken] = createSignal<{ readonly model: string; readonly version: string }>()
  const range = createMemo(() => rangeBounds(rangeOf(search), Date.now()))
  const query = useQuery(() => {
    const asked = range()
    return { queryKey: ['unpriced', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(UnpricedModelsDocument, { range: asked }, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const models = (): readonly Model[] => (query.isSuccess ? query.data.unpricedModels : [])
  const unmetered = (): number => (query.isSuccess ? query.data.unmeteredModelCalls : 0)
  const calls = (): number => models().reduce((sum, { calls: each }) => sum + each, 0)
  return (
    <Page title="Unpriced" answer={<Show when={query.isSuccess}>{plural(calls(), 'call')} of {plural(models().length, 'model')} {calls() === 1 ? 'has' : 'have'} no known price, and {plural(unmetered(), 'model call')} reported no usage: they are in no sum.</Show>}>
      <Progress when={query.isFetching} what="models without a price" />
      <Show when={taken()}>
        {(now) => (
          <div role="status" class={styles['taken']}>
            <p>{valueText(now().model)} is priced from now on, by <A href={`/price-books?version=${now().version}`}>price book {shortId(now().version)}</A>. What stands in the ledger already keeps what it says until it is repriced:</p>
            <p><code>{repriceCommand}</code> <CopyButton text={repriceCommand} label="the command" /></p>
          </div>
        )}
      </Show>
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The models without a price" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={models().length > 0}>
          <div class="scroll-x" role="region" tabindex="0" aria-label="Models without a price">
            <table>
              <caption class="visually-hidden">Models without a price, most calls first</caption>
              <thead><tr><th scope="col">Model</th><th scope="col">Provider</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Tokens</th><th scope="col">What</th><th scope="col">First seen</th><th scope="col">Last seen</th><th scope="col">Example</th><th scope="col">Price</th></tr></thead>
              <tbody>
                <For each={models()}>
                  {(model) => (
                    <tr>
                      <td>{valueText(model.model)}</td>
                      <td>{valueText(model.provider)}</td>
                      <td class="number"><A href={ledgerHref({ model: valueText(model.model), provider: valueText(model.provider), basis: 'UNPRICED', range: rangeOf(search) ?? '' })} aria-label={`${plural(model.calls, 'call')} of ${valueText(model.model)}, ledger entries`}><Count value={model.calls} /></A></td>
                      <td class="number"><span title={decimalExact(model.tokens)}>{count(Number(model.tokens))}</span></td>
                      <td>{model.meters.join(', ')}</td>
                      <td class="nowrap"><Time iso={model.firstSeen} /></td>
                      <td class="nowrap"><Time iso={model.lastSeen} /></td>
                      <td><A class="mono" href={`/runs/${model.exampleRunId}`} title={`Run ${model.exampleRunId}`}>{shortId(model.exampleRunId)}</A></td>
                      <td><Show when={model.model !== '' && model.meters.some(isTokens)} fallback={<span class="muted">{model.model === '' ? 'names no model' : 'its card has no price for this: import one'}</span>}><PriceForm model={model} done={(version) => setTaken({ model: model.model, version })} /></Show></td>
                    </tr>
                  )}
                </For>
              </tbody>
            </table>
          </div>
        </Match>
        <Match when={query.isSuccess}>
          <Empty><p>Every call {rangeOf(search) === undefined ? 'so far' : 'of this time'} has a price.</p><p>A model that the <A href="/price-books">price book</A> does not know appears here, with what to do about it. It is never counted as $0.</p></Empty>
        </Match>
      </Switch>
    </Page>
  )
}
