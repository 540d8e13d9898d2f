import { connect, type Socket } from 'node:net'

/** HTTP/2 by hand, for tests: frames that no well-behaved client would send. RFC 9113. */
export const frameType = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6, continuation: 9 } as const
export const flag = { endStream: 1, endHeaders: 4 } as const

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Literal header fields, never indexed by value or name (HPACK, RFC 7541 6.2.2); names and values under 127 bytes. */
export const headerBlock = (headers: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]))

export const exportHeaders = {
  ':method': 'POST', ':scheme': 'http', ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export', ':authority': 'localhost',
  'content-type': 'application/grpc', te: 'trailers',
}

/** A gRPC message: a flag, a length, bytes. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export function grpcMessage(compressed: 0 | 1, message: Buffer, length = message.length): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(compressed, 0)
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, message])
}

/** A connection that said hello. What comes back is thrown away; an end from the other side is no error. */
export async function rawHttp2(address: string): Promise<Socket> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => undefined /* the server hangs up on what we do */).resume()
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0, Buffer.alloc(0))]))
  return socket
}
