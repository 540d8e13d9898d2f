import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostAllowed, isLoopback } from './loopback-host.ts'

test('a configured host is served; every address means addresses, not names', () => {
  assert.ok(hostAllowed('Spanledger.Internal:4320', 'spanledger.internal'))
  assert.ok(hostAllowed('10.1.2.3:4320', '0.0.0.0'))
  assert.ok(hostAllowed('[fe80::1]:4320', '::'))
  assert.ok(!hostAllowed('evil.example', '0.0.0.0'))
  assert.ok(!hostAllowed('10.1.2.3', 'spanledger.internal'))
  assert.ok(!hostAllowed(undefined, '127.0.0.1'))
})

test('on loopback: every name of this machine, and of no other', () => {
  for (const host of ['localhost', 'LOCALHOST:4318', 'agent.localhost', '127.0.0.1:4318', '127.1.2.3', '[::1]:4318', 'host.docker.internal:4318']) {
    assert.ok(hostAllowed(host, '127.0.0.1'), host)
  }
  for (const host of [undefined, '', 'evil.example:4318', 'localhost.evil.example', '127.0.0.1.evil.example', 'host.docker.internal.evil.example', '10.0.0.1', '[::2]', 'a b']) {
    assert.ok(!hostAllowed(host, '127.0.0.1'), host)
  }
  assert.deepEqual(['localhost', '::1', '127.0.0.1', '0.0.0.0', '::', 'spanledger.internal'].map(isLoopback), [true, true, true, false, false, false])
})
