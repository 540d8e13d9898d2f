import { agent, chat, type Document, embed, heldTool, retrieve, type Scene, thread, tool, type ToolCall, toolCall } from '../act.ts'
import { embedding3Small, gpt5Mini } from '../models.ts'
import { sequence, type Step } from '../plan.ts'
import type { Scenario } from './scenario.ts'

/** Reason, act, observe, until there is an answer. Customers come back, so runs share conversations. */
export const support: Scenario = {
  service: 'support-desk', version: '5.12.0', scope: 'support-runtime', environment: 'production', weight: 9, tell: help,
}

interface Case {
  readonly question: string
  readonly documents: readonly Document[]
  readonly calls: readonly { readonly tool: keyof typeof tools; readonly args: object; readonly result: object }[]
  readonly answer: string
  /** Half of the time the last call has to wait for a person. */
  readonly held?: { readonly reason: string; readonly answer: string }
}

const tools = {
  lookup_order: { description: 'Finds an order by its number.', ms: 90 },
  check_stock: { description: 'Units on hand per warehouse.', ms: 60 },
  get_shipment: { description: 'Where a parcel is.', ms: 240 },
  issue_refund: { description: 'Pays money back to the customer.', ms: 410 },
  create_ticket: { description: 'Hands the case to a person.', ms: 120 },
  search_orders: { description: 'Searches the orders of a customer.', ms: 150 },
  delete_customer: { description: 'Erases a customer account.', ms: 350 },
} as const

function help(scene: Scene): Step {
  const { random } = scene
  const topic = random.pick(cases)
  const talk = thread(scene, 'support-agent', 'You help customers of an online shop. Look things up before you answer. Be brief and kind.', topic.question, 1_850)
  const thinking = (answer: string | readonly ToolCall[]): Step =>
    chat(talk, { model: gpt5Mini, answer, reasoningTokens: random.integer(0, 4) * 64, cacheRead: 0.5, ...(typeof answer === 'string' ? { stream: true } : {}) })
  const reading = [embed(scene, embedding3Small, [topic.question]), retrieve(scene, 'help-center', topic.question, topic.documents)]
  const held = random.chance(0.5) ? topic.held : undefined
  const acting = topic.calls.flatMap(({ tool: name, args, result }, index) => {
    const call = toolCall(scene, name, args)
    const asked = thinking([call])
    if (held === undefined || index < topic.calls.length - 1) return [asked, tool(talk, { call, ...tools[name], result })]
    const gate = { guardrail: 'approval-gate', policy: { id: 'erasure-needs-approval', version: '2' }, reason: held.reason }
    return [asked, heldTool(talk, { call, ...tools[name] }, gate)]
  })
  // Some models do not believe an empty result, and ask the same again.
  const doubting = random.chance(0.09) ? circles(scene, talk, thinking) : []
  return agent(scene, { name: 'support-agent', description: 'Answers customers of the shop.' },
    sequence(...reading, ...doubting, ...acting, thinking(held?.answer ?? topic.answer)))
}

function circles(scene: Scene, talk: ReturnType<typeof thread>, thinking: (answer: readonly ToolCall[]) => Step): Step[] {
  const args = { email: `${scene.user}@example.com`, status: 'open' }
  return Array.from({ length: scene.random.integer(3, 5) }, () => {
    const call = toolCall(scene, 'search_orders', args)
    return [thinking([call]), tool(talk, { call, ...tools.search_orders, result: { orders: [] } })]
  }).flat()
}

const cases: readonly [Case, ...Case[]] = [
  {
    question: 'My order 48213 should have arrived on Tuesday. Where is it?',
    documents: [{ id: 'kb-112', score: 0.91, title: 'Late parcels' }, { id: 'kb-087', score: 0.74, title: 'Tracking numbers' }],
    calls: [
      { tool: 'lookup_order', args: { order: '48213' }, result: { status: 'shipped', carrier: 'DHL', parcel: 'JD0146' } },
      { tool: 'get_shipment', args: { parcel: 'JD0146' }, result: { last: 'Leipzig hub', at: '06:12', state: 'delayed by weather' } },
    ],
    answer: 'I am sorry for the wait. Your parcel is in the Leipzig hub and was held up by the weather; it is planned for tomorrow before noon. If it is not there by then, write to me and I will send a replacement.',
  },
  {
    question: 'The blender I received has a cracked jar. I would like my money back.',
    documents: [{ id: 'kb-031', score: 0.94, title: 'Damaged on arrival' }, { id: 'kb-033', score: 0.88, title: 'Refunds' }],
    calls: [
      { tool: 'lookup_order', args: { order: '51877' }, result: { item: 'Blender Pro 900', paid: 89.9, currency: 'EUR', delivered: '3 days ago' } },
      { tool: 'issue_refund', args: { order: '51877', amount: 89.9, reason: 'damaged on arrival' }, result: { refund: 'rf_20931', days: 3 } },
    ],
    answer: 'That should not have happened. I have refunded 89.90 € to your card; it takes up to three working days. You do not need to send the blender back.',
  },
  {
    question: 'Is the oak desk in 160 cm available again, and can you deliver it before the 30th?',
    documents: [{ id: 'kb-204', score: 0.69, title: 'Furniture delivery' }],
    calls: [{ tool: 'check_stock', args: { sku: 'DESK-OAK-160' }, result: { hamburg: 0, lyon: 14, gdansk: 3 } }],
    answer: 'Yes: 14 desks are in Lyon and 3 in Gdańsk. Ordered today it reaches you between the 26th and the 28th. Shall I reserve one for you for 24 hours?',
  },
  {
    question: 'I was charged twice for order 50002. This is the second time I am writing about it!',
    documents: [{ id: 'kb-040', score: 0.9, title: 'Double charges' }],
    calls: [
      { tool: 'lookup_order', args: { order: '50002' }, result: { payments: [{ id: 'py_1', amount: 42.5 }, { id: 'py_2', amount: 42.5 }] } },
      { tool: 'create_ticket', args: { queue: 'payments', priority: 'high', order: '50002' }, result: { ticket: 'T-77120' } },
    ],
    answer: 'You are right, there are two payments of 42.50 €. I have passed it to the payments team with high priority (ticket T-77120); they answer within four hours, and one payment will go back to you.',
  },
  {
    question: 'Please delete my account and everything you know about me.',
    documents: [{ id: 'kb-301', score: 0.96, title: 'Erasure requests' }],
    calls: [
      { tool: 'search_orders', args: { status: 'open' }, result: { orders: [] } },
      { tool: 'delete_customer', args: { confirm: true }, result: { deleted: true, invoices_kept_years: 10 } },
    ],
    answer: 'Your account is deleted. By law we keep invoices for ten years; nothing else remains. Thank you for having been with us.',
    held: { reason: 'erasing an account needs a second person', answer: 'I have prepared the deletion. A colleague has to confirm it, which happens within one working day; you will get an e-mail.' },
  },
  {
    question: 'Can I change the delivery address of an order that was placed an hour ago?',
    documents: [{ id: 'kb-118', score: 0.87, title: 'Changing an order' }],
    calls: [{ tool: 'lookup_order', args: { order: '52344' }, result: { status: 'picking', changeable: false } }],
    answer: 'It is being packed already, so the address cannot be changed any more. You can redirect the parcel with the carrier as soon as you get its number, usually tonight.',
  },
]
