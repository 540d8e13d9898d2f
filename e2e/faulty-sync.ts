/**
 * Loaded into the program before its own modules (`NODE_OPTIONS=--import`): a disk that is slow or fails, without the
 * rights that a real one would take. While the file that E2E_FAULTY_SYNC names holds a word, `fdatasync` obeys it:
 * `hold` does not return until the word is gone, `fail` is an I/O error.
 */
import { readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const control = process.env['E2E_FAULTY_SYNC'] ?? ''
const word = (): string => readFileSync(control, 'utf8')

const handle = await open(import.meta.filename)
const prototype = Object.getPrototypeOf(handle) as { datasync: FileHandle['datasync'] }
await handle.close()
const real = prototype.datasync
prototype.datasync = async function (this: FileHandle) {
  while (word() === 'hold') await sleep(20)
  if (word() === 'fail') throw Object.assign(new Error('i/o error'), { code: 'EIO' })
  return real.call(this)
}
