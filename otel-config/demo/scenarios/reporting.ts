import { agent, chat, delegate, plan, type Scene, thread, tool, toolCall, workflow } from '../act.ts'
import { geminiFlash, geminiPro, gpt5 } from '../models.ts'
import { parallel, sequence, type Step } from '../plan.ts'
import type { Scenario } from './scenario.ts'

/** A planner splits the question, workers answer its parts side by side, an editor puts them together. */
export const reporting: Scenario = {
  service: 'weekly-reports', version: '1.9.3', scope: 'report-runtime', environment: 'production', weight: 4, tell: report,
}

interface Brief {
  readonly question: string
  readonly parts: readonly [Part, Part, ...Part[]]
  readonly summary: string
}
interface Part {
  readonly region: string
  readonly sql: string
  readonly rows: number
  readonly finding: string
}

function report(scene: Scene): Step {
  const { random } = scene
  const brief = random.pick(briefs)
  const planner = thread(scene, 'planner', 'Split the question into independent parts, one worker each.', brief.question, 900)
  const parts = brief.parts.map((part) => ({ part, call: toolCall(scene, 'query_part', { region: part.region }) }))
  const splitting = plan('planner', chat(planner, { model: gpt5, answer: parts.map(({ call }) => call), reasoningTokens: random.integer(6, 20) * 64 }))
  const working = parallel(...parts.map(({ part, call }) =>
    delegate(planner, { call, description: 'Has a worker answer one part.', result: { finding: part.finding } }, worker(scene, part))))
  const editor = thread(scene, 'editor', 'Write a summary for the management. One paragraph, figures first.', brief.parts.map(({ finding }) => finding).join('\n'), 1_400)
  const editing = agent(scene, { name: 'editor', description: 'Puts findings together.' },
    chat(editor, { model: geminiPro, answer: brief.summary, reasoningTokens: random.integer(300, 1_800), stream: true }))
  return workflow(scene, 'weekly_report',
    sequence(agent(scene, { name: 'planner', description: 'Splits questions and gathers answers.' }, sequence(splitting, working)), editing))
}

function worker(scene: Scene, { region, sql, rows, finding }: Part): Step {
  const talk = thread(scene, `worker-${region}`, 'Answer one part of the report with a query. Never change data.', `Region ${region}`, 3_200)
  const call = toolCall(scene, 'query_warehouse', { sql })
  return agent(scene, { name: `worker-${region}`, description: 'Answers one part of a report.' }, sequence(
    chat(talk, { model: geminiFlash, answer: [call], cacheRead: 0.85 }),
    tool(talk, { call, description: 'Runs a read-only query on the warehouse.', result: { rows, ms: scene.random.integer(300, 4_000) }, ms: 1_900 }),
    chat(talk, { model: geminiFlash, answer: finding, cacheRead: 0.85, reasoningTokens: scene.random.integer(0, 300) }),
  ))
}

const briefs: readonly [Brief, ...Brief[]] = [
  {
    question: 'How did revenue develop last week by region, and what explains the outliers?',
    parts: [
      { region: 'north', sql: "SELECT day, sum(revenue) FROM sales WHERE region = 'north' GROUP BY day", rows: 7, finding: 'North: 1.24 M, up 3 percent; Thursday fell out because of the payment outage.' },
      { region: 'south', sql: "SELECT day, sum(revenue) FROM sales WHERE region = 'south' GROUP BY day", rows: 7, finding: 'South: 0.98 M, down 6 percent; two stores in Marseille were closed for refitting.' },
      { region: 'online', sql: "SELECT channel, sum(revenue) FROM sales WHERE channel <> 'store' GROUP BY channel", rows: 4, finding: 'Online: 2.61 M, up 11 percent, nearly all of it from the app.' },
    ],
    summary: 'Revenue reached 4.83 M, up 5 percent. The app carries the growth (+11 percent); the south is down 6 percent because two Marseille stores are closed until the 28th. Thursday in the north lost about 60 k to the payment outage, and most of it did not come back on Friday.',
  },
  {
    question: 'Which suppliers were late this week, and what did it cost us?',
    parts: [
      { region: 'inbound', sql: 'SELECT supplier, avg(days_late) FROM deliveries WHERE week = :week GROUP BY supplier HAVING avg(days_late) > 1', rows: 12, finding: 'Twelve suppliers were more than a day late; Kessler and Ondine alone make 61 percent of late lines.' },
      { region: 'stockouts', sql: 'SELECT sku, hours_out, lost_units FROM stockouts WHERE week = :week', rows: 38, finding: '38 articles ran out, 214 hours in all, an estimated 1,900 lost units.' },
    ],
    summary: 'Late deliveries cost about 74 k in lost sales. Two suppliers explain most of it: Kessler (packaging line down, back on the 24th) and Ondine (no reason given, third week in a row). 38 articles ran out; half of them have a second source that was not used.',
  },
  {
    question: 'Are the warehouses ready for the holiday peak?',
    parts: [
      { region: 'hamburg', sql: "SELECT hour, picks FROM throughput WHERE site = 'HAM'", rows: 168, finding: 'Hamburg picks 5,200 lines an hour at peak, 8 percent above last year, with 12 open shifts.' },
      { region: 'lyon', sql: "SELECT hour, picks FROM throughput WHERE site = 'LYS'", rows: 168, finding: 'Lyon is at 91 percent of its limit on ordinary Mondays.' },
      { region: 'gdansk', sql: "SELECT hour, picks FROM throughput WHERE site = 'GDN'", rows: 168, finding: 'Gdańsk has room for 30 percent more, once the second gate opens.' },
      { region: 'carriers', sql: 'SELECT carrier, capacity, booked FROM carrier_slots', rows: 6, finding: 'Carriers have confirmed 84 percent of the slots asked for.' },
    ],
    summary: 'Two of three sites are ready. Lyon is the risk: it runs at 91 percent on ordinary Mondays and cannot take the planned 25 percent. Moving two product groups to Gdańsk solves it if the second gate opens by the 27th. Hamburg has 12 open shifts, carriers 16 percent unconfirmed slots.',
  },
]
