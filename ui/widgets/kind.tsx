import ArrowLeftRight from 'lucide-solid/icons/arrow-left-right'
import Bot from 'lucide-solid/icons/bot'
import Brain from 'lucide-solid/icons/brain'
import Circle from 'lucide-solid/icons/circle'
import Database from 'lucide-solid/icons/database'
import Gauge from 'lucide-solid/icons/gauge'
import Layers from 'lucide-solid/icons/layers'
import ListChecks from 'lucide-solid/icons/list-checks'
import Shield from 'lucide-solid/icons/shield'
import Sparkles from 'lucide-solid/icons/sparkles'
import Workflow from 'lucide-solid/icons/workflow'
import Wrench from 'lucide-solid/icons/wrench'
import type { Component } from 'solid-js'
import type { StepKind } from '../run/skeleton.ts'
import { Dynamic } from '../solid.ts'

type Icon = Component<{ size?: number | string; 'aria-hidden'?: 'true'; color?: string }>

interface KindLook {
  readonly label: string
  readonly icon: Icon
  /** Name of the colour token; a kind is never told by colour alone. */
  readonly token: string
}

/** How each kind of step looks everywhere. Total: a new kind does not compile until it has a look. */
export const kindLooks: Readonly<Record<StepKind, KindLook>> = {
  AGENT: { label: 'Agent', icon: Bot, token: '--series-3' },
  WORKFLOW: { label: 'Workflow', icon: Workflow, token: '--series-other' },
  TASK: { label: 'Task', icon: ListChecks, token: '--series-other' },
  MODEL_CALL: { label: 'Model call', icon: Sparkles, token: '--series-1' },
  TOOL_CALL: { label: 'Tool call', icon: Wrench, token: '--series-2' },
  RETRIEVAL: { label: 'Retrieval', icon: Database, token: '--series-4' },
  EMBEDDING: { label: 'Embedding', icon: Layers, token: '--series-4' },
  MEMORY: { label: 'Memory', icon: Brain, token: '--series-4' },
  GUARDRAIL: { label: 'Guardrail', icon: Shield, token: '--series-5' },
  HANDOFF: { label: 'Handoff', icon: ArrowLeftRight, token: '--series-3' },
  EVALUATION: { label: 'Evaluation', icon: Gauge, token: '--series-5' },
  OTHER: { label: 'Other', icon: Circle, token: '--series-other' },
}

export const KindIcon = (props: { kind: StepKind; size?: number }) => (
  <Dynamic component={kindLooks[props.kind].icon} size={props.size ?? 14} aria-hidden="true" color={`var(${kindLooks[props.kind].token})`} />
)
