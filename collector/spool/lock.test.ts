import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { lockSpool } from './lock.ts'

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lock-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'spool')
}

/** How many of `count` simultaneous starts get the folder. */
async function winners(dir: string, count: number): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, () => lockSpool(dir)))
  for (const outcome of outcomes) if (outcome.status === 'rejected') assert.match(String(outcome.reason), /in use by process \d+: stop it/)
  return outcomes.filter((outcome) => outcome.status === 'fulfilled').length
}

test('of many that start at once over a new folder, one gets it', async (t) => {
  const dir = await folder(t)
  assert.equal(await winners(dir, 20), 1)
  assert.equal(await winners(dir, 1), 0)
  assert.deepEqual(await readdir(dir), ['holder.1.json'])
  assert.equal((await stat(join(dir, 'holder.1.json'))).mode & 0o777, 0o600)
})

test('of many that find a dead holder at once, one follows it', async (t) => {
  const dir = await folder(t)
  // A process that held it and was killed: its file stays.
  const script = `import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)}).then((m) => m.lockSpool(process.argv[1])).then(() => { process.send('held'); setInterval(() => 0, 1000) })`
  const holder = spawn(process.execPath, ['-e', script, dir], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(holder, 'message')
  assert.equal(await winners(dir, 3), 0)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  assert.equal(await winners(dir, 20), 1)
  assert.deepEqual(await readdir(dir), ['holder.2.json'])
})

test('a torn claim is nobody\'s', async (t) => {
  const dir = await folder(t)
  await lockSpool(dir)
  await writeFile(join(dir, 'holder.1.json'), '{"pid":')
  assert.equal(await winners(dir, 10), 1)
})

/** A claim that names this port, as a process that was killed leaves it. */
async function claimOf(dir: string, port: number): Promise<void> {
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'holder.1.json'), JSON.stringify({ pid: 1, port, token: 'of the dead' }))
}

test('a dead holder whose port was given to a server that waits to be asked holds nothing', async (t) => {
  const dir = await folder(t)
  const other = createHttpServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  await claimOf(dir, (other.address() as AddressInfo).port)
  assert.equal(await winners(dir, 1), 1)
})

test('a holder that is too busy to answer holds all the same', async (t) => {
  const dir = await folder(t)
  const busy = createServer((socket) => socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1')
  t.after(() => busy.close())
  await once(busy, 'listening')
  await claimOf(dir, (busy.address() as AddressInfo).port)
  assert.equal(await winners(dir, 1), 0)
})
