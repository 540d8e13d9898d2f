import type { Transform } from 'node:stream'
import { constants, createGunzip, createInflate, createZstdDecompress, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { Refused } from '../refused.ts'
import { bodyBytesMax } from './limits.ts'

/** Up to this, decompressing at once is cheaper than a trip to the thread pool. In bytes, before and after. */
const atOnceBytesMax = 64 * 1024
const atOnceBytesOutMax = 1024 * 1024
/** Bytes of a piece of a large body. */
const pieceBytes = 64 * 1024
/** 8 MiB, the largest window a zstd content coding may ask for (RFC 9659): a frame of ten bytes could otherwise claim 128 MiB. */
const zstdWindowLogMax = 23

/** Counts bytes that are about to be held in memory; throws `Refused` where there are too many. */
export type Hold = (bytes: number) => void

interface Decompressor extends Transform {
  /** How much of the input was understood, in bytes. */
  readonly bytesWritten: number
}

interface Coding {
  readonly atOnce: (body: Buffer, bytesMax: number) => { readonly buffer: Buffer; readonly engine: Decompressor }
  readonly stream: () => Decompressor
}

/** The types of `node:zlib` know no `info`, which tells where the input's end was found. */
type WithInfo = ReturnType<Coding['atOnce']>

const codings: Readonly<Record<string, Coding>> = {
  gzip: {
    atOnce: (body, maxOutputLength) => gunzipSync(body, { maxOutputLength, info: true }) as unknown as WithInfo,
    stream: () => createGunzip({ chunkSize: pieceBytes }),
  },
  deflate: {
    atOnce: (body, maxOutputLength) => inflateSync(body, { maxOutputLength, info: true }) as unknown as WithInfo,
    stream: () => createInflate({ chunkSize: pieceBytes }),
  },
  zstd: {
    atOnce: (body, maxOutputLength) => zstdDecompressSync(body, { maxOutputLength, info: true, params: zstdParams }) as unknown as WithInfo,
    stream: () => createZstdDecompress({ chunkSize: pieceBytes, params: zstdParams }),
  },
}
const zstdParams = { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax }

export const tooLarge = (): Refused => new Refused('too_large', `a request is at most ${bodyBytesMax} bytes, before and after decompression; send smaller batches`)

/** The coding a request names, as `decompress` takes it. Throws `Refused` where we have none of that name. */
export function contentCoding(header: string | undefined): string {
  const name = (header ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return 'identity'
  if (Object.hasOwn(codings, name)) return name
  throw new Refused('malformed', `Content-Encoding '${name.slice(0, 40)}' is not supported, use ${Object.keys(codings).join(', ')} or identity`)
}

export async function decompress(body: Buffer, name: string, hold: Hold): Promise<Buffer> {
  const coding = codings[name]
  if (coding === undefined) return body
  try {
    return (body.length <= atOnceBytesMax ? atOnce(body, coding, hold) : undefined) ?? (await inPieces(body, coding, hold))
  } catch (error) {
    throw error instanceof Refused ? error : new Refused('malformed', `the body is not valid ${name}`)
  }
}

/** `undefined` where it becomes large. */
function atOnce(body: Buffer, coding: Coding, hold: Hold): Buffer | undefined {
  try {
    const { buffer, engine } = coding.atOnce(body, atOnceBytesOutMax)
    assertWhole(engine, body)
    hold(buffer.length)
    return buffer
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}

/** Every piece is held as it comes: a hundred small bodies may become a hundred large ones at the same time. */
async function inPieces(body: Buffer, coding: Coding, hold: Hold): Promise<Buffer> {
  const stream = coding.stream()
  stream.end(body)
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > bodyBytesMax) throw tooLarge()
    hold(piece.length)
    pieces.push(piece)
  }
  assertWhole(stream, body)
  return Buffer.concat(pieces)
}

/** Node stops behind the first zstd frame and says nothing: what follows would be acknowledged and lost. Members of gzip it reads all. */
function assertWhole(engine: Decompressor, body: Buffer): void {
  if (engine.bytesWritten !== body.length) throw new Refused('malformed', 'the body has more behind its compressed data, send one frame')
}
