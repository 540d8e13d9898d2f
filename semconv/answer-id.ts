import type { AttributeValue } from './attributes.ts'

/** A provider's answer as JSON, whose own id comes first; the prefixes tell it from whatever else a model may write. */
const answer = /^\{\s*"id":\s*"((?:msg_|resp_|chatcmpl-)[\w-]{1,128})"/

/** The id of the answer that a span holds as its output, '' where that is something else. Reads only its beginning. */
export function answerId(output: AttributeValue | undefined): string {
  return typeof output === 'string' ? answer.exec(output)?.[1] ?? '' : ''
}
