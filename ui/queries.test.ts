import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { generatedPath, generatedQueries } from './generate.ts'

test('the typed queries are those of queries.graphql and the server\'s schema (else: node ui/generate.ts)', async () => {
  assert.equal(await readFile(generatedPath, 'utf8'), await generatedQueries())
})
