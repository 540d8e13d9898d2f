import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OtherPosters } from '../budgets/keeper.ts'
import type { Posting } from '../budgets/ledger-watch.ts'
import type { Collector, Heard } from '../collector.ts'
import type { Log } from '../log.ts'
import type { Protocol } from '../receive/listen.ts'
import { answerTo, type ControlAnswer } from './control-answer.ts'
import type { News, Peers } from './peers.ts'

/** What the main process says to a receiving process. `connection` comes with a socket. */
export type ToReceiver<Settings> =
  | { readonly kind: 'start'; readonly settings: Settings; readonly index: number; readonly count: number }
  | { readonly kind: 'news'; readonly from: number; readonly news: News }
  | { readonly kind: 'connection'; readonly protocol: Protocol }
  | { readonly kind: 'metrics'; readonly ask: number }
  | { readonly kind: 'listen'; readonly listens: boolean }
  | { readonly kind: 'answer'; readonly ask: number; readonly answer: ControlAnswer }
  | { readonly kind: 'close'; readonly deadlineMs: number }

/** And what it answers. */
export type FromReceiver =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'news'; readonly to: number; readonly news: News }
  | { readonly kind: 'metrics'; readonly ask: number; readonly text: string }
  | { readonly kind: 'summaries' }
  | { readonly kind: 'backlog'; readonly backlog: Backlog }
  | { readonly kind: 'posted'; readonly posting: Posting }
  | { readonly kind: 'ask'; readonly ask: number; readonly path: string; readonly body: Uint8Array }

export interface ReceiversOptions {
  /** Receiving processes, the main one among them. */
  readonly count: number
  /** The program of a further one. */
  readonly program: URL
  readonly log: Log
}

/** The further receiving processes, as the main one sees them: it starts them, and again when one dies, and carries their news. */
export interface Receivers<Settings> {
  readonly peers: Peers
  /** As the process that decides sees them. */
  readonly posters: OtherPosters
  /** Who hears what they post, and answers what agents ask them. Before they are started. */
  onDeciding(heard: Heard): void
  /** Resolves when all of them take connections; rejects where one cannot start, with none left running. */
  start(settings: Settings): Promise<void>
  /** Hands a connection to one of them; false where it is the main process' turn. */
  deal(protocol: Protocol, socket: Socket): boolean
  /** Numbers of those that take nothing now, as people count: from 2. */
  down(): readonly number[]
  /** What waits in the journal of each, as of a second ago. */
  backlogs(): readonly Backlog[]
  /** Calls `tell` whenever one of them has brought summaries of runs into ClickHouse. */
  onSummaries(tell: () => void): void
  /** Prometheus text of each that answers, by the same number. */
  metrics(): Promise<ReadonlyMap<number, string>>
  /** Lets them answer and load what they took. */
  close(deadlineMs: number): Promise<void>
}

/** How long a further process may take to start: it waits for the journal of one that is just ending. In milliseconds. */
const startMsMax = 60_000
/** First and largest wait before a dead process is started again, and how long one must live for the first to count again. In milliseconds. */
const restartMsMin = 100
const restartMsMax = 5_000
const stableMs = 60_000
/** A process that says nothing of its counters for so long is left out, in milliseconds. */
const metricsMsMax = 2_000

/** What waits in one journal; `since` in milliseconds since the epoch. */
export type Backlog = ReturnType<Collector['backlog']>

/** One further process. */
interface Child {
  process: ChildProcess | undefined
  ready: boolean
  /** As it said last, and when, in milliseconds since the epoch. */
  backlog: Backlog
  saidAt: number
}

