import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Client, credentials, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js'
import { addHealth, type Health } from './health.ts'

const bytes = (value: Buffer): Buffer => value
const asking = (service: string): Buffer => Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)])
const [serving, notServing, serviceUnknown] = [Buffer.from([0x08, 1]), Buffer.from([0x08, 2]), Buffer.from([0x08, 3])]

async function served(t: TestContext): Promise<{ readonly health: Health; readonly client: Client; readonly server: Server }> {
  const server = new Server()
  const health = addHealth(server, ['a.Service'])
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)))
  })
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  t.after(() => {
    client.close()
    server.forceShutdown()
  })
  return { health, client, server }
}

const check = (client: Client, request: Buffer): Promise<Buffer | number> =>
  new Promise((resolve) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', bytes, bytes, request, (error: ServiceError | null, answer?: Buffer) => resolve(error?.code ?? answer ?? 0))
  })

test('Check: the server and each service serve until it stops, others are not found', async (t) => {
  const { client, health } = await served(t)
  assert.deepEqual(await check(client, Buffer.alloc(0)), serving)
  assert.deepEqual(await check(client, asking('a.Service')), serving)
  assert.equal(await check(client, asking('b.Service')), status.NOT_FOUND)
  assert.equal(await check(client, Buffer.from([0x0a, 9])), status.INVALID_ARGUMENT)
  health.stopping()
  assert.deepEqual(await check(client, asking('a.Service')), notServing)
})

test('Watch: tells the state and its end, and lets the server go', async (t) => {
  const { client, health, server } = await served(t)
  const watch = (request: Buffer): { readonly first: Promise<void>; readonly all: Promise<Buffer[]> } => {
    const seen: Buffer[] = []
    const stream = client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', bytes, bytes, request)
    const all = new Promise<Buffer[]>((resolve, reject) => stream.on('data', (answer: Buffer) => seen.push(answer)).on('end', () => resolve(seen)).on('error', reject))
    return { first: new Promise((resolve) => stream.once('data', () => resolve())), all }
  }
  const [known, unknown] = [watch(asking('a.Service')), watch(asking('b.Service'))]
  await Promise.all([known.first, unknown.first])
  health.stopping()
  assert.deepEqual(await known.all, [serving, notServing])
  assert.deepEqual(await unknown.all, [serviceUnknown])
  await new Promise<void>((resolve, reject) => server.tryShutdown((error) => (error === undefined || error === null ? resolve() : reject(error))))
})
