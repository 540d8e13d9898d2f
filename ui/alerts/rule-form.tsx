import { createSignal, createUniqueId, For, onMount, Show } from 'solid-js'
import type { AlertsQuery } from '../queries.ts'
import styles from './alerts.module.css'
import { canBePreviewed, type RuleDraft, signalText, templateOf } from './rule-words.ts'

const noDataWords = { resolve: 'it is over', fire: 'it fires', keep: 'it stays as it is' } as const

export interface RuleFormProps {
  readonly draft: RuleDraft
  /** A rule that is there keeps its name: another name is another rule. */
  readonly known: boolean
  readonly signals: AlertsQuery['alertSignals']
  readonly destinations: AlertsQuery['alertDestinations']
  /** Both resolve with why it was refused, '' where it was not. */
  readonly save: (draft: RuleDraft) => Promise<string>
  readonly preview: (draft: RuleDraft) => Promise<string>
  readonly cancel: () => void
}

const Field = (props: { label: string; value: string; set: (value: string) => void; disabled?: boolean; placeholder?: string; numeric?: boolean }) => {
  const id = createUniqueId()
  return (
    <div class={styles['field']}>
      <label for={id}>{props.label}</label>
      <input
        id={id} type="text" autocomplete="off" spellcheck={false} value={props.value} disabled={props.disabled === true} placeholder={props.placeholder ?? ''}
        inputmode={props.numeric === true ? 'decimal' : 'text'} onInput={(event) => props.set(event.currentTarget.value)}
      />
    </div>
  )
}

const Choice = (props: { label: string; value: string; options: readonly (readonly [value: string, words: string])[]; set: (value: string) => void }) => {
  const id = createUniqueId()
  return (
    <div class={styles['field']}>
      <label for={id}>{props.label}</label>
      <select id={id} onChange={(event) => props.set(event.currentTarget.value)}>
        <For each={props.options}>{([value, words]) => <option value={value} selected={value === props.value}>{words}</option>}</For>
      </select>
    </div>
  )
}

/** A rule, to be looked at in the past before it is saved. */
export const RuleForm = (props: RuleFormProps) => {
  const [draft, setDraft] = createSignal(props.draft)
  const [refused, setRefused] = createSignal('')
  const [busy, setBusy] = createSignal(false)
  let form: HTMLFormElement | undefined
  onMount(() => {
    form?.scrollIntoView({ block: 'nearest' })
    form?.querySelector<HTMLElement>('input:enabled, select')?.focus()
  })
  const set = <Key extends keyof RuleDraft>(key: Key) => (value: RuleDraft[Key]): void => void setDraft({ ...draft(), [key]: value })
  const signal = () => props.signals.find(({ id }) => id === draft().on)
  const send = async (act: (draft: RuleDraft) => Promise<string>): Promise<void> => {
    if (busy()) return
    setBusy(true)
    setRefused('')
    setRefused(await act(draft()))
    setBusy(false)
  }
  const tell = (id: string, told: boolean): void => set('notify')(told ? [...draft().notify, id] : draft().notify.filter((one) => one !== id))
  return (
    <form class={styles['form']} ref={form} aria-label={props.known ? `Change the rule ${props.draft.id}` : 'A new rule'} onSubmit={(event) => { event.preventDefault(); void send(props.save) }}>
      <div class={styles['fields']}>
        <Field label="Name" value={draft().id} set={set('id')} disabled={props.known} />
        <Choice
          label="Looks at" value={draft().on} options={[['budget', 'budgets'], ...props.signals.map(({ id }) => [id, signalText(id)] as const)]}
          set={(on) => setDraft({ ...templateOf(on, draft()), ...(props.known ? { id: draft().id } : {}) })}
        />
        <Show when={signal()} fallback={<Field label="Budgets, by id" value={draft().budgets} set={set('budgets')} placeholder="all of them" />}>
          {(on) => (
            <>
              <Field label={`Fires above (${on().unit})`} value={draft().above} set={set('above')} numeric />
              <Show when={draft().on !== 'silence'}>
                <Field label="Looks back" value={draft().window} set={set('window')} placeholder="15m" />
                <Field label="Must last" value={draft().for} set={set('for')} placeholder="0m" />
                <Show when={on().groupBy.length > 0}><Choice label="One alert for each" value={draft().groupBy} options={[['', '– (one in all)'], ...on().groupBy.map((group) => [group, group] as const)]} set={set('groupBy')} /></Show>
                <Choice label="When there is nothing to read" value={draft().noData} options={Object.entries(noDataWords)} set={set('noData')} />
              </Show>
            </>
          )}
        </Show>
      </div>
      <fieldset>
        <legend>Tells</legend>
        <div class={styles['fields']}>
          <For each={props.destinations} fallback={<p class="muted">Nobody: the alerts file has no destination. Alerts of this rule are on this page only.</p>}>
            {({ id }) => <label class={styles['tick']}><input type="checkbox" checked={draft().notify.includes(id)} onChange={(event) => tell(id, event.currentTarget.checked)} />{id}</label>}
          </For>
          <For each={draft().notify.filter((id) => !props.destinations.some((one) => one.id === id))}>
            {(id) => <label class={styles['tick']}><input type="checkbox" checked onChange={() => tell(id, false)} />{id} (not in the file any more)</label>}
          </For>
        </div>
      </fieldset>
      <p role="alert" class={styles['refused']}>{refused()}</p>
      <div class={styles['fields']}>
        <Show when={canBePreviewed(draft().on)}><button type="button" aria-disabled={busy()} onClick={() => void send(props.preview)}>Preview on the last 30 days</button></Show>
        <button type="submit" class="primary" aria-disabled={busy()}>Save</button>
        <button type="button" onClick={() => props.cancel()}>Cancel</button>
      </div>
    </form>
  )
}
