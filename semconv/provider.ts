import { remembered } from './memo.ts'
import { cut } from './value.ts'

/** `gen_ai.provider.name`, registry.yaml@e9de14ba, plus hosts that the convention does not list yet. Already canonical. */
export const providers = [
  'openai', 'azure.ai.openai', 'azure.ai.inference', 'anthropic', 'aws.bedrock', 'gcp.gen_ai', 'gcp.gemini', 'gcp.vertex_ai',
  'cohere', 'deepseek', 'groq', 'ibm.watsonx.ai', 'mistral_ai', 'moonshot_ai', 'perplexity', 'x_ai',
] as const

/**
 * Legacy values (semantic-conventions 1.36 and before), free strings of OpenLLMetry, ids of Vercel, OpenInference and LangChain.
 */
export const providerAliases: Readonly<Record<string, string>> = {
  vertex_ai: 'gcp.vertex_ai', vertexai: 'gcp.vertex_ai', vertex: 'gcp.vertex_ai', google_vertexai: 'gcp.vertex_ai',
  'vertex ai': 'gcp.vertex_ai', 'aws bedrock': 'aws.bedrock',
  'google-vertex': 'gcp.vertex_ai', 'google.vertex': 'gcp.vertex_ai', googlevertex: 'gcp.vertex_ai',
  gemini: 'gcp.gemini', googleai: 'gcp.gemini', google: 'gcp.gemini', google_genai: 'gcp.gemini', 'google-genai': 'gcp.gemini', 'google-gla': 'gcp.gemini',
  'google.generative-ai': 'gcp.gemini', google_generative_ai: 'gcp.gemini', gcp: 'gcp.gen_ai',
  'az.ai.inference': 'azure.ai.inference', 'az.ai.openai': 'azure.ai.openai', azure: 'azure.ai.openai',
  azure_openai: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai', azureopenai: 'azure.ai.openai', azure_ai: 'azure.ai.inference',
  // azure-ai-projects 2.10.0, captured: what it serves at `*.services.ai.azure.com`.
  'microsoft.foundry': 'azure.ai.inference', 'az.ai.agents': 'azure.ai.inference',
  aws: 'aws.bedrock', bedrock: 'aws.bedrock', amazon_bedrock: 'aws.bedrock', 'amazon-bedrock': 'aws.bedrock',
  aws_bedrock: 'aws.bedrock',
  bedrock_converse: 'aws.bedrock',
  xai: 'x_ai', 'x-ai': 'x_ai', grok: 'x_ai',
  mistral: 'mistral_ai', mistralai: 'mistral_ai', moonshot: 'moonshot_ai', moonshotai: 'moonshot_ai',
  watsonx: 'ibm.watsonx.ai', ibm: 'ibm.watsonx.ai', 'open ai': 'openai', open_ai: 'openai', openai_responses: 'openai',
  claude: 'anthropic', 'perplexity-ai': 'perplexity', pplx: 'perplexity',
  // Agno 2 (`AwsBedrock`, `AzureFoundry`); LangChain's models without a provider of their own, by class (langchain-core 1
  // chat_models.py `_get_ls_params`); LiteLLM's other names of one provider; pydantic-ai's prefixes.
  awsbedrock: 'aws.bedrock', azurefoundry: 'azure.ai.inference', anthropicvertex: 'gcp.vertex_ai', azureaichatcompletionsmodel: 'azure.ai.inference',
  vertex_ai_beta: 'gcp.vertex_ai', azure_text: 'azure.ai.openai', 'text-completion-openai': 'openai', codestral: 'mistral_ai',
  'text-completion-codestral': 'mistral_ai', 'openai-chat': 'openai', 'openai-responses': 'openai',
  // Goose; Dify's plugin for xAI.
  gcp_vertex_ai: 'gcp.vertex_ai', x: 'x_ai',
}

/** Values that name who made the span, not who answered the call. They never price. */
export const frameworks: ReadonlySet<string> = new Set([
  'strands-agents', 'strands', 'langchain', 'langgraph', 'llamaindex', 'llama_index', 'autogen', 'crewai', 'gcp.vertex.agent',
  'agent_framework', 'spring_ai', 'microsoft.agent_framework', 'github', 'litellm', 'haystack', 'dspy', 'instructor', 'pydantic-ai',
  'smolagents', 'agno', 'ag2', 'koog', 'galileo-otel',
  // Dify's plugin for whoever speaks OpenAI's API.
  'openai_api_compatible',
  'mastra', 'ai', 'gateway', 'semantic_kernel', 'unknown', 'none', '_other',
])

/**
 * Hosts whose answer is billed by somebody else than the client library's vendor: an OpenAI client that points at Groq
 * says `openai`. Suffixes of `server.address`.
 */
