/**
 * Loaded into the program before its own modules (`NODE_OPTIONS=--import`): a wall clock that jumps, without the rights that
 * setting the machine's would take. `Date` is off by as many milliseconds as the file says that E2E_CLOCK_SHIFT names, in the
 * program, its threads and its engine's process. `performance.now` and timers go on, as they do where a real clock is set.
 * What it does not cover: `now()` inside ClickHouse, and the times of files.
 */
import { readFileSync } from 'node:fs'

const control = process.env['E2E_CLOCK_SHIFT'] ?? ''
/** How soon a jump is noticed, in milliseconds. */
const lookMsEvery = 50

const shiftNow = (): number => Number(readFileSync(control, 'utf8'))
let shift = shiftNow()
setInterval(() => (shift = shiftNow()), lookMsEvery).unref()

const Real = Date
const now = (): number => Real.now() + shift
globalThis.Date = new Proxy(Real, {
  construct: (target, given, newTarget: Function) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as object,
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
})
