/** Claude Code, asked once without a terminal: it reads a file and answers. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// A home and a project of its own, at a place that says nothing about the machine.
const place = mkdtempSync(join(tmpdir(), 'claude-'))
const [home, project] = [join(place, 'home'), join(place, 'project')]
mkdirSync(home)
mkdirSync(project)
const notes = join(project, 'notes.txt')
writeFileSync(notes, 'milk\n')
const program = join(import.meta.dirname, `node_modules/@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`)
const { status } = spawnSync(program, ['--print', 'What is in notes.txt?', '--model', 'claude-sonnet-4-5', '--allowedTools', 'Read'], {
  cwd: project, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, HOME: home },
})
rmSync(place, { recursive: true })
process.exitCode = status ?? 1
