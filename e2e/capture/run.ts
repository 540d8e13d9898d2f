/**
 * `node e2e/capture/run.ts NAME [DIR]`: installs the pinned packages of `e2e/capture/NAME/`, runs its agent against the fake
 * model and keeps what it exports in `collector/corpus/<folder>/`. The expected facts there are written by hand, before; this
 * never touches them. DIR, when given, keeps the installation for the next run.
 */
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { homedir, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Answer } from './answer.ts'
import { startModelServer } from './model-server.ts'
import { startOtlpRecorder } from './otlp-recorder.ts'

interface Capture {
  /** Folder in the corpus: `<sdk>@<version>`. */
  readonly folder: string
  /** The agent, beside `capture.json`: `.py` runs in a virtual environment of its own, `.mjs` on this Node. */
  readonly program: string
  readonly environment?: Readonly<Record<string, string>>
  readonly answers: readonly Answer[]
}

/** A hung agent must not hold a terminal; every capture takes seconds. */
const agentSecondsMax = 120
/** An installation takes a minute; a registry that never answers must end too. */
const installSecondsMax = 600

const { positionals } = parseArgs({ allowPositionals: true })
const [name, kept] = positionals
if (name === undefined) throw new Error('which capture? usage: node e2e/capture/run.ts NAME [DIR]')
await capture(name, kept)

async function capture(name: string, kept: string | undefined): Promise<void> {
  const source = join(import.meta.dirname, name)
  const plan = JSON.parse(await readFile(join(source, 'capture.json'), 'utf8')) as Capture
  const place = kept ?? await mkdtemp(join(tmpdir(), 'capture-'))
  const recorded = await mkdtemp(join(tmpdir(), 'otlp-'))
  try {
    await cp(source, place, { recursive: true })
    const [command, ...args] = await install(place, plan.program)
    await using model = disposable(await startModelServer(name, plan.answers))
    const recorder = await startOtlpRecorder(recorded)
    await run(place, command, args, environment(plan, model.value.url, recorder.url), agentSecondsMax)
    await recorder.close()
    if (model.value.unasked() > 0 || model.value.unanswered().length > 0) {
      throw new Error(`${model.value.unasked()} scripted answers were not asked for, without an answer: ${model.value.unanswered().join(', ') || 'none'}`)
    }
    await assertNeutral(recorded, [place, homedir(), hostname(), import.meta.dirname])
    await keep(recorded, join(import.meta.dirname, '../../collector/corpus', plan.folder))
    process.stdout.write(`${plan.folder}: ${recorder.files().join(' ')}\n`)
  } finally {
    await rm(recorded, { recursive: true })
    if (kept === undefined) await rm(place, { recursive: true })
  }
}

/** Installs what `requirements.txt` or `package.json` pins and answers the command that runs the agent. */
async function install(place: string, program: string): Promise<[string, ...string[]]> {
  const path = { PATH: process.env['PATH'] ?? '', HOME: homedir() }
  if (program.endsWith('.mjs')) {
    if (!existsSync(join(place, 'node_modules'))) {
      await run(place, 'npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { ...process.env, ...path }, installSecondsMax)
    }
    return [process.execPath, '--stack-trace-limit=0', program]
  }
  const python = join(place, '.venv/bin/python')
  if (!existsSync(python)) {
    await run(place, 'python3', ['-m', 'venv', '.venv'], path, installSecondsMax)
    await run(place, python, ['-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt', '-c', 'constraints.txt'], { ...process.env, ...path }, installSecondsMax)
  }
  return [python, program]
}

/**
 * What the agent runs with: nothing of this machine's environment but the path, and no resource detectors, because host, user
 * and command line of whoever captures are nobody's business.
 */
function environment(plan: Capture, modelUrl: string, otlpUrl: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'], MODEL_URL: modelUrl, OPENAI_BASE_URL: `${modelUrl}/v1`, ANTHROPIC_BASE_URL: modelUrl,
    OPENAI_API_KEY: 'none', ANTHROPIC_API_KEY: 'none', GOOGLE_API_KEY: 'none',
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_NODE_RESOURCE_DETECTORS: 'none', OTEL_EXPERIMENTAL_RESOURCE_DETECTORS: 'otel', PYTHONDONTWRITEBYTECODE: '1', ...plan.environment,
  }
}

async function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv, secondsMax: number): Promise<void> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'], timeout: secondsMax * 1000 })
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (...how) => resolve(how))
  })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}`)
}

/** Nothing of the capturing machine may be in the payloads: they are published. */
async function assertNeutral(folder: string, names: readonly string[]): Promise<void> {
  for (const file of await readdir(folder)) {
    const bytes = await readFile(join(folder, file))
    // A home of two characters or a host named `vm` is found in any text by chance.
    const found = names.find((name) => name.length > 3 && bytes.includes(name))
    if (found !== undefined) throw new Error(`${file} contains ${found}: turn the detector or the stack trace off in the scenario`)
  }
}

async function keep(recorded: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const old of await readdir(folder)) if (/^\d{3}\.\w+\.(pb|json)$/.test(old)) await rm(join(folder, old))
  for (const file of await readdir(recorded)) await cp(join(recorded, file), join(folder, file))
}

function disposable<Value extends { close(): Promise<void> }>(value: Value): AsyncDisposable & { readonly value: Value } {
  return { value, [Symbol.asyncDispose]: () => value.close() }
}
