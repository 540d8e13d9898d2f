import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Client, credentials } from '@grpc/grpc-js'
import { whoPath, whoServers } from './dealt-receiver.ts'
import { kernelShares } from './listen.ts'

const bytes = (value: Buffer): Buffer => value

/** Which process answers, asked over a connection of its own. */
const askHttp = async (port: number): Promise<number> => Number(await (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text())
const askGrpc = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
    client.makeUnaryRequest(whoPath, bytes, bytes, Buffer.from('?'), (error, answer) => {
      client.close()
      if (error === null) resolve(Number(answer))
      else reject(error)
    })
  })

test('where the kernel does not share ports, connections are dealt out to the other process and back', async () => {
  const other = fork(new URL('./dealt-receiver.ts', import.meta.url))
  try {
    await once(other, 'message')
    let turn = 0
    await using own = await whoServers({
      how: 'dealt',
      next: (protocol, socket) => turn++ % 2 === 0 && other.send(protocol, socket),
    })
    for (const [ask, port] of [[askHttp, own.httpPort], [askGrpc, own.grpcPort]] as const) {
      assert.deepEqual([await ask(port), await ask(port), await ask(port), await ask(port)], [other.pid, process.pid, other.pid, process.pid])
    }
  } finally {
    other.disconnect()
    await once(other, 'exit')
  }
})

test('a port at which another program listens is taken, also where the kernel would share it', async (t) => {
  if (!(await kernelShares('127.0.0.1', [0]))) return t.skip('this kernel does not share ports')
  const other = createServer().listen({ host: '127.0.0.1', port: 0, reusePort: true })
  await once(other, 'listening')
  const address = other.address()
  assert.ok(typeof address === 'object' && address !== null)
  await assert.rejects(kernelShares('127.0.0.1', [address.port]), /EADDRINUSE/)
  other.close()
})
