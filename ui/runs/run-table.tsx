import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import { knownCost, legible, plural, userName } from '../format.ts'
import type { RunFieldsFragment } from '../queries.ts'
import { ledgerHref, queryString } from '../url-state.ts'
import { Id } from '../widgets/copy.tsx'
import { Count, Duration, Money, Time } from '../widgets/figures.tsx'
import { Beginning } from '../widgets/name.tsx'
import { Note, Status, Warning } from '../widgets/outcome.tsx'
import styles from './runs.module.css'

const Failed = (props: { value: number }) => <Show when={props.value > 0}><span class="muted"> ({props.value} failed)</span></Show>

const Row = (props: { run: RunFieldsFragment }) => (
  <tr class={props.run.status === 'FAILED' ? styles['failed'] : undefined}>
    <td><span class={styles['outcome']}><Status status={props.run.status} /><Show when={!props.run.settled}><Note label="settling…" title="Spans may still arrive: figures can change." /></Show></span></td>
    <td class={styles['name']}>
      <A href={`/runs/${props.run.id}`} data-run><Beginning text={props.run.name === '' ? 'unnamed run' : legible(props.run.name)} /></A>
      <span class={styles['sub']}>
        <Beginning text={props.run.agents.length > 0 ? props.run.agents.map(legible).join(', ') : props.run.service === '' ? '' : legible(props.run.service)} />
        <Show when={props.run.users.length > 0}><span class="beginning" title={props.run.users.map(legible).join(', ')}>{props.run.users.map(userName).map(legible).join(', ')}</span></Show>
        <span class={styles['narrowOnly']}><Time iso={props.run.startedAt} />, <Duration ms={props.run.durationMs} /></span>
        <Id id={props.run.id} what="run id" />
      </span>
    </td>
    <td class={`nowrap ${styles['middle']}`}><Time iso={props.run.startedAt} /></td>
    <td class={`number ${styles['middle']}`}><Duration ms={props.run.durationMs} /></td>
    <td class={`number ${styles['wide']}`}><Count value={props.run.spanCount} /></td>
    <td class={`number ${styles['wide']}`}><Count value={props.run.modelCalls} /><Failed value={props.run.failedModelCalls} /></td>
    <td class={`number ${styles['wide']}`}><Count value={props.run.toolCalls} /><Failed value={props.run.failedToolCalls} /></td>
    <td class={`number ${styles['middle']}`}><Count value={props.run.tokens.input} /> → <Count value={props.run.tokens.output} /></td>
    <td class="number">
      <span class={styles['cost']}>
        <Money amount={knownCost(props.run.cost, props.run.unpricedModelCalls)} href={ledgerHref({ run: props.run.id })} what={legible(props.run.name)} />
        <Show when={props.run.unpricedModelCalls > 0 && props.run.cost !== '0'}>
          <A href={ledgerHref({ run: props.run.id, basis: 'UNPRICED' })}><Warning label={`${props.run.unpricedModelCalls} unpriced`} title={`${plural(props.run.unpricedModelCalls, 'model call')} without a known price: not in this cost.`} /></A>
        </Show>
      </span>
    </td>
    <td class={`number ${styles['middle']}`}>
      <Show when={props.run.policyDecisionCount > 0} fallback={<span class="muted">–</span>}>
        <A href={`/policy${queryString({ run: props.run.id })}`} aria-label={plural(props.run.policyDecisionCount, 'policy decision')}>{props.run.policyDecisionCount}</A>
      </Show>
    </td>
  </tr>
)

export const RunTable = (props: { runs: readonly RunFieldsFragment[]; outdated: boolean }) => (
  <div class={styles['holder']}>
    <div class="scroll-x">
      <table class={styles['table']} classList={{ [styles['outdated'] ?? '']: props.outdated }} aria-busy={props.outdated}>
        <caption class="visually-hidden">Runs</caption>
        <thead>
          <tr>
            <th scope="col">Outcome</th><th scope="col">Run</th><th scope="col" class={styles['middle']}>Started</th><th scope="col" class={`number ${styles['middle']}`}>Duration</th>
            <th scope="col" class={`number ${styles['wide']}`}>Steps</th><th scope="col" class={`number ${styles['wide']}`}>Model calls</th><th scope="col" class={`number ${styles['wide']}`}>Tool calls</th>
            <th scope="col" class={`number ${styles['middle']}`}>Tokens in → out</th><th scope="col" class="number">Cost (USD)</th><th scope="col" class={`number ${styles['middle']}`}>Policy</th>
          </tr>
        </thead>
        <tbody><For each={props.runs}>{(run) => <Row run={run} />}</For></tbody>
      </table>
    </div>
  </div>
)
