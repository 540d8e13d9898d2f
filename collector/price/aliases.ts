import type { Owner } from './book.ts'

/**
 * What the imported price list does not know: how telemetry spells providers. `freeze.ts` bakes these tables into the
 * book, so that a book's version covers everything its answers depend on.
 *
 * Names are compared whole, in lower case, or by their part before the first dot (`openai.chat`). Never by "contains":
 * `my-openai-proxy` is somebody's machine, not OpenAI.
 */
export const providerAliases: Readonly<Record<string, string>> = {
  // Azure sells the same models on its own list: reading `azure.ai.openai` as OpenAI would never use Azure's cards.
  'az.ai.inference': 'azure', 'az.ai.openai': 'azure', 'azure.ai.inference': 'azure', 'azure.ai.openai': 'azure',
  'azure-openai': 'azure', 'azure_ai': 'azure', 'azure_openai': 'azure', 'azureopenai': 'azure',
  'amazon-bedrock': 'aws', 'amazon_bedrock': 'aws', 'aws.bedrock': 'aws', 'aws_bedrock': 'aws', 'bedrock': 'aws',
  'bedrock_converse': 'aws',
  'gcp.gemini': 'google', 'gcp.gen_ai': 'google', 'gcp.vertex_ai': 'google', 'gemini': 'google', 'google-vertex': 'google',
  'google_genai': 'google', 'google_vertexai': 'google', 'vertex_ai': 'google', 'vertexai': 'google',
  'gcp': 'google', 'google-genai': 'google', 'google-gla': 'google', 'google_generative_ai': 'google', 'vertex': 'google',
  'claude': 'anthropic', 'grok': 'x-ai', 'open_ai': 'openai', 'arcee-ai': 'arcee', 'cerebrasopenai': 'cerebras', 'workersai': 'cloudflare', 'perplexity-ai': 'perplexity',
  'cohere_chat': 'cohere', 'copilot': 'github-copilot', 'fireworks-ai': 'fireworks', 'fireworks_ai': 'fireworks',
  'github_copilot': 'github-copilot', 'mistral_ai': 'mistral', 'mistralai': 'mistral', 'moonshot': 'moonshotai',
  'moonshot_ai': 'moonshotai', 'ovh': 'ovhcloud', 'pplx': 'perplexity', 'together-ai': 'together', 'together_ai': 'together',
  'togetherai': 'together', 'voyage': 'voyageai', 'x_ai': 'x-ai', 'xai': 'x-ai', 'z_ai': 'zai', 'z-ai': 'zai',
  'zhipu': 'zhipuai', 'zhipu_ai': 'zhipuai',
}

/** Gateways and libraries that pass a vendor's price through: the model says who sells it, as if no provider were named. */
export const passThrough: readonly string[] = ['ai-gateway', 'gateway', 'helicone', 'litellm', 'litellm_proxy', 'portkey', 'vercel', 'vercel_ai_gateway']

/** Whose a model is when the telemetry names no provider. Asked in order, before the imported list's own rules. */
export const owners: readonly Owner[] = [
  // Bedrock's spelling; without this rule `us.anthropic.claude-…` would be billed at Anthropic's own list.
  { provider: 'aws', owns: { or: [
    { regex: '^(?:(?:global|us|us-gov|eu|apac|au|jp|ca|in)\\.)?(?:anthropic|amazon|meta|mistral|cohere|deepseek|ai21|openai|qwen)\\.' },
    { starts_with: 'arn:aws' },
  ] } },
  { provider: 'openai', owns: { or: [{ starts_with: 'ft:gpt-' }, { starts_with: 'text-embedding-3-' }, { equals: 'text-embedding-ada-002' }] } },
]
