import { withTags } from './tags.ts'
import type { Tree } from './tree.ts'

/** Whom a span's cost belongs to; '' where the telemetry does not say. */
export interface Attribution {
  readonly agent: string
  readonly user: string
  readonly session: string
  readonly workflow: string
  /** Sorted, each once, one a line. */
  readonly tags: string
}

/** What the spans of a trace say about who was at work: sorted, each once. An agent without a name is listed by its id. */
export interface Parties {
  readonly agents: readonly string[]
  readonly users: readonly string[]
  readonly sessions: readonly string[]
}

export function parties({ spans }: Pick<Tree, 'spans'>): Parties {
  const agents = new Set<string>()
  const agentIds = new Set<string>()
  const namedIds = new Set<string>()
  const users = new Set<string>()
  const sessions = new Set<string>()
  for (const { step } of spans) {
    if (step.agent !== '') {
      agents.add(step.agent)
      if (step.agentId !== '') namedIds.add(step.agentId)
    } else if (step.agentId !== '') agentIds.add(step.agentId)
    if (step.user !== '') users.add(step.user)
    if (step.session !== '') sessions.add(step.session)
  }
  for (const id of agentIds) if (!namedIds.has(id)) agents.add(id)
  return { agents: sorted(agents), users: sorted(users), sessions: sorted(sessions) }
}

/** Each once, by code unit, so that the order is the same on every machine whatever its locale. */
export const sorted = (words: ReadonlySet<string>): string[] => (words.size < 2 ? [...words] : [...words].sort())

/**
 * By index of the tree: a span's own value, else its nearest ancestor's; a user or session that no ancestor names, else
 * the only one of the trace (a session id is often set on the model calls alone). Tags are a span's own and all its ancestors':
 * frameworks tag each step in their own words, and what an application said of the whole must not go lost below that.
 */
export function attributions(tree: Tree, { users, sessions }: Parties): readonly Attribution[] {
  const only = (words: readonly string[]) => (words.length === 1 ? words[0]! : '')
  const ofTrace: Attribution = { agent: '', user: only(users), session: only(sessions), workflow: '', tags: '' }
  const all: Attribution[] = tree.spans.map(() => ofTrace)
  for (const node of tree.order) {
    const { step } = tree.spans[node]!
    const above = tree.parent[node]! < 0 ? ofTrace : all[tree.parent[node]!]!
    const agent = step.agent || step.agentId || above.agent
    const user = step.user || above.user
    const session = step.session || above.session
    const workflow = step.workflow || above.workflow
    const tags = withTags(above.tags, step.tags)
    // Most spans say nothing, or what the one above said.
    all[node] = isSame(above, { agent, user, session, workflow, tags }) ? above : { agent, user, session, workflow, tags }
  }
  return all
}

export const isSame = (a: Attribution, b: Attribution): boolean =>
  a.agent === b.agent && a.user === b.user && a.session === b.session && a.workflow === b.workflow && a.tags === b.tags

/** The first speaks; the second fills in what it leaves open. */
export const completed = (first: Attribution, second: Attribution): Attribution => first === second ? first : {
  agent: first.agent || second.agent,
  user: first.user || second.user,
  session: first.session || second.session,
  workflow: first.workflow || second.workflow,
  tags: withTags(first.tags, second.tags),
}
