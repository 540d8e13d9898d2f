/** For `listen.test.ts`: a process that listens nowhere and answers on the connections it is given with its process id. */
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { Server } from '@grpc/grpc-js'
import { type Listening, listen, type Protocol, type Sharing } from './listen.ts'

const bytes = (value: Buffer): Buffer => value

/** The method that answers with the process id. */
export const whoPath = '/test/Who'

/** Servers of both protocols that say which process answers. */
export async function whoServers(sharing: Sharing): Promise<Listening & AsyncDisposable> {
  const http = createServer((_, response) => response.end(String(process.pid)))
  const grpc = new Server()
  grpc.addService({
    Who: { path: whoPath, requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  }, { Who: (_: unknown, callback: (error: null, answer: Buffer) => void) => callback(null, Buffer.from(String(process.pid))) })
  const listening = await listen({ http, grpc, host: '127.0.0.1', httpPort: 0, grpcPort: 0, sharing })
  return {
    ...listening,
    [Symbol.asyncDispose]: async () => {
      listening.close()
      grpc.forceShutdown()
      http.closeAllConnections()
      if (http.listening) await new Promise((resolve) => http.close(resolve))
    },
  }
}

if (process.argv[1] === import.meta.filename) {
  const { accept } = await whoServers({ how: 'given' })
  process.on('message', (protocol: Protocol, socket: Socket | undefined) => {
    if (socket !== undefined) accept(protocol, socket)
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.('ready')
}
