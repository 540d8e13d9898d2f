import { createMemo, For } from 'solid-js'
import { localTime, money, moneyExact, moneyPixels, signedMoney } from '../format.ts'
import type { CostChangeQuery } from '../queries.ts'
import { rangeText } from '../url-state.ts'
import { Money } from '../widgets/figures.tsx'
import styles from './costs.module.css'

type Found = CostChangeQuery['costChange']

/** In the order in which they are worked out. */
const words = [
  ['volume', 'More or fewer tokens', 'at what a token cost on average before'],
  ['models', 'Other models', 'at what each cost before'],
  ['inputOutput', 'More or less output', 'by input, within models'],
  ['cache', 'Caches and thoughts', 'more or less of the input cached, of the output thought'],
  ['prices', 'Prices', 'the same tokens at other prices'],
  ['other', 'Not by the token', 'searches, images, claims as a whole'],
] as const satisfies readonly (readonly [keyof Found, string, string])[]

interface Bar {
  readonly label: string
  readonly sub: string
  /** Percent of the width. */
  readonly from: number
  readonly width: number
  readonly look: 'sum' | 'more' | 'less'
}

/** Before, what was added or taken away and why, now: each bar begins where the one above it ends. */
const barsOf = (change: Found): readonly Bar[] => {
  const values = [moneyPixels(change.before), ...words.map(([key]) => moneyPixels(change[key])), moneyPixels(change.now)]
  let level = 0
  const spans = values.map((value, index): readonly [number, number] => {
    if (index === 0 || index === values.length - 1) {
      level = value
      return [0, value]
    }
    level += value
    return [level - value, level]
  })
  const [low, high] = [Math.min(0, ...spans.flat()), Math.max(0, ...spans.flat())]
  const scale = high === low ? 0 : 100 / (high - low)
  const names = [['Before', ''], ...words.map(([, label, sub]) => [label, sub]), ['Now', '']] as const
  return spans.map(([start, end], index) => ({
    label: names[index]?.[0] ?? '', sub: names[index]?.[1] ?? '', from: (Math.min(start, end) - low) * scale, width: Math.abs(end - start) * scale,
    look: index === 0 || index === spans.length - 1 ? 'sum' : end >= start ? 'more' : 'less',
  }))
}

/** Why it costs more or less than before. Bars are pictures; the figures are the server's, and add up. */
export const Change = (props: { change: Found; href: (values: { range: string }) => string }) => {
  const bars = createMemo(() => barsOf(props.change))
  const amount = (index: number) => {
    if (index === 0) return <Money amount={props.change.before} href={props.href({ range: rangeText({ from: props.change.from, to: props.change.middle }) })} what="the time before" />
    if (index === bars().length - 1) return <Money amount={props.change.now} href={props.href({ range: rangeText({ from: props.change.middle, to: props.change.to }) })} what="the time asked for" />
    const value = props.change[words[index - 1]?.[0] ?? 'other']
    return <span title={moneyExact(value)}>{signedMoney(value)}</span>
  }
  return (
    <section class={styles['change']}>
      <h2>Why it changed</h2>
      <p class="muted">{money(props.change.before)} from {localTime(props.change.from)} to {localTime(props.change.middle)}, {money(props.change.now)} since. Lines without a price are in neither.</p>
      <div class="scroll-x">
        <table>
          <thead><tr><th scope="col">Why</th><th scope="col" class="number">USD</th><th scope="col"><span class="visually-hidden">Picture</span></th></tr></thead>
          <tbody>
            <For each={bars()}>
              {(bar, index) => (
                <tr>
                  <th scope="row">{bar.label}<span class="sub">{bar.sub}</span></th>
                  <td class="number">{amount(index())}</td>
                  <td class={styles['bridge']} aria-hidden="true"><span data-look={bar.look} style={{ 'margin-inline-start': `${bar.from}%`, width: `${bar.width}%` }} /></td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </section>
  )
}
