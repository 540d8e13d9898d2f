import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, loadConfig } from './config.ts'

const dir = mkdtempSync(join(tmpdir(), 'spanledger-config-'))
after(() => rmSync(dir, { recursive: true }))

/** Path of a configuration file with this text. */
function file(text: string): string {
  const path = join(dir, 'spanledger.yaml')
  writeFileSync(path, text)
  return path
}

const message = (env: Readonly<Record<string, string>>): string => {
  try {
    loadConfig(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.doesNotMatch(error.message, /\n/, 'one line')
    return error.message
  }
  return assert.fail(`accepted ${JSON.stringify(env)}`)
}

test('nothing set: the documented defaults', () => {
  assert.deepEqual(loadConfig({ PATH: '/bin' }), {
    host: '127.0.0.1', port: 4320, otlpGrpcPort: 4317, otlpHttpPort: 4318, dataDir: './data', receivers: 1, clickhouseUrl: '', clickhouseUser: 'default',
    clickhousePassword: '', clickhouseDatabase: 'spanledger', clickhouseCluster: '', settlementDelayMs: 2_000, incompleteAfterMinutes: 10,
    policiesFile: '', budgetsFile: '', alertsFile: '', allocationFile: '', selfTelemetryEndpoint: '',
  })
})

test('the environment wins over the file, the file over the defaults', () => {
  const path = file('port: 1234\notlp_grpc_port: 0\ndata_dir: /var/lib/spanledger\n# a comment\nclickhouse_password: secret\n')
  const config = loadConfig({ SPANLEDGER_CONFIG: path, SPANLEDGER_PORT: '99' })
  assert.deepEqual([config.port, config.otlpGrpcPort, config.otlpHttpPort, config.dataDir, config.clickhousePassword], [99, 0, 4318, '/var/lib/spanledger', 'secret'])
  assert.equal(loadConfig({ SPANLEDGER_CONFIG: file('') }).port, 4320)
})

test('a typo must not pass as a default', () => {
  assert.match(message({ SPANLEDGER_PROT: '1' }), /^SPANLEDGER_PROT is no setting; known are .*SPANLEDGER_PORT/)
  assert.match(message({ SPANLEDGER_CONFIG: file('prot: 1') }), /'prot' is no setting; known are .*\bport\b/)
})

test('a value that is not allowed is named with its key and what is', () => {
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['SPANLEDGER_PORT', '70000', /0 .*65535/], ['SPANLEDGER_PORT', '', /0 .*65535/], ['SPANLEDGER_PORT', '4320.5', /0 .*65535/],
    ['SPANLEDGER_OTLP_GRPC_PORT', '-1', /0 .*65535/], ['SPANLEDGER_OTLP_HTTP_PORT', '0x10', /0 .*65535/],
    ['SPANLEDGER_SETTLEMENT_DELAY_MS', '99', /100 to 600000 \(milliseconds\)/], ['SPANLEDGER_SETTLEMENT_DELAY_MS', '2s', /100 to 600000/],
    ['SPANLEDGER_INCOMPLETE_AFTER_MINUTES', '0', /1 to 100000 \(minutes\)/], ['SPANLEDGER_DATA_DIR', '', /a folder/],
    ['SPANLEDGER_RECEIVERS', '0', /1 to 64 \(processes\)/],
    ['CLICKHOUSE_URL', 'clickhouse:8123', /http:\/\/ or https:\/\//], ['CLICKHOUSE_DATABASE', 'a; DROP', /letters, digits and _/],
    ['SPANLEDGER_SELF_TELEMETRY', 'nowhere', /http:\/\/ or https:\/\//],
    ['SPANLEDGER_HOST', '0.0.0.0', /127\.0\.0\.1.*authentication/], ['SPANLEDGER_HOST', '192.168.1.5', /authentication/], ['SPANLEDGER_HOST', '::', /authentication/],
  ]
  for (const [name, value, allowed] of wrong) {
    const said = message({ [name]: value })
    assert.ok(said.startsWith(`${name} is '${value}', allowed is `), said)
    assert.match(said, allowed)
  }
  for (const [url, shown] of [['ftp://u:secret@h', 'ftp://…@h'], ['//u:secret@h', '//…@h'], ['u:secret@h:8123', '…@h:8123'], ['ftp://u:s@e/cret@h/x', 'ftp://…@h/x']] as const) {
    assert.ok(message({ CLICKHOUSE_URL: url }).startsWith(`CLICKHOUSE_URL is '${shown}', allowed is `), message({ CLICKHOUSE_URL: url }))
  }
  assert.match(message({ SPANLEDGER_CONFIG: file('port: many') }), /^port is 'many', allowed is/)
})

test('a file that is no list of settings', () => {
  assert.match(message({ SPANLEDGER_CONFIG: join(dir, 'nowhere.yaml') }), /^SPANLEDGER_CONFIG is '.*nowhere\.yaml', which cannot be read$/)
  assert.match(message({ SPANLEDGER_CONFIG: file('- port') }), /must hold keys and values/)
  assert.match(message({ SPANLEDGER_CONFIG: file('port: [1, 2]') }), /port must be a single value/)
  assert.match(message({ SPANLEDGER_CONFIG: file('port:') }), /port must be a single value/)
  assert.match(message({ SPANLEDGER_CONFIG: file('port: "1') }), /is not YAML/)
  assert.match(message({ SPANLEDGER_CONFIG: file('port: 1\nport: 2') }), /is not YAML/)
})

test('the start stops with that one line and nothing else', () => {
  const elsewhere = mkdtempSync(join(dir, 'no-settings-'))
  for (const { env = {}, words = [], said } of [
    { env: { SPANLEDGER_HOST: '0.0.0.0' }, said: 'SPANLEDGER_HOST' }, { env: { SPANLEDGER_PROT: '1' }, said: 'SPANLEDGER_PROT' }, { env: { SPANLEDGER_CONFIG: file('colour: red') }, said: 'colour' },
    // A port that was asked for and not taken would be looked for in vain.
    { words: ['--port', '5000'], said: '--port' },
  ]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), 'start', ...words], {
      cwd: elsewhere, encoding: 'utf8', timeout: 20_000, env: { PATH: process.env['PATH'], ...env },
    })
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^spanledger: [^\n]+\n$/)
    assert.ok(stderr.includes(said), stderr)
  }
})
