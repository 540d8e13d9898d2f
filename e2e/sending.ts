import { gzipSync } from 'node:zlib'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import type { Program } from './program.ts'

export type Signal = 'traces' | 'logs' | 'metrics'

export interface PostOptions {
  readonly signal?: Signal
  readonly contentType?: string
  /** Compresses the body and says so. */
  readonly gzip?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

export interface Posted {
  readonly status: number
  readonly contentType: string
  readonly headers: Headers
  readonly body: Buffer
}

/** One OTLP/HTTP export, protobuf unless told otherwise. */
export async function post(program: Pick<Program, 'http'>, body: Buffer, options: PostOptions = {}): Promise<Posted> {
  const response = await fetch(`${program.http}/v1/${options.signal ?? 'traces'}`, {
    method: 'POST',
    headers: {
      'content-type': options.contentType ?? 'application/x-protobuf', ...(options.gzip === true ? { 'content-encoding': 'gzip' } : {}),
      ...options.headers,
    },
    body: new Uint8Array(options.gzip === true ? gzipSync(body) : body),
  })
  return {
    status: response.status, contentType: response.headers.get('content-type') ?? '', headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  }
}

const services: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
}

export interface GrpcExporter extends Disposable {
  /** Resolves with the answer's bytes; rejects with grpc-js' `ServiceError`. */
  send(body: Buffer, signal?: Signal): Promise<Buffer>
}

/** An export of an agent that hangs must not hang the test. In milliseconds. */
const grpcDeadlineMs = 20_000
const bytes = (value: Buffer): Buffer => value

/** OTLP/gRPC by the reference client, raw bytes in and out. `options` are grpc-js' channel options. */
export function grpcExporter(program: Pick<Program, 'grpc'>, options: Readonly<Record<string, number | string>> = {}): GrpcExporter {
  const client = new Client(new URL(program.grpc).host, credentials.createInsecure(), options)
  return {
    send: (body, signal = 'traces') =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(`/${services[signal]}/Export`, bytes, bytes, body, { deadline: Date.now() + grpcDeadlineMs },
          (error: ServiceError | null, answer?: Buffer) => (error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(error)))
      }),
    [Symbol.dispose]: () => client.close(),
  }
}

