import { open } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import { openStore, type Address, type Store } from '#clickhouse/store.ts'
import { storeError } from '#clickhouse/store-error.ts'
import { parseSegment } from '../spool/segment.ts'
import { asBlock, asRows, type OpenOptions, openedSegment, type OpenedSegment } from './insert-segment.ts'
import type { SegmentAnswer, SegmentRequest } from './segment-thread.ts'

/** A buffer larger than this is not kept: a segment has at most 32 MiB and one request, which is at most 128 MiB. In bytes. */
const keptBytesMax = 48 * 1024 * 1024

/** The store behind the address that was asked for last: the embedded engine has another one after it was started again. */
let current: { readonly key: string; readonly store: Promise<Store> } | undefined

async function storeAt(address: Address, database: string): Promise<Store> {
  const key = JSON.stringify([address, database])
  if (current?.key === key) return current.store
  const former = current?.store
  const store = openStore({ kind: 'server', ...address, database, cluster: '' })
  current = { key, store }
  // One that did not open is opened anew by the next insert, which is told what this one is told.
  store.catch(() => {
    if (current?.store === store) current = undefined
  })
  await former?.then((it) => it[Symbol.asyncDispose](), () => undefined /* it never opened */)
  return store
}

/** The segment read last, and where its rows go. */
let opened: OpenedSegment | undefined
let target: { readonly address: Address; readonly database: string } | undefined
const insert: Store['insert'] = async (...insertion) => {
  if (target === undefined) throw new Error('no address to insert at')
  return (await storeAt(target.address, target.database)).insert(...insertion)
}

/** What was read last stands here; kept from segment to segment, as long as those are not a small one behind a huge one. */
let content = Buffer.alloc(0)

async function contentOf(path: string, bytes: number): Promise<Buffer> {
  if (content.length < bytes || content.length > keptBytesMax) content = Buffer.allocUnsafeSlow(bytes + (bytes >> 2))
  const file = await open(path)
  try {
    let at = 0
    while (at < bytes) {
      const { bytesRead } = await file.read(content, at, bytes - at, at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return content.subarray(0, at)
  } finally {
    await file.close()
  }
}

/** Why rows went as they are, by table, until it was told. */
const unmade = new Map<string, string>()

/** Where no block can be made (a column of an older program) the rows go as they are: slower, never lost. */
const bodyOf: OpenOptions['bodyOf'] = (table, sections) => {
  try {
    return asBlock(table, sections)
  } catch (error) {
    unmade.set(table.name, error instanceof Error ? error.message : String(error))
    return asRows(table, sections)
  }
}

async function read(path: string, bytes: number, number: number): Promise<OpenedSegment | undefined> {
  opened = undefined
  const segment = parseSegment(await contentOf(path, bytes))
  opened = segment === undefined ? undefined : openedSegment(segment, { number, store: { insert }, bodyOf })
  return opened
}

async function answer(request: SegmentRequest): Promise<SegmentAnswer> {
  const { id } = request
  if ('path' in request) {
    try {
      return { id, outline: (await read(request.path, request.bytes, request.number))?.outline }
    } catch (error) {
      return { id, failed: { message: String(error), code: error instanceof Error && 'code' in error ? String(error.code) : '' } }
    }
  }
  try {
    target = request
    if (opened === undefined) throw new Error('no segment is open')
    await opened.insert(request.range, request.table)
    const name = opened.outline.tables[request.table] ?? ''
    const rowsBecause = unmade.get(name)
    unmade.delete(name)
    return { id, inserted: true, ...(rowsBecause === undefined ? {} : { rowsBecause }) }
  } catch (error) {
    const { message, retry, code } = storeError(error)
    return { id, refused: { message, retry, code } }
  }
}

parentPort?.on('message', (request: SegmentRequest) => void answer(request).then((done) => parentPort?.postMessage(done)))
