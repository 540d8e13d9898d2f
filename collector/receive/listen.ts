import type { Server as GrpcServer } from '@grpc/grpc-js'
import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { grpcConnections, listenGrpc } from './grpc.ts'

export type Protocol = 'grpc' | 'http'

/**
 * How receiving processes share their ports. `alone`: there is one. `kernel`: each listens, and the kernel deals connections out
 * (SO_REUSEPORT). `dealt`: where the kernel does not, the main process listens and deals them out; `next` is false where it is its
 * own turn. `given`: a further process then, which listens nowhere.
 */
export type Sharing =
  | { readonly how: 'alone' }
  | { readonly how: 'kernel' }
  | { readonly how: 'dealt'; readonly next: (protocol: Protocol, socket: Socket) => boolean }
  | { readonly how: 'given' }

export interface Listening {
  readonly grpcPort: number
  readonly httpPort: number
  /** A connection that another process accepted. */
  accept(protocol: Protocol, socket: Socket): void
  /** No new connections; those there are stay. */
  close(): void
}

export interface ListeningOptions {
  readonly http: HttpServer
  readonly grpc: GrpcServer
  readonly host: string
  /** 0 means any free port. */
  readonly httpPort: number
  readonly grpcPort: number
  readonly sharing: Sharing
}

/** Rejects where an address cannot be listened on. */
export async function listen(options: ListeningOptions): Promise<Listening> {
  const { http, grpc, host, httpPort, grpcPort, sharing } = options
  if (sharing.how === 'alone') {
    const accept = refuseConnection
    return { httpPort: await listenOn(http, { host, port: httpPort }), grpcPort: await listenGrpc(grpc, host, grpcPort), accept, close: () => undefined }
  }
  const injectGrpc = grpcConnections(grpc)
  const accept = (protocol: Protocol, socket: Socket): void => {
    if (protocol === 'grpc') injectGrpc(socket)
    else http.emit('connection', socket)
    socket.resume()
  }
  // What Node waits for before it watches how long the requests of connections take.
  if (sharing.how !== 'kernel') http.emit('listening')
  switch (sharing.how) {
    case 'given': return { httpPort, grpcPort, accept, close: () => undefined }
    case 'kernel': {
      const grpcPortal = createServer((socket) => accept('grpc', socket))
      return {
        httpPort: await listenOn(http, { host, port: httpPort, reusePort: true }),
        grpcPort: await listenOn(grpcPortal, { host, port: grpcPort, reusePort: true }),
        accept, close: () => void grpcPortal.close(),
      }
    }
    case 'dealt': {
      const portal = (protocol: Protocol): Server => createServer({ pauseOnConnect: true }, (socket) => {
        if (!sharing.next(protocol, socket)) accept(protocol, socket)
      })
      const portals = { http: portal('http'), grpc: portal('grpc') }
      portals.http.maxConnections = http.maxConnections
      return {
        httpPort: await listenOn(portals.http, { host, port: httpPort }),
        grpcPort: await listenOn(portals.grpc, { host, port: grpcPort }),
        accept,
        close: () => {
          portals.http.close()
          portals.grpc.close()
        },
      }
    }
  }
}

const refuseConnection = (_: Protocol, socket: Socket): void => void socket.destroy()

async function listenOn(server: Server, options: ListenOptions): Promise<number> {
  server.listen(options)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/**
 * Whether the kernel deals connections out here. Rejects where another program listens at one of these ports already: with
 * SO_REUSEPORT two of ours would share it without a word.
 */
export async function kernelShares(host: string, ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (port !== 0) await closed(createServer(), { host, port })
  try {
    await closed(createServer(), { host, port: 0, reusePort: true })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOTSUP' || error.code === 'EINVAL')) return false
    throw error
  }
}

async function closed(server: Server, options: ListenOptions): Promise<void> {
  await listenOn(server, options)
  server.close()
  await once(server, 'close')
}