export const hosts: readonly (readonly [suffix: string, provider: string])[] = [
  ['api.openai.com', 'openai'], ['.openai.azure.com', 'azure.ai.openai'], ['.services.ai.azure.com', 'azure.ai.inference'],
  ['api.anthropic.com', 'anthropic'], ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'], ['.amazonaws.com', 'aws.bedrock'], ['api.x.ai', 'x_ai'],
  ['api.groq.com', 'groq'], ['api.deepseek.com', 'deepseek'], ['api.mistral.ai', 'mistral_ai'], ['api.cohere.com', 'cohere'],
  ['api.cohere.ai', 'cohere'], ['api.perplexity.ai', 'perplexity'], ['api.moonshot.ai', 'moonshot_ai'],
  ['api.moonshot.cn', 'moonshot_ai'],
  ['openrouter.ai', 'openrouter'], ['api.together.xyz', 'together'], ['api.together.ai', 'together'], ['api.fireworks.ai', 'fireworks'],
  ['api.cerebras.ai', 'cerebras'],
  // The hosts of the price list's other providers (genai-prices 0.1.8, `api_pattern`); a router of many sellers is one of its own.
  ['.cognitiveservices.azure.com', 'azure.ai.openai'], ['api.arcee.ai', 'arcee'],
  ['api.avian.io', 'avian'], ['inference.baseten.co', 'baseten'], ['api.cloudflare.com', 'cloudflare'], ['api.doubleword.ai', 'doubleword'],
  ['api.githubcopilot.com', 'github-copilot'], ['router.huggingface.co', 'huggingface'], ['api.minimax.io', 'minimax'],
  ['api.minimaxi.com', 'minimax'], ['.modal.run', 'modal'], ['.modal.direct', 'modal'], ['api.novita.ai', 'novita'],
  ['.ai.cloud.ovh.net', 'ovhcloud'], ['api.quicksilverpro.io', 'quicksilverpro'], ['api.typesafe.ai', 'typesafe'],
  ['api.voyageai.com', 'voyageai'], ['api.z.ai', 'zai'], ['open.bigmodel.cn', 'zhipuai'],
]

const canonical: ReadonlySet<string> = new Set(providers)

/** Characters of a provider's name; every known one is shorter. */
const nameLimit = 128

/** Dify names a provider by who made the plugin, the plugin, and the provider in it: `langgenius/gemini/google` (its ModelProviderID). */
const difyPlugin = /^[^/]+\/[^/]+\/(?=[^/]+$)/

/** '' where nothing or only a framework is named. */
export const foldProvider = remembered((sent: string): string => {
  const name = cut(sent, nameLimit).trim().toLowerCase().replace(difyPlugin, '')
  if (frameworks.has(name)) return ''
  const known = canonical.has(name) ? name : alias(name)
  if (known !== undefined) return known
  // Vercel's ids end in the API: openai.responses, google.vertex.chat, xai.chat.
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const head = name.slice(0, dot)
    if (frameworks.has(head)) return ''
    const found = canonical.has(head) ? head : alias(head)
    if (found !== undefined) return found
  }
  const dot = name.indexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
})

function alias(name: string): string | undefined {
  return Object.hasOwn(providerAliases, name) ? providerAliases[name] : undefined
}

const providerOfHost = remembered((address: string): string => {
  // A URL or a host with its port is what some send (Semantic Kernel, Mistral's SDK).
  const host = address.toLowerCase().replace(/^[a-z]{1,8}:\/\//, '').replace(/[:/].*$/s, '')
  const match = hosts.find(([suffix]) => {
    if (host === suffix) return true
    // `europe-west4-aiplatform.googleapis.com`: regions stand before a dash there.
    return suffix.startsWith('.') ? host.endsWith(suffix) : host.endsWith(`.${suffix}`) || host.endsWith(`-${suffix}`)
  })
  return match === undefined ? '' : match[1]
})

/** Client libraries that are pointed at other sellers of the same API: OpenAI's at nearly all, Anthropic's at clouds and at DeepSeek, Z.ai … */
const clients: ReadonlySet<string> = new Set(['', 'openai', 'anthropic'])

/** Who bills: the host where the named provider is only the client library's flavour, else the provider. */
export function billingProvider(provider: string, serverAddress: string): string {
  if (serverAddress === '' || !clients.has(provider)) return provider
  const host = providerOfHost(serverAddress)
  // OpenAI answers no client of Anthropic's.
  return host === '' || (provider === 'anthropic' && host === 'openai') ? provider : host
}

/** Vendors whose ids come from one number space: an Azure span and an OpenAI span tell the same call. */
export function providerFamily(provider: string): string {
  if (provider === 'azure.ai.openai') return 'openai'
  if (provider.startsWith('gcp.')) return 'google'
  return provider
}
