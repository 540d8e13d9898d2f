/** An OTLP/HTTP receiver that keeps every request body as it came (decompressed), numbered in the order of arrival. */
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'

export interface OtlpRecorder {
  /** `http://127.0.0.1:PORT`, what `OTEL_EXPORTER_OTLP_ENDPOINT` takes. */
  readonly url: string
  /** File names in the order of arrival: `001.traces.pb`, `002.metrics.pb`, `003.traces.json` … */
  files(): readonly string[]
  close(): Promise<void>
}

const signalPath = /\/v1\/(traces|metrics|logs)$/

export async function startOtlpRecorder(folder: string): Promise<OtlpRecorder> {
  const files: string[] = []
  const refused: string[] = []
  const server = createServer((request, out) => {
    record(request, out).catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))))
  })
  async function record(request: IncomingMessage, out: ServerResponse): Promise<void> {
    const signal = signalPath.exec(new URL(request.url ?? '/', 'http://otlp').pathname)?.[1]
    if (signal === undefined) {
      refused.push(`${request.method} ${request.url}`)
      out.writeHead(404).end()
      return
    }
    const json = request.headers['content-type']?.includes('json') === true
    const file = `${String(files.length + 1).padStart(3, '0')}.${signal}.${json ? 'json' : 'pb'}`
    files.push(file)
    await writeFile(join(folder, file), decompressed(await buffer(request), request.headers['content-encoding']))
    out.writeHead(200, { 'content-type': json ? 'application/json' : 'application/x-protobuf' })
    out.end(json ? '{}' : '')
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: () => files,
    close: async () => {
      await new Promise<void>((resolve) => { server.close(() => resolve()); server.closeAllConnections() })
      if (refused.length > 0) throw new Error(`the exporter sent what is no OTLP signal: ${refused.join(', ')}`)
    },
  }
}

function decompressed(body: Buffer, encoding: string | undefined): Buffer {
  switch (encoding) {
    case undefined: case 'identity': return body
    case 'gzip': return gunzipSync(body)
    case 'deflate': return inflateSync(body)
    case 'zstd': return zstdDecompressSync(body)
    default: throw new Error(`content-encoding ${encoding} is not one the recorder reads (gzip, deflate, zstd)`)
  }
}
