import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until it is so; fails after `ms` milliseconds, naming what it waited for. */
export async function until(what: string, ms: number, met: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + ms
  while (!(await met())) {
    assert.ok(performance.now() < end, `${what} within ${ms} ms`)
    await sleep(100)
  }
}
