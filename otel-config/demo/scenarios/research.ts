import { agent, chat, delegate, plan, type Scene, tell, thread, tool, toolCall, workflow } from '../act.ts'
import { claudeHaiku, claudeOpus, claudeSonnet } from '../models.ts'
import { parallel, sequence, type Step } from '../plan.ts'
import type { Scenario } from './scenario.ts'

/** A lead that plans, two agents it sends out, and a report that streams. */
export const research: Scenario = {
  service: 'research-assistant', version: '2.4.1', scope: 'research-runtime', environment: 'production', weight: 5, tell: investigate,
}

interface Topic {
  readonly question: string
  readonly plan: string
  readonly searches: readonly [Search, Search, ...Search[]]
  readonly claim: string
  readonly check: string
  readonly report: string
}
interface Search {
  readonly query: string
  readonly found: string
  readonly note: string
}

function investigate(scene: Scene): Step {
  const { random } = scene
  const topic = random.pick(topics)
  const lead = thread(scene, 'research-lead', 'You lead a research team. Plan, delegate, verify, then write a report with sources.', topic.question, 2_600)
  // Now and then somebody asks for everything, and the lead reads whole papers: the run that shows up in the cost limit.
  const deep = random.chance(0.14)
  const planning = plan('research-lead', chat(lead, { model: claudeOpus, answer: topic.plan, reasoningTokens: random.integer(400, 1_400), cacheWrite: 0.7 }))
  const ask = toolCall(scene, 'fetch_findings', { topic: topic.question, searches: topic.searches.length })
  const verify = toolCall(scene, 'check_claim', { claim: topic.claim })
  const delegating = chat(lead, { model: claudeOpus, answer: [ask, verify], cacheRead: 0.75, cacheWrite: 0.1 })
  const searching = delegate(lead, {
    call: ask, description: 'Sends the web researcher to answer a question.', result: { notes: topic.searches.map(({ note }) => note) },
  }, webResearcher(scene, topic))
  const checking = delegate(lead, {
    call: verify, description: 'Asks the fact checker whether a claim holds.', result: { verdict: topic.check },
  }, factChecker(scene, topic))
  if (deep) {
    lead.contextTokens += random.integer(110_000, 185_000)
    tell(lead, 'The full papers are attached. Take every table into account.')
  }
  const writing = chat(lead, {
    model: claudeOpus, answer: topic.report, stream: true, reasoningTokens: deep ? random.integer(3_000, 7_000) : random.integer(200, 900),
    ...(deep ? { cacheRead: 0.02 } : { cacheRead: 0.8, cacheWrite: 0.12 }),
  })
  const file = toolCall(scene, 'write_report', { title: topic.question, format: 'markdown' })
  const filing = tool(lead, { call: file, description: 'Saves a report.', result: { saved: true, words: topic.report.split(' ').length }, ms: 60 })
  return workflow(scene, 'deep_research', agent(scene, { name: 'research-lead', description: 'Plans the research and writes the report.' },
    sequence(planning, delegating, parallel(searching, checking), writing, filing)))
}

function webResearcher(scene: Scene, topic: Topic): Step {
  const talk = thread(scene, 'web-researcher', 'Search the web. Quote sources. Do not speculate.', topic.question, 1_100)
  const steps = topic.searches.flatMap(({ query, found, note }) => {
    const call = toolCall(scene, 'search_web', { query, limit: 5 })
    return [
      chat(talk, { model: claudeHaiku, answer: [call], cacheRead: 0.6, temperature: 0.2 }),
      tool(talk, { call, description: 'Full-text search of the public web.', result: { results: [{ title: found, snippet: note }] }, ms: 620 }),
    ]
  })
  const summary = chat(talk, { model: claudeHaiku, answer: topic.searches.map(({ note }) => note).join(' '), cacheRead: 0.7 })
  return agent(scene, { name: 'web-researcher', description: 'Finds and quotes public sources.' }, sequence(...steps, summary))
}

function factChecker(scene: Scene, topic: Topic): Step {
  const talk = thread(scene, 'fact-checker', 'Decide whether the claim is supported by its source. Answer supported, refuted or unclear.', topic.claim, 700)
  const call = toolCall(scene, 'fetch_page', { url: `https://sources.example.org/${scene.random.hex(6)}` })
  return agent(scene, { name: 'fact-checker', description: 'Checks single claims against their source.' }, sequence(
    chat(talk, { model: claudeSonnet, answer: [call] }),
    tool(talk, { call, description: 'Fetches one page as text.', result: { status: 200, characters: scene.random.integer(4_000, 40_000) }, ms: 380 }),
    chat(talk, { model: claudeSonnet, answer: topic.check, reasoningTokens: scene.random.integer(80, 300) }),
  ))
}

