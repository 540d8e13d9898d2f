import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Command, missingTool, run, TookTooLong } from './client.ts'

/** A program of the Go module, or why it is not there. */
export interface Built {
  readonly path: string
  readonly missing: string | undefined
}

/**
 * The Collector is 970 packages: 220 s of CPU from nothing, two minutes on two cores; with Go's cache, two seconds. A machine
 * that needs longer than this has no time for it. In milliseconds.
 */
const buildMsMax = 300_000

/** Builds it, where only what changed is compiled again. */
export async function buildGo(program: 'client' | 'otelcol'): Promise<Built> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'spanledger-interop', 'go')
  const path = join(folder, program)
  // What `go/go.mod` asks for.
  const missing = missingTool([{ command: 'go', versionArguments: ['version'], atLeast: [1, 26] }])
  if (missing !== undefined) return { path, missing }
  await mkdir(folder, { recursive: true })
  const command: Command = ['go', 'build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags=-s -w', '-o', path, `./${program}`]
  try {
    // Never another toolchain from the network: one that is too old is a reason to skip.
    await run(command, { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '', CGO_ENABLED: '0' }, buildMsMax, join(import.meta.dirname, 'go'))
    return { path, missing: undefined }
  } catch (error) {
    if (!(error instanceof TookTooLong)) throw error
    return { path, missing: `compiling it takes more than ${buildMsMax / 60_000} minutes here; Go keeps what is compiled, so run it again` }
  }
}
