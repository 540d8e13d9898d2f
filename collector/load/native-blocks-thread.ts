import { parentPort } from 'node:worker_threads'
import { nativeBlock } from '#clickhouse/native.ts'
import type { BlockAnswer, BlockRequest } from './native-blocks.ts'

function answer({ id, columns, rows, body }: BlockRequest): BlockAnswer {
  try {
    return { id, block: nativeBlock(columns, rows, Buffer.from(body.buffer, body.byteOffset, body.byteLength)) }
  } catch (error) {
    return { id, error: error instanceof Error ? error : new Error(String(error)) }
  }
}

parentPort?.on('message', (request: BlockRequest) => {
  const made = answer(request)
  parentPort?.postMessage(made, 'block' in made ? [made.block.buffer] : [])
})
