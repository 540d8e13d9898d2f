/**
 * Why a model stopped, as providers and SDKs write it, in lower case. Telemetry keeps each one's own word.
 * OpenAI: https://platform.openai.com/docs/api-reference/chat/object (`finish_reason`), and of the Responses API
 * `incomplete_details.reason`; Anthropic: https://docs.claude.com/en/api/messages (`stop_reason`); Gemini:
 * https://ai.google.dev/api/generate-content#FinishReason; Mistral adds `model_length`; Vercel's AI SDK writes hyphens.
 */

/** The answer was cut: a limit of tokens was reached before its end. */
export const truncatedReasons = ['length', 'max_tokens', 'max_output_tokens', 'max-tokens', 'model_length', 'model_context_window_exceeded', 'token_limit_reached'] as const

/** The answer asks for tools. Gemini says `STOP` then, so of its calls this tells nothing. */
export const toolReasons = ['tool_calls', 'tool_call', 'tool-calls', 'tool_use', 'function_call', 'toolcall'] as const
