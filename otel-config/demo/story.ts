import type { Scene } from './act.ts'
import type { PlannedSpan } from './plan.ts'
import type { Random } from './random.ts'
import { analysis } from './scenarios/analysis.ts'
import { codeReview } from './scenarios/review.ts'
import { incident } from './scenarios/incident.ts'
import { reporting } from './scenarios/reporting.ts'
import { research } from './scenarios/research.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { support } from './scenarios/support.ts'
import { triage } from './scenarios/triage.ts'

export const scenarios: readonly [Scenario, ...Scenario[]] = [research, support, reporting, codeReview, analysis, incident, triage]

const users = ['amara.okafor', 'ben.lindqvist', 'chiara.russo', 'daniel.weiss', 'elif.kaya', 'farid.haddad', 'grace.liu', 'hugo.martin', 'ines.silva', 'jonas.berg', 'kavya.iyer', 'liam.walsh'] as const
/** Most turns of one conversation. */
const turnsMax = 4

export interface Run {
  readonly scenario: Scenario
  /** The whole run, had it begun at that time (milliseconds since the Unix epoch). */
  readonly begin: (startMs: number) => PlannedSpan
}

/** Who talks about what, one run after the other: conversations go on for a few runs, and then somebody starts a new one. */
export function storyteller(random: Random): () => Run {
  const conversations = new Map<string, { readonly id: string; turns: number }>()
  const weights = scenarios.flatMap((scenario) => Array.from({ length: scenario.weight }, () => scenario))
  return () => {
    const scenario = weights[random.integer(0, weights.length - 1)] ?? scenarios[0]
    const user = random.pick(users)
    const key = `${scenario.service} ${user}`
    let conversation = conversations.get(key)
    if (conversation === undefined || conversation.turns >= turnsMax || random.chance(0.3)) conversation = { id: `conv_${random.hex(16)}`, turns: 0 }
    conversation.turns += 1
    conversations.set(key, conversation)
    const scene: Scene = { random, user, conversation: conversation.id }
    const step = scenario.tell(scene)
    const begin = (startMs: number): PlannedSpan => {
      const [root] = step(startMs).spans
      if (root === undefined) throw new Error(`scenario ${scenario.service} has no span`)
      return root
    }
    return { scenario, begin }
  }
}
