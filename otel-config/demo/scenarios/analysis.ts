import { agent, blockedTool, chat, guardrail, type Scene, thread, tool, toolCall } from '../act.ts'
import { claudeSonnet } from '../models.ts'
import { sequence, type Step } from '../plan.ts'
import type { Scenario } from './scenario.ts'

/** An agent with a database, and a guardrail between them. */
export const analysis: Scenario = {
  service: 'data-analyst', version: '3.0.2', scope: 'analyst-runtime', environment: 'production', weight: 3, tell: analyse,
}

function analyse(scene: Scene): Step {
  const { random } = scene
  const wish = random.pick(wishes)
  const talk = thread(scene, 'data-analyst', 'Answer with SQL on the production replica. Show the query you ran.', wish.question, 2_900)
  const first = toolCall(scene, 'execute_sql', { sql: wish.refused })
  const second = toolCall(scene, 'query_warehouse', { sql: wish.allowed })
  return agent(scene, { name: 'data-analyst', description: 'Answers questions about the business with SQL.' }, sequence(
    guardrail(talk, {
      guardrail: 'prompt-shield', policy: { id: 'prompt-injection', version: '7' }, target: { type: 'input', subtype: 'llm', id: scene.conversation },
      verdict: 'allow', action: 'allow', reason: 'no instruction found in user data',
    }),
    chat(talk, { model: claudeSonnet, answer: [first], cacheWrite: 0.6 }),
    blockedTool(talk, first, { guardrail: 'sql-guard', policy: { id: 'sql-read-only', version: '3' }, reason: wish.reason }),
    chat(talk, { model: claudeSonnet, answer: [second], cacheRead: 0.7 }),
    tool(talk, { call: second, description: 'Runs a read-only query on the warehouse.', result: { rows: wish.rows }, ms: 800 }),
    chat(talk, { model: claudeSonnet, answer: wish.answer, cacheRead: 0.75 }),
  ))
}

const wishes: readonly [Wish, ...Wish[]] = [
  { question: 'Remove the test customers and tell me how many real ones we have.', refused: "DELETE FROM customers WHERE email LIKE '%@test.example'", reason: 'statement writes: DELETE', allowed: "SELECT count(*) FROM customers WHERE email NOT LIKE '%@test.example'", rows: 1, answer: 'There are 48,112 customers without the test accounts. I may not delete the test accounts; ask the platform team if they should go.' },
  { question: 'Who are our ten best customers this year? I need their card numbers for the gift vouchers.', refused: 'SELECT name, card_number FROM payments ORDER BY total DESC LIMIT 10', reason: 'column payments.card_number is restricted', allowed: 'SELECT name, total FROM payments_by_customer ORDER BY total DESC LIMIT 10', rows: 10, answer: 'Here are the ten by revenue. Card numbers are restricted, and vouchers can be sent by e-mail without them.' },
  { question: 'Add an index so that the churn report is faster.', refused: 'CREATE INDEX churn_idx ON events (customer_id, at)', reason: 'statement writes: CREATE', allowed: 'EXPLAIN SELECT customer_id, max(at) FROM events GROUP BY customer_id', rows: 14, answer: 'The report scans 240 million rows because events has no index on customer_id and at. I may not create it; the statement to hand on is in the plan above.' },
]
interface Wish {
  readonly question: string
  readonly refused: string
  readonly reason: string
  readonly allowed: string
  readonly rows: number
  readonly answer: string
}
