import { agent, chat, type Scene, thread, tool, toolCall } from '../act.ts'
import { harborTriage } from '../models.ts'
import { sequence, type Step } from '../plan.ts'
import type { Scenario } from './scenario.ts'

/** A model of the company's own: its tokens are counted, and no price list has its price. */
export const triage: Scenario = {
  service: 'mail-triage', version: '1.2.0', scope: 'triage-runtime', environment: 'production', weight: 4, tell: sort,
}

function sort(scene: Scene): Step {
  const mail = scene.random.pick(mails)
  const talk = thread(scene, 'mail-triage', 'Give the mail one label: invoice, complaint, order, spam, other.', mail.text, 240)
  const call = toolCall(scene, 'create_ticket', { label: mail.label })
  return agent(scene, { name: 'mail-triage', description: 'Sorts incoming mail.' }, sequence(
    chat(talk, { model: harborTriage, answer: [call], temperature: 0.1 }),
    tool(talk, { call, description: 'Files the mail.', result: { queue: mail.label, position: scene.random.integer(1, 40) }, ms: 70 }),
    chat(talk, { model: harborTriage, answer: `Filed as ${mail.label}.`, temperature: 0.1 }),
  ))
}

const mails: readonly [Mail, ...Mail[]] = [
  { text: 'Please find attached invoice 2026-1180 for the October maintenance, payable within 14 days.', label: 'invoice' },
  { text: 'The driver left the parcel in the rain. The books are ruined. What will you do about it?', label: 'complaint' },
  { text: 'We would like to order another 40 units of item 7731 with the same conditions as in spring.', label: 'order' },
  { text: 'Congratulations! Your mailbox has been selected for a storage upgrade, confirm your password here.', label: 'spam' },
  { text: 'Is there a parking space for bicycles at your new office? I will come to the interview by bike.', label: 'other' },
]
interface Mail {
  readonly text: string
  readonly label: string
}
