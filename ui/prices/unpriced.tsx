import { A, useSearchParams } from '@solidjs/router'
import { keepPreviousData, useQuery } from '@tanstack/solid-query'
import { createMemo, createSignal, createUniqueId, For, Match, onMount, Show, Switch } from 'solid-js'
import { count, decimalExact, legible, plural, shortId } from '../format.ts'
import { PriceModelDocument, UnpricedModelsDocument, type UnpricedModelsQuery } from '../queries.ts'
import { ask } from '../request.ts'
import { ledgerHref, rangeBounds, rangeOf, valueText } from '../url-state.ts'
import { CopyButton } from '../widgets/copy.tsx'
import { Failure, isAwaited, Progress } from '../widgets/failure.tsx'
import { Count, Time } from '../widgets/figures.tsx'
import { Name } from '../widgets/name.tsx'
import { Empty, Page } from '../widgets/page.tsx'
import { decisionOf, type Fault, firstFields, furtherGroups, type PriceField } from './price-fields.ts'
import styles from './prices.module.css'

type Model = UnpricedModelsQuery['unpricedModels'][number]

/** Else the model has a card, and only a tool of it has no price. */
const isTokens = (meter: string): boolean => /^(?:input|output)\./.test(meter)

const keyOf = ({ provider, model }: Model): string => JSON.stringify([provider, model])

const repriceCommand = 'npm run spanledger -- reprice --dry-run'

const PriceInput = (props: { field: PriceField; id: string; fault: string | undefined }) => (
  <div class={styles['price']}>
    <label for={`${props.id}-${props.field.key}`}>{props.field.label}</label>
    <input
      id={`${props.id}-${props.field.key}`} type="text" name={props.field.key} inputmode="decimal" autocomplete="off" placeholder={props.field.otherwise}
      aria-invalid={props.fault !== undefined} aria-describedby={props.fault === undefined ? undefined : `${props.id}-fault-${props.field.key}`}
    />
  </div>
)

/** A price for one model, in one step: that of another, or its own, the rarer ones behind a fold. */
const PriceForm = (props: { model: Model; done: (version: string) => void; cancel: () => void }) => {
  const [faults, setFaults] = createSignal<readonly Fault[]>([])
  const [busy, setBusy] = createSignal(false)
  const id = createUniqueId()
  let form: HTMLFormElement | undefined
  onMount(() => form?.querySelector('input')?.focus())
  const faultOf = (key: Fault['key']): string | undefined => faults().find((fault) => fault.key === key)?.message
  const refuse = (found: readonly Fault[]): void => {
    setFaults(found)
    const first = form?.querySelector<HTMLInputElement>(`[name="${found[0]?.key}"]`)
    first?.closest('details')?.setAttribute('open', '')
    first?.focus()
  }
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (busy()) return
    const said = new FormData(form)
    const decision = decisionOf((name) => String(said.get(name) ?? ''), props.model.meters)
    if (decision.kind === 'refused') return refuse(decision.faults)
    setBusy(true)
    setFaults([])
    try {
      const { priceModel } = await ask(PriceModelDocument, {
        provider: props.model.provider, model: props.model.model, ...(decision.kind === 'same' ? { sameAs: decision.as } : { prices: decision.prices }),
      }, new AbortController().signal)
      props.done(priceModel.version)
    } catch (cause) {
      refuse([{ key: decision.kind === 'same' ? 'sameAs' : undefined, message: cause instanceof Error ? cause.message : 'The price was not taken. Try again.' }])
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class={styles['form']} ref={form} onSubmit={(event) => void submit(event)} aria-label={`A price for ${legible(valueText(props.model.model))}`} novalidate>
      <div class={styles['prices']}>
        <div class={styles['price']}>
          <label for={`${id}-sameAs`}>Costs what this one costs</label>
          <input id={`${id}-sameAs`} type="text" name="sameAs" placeholder="openai/gpt-5-mini" autocomplete="off" spellcheck={false} aria-invalid={faultOf('sameAs') !== undefined} aria-describedby={faultOf('sameAs') === undefined ? undefined : `${id}-fault-sameAs`} />
        </div>
      </div>
      <fieldset>
        <legend>or, US dollars for a million tokens</legend>
        <div class={styles['prices']}><For each={firstFields}>{(one) => <PriceInput field={one} id={id} fault={faultOf(one.key)} />}</For></div>
      </fieldset>
      <For each={furtherGroups}>
        {(group) => (
          <details open={group.meters.some((beginning) => props.model.meters.some((meter) => meter.startsWith(beginning)))}>
            <summary>{group.title}</summary>
            <div class={styles['prices']}><For each={group.fields}>{(one) => <PriceInput field={one} id={id} fault={faultOf(one.key)} />}</For></div>
          </details>
        )}
      </For>
      <div role="alert"><For each={faults()}>{(fault) => <p class={styles['failed']} id={fault.key === undefined ? undefined : `${id}-fault-${fault.key}`}>{fault.message}</p>}</For></div>
      <div class={styles['prices']}>
        <button type="submit" class="primary" aria-disabled={busy()}>Price it from now on</button>
        <button type="button" onClick={() => props.cancel()}>Cancel</button>
      </div>
    </form>
  )
}

