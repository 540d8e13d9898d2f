import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { fileMode, folderMode, isMissing, removeFile } from './durable-file.ts'

/** How long a holder has to answer, in milliseconds: one that is busy is a holder all the same. */
const answerMsMax = 2_000

interface Holder {
  readonly pid: number
  /** On 127.0.0.1: whoever connects is told the token. */
  readonly port: number
  readonly token: string
}

/** Another process collects into this folder. */
export class SpoolInUse extends Error {}

/**
 * Claims a spool's folder for this process until it ends, however it ends, or until what this resolves with is called. Two collectors over one journal would take each
 * other's segments away. The holder listens, because a process id is given to others again and a lock file outlives a crash.
 * Rejects with one sentence where the folder is held.
 */
export async function lockSpool(dir: string): Promise<() => void> {
  await mkdir(dir, { recursive: true, mode: folderMode })
  const token = randomUUID()
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume().end(token)).unref()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const own: Holder = { pid: process.pid, port: (server.address() as AddressInfo).port, token }
  const draft = join(dir, `holder.${token}.draft`)
  await writeFile(draft, `${JSON.stringify(own)}\n`, { mode: fileMode, flag: 'wx' })
  try {
    await claim(dir, draft)
    return () => void server.close()
  } catch (error) {
    server.close()
    throw error
  } finally {
    await removeFile(draft)
  }
}

/**
 * Claims have numbers and the highest one holds. A number is taken by a link, which succeeds for one process only and is
 * never seen half written. Who took one that others have passed meanwhile gives it up; so two starts at once cannot both
 * find the same dead holder and follow it.
 */
async function claim(dir: string, draft: string): Promise<void> {
  for (;;) {
    const last = (await claims(dir)).at(-1) ?? 0
    const holder = last === 0 ? undefined : await readHolder(claimFile(dir, last))
    if (holder !== undefined && (await holds(holder))) {
      throw new SpoolInUse(`the spool in ${dir} is in use by process ${holder.pid}: stop it, or choose another data folder`)
    }
    const own = last + 1
    if (!(await linked(draft, claimFile(dir, own)))) continue
    const found = await claims(dir)
    if (found.at(-1) !== own) {
      await removeFile(claimFile(dir, own))
      continue
    }
    for (const older of found.filter((number) => number < own)) await removeFile(claimFile(dir, older))
    return
  }
}

const claimFile = (dir: string, number: number): string => join(dir, `holder.${number}.json`)

/** Numbers of the claims there are, lowest first. */
const claims = async (dir: string): Promise<number[]> =>
  (await readdir(dir)).flatMap((name) => Number(/^holder\.(\d+)\.json$/.exec(name)?.[1] ?? 0) || []).sort((a, b) => a - b)

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return isHolder(value) ? value : undefined
  } catch (error) {
    // Given up meanwhile, or torn by a power cut: nobody answers for it either way.
    if (error instanceof SyntaxError || isMissing(error)) return undefined
    throw error
  }
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number' && 'port' in value && typeof value.port === 'number' &&
  'token' in value && typeof value.token === 'string'

/** What makes a server talk that has the port of a dead holder now: it waits for HTTP, or for something else. A holder says its token unasked. */
const question = 'who holds the spool?\r\n\r\n'

/** Connected and silent counts as held: better to refuse a start than to share a journal. */
const holds = ({ port, token }: Holder): Promise<boolean> =>
  new Promise((resolve) => {
    let said = ''
    const socket = connect({ host: '127.0.0.1', port, timeout: answerMsMax })
    const done = (held: boolean): void => {
      socket.destroy()
      resolve(held)
    }
    socket.setEncoding('utf8').on('data', (text: string) => (said += text)).write(question)
    socket.once('end', () => done(said === token)).once('timeout', () => done(token.startsWith(said))).once('error', () => done(false))
  })
