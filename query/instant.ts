import type { UnixNano } from '#semconv/facts.ts'

/** RFC 3339, https://www.rfc-editor.org/rfc/rfc3339#section-5.6; up to nine digits of fraction. */
const dateTimeText = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/
const nanosPerMilli = 1_000_000n
const nanosPerSecond = 1_000_000_000n

/** RFC 3339 in UTC with as many digits of fraction as the time has: `2026-11-21T00:00:00Z`, `…:00.000000001Z`. */
export function dateTimeString(time: UnixNano): string {
  const inSecond = ((time % nanosPerSecond) + nanosPerSecond) % nanosPerSecond
  const seconds = (time - inSecond) / nanosPerSecond
  const fraction = inSecond.toString().padStart(9, '0').replace(/0+$/, '')
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, -5)}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** `undefined` where the text is no RFC 3339 time with a zone, or the day does not exist. */
export function parseDateTime(text: string): UnixNano | undefined {
  const match = dateTimeText.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = ''] = match
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : zone
  const millis = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
  if (Number.isNaN(millis)) return undefined
  // Date.parse takes 30 February for 2 March: the day must survive the way back.
  if (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)) return undefined
  return BigInt(millis) * nanosPerMilli + BigInt(fraction.padEnd(9, '0'))
}
