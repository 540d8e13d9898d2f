import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { earliestSummedUp, forgetSummedUp, writeSummedUp } from './summed-up.ts'

const minute = 60_000_000_000n

test('of several journals the one that is least far counts; one that is retired only as long as it says something', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'summed-up-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const [one, two, three] = ['spool', 'spool-2', 'spool-3'].map((name) => join(dataDir, name)) as [string, string, string]
  for (const dir of [one, two, three]) await mkdir(dir)
  await writeSummedUp(one, 100n * minute)
  assert.equal(await earliestSummedUp({ used: [one], retired: [] }), 100n * minute)
  assert.equal(await earliestSummedUp({ used: [one, two], retired: [] }), undefined, 'one that is used says nothing')
  await writeSummedUp(two, 90n * minute)
  await writeSummedUp(three, 50n * minute)
  assert.equal(await earliestSummedUp({ used: [one, two], retired: [] }), 90n * minute)
  assert.equal(await earliestSummedUp({ used: [one, two], retired: [three] }), 50n * minute)
  await forgetSummedUp(three)
  assert.equal(await earliestSummedUp({ used: [one, two], retired: [three] }), 90n * minute)
  await forgetSummedUp(two)
  assert.equal(await earliestSummedUp({ used: [one], retired: [two, three] }), 100n * minute)
})
