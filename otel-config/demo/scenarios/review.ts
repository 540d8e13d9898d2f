import { agent, chat, refusedChat, type Scene, thread, tool, toolCall } from '../act.ts'
import { claudeSonnet, gpt5 } from '../models.ts'
import { pause, sequence, type Step } from '../plan.ts'
import type { Scenario } from './scenario.ts'

/** A provider that says "too many requests" twice, and another one that steps in. */
export const codeReview: Scenario = {
  service: 'code-review-bot', version: '0.31.0', scope: 'review-runtime', environment: 'production', weight: 3, tell: review,
}

function review(scene: Scene): Step {
  const { random } = scene
  const change = random.pick(changes)
  const talk = thread(scene, 'reviewer', 'Review the change. Name file and line. Praise nothing, invent nothing.', change.diff, random.integer(4_000, 16_000))
  const limited = `Rate limit reached for ${gpt5.name}: limit 30000000 tokens per minute, please try again in 1.2s.`
  const trying = random.chance(0.6)
    ? [refusedChat(talk, { model: gpt5 }, '429', limited), pause(1_200), refusedChat(talk, { model: gpt5 }, '429', limited), pause(2_400)]
    : []
  const model = trying.length > 0 ? claudeSonnet : gpt5
  const call = toolCall(scene, 'read_file', { path: change.file })
  return agent(scene, { name: 'reviewer', description: 'Reviews pull requests.' }, sequence(
    ...trying,
    chat(talk, { model, answer: [call], ...(model === gpt5 ? { reasoningTokens: random.integer(4, 20) * 64 } : { cacheWrite: 0.8 }) }),
    tool(talk, { call, description: 'Reads a file of the repository.', result: { lines: random.integer(80, 900) }, ms: 25 }),
    chat(talk, { model, answer: change.finding, stream: true, ...(model === gpt5 ? { reasoningTokens: random.integer(6, 30) * 64, cacheRead: 0.5 } : { cacheRead: 0.85 }) }),
  ))
}

const changes: readonly [Change, ...Change[]] = [
  { file: 'billing/invoice.py', diff: '+ total = sum(float(line.price) for line in lines)', finding: 'billing/invoice.py:48 adds prices as floats; 0.1 + 0.2 will reach an invoice. Use Decimal, as invoice_line.py does. No test covers a sum of more than one line.' },
  { file: 'web/session.ts', diff: '+ if (token == cookie.value) return session', finding: 'web/session.ts:112 compares a secret with ==, which leaks its prefix by timing. Use crypto.timingSafeEqual on equal-length buffers.' },
  { file: 'ingest/queue.go', diff: '+ for { select { case job := <-jobs: go handle(job) } }', finding: 'ingest/queue.go:77 starts a goroutine per job without a bound; a burst exhausts memory. Use the worker pool in pool.go, or a semaphore of the same size.' },
  { file: 'db/migrations/0042.sql', diff: '+ ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT \'\'', finding: 'db/migrations/0042.sql is safe on this version (no table rewrite), but the old release still inserts without the column list in legacy/import.rb:19 and will fail.' },
]
interface Change {
  readonly file: string
  readonly diff: string
  readonly finding: string
}