/** What is in no sum because its price, or its usage, is unknown. */
export const Unpriced = () => {
  const [search] = useSearchParams()
  const [opened, setOpened] = createSignal<string>()
  const [taken, setTaken] = createSignal<{ readonly model: string; readonly version: string }>()
  let news: HTMLDivElement | undefined
  const range = createMemo(() => rangeBounds(rangeOf(search), Date.now()))
  const query = useQuery(() => {
    const asked = range()
    return { queryKey: ['unpriced', asked], queryFn: ({ signal }: { signal: AbortSignal }) => ask(UnpricedModelsDocument, { range: asked }, signal), placeholderData: keepPreviousData, reconcile: false as const }
  })
  const models = (): readonly Model[] => (query.isSuccess ? query.data.unpricedModels : [])
  const unmetered = (): number => (query.isSuccess ? query.data.unmeteredModelCalls : 0)
  const calls = (): number => models().reduce((sum, { calls: each }) => sum + each, 0)
  return (
    <Page title="Unpriced" answer={<Show when={query.isSuccess}>{plural(calls(), 'call')} of {plural(models().length, 'model')} {calls() === 1 ? 'has' : 'have'} no known price{unmetered() > 0 ? `, and ${plural(unmetered(), 'model call')} reported no usage` : ''}: they are in no sum.</Show>}>
      <Progress when={isAwaited(query)} what="models without a price" />
      <Show when={taken()}>
        {(now) => (
          <div ref={news} role="status" tabindex="-1" class={styles['taken']}>
            <p>{legible(valueText(now().model))} is priced from now on, by <A href={`/price-books?version=${now().version}`}>price book {shortId(now().version)}</A>. What stands in the ledger already keeps what it says until it is repriced:</p>
            <p><code>{repriceCommand}</code> <CopyButton text={repriceCommand} label="the command" /></p>
          </div>
        )}
      </Show>
      <Switch>
        <Match when={query.error}>{(cause) => <Failure what="The models without a price" cause={cause()} retry={() => void query.refetch()} />}</Match>
        <Match when={models().length > 0}>
          <div class={`scroll-x ${styles['models']}`} role="region" tabindex="0" aria-label="Models without a price">
            <table>
              <caption class="visually-hidden">Models without a price, most calls first</caption>
              <thead><tr><th scope="col">Model</th><th scope="col">Price</th><th scope="col">Provider</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Tokens</th><th scope="col">What</th><th scope="col">First seen</th><th scope="col">Last seen</th><th scope="col">Example</th></tr></thead>
              <tbody>
                <For each={models()}>
                  {(model) => {
                    const isOpen = (): boolean => opened() === keyOf(model)
                    let opener: HTMLButtonElement | undefined
                    return (
                      <>
                        <tr>
                          <td><Name name={valueText(model.model)} /></td>
                          <td><Show when={model.model !== '' && model.meters.some(isTokens)} fallback={<span class="muted">{model.model === '' ? 'names no model' : 'its card has no price for this: import one'}</span>}><button ref={opener} type="button" class="nowrap" aria-expanded={isOpen()} aria-label={`Give it a price: ${legible(valueText(model.model))}`} onClick={() => setOpened(isOpen() ? undefined : keyOf(model))}>Give it a price</button></Show></td>
                          <td><Name name={valueText(model.provider)} /></td>
                          <td class="number"><A href={ledgerHref({ model: valueText(model.model), provider: valueText(model.provider), basis: 'UNPRICED', range: rangeOf(search) ?? '' })} aria-label={`${plural(model.calls, 'call')} of ${legible(valueText(model.model))}, ledger entries`}><Count value={model.calls} /></A></td>
                          <td class="number"><span title={decimalExact(model.tokens)}>{count(Number(model.tokens))}</span></td>
                          <td>{model.meters.map(legible).join(', ')}</td>
                          <td class="nowrap"><Time iso={model.firstSeen} /></td>
                          <td class="nowrap"><Time iso={model.lastSeen} /></td>
                          <td><A class="mono" href={`/runs/${model.exampleRunId}`} title={`Run ${model.exampleRunId}`}>{shortId(model.exampleRunId)}</A></td>
                        </tr>
                        <Show when={isOpen()}>
                          <tr><td class={styles['place']} colSpan={9}><PriceForm model={model} cancel={() => { setOpened(undefined); opener?.focus() }} done={(version) => { setOpened(undefined); setTaken({ model: model.model, version }); news?.focus() }} /></td></tr>
                        </Show>
                      </>
                    )
                  }}
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
