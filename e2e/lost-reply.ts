import { type EventEmitter, once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportHeaders, grpcMessage } from '#collector/receive/raw-http2.ts'
import type { Program } from './program.ts'
import { grpcExporter, post } from './sending.ts'

/**
 * How a sender is left without the answer to an export that the program may have stored: the connection breaks when the whole
 * request is on its way, or when the answer's first bytes are here; the sender gives up waiting; somebody between the two
 * answers "come back" in the program's stead.
 */
export const lostReplies = ['cut before the answer', 'cut within the answer', 'given up waiting', 'answered 503 by a proxy'] as const
export type LostReply = (typeof lostReplies)[number]
export type Transport = 'grpc' | 'http'

/** The patience of a sender that gives up, and what a broken connection may outlast: as long as the program takes to answer. In milliseconds. */
const patienceMsMax = 30
/** A program that is stopped or killed must not hold the sender up. In milliseconds. */
const answerMsMax = 20_000

/** Sends, and returns with nothing learned. Rejects where the request did not get on its way. */
export async function loseReply(kind: LostReply, transport: Transport, program: Program, body: Buffer): Promise<void> {
  if (kind !== 'answered 503 by a proxy') return transport === 'http' ? overHttp(kind, program, body) : overGrpc(kind, program, body)
  if (transport === 'http') return void (await post(program, body))
  using exporter = grpcExporter(program)
  await exporter.send(body)
}

type Cut = Exclude<LostReply, 'answered 503 by a proxy'>

async function overHttp(kind: Cut, program: Program, body: Buffer): Promise<void> {
  const { hostname, port } = new URL(program.http)
  const socket = connect(Number(port), hostname)
  const ended = maybe(socket, 'close')
  try {
    await once(socket, 'connect')
    socket.on('error', () => undefined /* what becomes of the connection is the test's own doing */)
    const head = `POST /v1/traces HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${body.length}\r\n\r\n`
    await new Promise<unknown>((resolve) => socket.write(Buffer.concat([Buffer.from(head), body]), resolve))
    await moment(kind, maybe(socket, 'data'), ended)
  } finally {
    socket.destroy()
  }
}

async function overGrpc(kind: Cut, program: Program, body: Buffer): Promise<void> {
  const session = connectHttp2(program.grpc)
  const ended = maybe(session, 'close')
  try {
    await once(session, 'connect')
    session.on('error', () => undefined /* as above */)
    const stream = session.request(exportHeaders)
    stream.on('error', () => undefined /* as above */)
    await new Promise<unknown>((resolve) => stream.end(grpcMessage(0, body), () => resolve(undefined)))
    // Its frames leave the process with the next turns of the loop.
    await sleep(1)
    await moment(kind, maybe(stream, 'response'), ended)
    // A deadline that passes ends the stream alone.
    if (kind === 'given up waiting') stream.close(constants.NGHTTP2_CANCEL)
  } finally {
    session.destroy()
  }
}

/** The event, or the error that keeps it from coming, which is the test's own doing. */
const maybe = (emitter: EventEmitter, event: string): Promise<unknown> => once(emitter, event).catch(() => undefined)

/** When to break it. */
async function moment(kind: Cut, answer: Promise<unknown>, ended: Promise<unknown>): Promise<void> {
  switch (kind) {
    case 'cut before the answer': return
    case 'cut within the answer': return void (await Promise.race([answer, ended, sleep(answerMsMax, undefined, { ref: false })]))
    case 'given up waiting': return void (await Promise.race([answer, ended, sleep(Math.random() * patienceMsMax)]))
  }
}