const topics: readonly [Topic, ...Topic[]] = [
  {
    question: 'How far has sodium-ion storage come for grid use, and who builds it at scale?',
    plan: '1. Energy density and cycle life against LFP. 2. Plants in operation above 10 MWh. 3. Cost per kWh, source and date. 4. Open risks.',
    searches: [
      { query: 'sodium-ion grid storage plant MWh in operation', found: 'Datang Hubei 100 MW/200 MWh sodium-ion station', note: 'The largest station in operation has 200 MWh; a first 50 MW phase went online in 2024.' },
      { query: 'sodium-ion LFP cost per kWh comparison', found: 'Cell cost survey', note: 'Cells are still 10 to 20 percent above LFP per kWh because LFP prices fell faster than expected.' },
      { query: 'sodium-ion low temperature capacity retention', found: 'Cold-climate test', note: 'Capacity at minus 20 °C stays near 90 percent, the main argument for northern grids.' },
    ],
    claim: 'Sodium-ion cells keep about 90 percent of their capacity at minus 20 °C.',
    check: 'Supported: the test report gives 88 to 92 percent at C/3, measured on pouch cells, not on packs.',
    report: 'Sodium-ion has left the laboratory but not yet the shadow of LFP. Stations of 100 MW run in China; elsewhere pilots stay below 10 MWh. The cost advantage that was promised in 2022 has not appeared, because lithium carbonate became cheap. Where winters are hard the chemistry already wins on usable capacity. Watch pack-level data: nearly every published figure is from single cells.',
  },
  {
    question: 'Which European cities have measured the effect of 30 km/h limits, and what did they find?',
    plan: '1. List cities with before/after studies. 2. Accidents, noise, travel time. 3. Quality of each study.',
    searches: [
      { query: '30 km/h city-wide limit accident statistics before after', found: 'Brussels City 30 evaluation', note: 'Brussels reports 19 percent fewer seriously injured in the first year, with falling traffic as a confounder.' },
      { query: 'Helsinki traffic deaths 30 km/h zero year', found: 'Helsinki road safety report', note: 'Helsinki counted no traffic death in twelve months; two thirds of its streets have the limit.' },
    ],
    claim: 'Helsinki had a year without a single traffic death.',
    check: 'Supported for the twelve months named by the city; the calendar year before had one.',
    report: 'Five cities have published before/after figures worth reading. Accidents fall by a sixth to a quarter, noise by two to three decibels, and travel times by car rise less than a minute on typical trips. The studies differ in one weakness: few control for falling traffic. Helsinki and Bologna have the best data, Brussels the longest series.',
  },
  {
    question: 'What do hospitals report about ambient AI scribes: time saved, errors, cost?',
    plan: '1. Randomised or controlled studies only. 2. Minutes per visit. 3. Error types. 4. Licence prices where public.',
    searches: [
      { query: 'randomized trial ambient AI scribe documentation time', found: 'NEJM AI trial', note: 'A randomised trial with 238 physicians found about 10 percent less time in notes, not the 30 percent of vendors.' },
      { query: 'AI scribe hallucination omission rate clinical notes', found: 'Audit of 500 notes', note: 'Omissions are three times as common as invented facts; medication doses are the riskiest field.' },
      { query: 'ambient scribe price per clinician per month', found: 'Procurement record', note: 'Public tenders show 90 to 250 dollars per clinician and month.' },
    ],
    claim: 'Omissions are more common than hallucinations in scribe notes.',
    check: 'Supported: 1.7 omissions against 0.5 additions per note in the audit.',
    report: 'The honest figure is a tenth less time on notes, with large differences between specialties. Clinicians value the attention they get back more than the minutes. Errors are mostly omissions; a review step of thirty seconds catches most of them. At current prices the tools pay for themselves where after-hours work is paid, and hardly elsewhere.',
  },
  {
    question: 'Is heat-pump retrofitting of 1960s apartment blocks working without a new facade?',
    plan: '1. Monitored projects. 2. Flow temperatures and seasonal performance. 3. Tenant bills. 4. Failures.',
    searches: [
      { query: 'heat pump unrenovated apartment block seasonal performance factor field test', found: 'Fraunhofer ISE field study', note: 'Seasonal performance of 2.6 to 3.3 at 52 °C flow temperature in partly renovated blocks.' },
      { query: 'air source heat pump apartment block noise complaints roof', found: 'Housing association report', note: 'Noise on roofs was solved by night set-back; it had stopped two of eleven projects for a year.' },
    ],
    claim: 'Seasonal performance above 3 was measured at flow temperatures over 50 °C.',
    check: 'Unclear: two buildings reach 3.1, both with new windows; the unrenovated ones stay at 2.7.',
    report: 'It works, with a little help. New windows and larger radiators in a fifth of the rooms bring flow temperatures below 55 °C, and field tests then show seasonal performance around 3. Without any measure it is closer to 2.7, which still beats gas on emissions, and on cost only with a heat-pump tariff. Plan the roof early: noise and statics stopped more projects than physics.',
  },
]
