import type { AttributeValue } from './attributes.ts'
import { cut, parsed } from './value.ts'

/** Tags of one span, and characters of one: LangSmith and Langfuse allow 200. */
const tagsMax = 32
export const tagCharactersMax = 200

/**
 * What frameworks tag their own steps with, another on every span: LangChain (`seq:step:1`, `map:key:x`; langchain-ai/langchain
 * libs/core/langchain_core/runnables/base.py), LangGraph (`graph:step:1`, `langsmith:hidden`) and Logfire (`LLM`). Nobody divides costs by it.
 */
const ofFrameworks = /^(?:(?:seq|graph):step:|map:key:|langsmith:|LLM$)/

/** Between two tags of one text. A tag holds none: what is white in it is one blank. */
const separator = '\n'

/**
 * Tags as one text, sorted, each once, one a line; '' where there are none. One text and no list, because almost no call has any and
 * those that do mostly have the same as the one before: equal ones are compared, held and stored like a name.
 *
 * A list (OpenInference, Langfuse), JSON text of one (Mastra `JSON.stringify`), or words with commas between them (LangSmith
 * `langsmith.span.tags`).
 */
export function tagText(value: AttributeValue | undefined): string {
  if (value === undefined) return ''
  const list = typeof value === 'string' && !/^\s*\[/.test(value) ? value.split(',') : parsed(value)
  if (!Array.isArray(list)) return ''
  const tags = new Set<string>()
  for (const one of list) {
    if (typeof one !== 'string') continue
    const tag = cut(one.replaceAll(/\s+/g, ' ').trim(), tagCharactersMax)
    if (tag !== '' && tags.size < tagsMax && !ofFrameworks.test(tag)) tags.add(tag)
  }
  return textOf(tags)
}

const textOf = (tags: ReadonlySet<string>): string => [...tags].sort().join(separator)

/** The tags of a text; '' alone, "names none", where it has none. */
export const tagsOf = (text: string): readonly string[] => text.split(separator)

/** What a span is part of is tagged with what the span is tagged with. */
export function withTags(text: string, more: string): string {
  if (more === '' || more === text) return text
  if (text === '') return more
  return textOf(new Set([...tagsOf(text), ...tagsOf(more)].slice(0, tagsMax)))
}
