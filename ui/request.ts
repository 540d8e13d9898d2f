import type { TypedDocumentString } from './queries.ts'

/** Why an answer did not come, in words a person can act on. */
export class RequestError extends Error {
  readonly code: string
  /** False where asking again gives the same answer. */
  readonly retryable: boolean

  constructor(code: string, message: string) {
    super(message)
    this.name = 'RequestError'
    this.code = code
    this.retryable = !['BAD_INPUT', 'NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED', 'TOO_WIDE'].includes(code)
  }
}

interface Answer<Result> {
  readonly data?: Result | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

/** Seconds after which a question counts as unanswered. The server stops its own work earlier. */
const timeoutSeconds = 60

const patience = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1_000)])

const unreachable = (cause: unknown, signal: AbortSignal): unknown =>
  signal.aborted ? cause : new RequestError('UNAVAILABLE', cause instanceof DOMException && cause.name === 'TimeoutError'
    ? `The server did not answer within ${timeoutSeconds} seconds. Choose a shorter time range, or try again.`
    : 'The server cannot be reached. Check that Spanledger is running, then try again.')

/** Asks one question. Throws `RequestError`, or the abort reason where the caller gave up. */
export async function ask<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables, signal: AbortSignal): Promise<Result> {
  let response: Response
  let answer: Answer<Result>
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: patience(signal),
    })
    answer = (await response.json()) as Answer<Result>
  } catch (cause) {
    throw unreachable(cause, signal)
  }
  const error = answer.errors?.[0]
  if (error !== undefined) throw new RequestError(error.extensions?.code ?? 'INTERNAL', error.message)
  if (answer.data === null || answer.data === undefined) throw new RequestError('INTERNAL', `The server answered ${response.status} without data.`)
  return answer.data
}

/** What the script in `index.html` has begun. */
interface BegunSkeleton {
  readonly path: string
  readonly stop: AbortController
  readonly response: Promise<Response>
}

/** The answer that the page began to ask for, once: whoever asks again wants a new one. */
function begunSkeleton(path: string, signal: AbortSignal): Promise<Response> | undefined {
  const page = globalThis as { begunSkeleton?: BegunSkeleton }
  const begun = page.begunSkeleton
  delete page.begunSkeleton
  if (begun === undefined) return undefined
  if (begun.path === path && !signal.aborted) {
    signal.addEventListener('abort', () => begun.stop.abort(signal.reason), { once: true })
    return begun.response
  }
  begun.stop.abort()
  return undefined
}

/** The columns of a trace. Throws `RequestError`. */
export async function fetchSkeleton(runId: string, signal: AbortSignal): Promise<ArrayBuffer> {
  try {
    const path = `/v1/runs/${encodeURIComponent(runId)}/skeleton`
    const within = patience(signal)
    const response = await (begunSkeleton(path, within) ?? fetch(path, { signal: within }))
    if (response.status === 404) throw new RequestError('NOT_FOUND', `No trace has the id ${runId}.`)
    if (!response.ok) throw new RequestError(response.status < 500 ? 'BAD_INPUT' : 'UNAVAILABLE', `The server answered ${response.status} for the spans of this trace.`)
    return await response.arrayBuffer()
  } catch (cause) {
    throw cause instanceof RequestError ? cause : unreachable(cause, signal)
  }
}
