import { ProtobufWriter } from '../decode/protobuf-writer.ts'
import type { Answer, Encoding, Signal } from './ingest.ts'

/** Name of the count in `Export*PartialSuccess`, proto3 JSON. In protobuf it is field 1 of all three. */
const rejectedName: Readonly<Record<Signal, string>> = { traces: 'rejectedSpans', logs: 'rejectedLogRecords', metrics: 'rejectedDataPoints' }

/**
 * Longest `error_message` in characters, at most three bytes each. Ours are a few sentences whatever was sent; the bound keeps an
 * answer far below the 4 MiB that clients read (OTLP 1.11).
 */
export const messageCharactersMax = 16 * 1024

/**
 * `Export*ServiceResponse`. Plain success leaves `partial_success` unset: an empty message, or `{}`.
 * https://opentelemetry.io/docs/specs/otlp/#partial-success
 */
export function exportResponse(signal: Signal, answer: Answer, encoding: Encoding): Buffer {
  const message = answer.message.slice(0, messageCharactersMax)
  const plain = answer.rejected === 0 && message === ''
  if (encoding === 'json') {
    return Buffer.from(JSON.stringify(plain ? {} : { partialSuccess: { [rejectedName[signal]]: String(answer.rejected), errorMessage: message } }))
  }
  const writer = new ProtobufWriter()
  if (!plain) {
    writer.message(1, (w) => {
      if (answer.rejected > 0) w.varint(1, BigInt(answer.rejected))
      if (message !== '') w.string(2, message)
    })
  }
  return writer.finish()
}

/** gRPC codes we answer with, https://grpc.io/docs/guides/status-codes/. */
export const grpcCode = { invalidArgument: 3, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14 } as const
export type GrpcCode = (typeof grpcCode)[keyof typeof grpcCode]

const retryInfoType = 'type.googleapis.com/google.rpc.RetryInfo'
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest'

/** `google.rpc.Status` with what a client may act on: how long to wait, or what was wrong. */
export function rpcStatus(code: GrpcCode, message: string, encoding: Encoding, retrySeconds: number | undefined): Buffer {
  if (encoding === 'json') {
    const retry = retrySeconds === undefined ? [] : [{ '@type': retryInfoType, retryDelay: `${retrySeconds}s` }]
    const bad = code === grpcCode.invalidArgument ? [{ '@type': badRequestType, fieldViolations: [{ description: message }] }] : []
    return Buffer.from(JSON.stringify({ code, message, details: [...retry, ...bad] }))
  }
  const writer = new ProtobufWriter()
  writer.varint(1, BigInt(code))
  writer.string(2, message)
  if (retrySeconds !== undefined) {
    writer.message(3, (w) => {
      w.string(1, retryInfoType)
      w.bytes(2, retryInfo(retrySeconds))
    })
  }
  if (code === grpcCode.invalidArgument) {
    writer.message(3, (w) => {
      w.string(1, badRequestType)
      w.message(2, (bad) => bad.message(1, (violation) => violation.string(2, message)))
    })
  }
  return writer.finish()
}

/** `google.rpc.RetryInfo`: a `Duration` in field 1. Python's exporter reads it from a trailer of its own. */
export function retryInfo(seconds: number): Buffer {
  const writer = new ProtobufWriter()
  writer.message(1, (w) => w.varint(1, BigInt(seconds)))
  return writer.finish()
}
