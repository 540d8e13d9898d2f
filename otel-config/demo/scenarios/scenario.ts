import type { Scene } from '../act.ts'
import type { Step } from '../plan.ts'

/** One kind of agent system: its resource, how often it runs among the others, and what it does for somebody. */
export interface Scenario {
  readonly service: string
  readonly version: string
  /** Instrumentation scope: the library that would have made these spans. */
  readonly scope: string
  readonly environment: 'production' | 'staging'
  /** Relative. */
  readonly weight: number
  readonly tell: (scene: Scene) => Step
}
