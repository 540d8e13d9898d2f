/**
 * Everything that happens to a server, under load, and then every span and every amount is accounted for:
 *
 *   node e2e/chaos.ts                       all of it, about 20 minutes; a table of what was done and found
 *   KILLS=20 AWAY_SECONDS=5 node e2e/chaos.ts
 *   RECEIVERS=2 KILLS=20 node e2e/chaos.ts  with several receiving processes, of which the last is killed alone, too
 *   KILLS=100 ENGINE_AWAY=5 AWAY_SECONDS=60 CLOCK_JUMPS=10 FULL_DISKS=3 MINUTES=60    are what it does where nothing is said
 *
 * When the minutes are over, or at Ctrl-C, nothing more goes wrong, and what was done until then is accounted for.
 * Answers are lost all the time (`lost-reply.ts`). A full disk takes Linux and root (`small-disk.ts`).
 */
import { writeFileSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { smallDisk } from '#collector/spool/small-disk.ts'
import { takenOn } from '../bench/machine.ts'
import { type Accounted, accounted, between, type Book, chance, startLoad } from './accounted-load.ts'
import { enginePid, isEngine } from './engine.ts'
import { type Program, spawnProgram, startProgram } from './program.ts'
import { receiverPid } from './receivers.ts'
import { until } from './until.ts'

/** `start`: the program, and the one started after it before that is ready. `receiver`: the last of several receiving processes. */
export type Victim = 'program' | 'engine' | 'both' | 'start' | 'receiver'
export type Away = 'stopped' | 'killed'

/** One thing that goes wrong. */
export type Fault =
  | { readonly kind: 'kill'; readonly victim: Victim }
  /** `stopped`: it takes connections and says nothing. `killed`: as often as it comes back. */
  | { readonly kind: 'engine away'; readonly how: Away; readonly ms: number }
  /** The clock is set to so many hours from the real one. */
  | { readonly kind: 'clock'; readonly hours: number }
  /** Others fill the disk and keep it full for so long. */
  | { readonly kind: 'full disk'; readonly ms: number; readonly kill: boolean }

export interface Campaign {
  readonly faults: readonly Fault[]
  readonly report: (line: string) => void
  /** Where the data lies. */
  readonly dir: string
  /** Receiving processes; 1 where it is left out. */
  readonly receivers?: number
  /** Aborted when nothing more shall go wrong. */
  readonly enough?: AbortSignal
}

export interface ChaosSummary extends Accounted {
  /** Those that came to pass. */
  readonly faults: readonly Fault[]
  readonly book: Book
  /** Seconds. */
  readonly took: number
}

/** Load before a fault, in milliseconds. */
const loadMsMin = 400
const loadMsMax = 2_000
/** How long a killed program's engine may outlive it, and an engine that nobody kills any more may be away. In milliseconds. */
const orphanMsMax = 10_000
const engineMsMax = 60_000
const killAgainMs = 50
/** When a program that starts is killed, after it was started. In milliseconds. */
const startMsMin = 100
const startMsMax = 3_000
/** Farthest that the clock jumps, in hours. */
const jumpHoursMax = 12

const settlementDelayMs = 300

/** Rounds of load and a fault, then every span and every amount is accounted for. Rejects where one is not. */
export async function chaos({ faults, report, dir, enough, receivers = 1 }: Campaign): Promise<ChaosSummary> {
  const began = performance.now()
  const clock = join(dir, 'clock')
  const host: Host = {
    dir, clock, dataDir: join(dir, 'data'), receivers,
    env: {
      SPANLEDGER_SETTLEMENT_DELAY_MS: String(settlementDelayMs), SPANLEDGER_RECEIVERS: String(receivers), E2E_CLOCK_SHIFT: clock,
      NODE_OPTIONS: `--import ${new URL('./shifted-clock.ts', import.meta.url).href}`,
    },
  }
  writeFileSync(clock, '0')
  let program = await startProgram(host)
  const load = startLoad(() => program)
  const done: Fault[] = []
  try {
    for (const fault of faults) {
      if (enough?.aborted === true) break
      await sleep(between(loadMsMin, loadMsMax))
      const before = load.book.acknowledged.size
      program = await happen(fault, program, host)
      done.push(fault)
      report(`${done.length} of ${faults.length}: ${describeFault(fault)}, with ${before} spans acknowledged, ${load.book.acknowledged.size} when it was over`)
    }
    await sleep(loadMsMin)
    await load.stop()
    const found = await accounted(load.book, program, receivers)
    const engine = enginePid(program)
    await killed('program', program, engine)
    await engineEnds(engine)
    return { ...found, faults: done, book: load.book, took: (performance.now() - began) / 1000 }
  } catch (error) {
    report(`${error instanceof Error ? error.message : String(error)}\n${program.log()}`)
    throw error
  } finally {
    await load.stop().catch(() => undefined /* said above */)
    await program[Symbol.asyncDispose]()
  }
}

/** What a program is started on. */
interface Host {
  readonly dir: string
  readonly dataDir: string
  readonly env: Readonly<Record<string, string>>
  /** File that says how far its clock is off. */
  readonly clock: string
  readonly receivers: number
}

/** Lets it happen and waits until it is over. Returns the program that stands then. */
async function happen(fault: Fault, program: Program, host: Host): Promise<Program> {
  switch (fault.kind) {
    case 'kill':
      if (fault.victim !== 'receiver') return killAndStart(fault.victim, program, host)
      await killReceiver(program, host.receivers)
      return program
    case 'engine away':
      await engineAway(fault, program)
      return program
    case 'clock':
      writeFileSync(host.clock, String(fault.hours * 3_600_000))
      return program
    case 'full disk': return fullDisk(fault, program, host)
  }
}

async function killed(victim: Victim, program: Program, engine: number): Promise<void> {
  if (victim === 'engine' || victim === 'both') process.kill(engine, 'SIGKILL')
  if (victim === 'engine') return
  program.signal('SIGKILL')
  await program.exited
}

const engineEnds = (engine: number): Promise<void> => until(`engine ${engine} ends after its program`, orphanMsMax, () => !isEngine(engine))

async function killReceiver(program: Program, number: number): Promise<void> {
  const pid = receiverPid(program, number)
  process.kill(pid, 'SIGKILL')
  await until(`receiving process ${number} is started again`, engineMsMax, async () =>
    receiverPid(program, number) !== pid && (await fetch(`${program.console}/readyz`)).ok)
}

async function killAndStart(victim: Victim, program: Program, host: Host): Promise<Program> {
  const engine = enginePid(program)
  await killed(victim, program, engine)
  if (victim === 'engine') {
    await until('the program starts its engine again', engineMsMax, () => enginePid(program) !== engine)
    return program
  }
  // Some operators restart at once, while the old engine still ends; some later.
  if (chance(0.5)) await engineEnds(engine)
  if (victim === 'start') await killWhileStarting(host)
  const next = await startProgram(host)
  await engineEnds(engine)
  return next
}

/** Somewhere between its first line and ready: while it takes the lock, starts its engine, loads what was left, migrates. */
async function killWhileStarting(host: Host): Promise<void> {
  const starting = spawnProgram(host)
  await sleep(between(startMsMin, startMsMax))
  starting.child.kill('SIGKILL')
  await starting.exited
}

async function engineAway({ how, ms }: Extract<Fault, { kind: 'engine away' }>, program: Program): Promise<void> {
  const engine = enginePid(program)
  const end = performance.now() + ms
  if (how === 'stopped') {
    process.kill(engine, 'SIGSTOP')
    await sleep(ms)
    // One that says nothing for a minute was killed by its program meanwhile.
    if (isEngine(engine)) process.kill(engine, 'SIGCONT')
  } else {
    while (performance.now() < end) {
      const current = enginePid(program)
      if (isEngine(current)) process.kill(current, 'SIGKILL')
      await sleep(killAgainMs)
    }
  }
  await until('the engine serves again', engineMsMax, async () => (await fetch(`${program.console}/readyz`)).status === 200)
}

async function fullDisk({ ms, kill }: Extract<Fault, { kind: 'full disk' }>, program: Program, host: Host): Promise<Program> {
  const path = join(host.dir, 'others')
  const others = await open(path, 'w')
  const end = performance.now() + ms
  const MiB = Buffer.alloc(1024 * 1024)
  // Faster than anybody looks, and whatever is freed is taken.
  while (performance.now() < end) {
    const full = await others.write(MiB).then(() => false, (error: NodeJS.ErrnoException) => error.code === 'ENOSPC' || Promise.reject(error))
    if (full) await sleep(killAgainMs)
  }
  await others.close()
  const engine = enginePid(program)
  if (kill) await killed('both', program, engine)
  await rm(path)
  if (!kill) return program
  await engineEnds(engine)
  return startProgram(host)
}

export interface ChaosOptions {
  readonly kills: number
  readonly engineAway: number
  readonly awayMs: number
  readonly clockJumps: number
}

const victimsOf = (receivers: number): readonly Victim[] => ['program', 'engine', 'both', 'start', ...(receivers > 1 ? ['receiver'] as const : [])]
const ways: readonly Away[] = ['killed', 'stopped']

/** So many of each, in a random order. The clock jumps forwards and backwards by turns, and is right again in the end. */
export function faultsOf({ kills, engineAway, awayMs, clockJumps }: ChaosOptions, receivers = 1): readonly Fault[] {
  const victims = victimsOf(receivers)
  const others: Fault[] = [
    ...Array.from({ length: kills }, (_, n): Fault => ({ kind: 'kill', victim: victims[n % victims.length] as Victim })),
    ...Array.from({ length: engineAway }, (_, n): Fault => ({ kind: 'engine away', how: ways[n % ways.length] as Away, ms: awayMs })),
  ]
  const jumps = Array.from({ length: clockJumps }, (_, n): Fault => ({ kind: 'clock', hours: n === clockJumps - 1 ? 0 : (n % 2 === 0 ? 1 : -1) * between(1, jumpHoursMax) }))
  return shuffled([...others.map(() => 'other' as const), ...jumps.map(() => 'jump' as const)])
    .map((turn) => (turn === 'jump' ? jumps.shift() : takeAny(others)) as Fault)
}

const shuffled = <T>(list: readonly T[]): T[] => list.map((one) => [Math.random(), one] as const).sort(([a], [b]) => a - b).map(([, one]) => one)
const takeAny = (from: Fault[]): Fault | undefined => from.splice(between(0, from.length - 1), 1)[0]

function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill': return fault.victim === 'start' ? 'kill -9 of program, and again while it starts' : `kill -9 of ${fault.victim}`
    case 'engine away': return `engine ${fault.how} for ${fault.ms / 1000} s`
    case 'clock': return `clock set to ${fault.hours >= 0 ? '+' : ''}${fault.hours} h`
    case 'full disk': return `disk full for ${fault.ms / 1000} s${fault.kill ? ', then kill -9 of both' : ''}`
  }
}

