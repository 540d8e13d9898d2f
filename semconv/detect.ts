import type { SpanRecord } from './attributes.ts'
import type { Dialect, Signs } from './dialect.ts'
import { adk } from './dialects/adk.ts'
import { agentops } from './dialects/agentops.ts'
import { agentscope } from './dialects/agentscope.ts'
import { anthropicPlatform } from './dialects/anthropic.ts'
import { braintrust } from './dialects/braintrust.ts'
import { claudeCode } from './dialects/claude-code.ts'
import { codex } from './dialects/codex.ts'
import { copilot } from './dialects/copilot.ts'
import { crewai } from './dialects/crewai.ts'
import { datadog } from './dialects/datadog.ts'
import { galileo } from './dialects/galileo.ts'
import { geminiCli } from './dialects/gemini-cli.ts'
import { genkit } from './dialects/genkit.ts'
import { goose } from './dialects/goose.ts'
import { governance } from './dialects/governance.ts'
import { guardrails } from './dialects/guardrails.ts'
import { haystack } from './dialects/haystack.ts'
import { honeyhive } from './dialects/honeyhive.ts'
import { judgment } from './dialects/judgment.ts'
import { koog } from './dialects/koog.ts'
import { langfuse } from './dialects/langfuse.ts'
import { langsmith } from './dialects/langsmith.ts'
import { langwatch } from './dialects/langwatch.ts'
import { litellm } from './dialects/litellm.ts'
import { livekit } from './dialects/livekit.ts'
import { llamaindex } from './dialects/llamaindex.ts'
import { loongsuite } from './dialects/loongsuite.ts'
import { mastra } from './dialects/mastra.ts'
import { mcp } from './dialects/mcp.ts'
import { agentFramework, autogen } from './dialects/microsoft.ts'
import { mirascope } from './dialects/mirascope.ts'
import { mlflow } from './dialects/mlflow.ts'
import { n8n } from './dialects/n8n.ts'
import { netra } from './dialects/netra.ts'
import { openinference } from './dialects/openinference.ts'
import { openllmetry } from './dialects/openllmetry.ts'
import { pipecat } from './dialects/pipecat.ts'
import { logfire, pydanticAi } from './dialects/pydantic.ts'
import { generic, semconv137, semconvGenai, semconvOld } from './dialects/semconv.ts'
import { quarkus } from './dialects/quarkus.ts'
import { qwenCode } from './dialects/qwen-code.ts'
import { rig } from './dialects/rig.ts'
import { strands } from './dialects/strands.ts'
import { traceai } from './dialects/traceai.ts'
import { vercelLegacy, vercelV7 } from './dialects/vercel.ts'
import { voltagent } from './dialects/voltagent.ts'
import { xai } from './dialects/xai.ts'
import { remembered } from './memo.ts'

const prefixed = (...prefixes: readonly string[]) => (text: string) => prefixes.some((prefix) => text.startsWith(prefix))
const exactly = (...texts: readonly string[]) => (text: string) => texts.includes(text)

/**
 * OpenLLMetry's python instrumentations (traceloop/openllmetry@93429cf, packages/), which since 0.60 often carry no key of
 * their own. OpenTelemetry's are called otherwise (`openai_v2`, `google_genai`, `botocore.…`, `genai.…`), but for `anthropic`
 * and `langchain`, where both count alike.
 */
const openllmetryScopes: ReadonlySet<string> = new Set([
  'agno', 'alephalpha', 'anthropic', 'bedrock', 'cohere', 'crewai', 'google_generativeai', 'groq', 'haystack', 'langchain',
  'llamaindex', 'mcp',
  'mistralai', 'ollama', 'openai', 'openai_agents', 'replicate', 'sagemaker', 'together', 'transformers', 'vertexai', 'voyageai',
  'watsonx', 'writer',
].map((name) => `opentelemetry.instrumentation.${name}`))
/** Some name the module inside: `….openai.v1`, `….crewai.instrumentation`. */
const isOpenllmetry = (scope: string) => scope.startsWith('@traceloop/') || openllmetryScopes.has(scope.split('.', 3).join('.'))

/**
 * The first row whose signs a span shows decides its dialect. Per span, never per service:
 * instrumentations mix. The schema URL is no sign, because many emitters leave it empty or pin an old one.
 */
