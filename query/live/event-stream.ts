import type { IncomingMessage, ServerResponse } from 'node:http'
import { refuse, safeHeaders } from '../http/answer.ts'
import type { RunChange, RunFeed } from './run-feed.ts'

/** Open streams. A browser holds one a tab; each costs a socket and a little memory. */
const listenersMax = 200
/** Between signs of life, so that proxies keep the connection. */
const heartbeatMs = 15_000
/** Bytes a client may be behind. It is cut off above, and resumes with `Last-Event-ID`. */
const behindBytesMax = 1_048_576
/** Told to `EventSource`: how long to wait before it connects again. */
const retryMs = 2_000

export interface EventStreams {
  /** Streams changes of all traces, or of one. Resolves when the stream stands. */
  open(request: IncomingMessage, response: ServerResponse, runId: string | undefined): Promise<void>
  close(): void
}

/** Server-Sent Events, https://html.spec.whatwg.org/multipage/server-sent-events.html: event `run`, its id the version. */
export function eventStreams(feed: RunFeed): EventStreams {
  const open = new Set<ServerResponse>()
  return {
    open: async (request, response, runId) => {
      if (open.size >= listenersMax) return refuse(response, 503, 'RATE_LIMITED', `${listenersMax} streams are open, no more are allowed: close some`)
      response.writeHead(200, { ...safeHeaders, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      if (request.method === 'HEAD') {
        response.end()
        return
      }
      open.add(response)
      response.write(`retry: ${retryMs}\n\n`)
      const heartbeat = setInterval(() => response.write(': alive\n\n'), heartbeatMs)
      const mine = (change: RunChange): boolean => runId === undefined || change.id === runId
      // Told in order: what comes while the past is read waits behind it.
      const waiting: RunChange[] = []
      const past = new Map<string, bigint>()
      let pastIsTold = false
      const write = (change: RunChange): void => {
        response.write(`id: ${change.version}\nevent: run\ndata: ${JSON.stringify(change)}\n\n`)
        if (response.writableLength > behindBytesMax) response.destroy()
      }
      const stop = feed.listen((change) => {
        if (!mine(change)) return
        if (!pastIsTold) waiting.push(change)
        else if ((past.get(change.id) ?? 0n) < BigInt(change.version)) write(change)
      })
      response.once('close', () => {
        stop()
        clearInterval(heartbeat)
        open.delete(response)
      })
      const missed = (await missedChanges(feed, request.headers['last-event-id'], runId)).filter(mine)
      for (const change of missed) {
        past.set(change.id, BigInt(change.version))
        write(change)
      }
      pastIsTold = true
      for (const change of waiting) if ((past.get(change.id) ?? 0n) < BigInt(change.version)) write(change)
    },
    close: () => {
      for (const response of open) response.end()
    },
  }
}

/** A client that was away hears what it missed; one that watches a single run hears first how it stands. */
async function missedChanges(feed: RunFeed, lastEventId: string | string[] | undefined, runId: string | undefined): Promise<RunChange[]> {
  const last = typeof lastEventId === 'string' && /^\d{1,20}$/.test(lastEventId) ? BigInt(lastEventId) : undefined
  if (runId !== undefined) {
    const current = await feed.current(runId)
    return current === undefined || (last !== undefined && BigInt(current.version) <= last) ? [] : [current]
  }
  return last === undefined ? [] : feed.since(last)
}