/** As Markdown. */
export function describeChaos({ faults, book, stored, traces, ledger, account, took }: ChaosSummary): string {
  const counts = new Map<string, number>()
  for (const fault of faults) {
    const what = fault.kind === 'clock' ? 'clock set, between −12 and +12 hours from the real one' : describeFault(fault)
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const rows = [
    ...[...counts].map(([what, times]) => [what, `${times} ×`]),
    ...[...book.lost].map(([how, times]) => [`answer lost (${how}), request sent again`, `${times} ×`]),
    ['acknowledged requests sent once more; requests refused or unanswered', `${book.repeated}; ${book.unanswered}`],
    ['spans sent; acknowledged; stored', `${book.spans.size}; ${book.acknowledged.size}; ${stored}`],
    ['acknowledged and lost; counted twice', '0; 0'],
    ['runs settled, each with its spans and its cost', String(traces)],
    ['ledger, per span and in all', `$${Number(ledger / 1_000n) / 1e9}, exact to 10⁻¹²`],
    ['ingest account', `${account.received} received = ${account.stored} stored + ${account.deduplicated} deduplicated + ${account.rejected} rejected + ${account.setAside} set aside`],
    ['took', `${took.toFixed(0)} s`],
  ]
  return `| what | |\n| --- | --- |\n${rows.map(([what, found]) => `| ${what} | ${found} |`).join('\n')}\n`
}


/** Large enough for ClickHouse and the load, small enough to be filled at once. */
const diskSize = '600m'
const fullMs = 8_000

if (import.meta.main) {
  const { KILLS = '100', ENGINE_AWAY = '5', AWAY_SECONDS = '60', CLOCK_JUMPS = '10', FULL_DISKS = '3', MINUTES = '60', RECEIVERS = '1' } = process.env
  const receivers = Number(RECEIVERS)
  const taken = takenOn()
  const report = console.error
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  const enough = AbortSignal.any([stop.signal, AbortSignal.timeout(Number(MINUTES) * 60_000)])
  const dir = await mkdtemp(join(tmpdir(), 'spanledger-chaos-'))
  try {
    const faults = faultsOf({ kills: Number(KILLS), engineAway: Number(ENGINE_AWAY), awayMs: Number(AWAY_SECONDS) * 1000, clockJumps: Number(CLOCK_JUMPS) }, receivers)
    console.log(`${taken}\n\n${describeChaos(await chaos({ faults, report, dir, enough, receivers }))}`)
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
  if (Number(FULL_DISKS) > 0) {
    const mounted = await smallDisk(diskSize)
    if (typeof mounted === 'string') console.log(`Full disk: left out, ${mounted}.`)
    else {
      await using disk = mounted
      const faults = Array.from({ length: Number(FULL_DISKS) }, (_, n): Fault => ({ kind: 'full disk', ms: fullMs, kill: n % 2 === 1 }))
      console.log(`A disk of ${diskSize}:\n\n${describeChaos(await chaos({ faults, report, dir: disk.dir, receivers }))}`)
    }
  }
}
