import { A, useLocation } from '@solidjs/router'
import Activity from 'lucide-solid/icons/activity'
import Bell from 'lucide-solid/icons/bell'
import BookOpen from 'lucide-solid/icons/book-open'
import Brain from 'lucide-solid/icons/brain'
import ChartLine from 'lucide-solid/icons/chart-line'
import CircleQuestionMark from 'lucide-solid/icons/circle-question-mark'
import Coins from 'lucide-solid/icons/coins'
import History from 'lucide-solid/icons/history'
import Inbox from 'lucide-solid/icons/inbox'
import Monitor from 'lucide-solid/icons/monitor'
import Moon from 'lucide-solid/icons/moon'
import PanelLeft from 'lucide-solid/icons/panel-left'
import Pause from 'lucide-solid/icons/pause'
import PiggyBank from 'lucide-solid/icons/piggy-bank'
import Play from 'lucide-solid/icons/play'
import Receipt from 'lucide-solid/icons/receipt'
import Scale from 'lucide-solid/icons/scale'
import Send from 'lucide-solid/icons/send'
import ShieldCheck from 'lucide-solid/icons/shield-check'
import SquareTerminal from 'lucide-solid/icons/square-terminal'
import Sun from 'lucide-solid/icons/sun'
import { createEffect, createSignal, For, type JSX, Show } from 'solid-js'
import { createLive, LiveProvider, type LiveState, useLive } from '../live.ts'
import { onShortcut } from '../shortcuts.ts'
import { Dynamic } from '../solid.ts'
import { setTheme, theme, themes, type Theme } from '../theme.ts'
import { rangeOf, queryString, type SearchValues } from '../url-state.ts'
import { CopyStatus } from '../widgets/copy-status.tsx'
import styles from './frame.module.css'
import { Help } from './help.tsx'
import { Palette } from './palette.tsx'
import { Range } from './range.tsx'

const sections = [
  { title: 'Observe', pages: [{ href: '/runs', label: 'Runs', icon: Activity }, { href: '/charts', label: 'Metrics', icon: ChartLine }, { href: '/ingest', label: 'Ingest', icon: Inbox }, { href: '/send', label: 'Send traces', icon: Send }] },
  { title: 'Spend', pages: [{ href: '/costs', label: 'Costs', icon: Coins }, { href: '/models', label: 'Models', icon: Brain }, { href: '/coding-agents', label: 'Coding agents', icon: SquareTerminal }, { href: '/ledger', label: 'Ledger', icon: Receipt }, { href: '/budgets', label: 'Budgets', icon: PiggyBank }, { href: '/alerts', label: 'Alerts', icon: Bell }, { href: '/unpriced', label: 'Unpriced', icon: CircleQuestionMark }, { href: '/price-books', label: 'Price books', icon: BookOpen }, { href: '/reconciliation', label: 'Reconciliation', icon: Scale }, { href: '/restatement', label: 'Restatement', icon: History }] },
  { title: 'Govern', pages: [{ href: '/policy', label: 'Policy', icon: ShieldCheck }] },
] as const

const liveWords: Readonly<Record<LiveState, string>> = { off: 'Live off', connecting: 'Connecting', connected: 'Live', reconnecting: 'Reconnecting' }

const LiveToggle = () => {
  const live = useLive()
  return (
    <button type="button" class={styles['live']} data-state={live.state()} aria-pressed={live.wanted()} title={live.wanted() ? 'Pause live updates' : 'Follow live updates'} onClick={() => live.setWanted(!live.wanted())}>
      <span class={styles['dot']} aria-hidden="true" /><span>{liveWords[live.state()]}</span><Show when={live.wanted()} fallback={<Play size={12} aria-hidden="true" />}><Pause size={12} aria-hidden="true" /></Show>
    </button>
  )
}

const themeLooks: Readonly<Record<Theme, { readonly label: string; readonly icon: typeof Sun }>> = {
  system: { label: 'Theme: system', icon: Monitor }, light: { label: 'Theme: light', icon: Sun }, dark: { label: 'Theme: dark', icon: Moon },
}

const ThemeSwitch = () => (
  <button type="button" class="plain square" aria-label={themeLooks[theme()].label} title={themeLooks[theme()].label} onClick={() => setTheme(themes[(themes.indexOf(theme()) + 1) % themes.length] ?? 'system')}>
    <Dynamic component={themeLooks[theme()].icon} size={16} aria-hidden="true" />
  </button>
)

