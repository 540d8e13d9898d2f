import { createSignal, For, Show } from 'solid-js'
import { legible } from '../format.ts'
import type { ApproveBudgetMutationVariables, BudgetFieldsFragment } from '../queries.ts'
import { valueText } from '../url-state.ts'
import { Time } from '../widgets/figures.tsx'
import { amountText, groupNames, holds } from './budget-words.ts'
import styles from './budgets.module.css'

export interface Approving {
  readonly approve: (request: ApproveBudgetMutationVariables) => void
  readonly withdraw: (id: string, by: string, why: string) => void
}

const hourMs = 3_600_000

/** Who let calls pass, by how much and until when; and a form for the next one. */
export const Approvals = (props: Approving & { budget: BudgetFieldsFragment }) => {
  const [amount, setAmount] = createSignal('')
  const [hours, setHours] = createSignal('24')
  const [by, setBy] = createSignal('')
  const [why, setWhy] = createSignal('')
  const [group, setGroup] = createSignal<readonly string[]>([])
  const names = (): readonly string[] => groupNames(props.budget)
  const submit = (): void => props.approve({
    id: props.budget.id, group: names().map((_, at) => group()[at] ?? ''), amount: amount(), until: new Date(Date.now() + Number(hours()) * hourMs).toISOString(), by: by(), why: why(),
  })
  return (
    <details class={styles['approvals']} open={props.budget.approvals.some((one) => holds(one, Date.now()))}>
      <summary>Approvals</summary>
      <ul>
        <For each={props.budget.approvals} fallback={<li class="muted">Nobody approved anything in the last three months.</li>}>
          {(one) => (
            <li>
              {amountText(props.budget.measure, one.amount)} above the limit{one.group.length === 0 ? '' : ` for ${one.group.map((value) => legible(valueText(value))).join(', ')}`}, by {one.by} at <Time iso={one.at} /> until <Time iso={one.until} />: {one.why}
              <Show when={one.withdrawnAt}>{(at) => <span class="muted"> (taken back by {one.withdrawnBy} at <Time iso={at()} />)</span>}</Show>{' '}
              <Show when={holds(one, Date.now())}>
                <button type="button" disabled={by() === '' || why() === ''} title="With the name and the reason that stand below." onClick={() => props.withdraw(one.id, by(), why())}>Take back</button>
              </Show>
            </li>
          )}
        </For>
      </ul>
      <form onSubmit={(event) => { event.preventDefault(); submit() }}>
        <For each={names()}>
          {(name, at) => <label>{name} <input value={group()[at()] ?? ''} onInput={({ currentTarget: { value } }) => setGroup(names().map((_, index) => (index === at() ? value : group()[index] ?? '')))} /></label>}
        </For>
        <label>Above the limit by <input required inputmode="decimal" value={amount()} onInput={(event) => setAmount(event.currentTarget.value)} /> {props.budget.measure.toLowerCase()}</label>
        <label>for <input required type="number" min="1" max="744" value={hours()} onInput={(event) => setHours(event.currentTarget.value)} /> hours</label>
        <label>Your name <input required value={by()} onInput={(event) => setBy(event.currentTarget.value)} /></label>
        <label>Why <input required value={why()} onInput={(event) => setWhy(event.currentTarget.value)} /></label>
        <button type="submit">Approve</button>
      </form>
    </details>
  )
}
