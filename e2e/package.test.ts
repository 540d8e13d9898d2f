import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startProgram, graphql } from './program.ts'

/** A run is settled two seconds after its last span; a loaded machine gets more before the test gives up. */
const settledMsMax = 30_000

const root = join(import.meta.dirname, '..')

const agent = `
import { trace } from '@opentelemetry/api'
trace.getTracer('agent').startActiveSpan('chat gpt-5-mini', { kind: 2, attributes: {
  'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5-mini', 'gen_ai.usage.input_tokens': 1000,
  'gen_ai.usage.output_tokens': 200 } }, (span) => span.end())
`

/** Compiled and packed as `npm publish` would; the scripts are run by hand, because `prepare` would rebuild the console under other tests. */
function pack(into: string): string {
  execFileSync('npm', ['run', 'prepack'], { cwd: root, stdio: 'pipe' })
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', into], { cwd: root, stdio: 'pipe' })
  execFileSync('tar', ['-xzf', execFileSync('ls', [into], { encoding: 'utf8' }).trim()], { cwd: into })
  return join(into, 'package')
}

test('node --import spanledger/preset, from the packed tarball: a span of an agent becomes a run with its cost', async (t) => {
  const work = await mkdtemp(join(tmpdir(), 'package-'))
  t.after(() => rm(work, { recursive: true, force: true }))
  const unpacked = pack(work)
  const app = join(work, 'app')
  await mkdir(join(app, 'node_modules'), { recursive: true })
  // What npm would install: the package itself and what it depends on.
  await symlink(join(root, 'node_modules', '@opentelemetry'), join(app, 'node_modules', '@opentelemetry'))
  await symlink(join(root, 'node_modules'), join(unpacked, 'node_modules'))
  await symlink(unpacked, join(app, 'node_modules', 'spanledger'))
  await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'packed-agent', type: 'module' }))
  await writeFile(join(app, 'agent.js'), agent)
  await using program = await startProgram()
  const child = spawn(process.execPath, ['--import', 'spanledger/preset', 'agent.js'], {
    cwd: app, env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: program.http }, stdio: ['ignore', 'inherit', 'inherit'],
  })
  assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0)
  for (const until = Date.now() + settledMsMax; ;) {
    const { runs } = await graphql<{ runs: { edges: { node: { service: string; cost: string; settled: boolean } }[] } }>(program, '{ runs { edges { node { service cost settled } } } }')
    const [run] = runs.edges
    if (run?.node.settled === true) {
      assert.deepEqual(run.node, { service: 'packed-agent', cost: '0.00065', settled: true })
      return
    }
    assert.ok(Date.now() < until, `the run is not settled after ${settledMsMax} ms: ${JSON.stringify(runs)}\n${program.log()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})
