import { useNavigate } from '@solidjs/router'
import { createEffect, createMemo, createSignal, For, onCleanup } from 'solid-js'
import { setTheme } from '../theme.ts'
import { queryString } from '../url-state.ts'
import styles from './frame.module.css'

interface Command {
  readonly label: string
  readonly run: () => void
}

const optionId = (index: number): string => `palette-${index}`

/** Ctrl K: a page, a run by its id, a search, a setting. */
export const Palette = () => {
  const navigate = useNavigate()
  const [text, setText] = createSignal('')
  const [chosen, setChosen] = createSignal(0)
  let dialog: HTMLDialogElement | undefined
  let input: HTMLInputElement | undefined
  const fixed: readonly Command[] = [
    { label: 'Runs', run: () => navigate('/runs') },
    { label: 'Failed runs', run: () => navigate('/runs?status=FAILED') },
    { label: 'Metrics', run: () => navigate('/charts') },
    { label: 'Ingest', run: () => navigate('/ingest') },
    { label: 'Send traces', run: () => navigate('/send') },
    { label: 'Costs', run: () => navigate('/costs') },
    { label: 'Models', run: () => navigate('/models') },
    { label: 'Coding agents', run: () => navigate('/coding-agents') },
    { label: 'Reconciliation with bills', run: () => navigate('/reconciliation') },
    { label: 'Restatement of a month', run: () => navigate('/restatement') },
    { label: 'Ledger entries', run: () => navigate('/ledger') },
    { label: 'Budgets', run: () => navigate('/budgets') },
    { label: 'Alerts', run: () => navigate('/alerts') },
    { label: 'Unpriced ledger entries', run: () => navigate('/ledger?basis=UNPRICED') },
    { label: 'Models without a price', run: () => navigate('/unpriced') },
    { label: 'Price books', run: () => navigate('/price-books') },
    { label: 'Policy decisions', run: () => navigate('/policy') },
    { label: 'Light theme', run: () => setTheme('light') },
    { label: 'Dark theme', run: () => setTheme('dark') },
    { label: 'Theme of the system', run: () => setTheme('system') },
  ]
  const commands = createMemo((): readonly Command[] => {
    const typed = text().trim()
    const found = fixed.filter((command) => command.label.toLowerCase().includes(typed.toLowerCase()))
    if (typed === '') return found
    const id = typed.toLowerCase()
    const open = /^[0-9a-f]{32}$/.test(id) ? [{ label: `Open run ${id}`, run: () => navigate(`/runs/${id}`) }] : []
    return [...open, ...found, { label: `Search runs for “${typed}”`, run: () => navigate(`/runs${queryString({ q: typed })}`) }]
  })
  const run = (command: Command | undefined): void => {
    dialog?.close()
    command?.run()
  }
  const open = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || dialog === undefined) return
    event.preventDefault()
    if (dialog.open) return
    setText('')
    setChosen(0)
    dialog.showModal()
    input?.focus()
  }
  document.addEventListener('keydown', open)
  onCleanup(() => document.removeEventListener('keydown', open))
  createEffect(() => document.getElementById(optionId(chosen()))?.scrollIntoView({ block: 'nearest' }))
  const steer = (event: KeyboardEvent): void => {
    const last = commands().length - 1
    if (event.key === 'ArrowDown') setChosen((n) => Math.min(n + 1, last))
    else if (event.key === 'ArrowUp') setChosen((n) => Math.max(n - 1, 0))
    else if (event.key === 'Enter') run(commands()[chosen()])
    else return
    event.preventDefault()
  }
  return (
    <dialog class={styles['palette']} ref={dialog} aria-label="Go to">
      <input
        ref={input} type="text" role="combobox" aria-label="Page, run id or search" aria-expanded="true" aria-controls="palette-options" aria-autocomplete="list"
        aria-activedescendant={optionId(chosen())} placeholder="Page, run id or search" autocomplete="off" spellcheck={false} value={text()}
        onInput={(event) => {
          setText(event.currentTarget.value)
          setChosen(0)
        }}
        onKeyDown={steer}
      />
      <div id="palette-options" role="listbox" aria-label="Results" class={styles['options']}>
        <For each={commands()}>
          {(command, index) => <div id={optionId(index())} role="option" aria-selected={index() === chosen()} onClick={() => run(command)}>{command.label}</div>}
        </For>
      </div>
    </dialog>
  )
}
