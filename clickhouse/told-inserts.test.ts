import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from './store.ts'
import { runs } from './tables/runs.ts'
import { spans } from './tables/spans.ts'
import { toldInserts } from './told-inserts.ts'

test('who listens is told of an insert when its rows are stored, and not of one that failed', async () => {
  const done: string[] = []
  const insert: Store['insert'] = async ({ name }, _, token, format) => {
    if (token === 'refused') throw new Error('refused')
    done.push(`${name} stored as ${format}`)
  }
  const { store, onInsert } = toldInserts({ insert } as Store)
  onInsert((table) => done.push(`${table} told`))
  await store.insert(spans, Buffer.alloc(0), 'taken', 'Native')
  await assert.rejects(store.insert(runs, Buffer.alloc(0), 'refused'), /refused/)
  await store.insert(runs, Buffer.alloc(0), 'taken')
  assert.deepEqual(done, ['spans stored as Native', 'spans told', 'runs stored as undefined', 'runs told'])
})
