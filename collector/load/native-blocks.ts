import { Worker } from 'node:worker_threads'
import type { NativeColumn } from '#clickhouse/native.ts'

/** What the thread is asked, and what it answers. */
export interface BlockRequest {
  readonly id: number
  readonly columns: readonly NativeColumn[]
  readonly rows: number
  readonly body: Uint8Array<ArrayBuffer>
}
export type BlockAnswer = { readonly id: number; readonly block: Uint8Array<ArrayBuffer> } | { readonly id: number; readonly error: Error }

/** Makes `Native` blocks of `RowBinary` rows on a thread of its own, because that takes the time of half a derivation. */
export interface NativeBlocks extends AsyncDisposable {
  /** Takes `body` over: its memory moves to the other thread. Rejects where the rows cannot be made a block, or the thread has ended. */
  of(columns: readonly NativeColumn[], rows: number, body: Uint8Array<ArrayBuffer>): Promise<Buffer>
}

interface Waiting {
  readonly resolve: (block: Buffer) => void
  readonly reject: (error: Error) => void
}

export function nativeBlocks(): NativeBlocks {
  const worker = new Worker(new URL('./native-blocks-thread.ts', import.meta.url))
  worker.unref()
  const waiting = new Map<number, Waiting>()
  let next = 0
  let ended: Error | undefined
  const end = (error: Error): void => {
    ended ??= error
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.on('message', (answer: BlockAnswer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) asked?.reject(answer.error)
    else asked?.resolve(Buffer.from(answer.block.buffer, answer.block.byteOffset, answer.block.byteLength))
  })
  worker.once('error', (error: Error) => end(error))
  worker.once('exit', (code) => end(new Error(`the thread that makes blocks ended with ${code}`)))
  return {
    of: (columns, rows, body) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        const request: BlockRequest = { id: next++, columns, rows, body }
        waiting.set(request.id, { resolve, reject })
        worker.postMessage(request, [body.buffer])
      }),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}
