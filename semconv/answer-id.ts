import type { AttributeValue } from './attributes.ts'
import { langchainMessage } from './langchain.ts'
import { type JsonObject, member, objectMember, parsedObject } from './value.ts'

/** A provider's answer as JSON, whose own id comes first; the prefixes tell it from whatever else a model may write. */
const answer = /^\{\s*"id":\s*"((?:msg_|resp_|chatcmpl-)[\w-]{1,128})"/
const langchainResult = /^\{\s*"generations":/
const someId = /"id":\s*"(?:msg_|resp_|chatcmpl-)/
const providersId = /^(?:msg_|resp_|chatcmpl-)[\w-]{1,128}$/

/** The id of the answer that a span holds as its output, '' where that is something else. Reads only its beginning, unless an id stands further inside. */
export function answerId(output: AttributeValue | undefined): string {
  if (typeof output !== 'string') return ''
  return answer.exec(output)?.[1] ?? (langchainResult.test(output) && someId.test(output) ? langchainAnswerId(parsedObject(output)) : '')
}

/**
 * The provider's id of an answer that LangChain serialised, which it keeps in `llm_output` and in the message's metadata (langchain-anthropic
 * 1.7.10 and langchain-openai 1.7.4, captured: of an answer in one piece alone), for JavaScript as the message's own.
 */
function langchainAnswerId(result: JsonObject | undefined): string {
  const message = langchainMessage(result)
  const ids = [member(objectMember(result, 'llm_output'), 'id'), member(objectMember(message, 'response_metadata'), 'id'), member(message, 'id')]
  return ids.find((id): id is string => typeof id === 'string' && providersId.test(id)) ?? ''
}
