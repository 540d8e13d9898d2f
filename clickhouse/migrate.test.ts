import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expand } from './migrate.ts'

const text = 'CREATE TABLE runs {on_cluster} (\n{columns:runs}\n) ENGINE = {engine:ReplacingMergeTree(version)} ORDER BY version SETTINGS {durable}'

test('one text makes a plain table on one machine and a replicated one on a cluster', () => {
  const one = expand(text, { cluster: '' })
  const cluster = expand(text, { cluster: 'main' })
  assert.match(one, /ENGINE = ReplacingMergeTree\(version\)/)
  assert.doesNotMatch(one, /ON CLUSTER|Replicated\w*MergeTree/)
  assert.match(cluster, /CREATE TABLE runs ON CLUSTER main/)
  assert.match(cluster, /ENGINE = ReplicatedReplacingMergeTree\(version\)/)
  for (const sql of [one, cluster]) assert.match(sql, /trace_id FixedString\(16\)[\s\S]*non_replicated_deduplication_window = 10000/)
})

test('a word that no migration knows is named', () => {
  assert.throws(() => expand('{columns:nothing}', { cluster: '' }), /\{columns:nothing\}: no table has this name/)
  assert.throws(() => expand('{oops}', { cluster: '' }), /\{oops\}: a migration knows/)
})
