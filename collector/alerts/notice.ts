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
  /** How long the receiver asks to be left alone, in milliseconds. */
  readonly restMs: number
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

/** Agents and users name themselves: a name with line breaks would write lines of its own. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
const headOf = ({ status, title }: Notice): string => oneLine(status === 'firing' ? title : status === 'resolved' ? `Resolved: ${title}` : `Test: ${title}`)
/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const slackText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Tells one destination, once. Never throws. */
export const deliver = (destination: Destination, notice: Notice, now: number): Promise<Attempt> =>
  destination.kind === 'email' ? mail(destination, notice) : send(requestOf(destination, notice, now))

/** `fetch` refuses a URL that holds a name and a password: they go into the header that is made for them (RFC 7617). */
function addressed(url: string): Pick<HttpRequest, 'url' | 'headers'> {
  const address = new URL(url)
  const { username, password } = address
  if (username === '' && password === '') return { url, headers: {} }
  address.username = address.password = ''
  const named = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { url: address.href, headers: { authorization: `Basic ${Buffer.from(named).toString('base64')}` } }
}

async function send({ url, headers, body }: HttpRequest): Promise<Attempt> {
  try {
    const to = addressed(url)
    // A redirect would send what is signed for one receiver to another.
    const response = await fetch(to.url, { method: 'POST', headers: { ...headers, ...to.headers }, body, redirect: 'manual', signal: AbortSignal.timeout(deliverMsMax) })
    await response.body?.cancel()
    return { ok: response.ok, gone: response.status === 410, restMs: restMsOf(response.headers.get('retry-after'), Date.now()), detail: `answered ${response.status}` }
  } catch (error) {
    return { ...failed, detail: reasonOf(error) }
  }
}

const failed = { ok: false, gone: false, restMs: 0 } as const
/** As long as the last retries are apart: nobody puts us off for good. */
const restMsMax = 86_400_000

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
function restMsOf(said: string | null, now: number): number {
  if (said === null) return 0
  const ms = /^\d{1,9}$/.test(said) ? Number(said) * 1_000 : Date.parse(said) - now
  return ms > 0 ? Math.min(ms, restMsMax) : 0
}

/** A code and nothing else: messages of sockets name addresses, and Slack's address is a secret. */
function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (cause instanceof DOMException && cause.name === 'TimeoutError') return `no answer within ${deliverMsMax / 1_000} seconds`
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
      // Each answer may come in time and the whole never end.
      signal: AbortSignal.timeout(deliverMsMax), from, to: [...to], subject: headOf(notice), references: [thread], messageId: `<${notice.id}@spanledger>`,
      text: [notice.summary, '', ...Object.entries(notice.values).map(([name, value]) => `${name}: ${oneLine(value)}`)].join('\n'),
    })
    return { ok: true, gone: false, restMs: 0, detail: 'accepted by the mail server' }
  } catch (error) {
    return { ...failed, detail: reasonOf(error) }
  } finally {
    transport.close()
  }
}
