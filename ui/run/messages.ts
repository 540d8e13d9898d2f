/** What a step said and heard, made ready to be written as text. Pure; the values come from telemetry and are hostile. */

export interface Part {
  /** '' for plain text, else what kind of part it is. */
  readonly title: string
  readonly text: string
  /** Code is set in a fixed width and as it came. */
  readonly isCode: boolean
}

export interface Turn {
  readonly role: string
  readonly parts: readonly Part[]
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** JSON as people read it; text stays as it is. */
export const pretty = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value, undefined, 2) ?? 'null'))

const code = (title: string, value: unknown): Part => ({ title, text: pretty(value), isCode: true })

const partOf = (part: unknown): Part => {
  if (!isObject(part)) return { title: '', text: pretty(part), isCode: typeof part !== 'string' }
  const name = textOf(part['name'])
  const content = part['content']
  switch (part['type']) {
    case 'text': return { title: '', text: pretty(content), isCode: typeof content !== 'string' }
    case 'reasoning': return { title: 'Reasoning', text: pretty(content), isCode: typeof content !== 'string' }
    case 'tool_call': return code(`Calls ${name ?? 'a tool'}`, part['arguments'] ?? {})
    case 'tool_call_response': return code('Tool result', part['response'] ?? part['result'] ?? part['content'] ?? null)
    case 'redacted': return { title: '', text: 'Redacted by the application', isCode: false }
    default: return code(textOf(part['type']) ?? 'Part', part)
  }
}

/** Messages as turns; `undefined` where the value is something else, such as the arguments of a tool. */
export const turnsOf = (value: unknown): readonly Turn[] | undefined => {
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => isObject(item) && typeof item['role'] === 'string')) return undefined
  return (value as readonly Readonly<Record<string, unknown>>[]).map((message) => ({
    role: textOf(message['role']) ?? '',
    parts: Array.isArray(message['parts']) ? message['parts'].map(partOf) : [partOf(message['content'] ?? message)],
  }))
}

/** Characters of a long text that are shown before somebody asks for all of it. */
export const foldedLength = 2_000

/** The same for what repeats in every call and is read once: system prompts. */
export const foldedSystemLength = 300

/** The beginning of a long text, cut at a line where one is near; the text itself where it is hardly longer than `length`. */
export const beginning = (text: string, length: number): string => {
  if (text.length <= length * 1.2) return text
  const line = text.lastIndexOf('\n', length)
  return text.slice(0, line > length / 2 ? line : length)
}
