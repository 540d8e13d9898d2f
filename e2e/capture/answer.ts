/** What the fake model says next, in our words; each API's file words it as its vendor does. */
export interface Answer {
  /** Any status but 200 is an error of the vendor's shape, without usage. */
  readonly status?: number
  readonly text?: string
  /** Summarised thinking that is sent back beside the answer, where the API has a place for it. */
  readonly thinking?: string
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }[]
  readonly usage?: AnswerUsage
  /** The dated model the vendor answers with; the requested one when absent. */
  readonly model?: string
}

/** Tokens, integers ≥ 0: `input` holds cached and cache-written ones, `output` holds reasoning. */
export interface AnswerUsage {
  readonly input: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly output: number
  readonly reasoning?: number
}

export const noUsage: AnswerUsage = { input: 0, output: 0 }

/** One answer in the shape of one API: a JSON body, or the same as a stream of server-sent events. */
export interface Reply {
  readonly body: unknown
  /** `event` is '' where the API sends bare data lines. */
  readonly stream: readonly { readonly event: string; readonly data: string }[]
}

/** What an API needs besides the answer: `id` is unique over all captures, so that no two folders tell the same call. */
export interface Asked {
  readonly id: string
  readonly model: string
  /** OpenAI sends usage on a stream only when the client asked for it. */
  readonly streamUsage: boolean
}

/** Words with their spaces, so that a stream has more than one chunk and its sum is the text. */
export function chunks(text: string): string[] {
  return text.match(/\S+\s*/g) ?? []
}
