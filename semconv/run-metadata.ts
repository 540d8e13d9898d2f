import type { AttributeValue } from './attributes.ts'
import type { Draft } from './dialect.ts'
import { type JsonObject, member, parsedObject, word } from './value.ts'

/** LangChain's run metadata, which instrumentations pass on whole: what the application attached says whose run it is. */
export function readRunMetadata(draft: Draft, sent: AttributeValue | undefined): JsonObject | undefined {
  const metadata = parsedObject(sent)
  const thread = member(metadata, 'thread_id') ?? member(metadata, 'session_id') ?? member(metadata, 'conversation_id')
  draft.session ||= asWord(thread) ?? ''
  draft.user ||= asWord(member(metadata, 'user_id')) ?? ''
  return metadata
}

export function asWord(value: ReturnType<typeof member>): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? word(value) : undefined
}
