import type { Tally } from './traces.ts'
import { Malformed, TooManyFields, type WireReader } from './wire.ts'

/** What a record of a request may be, and the reasons why one that is not is rejected, alone. */
export interface RecordRules<T> {
  /** Most fields of one record, those of nested values included. */
  readonly fieldsMax: number
  readonly tooManyFields: string
  readonly broken: (error: Malformed) => string
  /** Why a record that can be read is not taken, or ''. */
  readonly wrong: (record: T) => string
}

/** The record at `at`, which takes of the fields that the request has left; `undefined` where it is rejected. */
export function readAlone<T>(reader: WireReader, at: number, tally: Tally, rules: RecordRules<T>, read: (reader: WireReader) => T): T | undefined {
  const left = Math.max(reader.fieldsLeft, 0)
  const granted = Math.min(left, rules.fieldsMax)
  reader.at = at
  reader.fieldsLeft = granted
  try {
    const record = reader.nested(read)
    const wrong = rules.wrong(record)
    if (wrong === '') return record
    tally.reject(wrong, 1)
  } catch (error) {
    // Where the request's own bound is the tighter one, its words are said.
    if (error instanceof TooManyFields) tally.reject(left <= rules.fieldsMax ? error.message : rules.tooManyFields, 1)
    else if (error instanceof Malformed) tally.reject(rules.broken(error), 1)
    else throw error
  } finally {
    reader.fieldsLeft = left - (granted - Math.max(reader.fieldsLeft, 0))
  }
  return undefined
}
