import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'

/** How long a holder has to answer, in milliseconds: one that is busy is a holder all the same. */
const answerMsMax = 2_000

interface Holder {
  readonly pid: number
  /** On 127.0.0.1: whoever connects is told the token. */
  readonly port: number
  readonly token: string
}

/**
 * Claims a spool's folder for this process until it ends, however it ends. Two collectors over one journal would take each
 * other's segments away. The holder listens, because a process id is given to others again and a lock file outlives a crash.
 * Rejects with one sentence where the folder is held.
 */
export async function lockSpool(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  const file = join(dir, 'holder.json')
  const holder = await readHolder(file)
  if (holder !== undefined && (await holds(holder))) {
    throw new Error(`the spool in ${dir} is in use by process ${holder.pid}: stop it, or choose another data folder`)
  }
  const token = randomUUID()
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).end(token)).unref()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const own: Holder = { pid: process.pid, port: (server.address() as AddressInfo).port, token }
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(own)}\n`, { mode: 0o600 })
  await rename(draft, file)
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return isHolder(value) ? value : undefined
  } catch (error) {
    // Nobody held it yet, or a crash tore the file: the token would not match either way.
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) return undefined
    throw error
  }
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number' && 'port' in value && typeof value.port === 'number' &&
  'token' in value && typeof value.token === 'string'

/** Connected and silent counts as held: better to refuse a start than to share a journal. */
const holds = ({ port, token }: Holder): Promise<boolean> =>
  new Promise((resolve) => {
    let said = ''
    const socket = connect({ host: '127.0.0.1', port, timeout: answerMsMax })
    const done = (held: boolean): void => {
      socket.destroy()
      resolve(held)
    }
    socket.setEncoding('utf8').on('data', (text: string) => (said += text))
    socket.once('end', () => done(said === token)).once('timeout', () => done(token.startsWith(said))).once('error', () => done(false))
  })
