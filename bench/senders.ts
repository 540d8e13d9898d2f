import { Agent, request as httpRequest } from 'node:http'
import type { Program } from '../e2e/program.ts'
import { grpcExporter } from '../e2e/sending.ts'

/** Requests in flight at most; more are due and wait, and their latency shows it. */
export const inFlightMax = 128

/** Exports one request; false where it was refused. */
export type Send = (body: Buffer) => Promise<boolean>
export type Sender = Disposable & { readonly send: Send }

export const senderOf = (protocol: 'http' | 'grpc', program: Pick<Program, 'grpc' | 'http'>): Sender => (protocol === 'grpc' ? grpcSender(program) : httpSender(program))

/** Over connections that stay open, as SDKs do it. */
function httpSender(program: Pick<Program, 'http'>): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlightMax })
  const { hostname, port } = new URL(program.http)
  const send: Send = (body) =>
    new Promise((resolve, reject) => {
      const request = httpRequest({
        agent, hostname, port, path: '/v1/traces', method: 'POST', headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length },
      }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode === 200))
      })
      request.once('error', reject)
      request.end(body)
    })
  return { send, [Symbol.dispose]: () => agent.destroy() }
}

function grpcSender(program: Pick<Program, 'grpc'>): Sender {
  const exporter = grpcExporter(program)
  return { send: (body) => exporter.send(body).then(() => true, () => false), [Symbol.dispose]: () => exporter[Symbol.dispose]() }
}
