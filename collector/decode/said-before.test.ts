import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SaidBefore } from './said-before.ts'
import { Tally } from './traces.ts'
import { WireReader } from './wire.ts'

/** A message of these bytes, with its length before it; read, and how often reading was asked for. */
function reading() {
  const said = new SaidBefore<{ readonly text: string }>()
  let reads = 0
  const tally = new Tally('spans')
  return {
    reads: () => reads,
    read: (bytes: Buffer) => {
      const head = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]
      const message = Buffer.concat([Buffer.from(head), bytes, Buffer.from('behind')])
      const reader = new WireReader(message, 0, message.length)
      const meaning = said.read(reader, tally, (r) => {
        reads++
        return { text: r.text(r.end - r.at) }
      })
      assert.equal(reader.text(6), 'behind', 'the reader stands behind the message')
      return { meaning, repaired: reader.repairedStrings }
    },
  }
}

test('the same bytes are read once and mean the same object, others are read anew', () => {
  const { read, reads } = reading()
  const first = read(Buffer.from('service a')).meaning
  assert.equal(read(Buffer.from('service a')).meaning, first)
  assert.deepEqual([first.text, read(Buffer.from('service b')).meaning.text, read(Buffer.from('')).meaning.text, reads()], ['service a', 'service b', '', 3])
})

test('what was repaired is read and told each time', () => {
  const { read, reads } = reading()
  for (let time = 1; time <= 3; time++) assert.deepEqual([read(Buffer.from([0x61, 0xff])), reads()], [{ meaning: { text: 'a\ufffd' }, repaired: 1 }, time])
})

test('large messages are not held, and of many the latest are', () => {
  const { read, reads } = reading()
  for (let time = 0; time < 2; time++) read(Buffer.alloc(3_000, 0x61))
  assert.equal(reads(), 2)
  for (let n = 0; n < 2_000; n++) read(Buffer.from(`service ${n}`))
  assert.equal(reads(), 2_002)
  for (let n = 1_999; n >= 1_500; n--) read(Buffer.from(`service ${n}`))
  assert.equal(reads(), 2_002, 'the latest 500 are known')
  read(Buffer.from('service 0'))
  assert.equal(reads(), 2_003, 'the first are forgotten')
})

test('a message of few bytes and many fields is not held, because what it becomes is large', () => {
  const said = new SaidBefore<number>()
  let reads = 0
  const readOf = (fields: number): void => {
    const length = fields * 2
    const message = Buffer.from([(length & 0x7f) | 0x80, length >> 7, ...Array.from({ length: fields }, () => [0x08, 0]).flat()])
    said.read(new WireReader(message, 0, message.length), new Tally('spans'), (reader) => {
      while (!reader.done) reader.skip(reader.tag())
      return ++reads
    })
  }
  for (const [fields, expected] of [[256, 1], [256, 1], [257, 2], [257, 3]] as const) {
    readOf(fields)
    assert.equal(reads, expected)
  }
})
