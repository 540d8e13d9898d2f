/** Gemini CLI, asked once without a terminal: it reads a file and answers. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// A home and a project of its own, at a place that says nothing about the machine.
const place = mkdtempSync(join(tmpdir(), 'gemini-'))
const [home, project] = [join(place, 'home'), join(place, 'project')]
mkdirSync(join(home, '.gemini'), { recursive: true })
mkdirSync(project)
writeFileSync(join(project, 'notes.txt'), 'milk\n')
writeFileSync(join(home, '.gemini', 'settings.json'), JSON.stringify({
  security: { auth: { selectedType: 'gemini-api-key' } }, general: { enableAutoUpdate: false }, skills: { enabled: false }, privacy: { usageStatisticsEnabled: false },
}))
const program = join(import.meta.dirname, 'node_modules/@google/gemini-cli/bundle/gemini.js')
const { GOOGLE_API_KEY: _, ...environment } = process.env
const { status } = spawnSync(process.execPath, ['--import', join(import.meta.dirname, 'neutral.mjs'), program, '--model', 'gemini-2.5-flash', '--prompt', 'What is in notes.txt?'], {
  cwd: project, stdio: 'inherit',
  env: {
    ...environment, HOME: home, GEMINI_CLI_HOME: home, GOOGLE_GEMINI_BASE_URL: environment.MODEL_URL,
    GEMINI_TELEMETRY_OTLP_ENDPOINT: environment.OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_RESOURCE_ATTRIBUTES: '',
  },
})
rmSync(place, { recursive: true })
process.exitCode = status ?? 1
