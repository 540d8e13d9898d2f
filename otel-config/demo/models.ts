/** Models the demo agents call. Prices are none of its business; all but one are in the price book. */
export interface Model {
  /** `gen_ai.provider.name`. */
  readonly provider: string
  readonly name: string
  /** What the provider says answered. */
  readonly responseName: string
  readonly server: string
  readonly port: number
  /** Milliseconds to the first token, then milliseconds per output token; medians. */
  readonly firstTokenMs: number
  readonly tokenMs: number
  readonly responseId: (hex: (digits: number) => string) => string
  readonly finish: { readonly answer: string; readonly tool: string }
}

const openai = {
  provider: 'openai', server: 'api.openai.com', port: 443, responseId: (hex) => `chatcmpl-${hex(24)}`, finish: { answer: 'stop', tool: 'tool_calls' },
} as const satisfies Partial<Model>
const anthropic = {
  provider: 'anthropic', server: 'api.anthropic.com', port: 443, responseId: (hex) => `msg_01${hex(22)}`, finish: { answer: 'end_turn', tool: 'tool_use' },
} as const satisfies Partial<Model>
const gemini = {
  provider: 'gcp.gemini', server: 'generativelanguage.googleapis.com', port: 443, responseId: (hex) => hex(22), finish: { answer: 'STOP', tool: 'STOP' },
} as const satisfies Partial<Model>

export const gpt5: Model = { ...openai, name: 'gpt-5', responseName: 'gpt-5-2025-08-07', firstTokenMs: 1_100, tokenMs: 11 }
export const gpt5Mini: Model = { ...openai, name: 'gpt-5-mini', responseName: 'gpt-5-mini-2025-08-07', firstTokenMs: 520, tokenMs: 7 }
export const embedding3Small: Model = { ...openai, name: 'text-embedding-3-small', responseName: 'text-embedding-3-small', firstTokenMs: 90, tokenMs: 0 }
export const claudeOpus: Model = { ...anthropic, name: 'claude-opus-4-5', responseName: 'claude-opus-4-5-20251101', firstTokenMs: 1_400, tokenMs: 14 }
export const claudeSonnet: Model = { ...anthropic, name: 'claude-sonnet-4-5', responseName: 'claude-sonnet-4-5-20250929', firstTokenMs: 900, tokenMs: 11 }
export const claudeHaiku: Model = { ...anthropic, name: 'claude-haiku-4-5', responseName: 'claude-haiku-4-5-20251001', firstTokenMs: 450, tokenMs: 6 }
export const geminiPro: Model = { ...gemini, name: 'gemini-2.5-pro', responseName: 'gemini-2.5-pro', firstTokenMs: 1_200, tokenMs: 9 }
export const geminiFlash: Model = { ...gemini, name: 'gemini-2.5-flash', responseName: 'gemini-2.5-flash', firstTokenMs: 380, tokenMs: 4 }
/** A company's own fine-tune on its own machine: no price list knows it, so its cost is shown as unknown and not as nothing. */
export const harborTriage: Model = {
  provider: 'harbor-inference', name: 'harbor-triage-7b', responseName: 'harbor-triage-7b', server: 'models.harbor.internal', port: 8000,
  firstTokenMs: 160, tokenMs: 9, responseId: (hex) => `cmpl-${hex(16)}`, finish: { answer: 'stop', tool: 'tool_calls' },
}
