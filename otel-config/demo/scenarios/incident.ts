import { agent, chat, refusedChat, type Scene, thread, tool, toolCall } from '../act.ts'
import { geminiPro, gpt5Mini } from '../models.ts'
import { pause, sequence, type Step } from '../plan.ts'
import type { Scenario } from './scenario.ts'

/** Runs that fail: a tool that never answers, or a conversation that outgrew its model. */
export const incident: Scenario = {
  service: 'incident-responder', version: '0.8.0', scope: 'ops-runtime', environment: 'staging', weight: 2, tell: respond,
}

function respond(scene: Scene): Step {
  const alert = scene.random.pick(alerts)
  const talk = thread(scene, 'incident-responder', 'Find the cause of the alert. You may look, and restart with shell.', alert.text, 2_200)
  return scene.random.chance(0.5) ? toolNeverAnswers(scene, talk, alert) : contextOverflows(scene, talk, alert)
}

type Talk = ReturnType<typeof thread>

function toolNeverAnswers(scene: Scene, talk: Talk, { host }: Alert): Step {
  const attempts = [1, 2, 3].flatMap((attempt) => {
    const call = toolCall(scene, 'fetch_logs', { host, minutes: 15 })
    return [
      chat(talk, { model: gpt5Mini, answer: [call], reasoningTokens: 128 }),
      tool(talk, { call, description: 'Reads the logs of a host.', result: undefined, ms: 10_000, error: { type: 'timeout', message: `no answer from ${host} within 10 s` } }),
      pause(attempt * 500),
    ]
  })
  return agent(scene, { name: 'incident-responder', description: 'Looks into alerts.', error: { type: 'ToolError', message: 'fetch_logs failed three times' } },
    sequence(...attempts))
}

function contextOverflows(scene: Scene, talk: Talk, { host }: Alert): Step {
  const look = toolCall(scene, 'fetch_logs', { host, minutes: 240 })
  const restart = toolCall(scene, 'shell', { command: `systemctl status checkout@${host}` })
  const steps = [
    chat(talk, { model: geminiPro, answer: [look, restart], reasoningTokens: scene.random.integer(200, 900) }),
    tool(talk, { call: look, description: 'Reads the logs of a host.', result: { lines: 412_000, truncated: false }, ms: 5_200 }),
    tool(talk, { call: restart, description: 'Runs a command on a host.', result: { exit: 3, stdout: 'inactive (dead)' }, ms: 300 }),
  ]
  const message = 'The input token count (1312044) exceeds the maximum number of tokens allowed (1048576).'
  return agent(scene, { name: 'incident-responder', description: 'Looks into alerts.', error: { type: 'InvalidArgument', message } },
    sequence(...steps, refusedChat(talk, { model: geminiPro }, '400', message)))
}

const alerts: readonly [Alert, ...Alert[]] = [
  { text: 'checkout p99 latency above 4 s for 10 minutes', host: 'checkout-7' },
  { text: 'payment webhook queue older than 15 minutes', host: 'payments-2' },
  { text: 'disk of search-3 is 96 percent full', host: 'search-3' },
]
interface Alert {
  readonly text: string
  readonly host: string
}