const railKey = 'rail'
/** Below this a wide rail takes a quarter of the window. */
const roomy = '(min-width: 1024px)'
const readRail = (): boolean => {
  const usual = !matchMedia(roomy).matches
  try {
    const chosen = localStorage.getItem(railKey)
    return chosen === null ? usual : chosen === 'narrow'
  } catch {
    // Storage is refused in some private windows: the rail is then as wide as the window has room for.
    return usual
  }
}

const Rail = (props: { narrow: boolean; fold: () => void }) => {
  const location = useLocation()
  const isHere = (href: string): boolean => location.pathname === href || location.pathname.startsWith(`${href}/`)
  // A range goes along from page to page; filters stay with the page they were made for.
  const target = (href: string): string => `${href}${queryString({ range: rangeOf(location.query as SearchValues) })}`
  let rail: HTMLElement | undefined
  // On a phone there are more pages than fit side by side.
  createEffect(() => {
    if (location.pathname !== '') rail?.querySelector('[aria-current="page"]')?.scrollIntoView({ inline: 'center', block: 'nearest' })
  })
  return (
    <nav ref={(element) => (rail = element)} class={styles['rail']} aria-label="Pages">
      <For each={sections}>
        {(section) => (
          <section>
            <h2>{section.title}</h2>
            <ul>
              <For each={section.pages}>
                {(page) => (
                  <li><A class={styles['link'] ?? ''} href={target(page.href)} aria-current={isHere(page.href) ? 'page' : undefined} title={page.label}>
                    <page.icon size={18} aria-hidden="true" /><span class={styles['label']}>{page.label}</span>
                  </A></li>
                )}
              </For>
            </ul>
          </section>
        )}
      </For>
      <button type="button" class={`plain ${styles['fold']}`} aria-pressed={props.narrow} aria-label="Narrow navigation" title="Narrow navigation" onClick={() => props.fold()}><PanelLeft size={16} aria-hidden="true" /></button>
    </nav>
  )
}

const hasRange = (path: string): boolean => ['/runs', '/charts', '/ingest', '/costs', '/models', '/coding-agents', '/ledger', '/unpriced', '/reconciliation', '/policy'].includes(path)

/** What stands around every page. */
export const Frame = (props: { children?: JSX.Element }) => {
  const location = useLocation()
  const live = createLive()
  const [narrow, setNarrow] = createSignal(readRail())
  let main: HTMLElement | undefined
  let help: HTMLDialogElement | undefined
  const fold = (): void => {
    const next = !narrow()
    setNarrow(next)
    try {
      localStorage.setItem(railKey, next ? 'narrow' : 'wide')
    } catch (cause) {
      console.warn('the width lasts until the page is closed', cause)
    }
  }
  let path = location.pathname
  createEffect(() => {
    const next = location.pathname
    // A reader of screens hears the new page; the first one is announced by the browser itself.
    if (next !== path) main?.focus({ preventScroll: true })
    path = next
  })
  onShortcut({
    '?': () => help?.showModal(),
    '/': (event) => {
      const field = document.querySelector<HTMLInputElement>('[data-shortcut="/"]')
      if (field === null) return
      event.preventDefault()
      field.focus()
      field.select()
    },
  })
  return (
    <LiveProvider value={live}>
      <div class={styles['frame']} classList={{ [styles['narrow'] ?? '']: narrow() }}>
        <a class={styles['skip']} href="#main" onClick={(event) => { event.preventDefault(); main?.focus() }}>Skip to content</a>
        <header class={styles['top']}>
          <A class={styles['brand'] ?? ''} href="/runs"><img src="/favicon.svg" alt="" /><span class={styles['brandName']}>Spanledger</span></A>
          <span class={styles['spring']} />
          <Show when={hasRange(location.pathname)}><Range /></Show>
          <LiveToggle />
          <ThemeSwitch />
          <button type="button" class={`plain square ${styles['hideNarrow']}`} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => help?.showModal()}><CircleQuestionMark size={16} aria-hidden="true" /></button>
        </header>
        <Rail narrow={narrow()} fold={fold} />
        <main class={styles['main']} id="main" ref={main} tabindex="-1">{props.children}</main>
        <Help ref={(dialog) => { help = dialog }} />
        <Palette />
        <CopyStatus />
      </div>
    </LiveProvider>
  )
}
