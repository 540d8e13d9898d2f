import assert from 'node:assert/strict'
import { test } from 'node:test'
import { around, clampWindow, pan, parseWindow, ticks, windowMin, windowText, zoom } from './time-axis.ts'

test('zooming keeps the anchored moment in place and never leaves the trace', () => {
  assert.deepEqual(zoom({ from: 0, to: 100 }, 0.5, 50, 100), { from: 25, to: 75 })
  assert.deepEqual(zoom({ from: 25, to: 75 }, 2, 50, 100), { from: 0, to: 100 })
  assert.deepEqual(zoom({ from: 25, to: 75 }, 100, 70, 100), { from: 0, to: 100 })
  const closest = zoom({ from: 10, to: 10.002 }, 0.0001, 10, 100)
  assert.ok(Math.abs(closest.to - closest.from - windowMin) < 1e-9)
})

test('panning stops at both ends', () => {
  assert.deepEqual(pan({ from: 10, to: 30 }, 0.5, 100), { from: 20, to: 40 })
  assert.deepEqual(pan({ from: 10, to: 30 }, -9, 100), { from: 0, to: 20 })
  assert.deepEqual(pan({ from: 70, to: 90 }, 9, 100), { from: 80, to: 100 })
})

test('a trace without length still has a window', () => {
  assert.deepEqual(clampWindow({ from: 0, to: 0 }, 0), { from: 0, to: 0 })
  assert.deepEqual(ticks({ from: 0, to: 0 }, 6), [])
})

test('focus leaves air around the span', () => assert.deepEqual(around(20, 10, 100), { from: 19, to: 31 }))

test('ticks are round and few', () => {
  assert.deepEqual(ticks({ from: 0, to: 100 }, 6), [0, 20, 40, 60, 80, 100])
  assert.deepEqual(ticks({ from: 103, to: 250 }, 4), [150, 200, 250])
  for (const width of [0.01, 0.7, 3, 99, 1_234_567]) assert.ok(ticks({ from: 1, to: 1 + width }, 6).length <= 6)
})

test('a window survives the URL, and text that is none is ignored', () => {
  assert.equal(windowText({ from: 0, to: 100 }, 100), '')
  assert.deepEqual(parseWindow(windowText({ from: 1.5, to: 20.25 }, 100), 100), { from: 1.5, to: 20.25 })
  for (const text of ['', '5', '9-3', '200-300', 'a-b', '-1-5', '1e9-2e9', undefined]) assert.equal(parseWindow(text, 100), undefined)
})
