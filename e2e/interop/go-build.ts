import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Command, missingTool, run } from './client.ts'

/** What `go/go.mod` asks for. */
export const missingGo = missingTool([{ command: 'go', versionArguments: ['version'], atLeast: [1, 26] }])

/** Two cores compile both programs in two minutes from nothing; ten are a build that will not end. In milliseconds. */
const buildMsMax = 600_000

/** Builds a program of the Go module, where only what changed is compiled again, and answers its path. */
export async function buildGo(program: 'client' | 'otelcol'): Promise<string> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'spanledger-interop', 'go')
  await mkdir(folder, { recursive: true })
  const built = join(folder, program)
  const command: Command = ['go', 'build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags=-s -w', '-o', built, `./${program}`]
  // Never another toolchain from the network: one that is too old is a reason to skip.
  await run(command, { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '', CGO_ENABLED: '0' }, buildMsMax, join(import.meta.dirname, 'go'))
  return built
}
