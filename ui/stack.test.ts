import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stacked } from './stack.ts'

test('each series stands on those after it, and a bucket without anything has no bar', () => {
  assert.deepEqual(stacked([[1, 0, 0], [2, 0, 5], [4, 0, 0]]), [[7, null, 5], [6, null, 5], [4, null, null]])
})

test('a bucket in which reversals outweigh charges draws nothing downwards', () => assert.deepEqual(stacked([[-3], [2]]), [[2], [2]]))

test('no series is no picture', () => assert.deepEqual(stacked([]), []))
