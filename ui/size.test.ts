import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const dist = join(import.meta.dirname, 'dist')
const manifestFile = join(dist, '.vite', 'manifest.json')

interface Chunk {
  readonly file: string
  readonly css?: readonly string[]
  /** Keys of what must be there before it runs. */
  readonly imports?: readonly string[]
}

/** Bytes after gzip, as the console's budget counts them. */
const limits = [
  { what: 'every page', entries: ['index.html'], js: 45_000, css: 12_000 },
  { what: 'the page of runs', entries: ['index.html', 'runs/runs.tsx'], js: 90_000, css: 24_000 },
  { what: 'the page of a run', entries: ['index.html', 'run/run.tsx'], js: 110_000, css: 24_000 },
] as const

for (const { what, entries, js, css } of limits) {
  test(`${what} loads at most ${js / 1_000} KB of JavaScript and ${css / 1_000} KB of CSS`, { skip: !existsSync(manifestFile) && 'the console is not built: npm run prepare' }, () => {
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Readonly<Record<string, Chunk>>
    const scripts = new Set<string>()
    const styles = new Set<string>()
    const follow = (key: string): void => {
      const chunk = manifest[key]
      assert.ok(chunk !== undefined, `the build has no ${key}`)
      if (scripts.has(chunk.file)) return
      scripts.add(chunk.file)
      for (const file of chunk.css ?? []) styles.add(file)
      chunk.imports?.forEach(follow)
    }
    entries.forEach(follow)
    const bytes = (files: ReadonlySet<string>): number => [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0)
    assert.ok(bytes(scripts) <= js, `${bytes(scripts)} bytes of JavaScript`)
    assert.ok(bytes(styles) <= css, `${bytes(styles)} bytes of CSS`)
  })
}
