import Ban from 'lucide-solid/icons/ban'
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleQuestionMark from 'lucide-solid/icons/circle-question-mark'
import EyeOff from 'lucide-solid/icons/eye-off'
import Hand from 'lucide-solid/icons/hand'
import Loader from 'lucide-solid/icons/loader'
import OctagonX from 'lucide-solid/icons/octagon-x'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import type { Component } from 'solid-js'
import type { DecisionOutcome, DecisionPlace, PolicyMode, RunStatus } from '../queries.ts'
import { Dynamic } from '../solid.ts'
import styles from './widgets.module.css'

interface Look {
  readonly label: string
  readonly icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>
  readonly tone: string
}

/** Good news is neutral: under red-green blindness green and red are one colour, so only trouble is coloured, and words always stand beside. */
const statusLooks: Readonly<Record<RunStatus, Look>> = {
  RUNNING: { label: 'Running', icon: Loader, tone: 'running' },
  COMPLETED: { label: 'Completed', icon: CircleCheck, tone: 'neutral' },
  FAILED: { label: 'Failed', icon: OctagonX, tone: 'failed' },
  INCOMPLETE: { label: 'Incomplete', icon: CircleQuestionMark, tone: 'warned' },
}

const outcomeLooks: Readonly<Record<DecisionOutcome, Look>> = {
  ALLOW: { label: 'Allowed', icon: CircleCheck, tone: 'neutral' },
  WARN: { label: 'Warned', icon: TriangleAlert, tone: 'warned' },
  DENY: { label: 'Denied', icon: Ban, tone: 'denied' },
  REQUIRE_APPROVAL: { label: 'Needs approval', icon: Hand, tone: 'warned' },
  REDACT: { label: 'Redacted', icon: EyeOff, tone: 'warned' },
}

const Chip = (props: { look: Look; title?: string | undefined }) => (
  <span class={`${styles['chip']} ${styles[props.look.tone]}`} title={props.title}><Dynamic component={props.look.icon} size={12} aria-hidden="true" />{props.look.label}</span>
)

export const Status = (props: { status: RunStatus }) => <Chip look={statusLooks[props.status]} />
/** What was decided in hindsight kept nobody from anything: it says so, and does not look as if it had. */
export const Outcome = (props: { outcome: DecisionOutcome; hindsight?: boolean }) => {
  const look = (): Look => outcomeLooks[props.outcome]
  return <Chip look={props.hindsight === true ? { ...look(), label: `${look().label} in hindsight`, tone: props.outcome === 'ALLOW' ? 'neutral' : 'warned' } : look()} />
}
export const placeWords: Readonly<Record<DecisionPlace, string>> = { AGENT: 'in the agent', ENDPOINT: 'at the endpoint', COLLECTOR: 'in hindsight' }
export const modeWords: Readonly<Record<PolicyMode, string>> = { SHADOW: 'shadow', ENFORCE: 'enforce' }
export const Warning = (props: { label: string; title?: string }) => <Chip look={{ label: props.label, icon: TriangleAlert, tone: 'warned' }} title={props.title} />
export const Note = (props: { label: string; title?: string }) => <span class={`${styles['chip']} ${styles['neutral']}`} title={props.title}>{props.label}</span>
export const outcomeLabel = (outcome: DecisionOutcome): string => outcomeLooks[outcome].label
export const statusLabel = (status: RunStatus): string => statusLooks[status].label
