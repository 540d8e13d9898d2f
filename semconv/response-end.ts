import type { Draft } from './dialect.ts'
import { asWord } from './run-metadata.ts'
import { type JsonObject, member, objectMember } from './value.ts'

/**
 * A response of OpenAI's API that failed, was cut or cancelled is answered with 200 and says so in its body alone: the span is no error
 * and has no reason for the end (captured from @arizeai/openinference-instrumentation-openai 4.2.7 and langfuse 5.0.4 for python).
 */
export function endOfResponse(draft: Draft, answer: JsonObject | undefined): void {
  if (member(answer, 'object') !== 'response') return
  const reason = asWord(member(objectMember(answer, 'incomplete_details'), 'reason'))
  if (reason !== undefined && draft.finishReasons.length === 0) draft.finishReasons = [reason]
  const status = asWord(member(answer, 'status'))
  if (status !== 'failed' && status !== 'cancelled') return
  const error = objectMember(answer, 'error')
  draft.errorType ||= asWord(member(error, 'code')) ?? status
  draft.errorMessage ||= asWord(member(error, 'message')) ?? ''
}
