import type { AttributeValue } from './attributes.ts'
import { isObject, type Json, type JsonObject, member, objectMember, parsedObject } from './value.ts'

/** A provider's answer as JSON, whose own id comes first; the prefixes tell it from whatever else a model may write. */
const answer = /^\{\s*"id":\s*"((?:msg_|resp_|chatcmpl-)[\w-]{1,128})"/
const langchainResult = /^\{\s*"generations":/
const someId = /"id":\s*"(?:msg_|resp_|chatcmpl-)/
const providersId = /^(?:msg_|resp_|chatcmpl-)[\w-]{1,128}$/

/** The id of the answer that a span holds as its output, '' where that is something else. Reads only its beginning, unless an id stands further inside. */
export function answerId(output: AttributeValue | undefined): string {
  if (typeof output !== 'string') return ''
  return answer.exec(output)?.[1] ?? (langchainResult.test(output) && someId.test(output) ? idOfResult(parsedObject(output)) : '')
}

/** LangChain's result repeats what its provider said: in `llm_output`, and in the message (langchain-openai 1.7.4 and langchain-anthropic 1.7.10, captured). */
function idOfResult(result: JsonObject | undefined): string {
  const generation = first(first(member(result, 'generations')))
  const message = objectMember(objectMember(isObject(generation) ? generation : undefined, 'message'), 'kwargs')
  const id = member(objectMember(result, 'llm_output'), 'id') ?? member(objectMember(message, 'response_metadata'), 'id')
  return typeof id === 'string' && providersId.test(id) ? id : ''
}

const first = (list: Json | undefined): Json | undefined => (Array.isArray(list) ? (list as readonly Json[])[0] : undefined)
