import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

/** Who may import whom: the table in docs/architecture.md. Root files, `e2e` and `bench` compose, so they may import anything. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  semconv: [],
  clickhouse: ['semconv'],
  'otel-config': ['semconv'],
  collector: ['semconv', 'clickhouse', 'otel-config'],
  query: ['semconv', 'clickhouse', 'otel-config', 'collector/price'],
  ui: [],
}
/** Names that say nothing about what is inside. */
const bannedNames = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared', 'index', 'types']

const root = import.meta.dirname
const folders = Object.keys(mayImport)
const files = globSync(`{${[...folders, 'e2e', 'bench'].join(',')}}/**/*.{ts,tsx}`, {
  cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' || name.endsWith('.gen.ts'),
})
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')

interface Import {
  readonly from: string
  readonly specifier: string
  readonly typeOnly: boolean
}

function importsOf(file: string): Import[] {
  const found: Import[] = []
  for (const [, clause, specifier] of textOf(file).matchAll(/^(?:import|export)\s+([^'"]*?)\s*from\s+'([^']+)'/gms)) {
    const names = (clause ?? '').replace(/^\{|\}$/g, '').split(',').map((name) => name.trim()).filter((name) => name !== '')
    const typeOnly = (clause ?? '').startsWith('type ') || ((clause ?? '').startsWith('{') && names.every((name) => name.startsWith('type ')))
    found.push({ from: file, specifier: specifier ?? '', typeOnly })
  }
  for (const [, specifier] of textOf(file).matchAll(/^import\s+'([^']+)'|import\('([^']+)'\)/gm)) {
    if (specifier !== undefined) found.push({ from: file, specifier, typeOnly: false })
  }
  return found
}

/** Path of the imported file of ours, relative to the root; `undefined` for packages. */
function targetOf({ from, specifier }: Import): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1)
  return specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : undefined
}

const allImports = files.flatMap(importsOf)

test('folders import only what the table allows', () => {
  const wrong = allImports.flatMap((one) => {
    const target = targetOf(one)
    const folder = one.from.split('/')[0] ?? ''
    const allowed = mayImport[folder]
    if (target === undefined || allowed === undefined || target.startsWith(`${folder}/`)) return []
    return allowed.some((path) => target.startsWith(`${path}/`)) ? [] : [`${one.from} imports ${target}`]
  })
  assert.deepEqual(wrong, [])
  assert.ok(allImports.length > 200, 'the imports were found at all')
})

test('between folders the imports map is used, inside a folder a relative path', () => {
  const wrong = allImports.filter((one) => {
    const folder = one.from.split('/')[0] ?? ''
    const target = targetOf(one)
    if (target === undefined || mayImport[folder] === undefined) return false
    return one.specifier.startsWith('#') === target.startsWith(`${folder}/`)
  })
  assert.deepEqual(wrong.map((one) => `${one.from}: ${one.specifier}`), [])
})

test('values do not import in circles', () => {
  const edges = new Map<string, string[]>()
  for (const one of allImports) {
    const target = targetOf(one)
    if (target !== undefined && !one.typeOnly && files.includes(target)) edges.set(one.from, [...(edges.get(one.from) ?? []), target])
  }
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
    if (done.has(file)) return
    for (const next of edges.get(file) ?? []) walk(next, [...path, file])
    done.add(file)
  }
  for (const file of edges.keys()) walk(file, [])
})

test('no barrel files, no names that say nothing', () => {
  for (const file of files) {
    assert.doesNotMatch(textOf(file), /^export \* /m, file)
    const name = (file.split('/').at(-1) ?? '').replace(/(\.test)?\.tsx?$/, '')
    assert.ok(!bannedNames.includes(name), `${file}: a name that says nothing`)
  }
})

test('the environment is read in one place', () => {
  const readers = files.filter((file) => /process\.env\b/.test(textOf(file)) && mayImport[file.split('/')[0] ?? ''] !== undefined && !file.endsWith('.test.ts'))
  assert.deepEqual(readers.filter((file) => !mayReadEnvironment.includes(file)), [])
})
/**
 * What runs in other people's processes reads OpenTelemetry's own variables, the engine what its parent tells it; the fuzzer
 * is run by hand.
 */
const mayReadEnvironment = ['collector/decode/fuzz.ts', 'otel-config/preset.ts', 'otel-config/demo/command.ts', 'clickhouse/embedded/engine.ts', 'clickhouse/embedded/engine-process.ts']

test('every folder says what it is for', () => {
  for (const folder of [...folders, 'e2e', 'bench', 'docs']) assert.ok(textOf(join(folder, 'README.md')).length > 400, `${folder}/README.md`)
})