export function superviseReceivers<Settings>({ count, program, log }: ReceiversOptions): Receivers<Settings> {
  /** By index; the main process itself is none. */
  const children = new Map<number, Child>(Array.from({ length: count - 1 }, (_, n) => [n + 1, { process: undefined, ready: false, backlog: { bytes: 0, segments: 0, since: undefined, diskFreeBytes: undefined, failure: '' }, saidAt: 0 }]))
  const closing = new AbortController()
  const asked = new Map<number, (text: string) => void>()
  const listeners: (() => void)[] = []
  let asks = 0
  let turn = 0
  let hear: (from: number, news: News) => void = () => undefined
  let heard: Heard | undefined
  let listens = false

  const tell = (to: number, message: ToReceiver<Settings>, socket?: Socket): boolean => {
    const child = children.get(to)?.process
    if (child?.connected !== true) return false
    // What a process that ends does not hear, its successor finds in ClickHouse.
    child.send(message, socket, () => undefined)
    return true
  }

  const carry = (from: number, to: number, news: News): void => {
    if (to === 0) hear(from, news)
    else tell(to, { kind: 'news', from, news })
  }

  /** Resolves when the process takes connections, rejects when it ends before. */
  const launch = (index: number, child: Child, settings: Settings): Promise<void> => {
    const started = fork(program, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.process = started
    tell(index, { kind: 'start', settings, index, count })
    tell(index, { kind: 'listen', listens })
    return new Promise((resolve, reject) => {
      let failure = 'it ended'
      const late = setTimeout(() => started.kill('SIGKILL'), startMsMax)
      started.on('message', (message: FromReceiver) => {
        switch (message.kind) {
          case 'ready':
            clearTimeout(late)
            child.ready = true
            heard?.restarted()
            return resolve()
          case 'failed': return void (failure = message.error)
          case 'news': return carry(index, message.to, message.news)
          case 'summaries': return listeners.forEach((listen) => listen())
          case 'backlog':
            child.backlog = message.backlog
            child.saidAt = Date.now()
            return
          case 'posted': return heard?.posted(message.posting)
          case 'ask': return void answerTo(heard?.controls.get(message.path), message.body, log).then((answer) => tell(index, { kind: 'answer', ask: message.ask, answer }))
          case 'metrics': return asked.get(message.ask)?.(message.text)
        }
      })
      started.once('exit', () => {
        clearTimeout(late)
        child.process = undefined
        child.ready = false
        child.saidAt = 0
        reject(new Error(`receiving process ${index + 1} of ${count} does not start: ${failure}`))
      })
    })
  }

  /** Starts it again for as long as it takes. */
  const keep = async (index: number, child: Child, settings: Settings): Promise<void> => {
    for (let delay = restartMsMin; !closing.signal.aborted; delay = Math.min(delay * 2, restartMsMax)) {
      const since = performance.now()
      if (child.process !== undefined) await new Promise((resolve) => child.process?.once('exit', resolve))
      if (closing.signal.aborted) return
      if (performance.now() - since >= stableMs) delay = restartMsMin
      log.warn('a receiving process ended, it is started again', { process: index + 1, of: count })
      await sleep(delay, undefined, { signal: closing.signal }).catch(() => undefined /* closing */)
      if (closing.signal.aborted) return
      await launch(index, child, settings).catch((error: unknown) => log.error('a receiving process does not start, trying again', { error }))
    }
  }

  const ask = async (index: number): Promise<readonly [number, string] | undefined> => {
    const id = asks++
    const answered = new Promise<string>((resolve) => asked.set(id, resolve))
    try {
      if (!tell(index, { kind: 'metrics', ask: id })) return undefined
      const text = await Promise.race([answered, sleep(metricsMsMax, undefined, { ref: false })])
      return text === undefined ? undefined : [index + 1, text]
    } finally {
      asked.delete(id)
    }
  }

  return {
    peers: {
      index: 0, count,
      send: (to, news) => carry(0, to, news),
      onNews: (listen) => void (hear = listen),
    },
    posters: {
      loadedBefore: (ms) => [...children.values()].every(({ ready, saidAt, backlog: { since } }) => ready && saidAt > ms && (since === undefined || since > ms)),
      listen: (now) => {
        if (now === listens) return
        listens = now
        for (const index of children.keys()) tell(index, { kind: 'listen', listens })
      },
    },
    onDeciding: (by) => void (heard = by),
    async start(settings) {
      try {
        await Promise.all([...children].map(([index, child]) => launch(index, child, settings)))
      } catch (error) {
        for (const { process: started } of children.values()) started?.kill('SIGKILL')
        throw error
      }
      for (const [index, child] of children) void keep(index, child, settings)
    },
    deal(protocol, socket) {
      turn = (turn + 1) % count
      return turn !== 0 && children.get(turn)?.ready === true && tell(turn, { kind: 'connection', protocol }, socket)
    },
    down: () => [...children].filter(([, { ready }]) => !ready).map(([index]) => index + 1),
    backlogs: () => [...children.values()].map(({ backlog }) => backlog),
    onSummaries: (tell) => void listeners.push(tell),
    metrics: async () => new Map((await Promise.all([...children.keys()].map(ask))).filter((one) => one !== undefined)),
    async close(deadlineMs) {
      closing.abort()
      await Promise.all([...children.entries()].map(async ([index, { process: started }]) => {
        if (started === undefined) return
        const ended = new Promise((resolve) => started.once('exit', resolve))
        tell(index, { kind: 'close', deadlineMs })
        const late = setTimeout(() => started.kill('SIGKILL'), deadlineMs + closeGraceMs)
        await ended
        clearTimeout(late)
      }))
    },
  }
}

/** Beyond the deadline of its own, in milliseconds. */
const closeGraceMs = 500
