import { hash } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Destination } from '#otel-config/alerts/alert.ts'

export const severities = ['critical', 'warning', 'info'] as const
export type Severity = (typeof severities)[number]

/** One thing to tell. Made of names and numbers: prompts and answers are never in it. */
export interface Notice {
  /** The same for every attempt to tell it. */
  readonly id: string
  /** The same while the alert lasts: what receivers put together. */
  readonly key: string
  readonly rule: string
  readonly severity: Severity
  readonly status: 'firing' | 'resolved' | 'test'
  readonly title: string
  readonly summary: string
  readonly values: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** What became of an attempt. `gone`: the receiver says that it never wants to hear of us again. */
export interface Attempt {
  readonly ok: boolean
  readonly gone: boolean
  /** For people; never a secret. */
  readonly detail: string
}

/** A receiver that hangs holds one delivery for this long, in milliseconds. */
export const deliverMsMax = 10_000
/** How long Alertmanager may take an alert for firing unless it is told otherwise, in milliseconds. */
const firingMs = 30 * 86_400_000

type HttpDestination = Exclude<Destination, { readonly kind: 'email' }>

interface HttpRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a destination is sent. */
export function requestOf(destination: HttpDestination, notice: Notice, now: number): HttpRequest {
  const json = { 'content-type': 'application/json' }
  switch (destination.kind) {
    case 'slack':
      return { url: destination.url, headers: json, body: JSON.stringify({ text: `*${slackText(headOf(notice))}*\n${slackText(notice.summary)}` }) }
    case 'webhook': {
      const body = JSON.stringify({ type: `alert.${notice.status}`, timestamp: new Date(notice.at).toISOString(), data: notice })
      const sentAt = new Date(now)
      return {
        url: destination.url, body,
        headers: {
          ...json, 'webhook-id': notice.id, 'webhook-timestamp': String(Math.floor(now / 1_000)),
          'webhook-signature': new Webhook(destination.secret).sign(notice.id, sentAt, body),
        },
      }
    }
    case 'pagerduty': {
      const action = notice.status === 'resolved' ? 'resolve' : 'trigger'
      const dedupKey = notice.key.length > 255 ? hash('sha256', notice.key, 'hex') : notice.key
      const payload = { summary: `${headOf(notice)}: ${notice.summary}`.slice(0, 1_024), source: 'spanledger', severity: notice.severity, timestamp: new Date(notice.at).toISOString(), custom_details: notice.values }
      return { url: destination.url, headers: json, body: JSON.stringify({ routing_key: destination.routingKey, event_action: action, dedup_key: dedupKey, ...(action === 'trigger' ? { payload } : {}) }) }
    }
    case 'alertmanager': {
      const alert = {
        labels: { alertname: notice.rule, severity: notice.severity, alert: notice.key, source: 'spanledger' }, annotations: { summary: notice.title, description: notice.summary },
        startsAt: new Date(notice.at).toISOString(), endsAt: new Date(notice.status === 'resolved' ? now : now + firingMs).toISOString(),
      }
      return { url: new URL('api/v2/alerts', destination.url.endsWith('/') ? destination.url : `${destination.url}/`).href, headers: json, body: JSON.stringify([alert]) }
    }
  }
}

const headOf = ({ status, title }: Notice): string => (status === 'firing' ? title : status === 'resolved' ? `Resolved: ${title}` : `Test: ${title}`)
/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const slackText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Tells one destination, once. Never throws. */
export const deliver = (destination: Destination, notice: Notice, now: number): Promise<Attempt> =>
  destination.kind === 'email' ? mail(destination, notice) : send(requestOf(destination, notice, now))

async function send({ url, headers, body }: HttpRequest): Promise<Attempt> {
  try {
    // A redirect would send what is signed for one receiver to another.
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.timeout(deliverMsMax) })
    await response.body?.cancel()
    return { ok: response.ok, gone: response.status === 410, detail: `answered ${response.status}` }
  } catch (error) {
    return { ok: false, gone: false, detail: reasonOf(error) }
  }
}

/** A code and nothing else: messages of sockets name addresses, and Slack's address is a secret. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer within ${deliverMsMax / 1_000} seconds`
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? `could not be reached (${code})` : 'could not be reached'
}

async function mail({ server, from, to }: Extract<Destination, { readonly kind: 'email' }>, notice: Notice): Promise<Attempt> {
  // Loaded when the first mail is sent: most who start never send one.
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({ url: server, connectionTimeout: deliverMsMax, greetingTimeout: deliverMsMax, socketTimeout: deliverMsMax, dnsTimeout: deliverMsMax })
  // One thread in the reader's mailbox for everything about one alert.
  const thread = `<${hash('sha256', notice.key, 'hex').slice(0, 32)}@spanledger>`
  try {
    await transport.sendMail({
      from, to: [...to], subject: headOf(notice), references: [thread], messageId: `<${notice.id}@spanledger>`,
      text: [notice.summary, '', ...Object.entries(notice.values).map(([name, value]) => `${name}: ${value}`)].join('\n'),
    })
    return { ok: true, gone: false, detail: 'accepted by the mail server' }
  } catch (error) {
    return { ok: false, gone: false, detail: reasonOf(error) }
  } finally {
    transport.close()
  }
}