export const detection: readonly (readonly [Dialect, Signs])[] = [
  [claudeCode, { scope: prefixed('com.anthropic.claude_code'), spanName: prefixed('claude_code.') }],
  [codex, { scope: prefixed('codex'), spanName: prefixed('codex.'), key: prefixed('codex.') }],
  [geminiCli, { scope: exactly('gemini-cli', 'gemini_cli'), spanName: prefixed('gemini_cli.'), service: exactly('gemini-cli') }],
  [qwenCode, { scope: exactly('qwen-code'), spanName: prefixed('qwen-code.') }],
  // Not every span of Copilot CLI has a key of its own.
  [copilot, { scope: exactly('github.copilot'), key: prefixed('copilot_chat.', 'github.copilot.') }],
  [adk, { scope: exactly('gcp.vertex.agent'), key: prefixed('gcp.vertex.agent.'), system: 'gcp.vertex.agent' }],
  [pydanticAi, { scope: exactly('pydantic-ai') }],
  [logfire, { scope: prefixed('logfire.') }],
  [strands, { scope: prefixed('strands.'), system: 'strands-agents' }],
  [litellm, { scope: exactly('litellm') }],
  [n8n, { scope: exactly('n8n-workflow') }],
  [galileo, { scope: exactly('galileo-tracer') }],
  [goose, { scope: exactly('goose') }],
  [mastra, { scope: prefixed('@mastra/'), key: prefixed('mastra.') }],
  [pipecat, { scope: exactly('pipecat', 'pipecat.turn') }],
  [honeyhive, { scope: prefixed('honeyhive.') }],
  [judgment, { key: exactly('judgment.span_kind') }],
  [mirascope, { scope: exactly('mirascope.llm', 'mirascope.ops') }],
  [traceai, { scope: prefixed('traceai_') }],
  [datadog, { key: prefixed('_dd.llmobs.') }],
  [vercelLegacy, { key: exactly('ai.operationId') }],
  // `ai` is the scope of applications that bring their tracer along as they had to before.
  [vercelV7, { scope: exactly('gen_ai', 'ai'), key: prefixed('ai.settings.context.') }],
  // Before OpenLLMetry, whose keys for messages it writes.
  [xai, { scope: prefixed('xai_sdk.') }],
  // Before Langfuse, for which it writes a key.
  [livekit, { scope: exactly('livekit-agents'), key: prefixed('lk.') }],
  // Before Langfuse, too.
  [koog, { key: prefixed('koog.') }],
  [langfuse, { key: prefixed('langfuse.observation.') }],
  [langsmith, { key: prefixed('langsmith.') }],
  [mlflow, { key: exactly('mlflow.spanType') }],
  [langwatch, { key: exactly('langwatch.span.type') }],
  [agentops, { key: exactly('agentops.span.kind') }],
  // Before OpenInference, whose kinds it has.
  [guardrails, { scope: exactly('guardrails-ai') }],
  [openinference, { key: exactly('openinference.span.kind') }],
  [agentscope, { key: prefixed('agentscope.') }],
  // Before OpenLLMetry, whose names for scopes it has.
  [loongsuite, { key: exactly('gen_ai.span.kind') }],
  [netra, { key: exactly('netra.entity.type') }],
  [openllmetry, { scope: isOpenllmetry,
    key: (key) => key === 'traceloop.span.kind' || key === 'llm.request.type' || key.startsWith('gen_ai.prompt.0.') }],
  [agentFramework, { scope: prefixed('agent_framework'), key: exactly('executor.id', 'workflow.id', 'edge_group.type') }],
  [crewai, { scope: exactly('crewai') }],
  [voltagent, { scope: exactly('@voltagent/core') }],
  [rig, { key: exactly('rig.completion_parent', 'rig.provider_request_id') }],
  [genkit, { key: prefixed('genkit:') }],
  [haystack, { key: prefixed('haystack.'), spanName: prefixed('haystack.') }],
  [llamaindex, { scope: exactly('llamaindex.opentelemetry.tracer') }],
  [autogen, { scope: prefixed('autogen'), system: 'autogen' }],
  [anthropicPlatform, { scope: prefixed('com.anthropic.sdk.', 'com.anthropic.claude-platform') }],
  [governance, { key: prefixed('agt.', 'agent.policy.', 'rail.'), spanName: prefixed('agt.') }],
  [semconvGenai, { key: exactly('gen_ai.usage.cache_write.input_tokens') }],
  [semconv137, { key: exactly('gen_ai.provider.name') }],
  [semconvOld, { key: exactly('gen_ai.system') }],
  // After the conventions, beside which applications write its attributes themselves.
  [braintrust, { key: exactly('braintrust.span_attributes') }],
  [mcp, { key: exactly('mcp.method.name') }],
  // Whose run it is, which their SDKs write on every span of the application, whoever made it (captured from langfuse 5.0.4 and
  // traceloop-sdk 0.62.4 for python): who made it says how it counts.
  [langfuse, { key: prefixed('langfuse.trace.') }],
  [openllmetry, { key: prefixed('traceloop.') }],
  // Last, because all spans of a Quarkus application have it, made by whomever.
  [quarkus, { scope: exactly('io.quarkus.opentelemetry') }],
  [generic, {}],
]

const none = detection.length - 1

/** The earliest row a word of that kind is a sign of. */
function earliest(pick: (signs: Signs) => ((text: string) => boolean) | undefined): (text: string) => number {
  return remembered((text) => {
    const row = detection.findIndex(([, signs]) => pick(signs)?.(text) === true)
    return row < 0 ? none : row
  })
}

const rowOfScope = earliest((signs) => signs.scope)
const rowOfKey = earliest((signs) => signs.key)
const rowOfService = earliest((signs) => signs.service)
const rowOfSystem = earliest((signs) => (signs.system === undefined ? undefined : exactly(signs.system)))
const namePrefixes = ['claude_code.', 'codex.', 'gemini_cli.', 'qwen-code.', 'agt.', 'haystack.']
const rowOfName = earliest((signs) => signs.spanName)

export function detect(span: SpanRecord): Dialect {
  const { attributes, name } = span
  let row = Math.min(rowOfScope(span.scope.name), namePrefixes.some((prefix) => name.startsWith(prefix)) ? rowOfName(name) : none)
  const service = span.resource.attributes.get('service.name')
  if (typeof service === 'string') row = Math.min(row, rowOfService(service))
  // `forEach`, here and wherever every span is walked through: a loop over a map makes an array of every entry.
  attributes.forEach((value, key) => {
    const keyRow = rowOfKey(key)
    if (keyRow < row) row = keyRow
    if ((key === 'gen_ai.system' || key === 'gen_ai.provider.name') && typeof value === 'string') {
      const systemRow = rowOfSystem(value)
      if (systemRow < row) row = systemRow
    }
  })
  return (detection[row] as (typeof detection)[number])[0]
}
