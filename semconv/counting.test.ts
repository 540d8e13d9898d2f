import assert from 'node:assert/strict'
import test from 'node:test'
import { interpret } from './interpret.ts'
import { type Literal, literalSpan } from './literal-span.ts'

/**
 * What each emitter puts into its input and output keys. Every row sends 1000 input tokens, 400 of them
 * or beside them read from the cache, and 100 output tokens, 30 of them or beside them reasoning.
 */
type Basis = 'inclusive' | 'exclusive' | 'twice'
interface Row {
  readonly who: string
  readonly name?: string
  readonly scope?: string
  readonly version?: string
  readonly attributes?: { readonly [key: string]: Literal }
  readonly input: Basis
  readonly output?: Basis
  readonly flags?: readonly string[]
}

const call = { 'gen_ai.operation.name': 'chat' }
const llm = { 'openinference.span.kind': 'LLM' }

const rows: readonly Row[] = [
  { who: 'an unknown emitter: the convention', attributes: { ...call, 'gen_ai.provider.name': 'openai' }, input: 'inclusive',
    flags: ['assumed_inclusive'] },
  { who: 'opentelemetry-python-genai', scope: 'opentelemetry.instrumentation.genai.openai', attributes: { ...call,
    'gen_ai.provider.name': 'openai' }, input: 'inclusive' },
  { who: 'opentelemetry-python-genai for Bedrock', scope: 'opentelemetry.instrumentation.genai.bedrock', attributes: { ...call,
    'gen_ai.provider.name': 'aws.bedrock' }, input: 'exclusive', output: 'inclusive' },
  { who: 'opentelemetry-python-genai for Bedrock that wrote to the cache', scope: 'opentelemetry.instrumentation.genai.bedrock',
    attributes: { ...call, 'gen_ai.provider.name': 'aws.bedrock', 'gen_ai.usage.cache_write.input_tokens': 0 }, input: 'exclusive' },
  { who: 'Azure AI Inference', scope: 'azure.core.tracing.ext.opentelemetry_span', attributes: { ...call, 'gen_ai.system': 'az.ai.inference' },
    input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'Azure AI Projects', scope: 'azure.core.tracing.ext.opentelemetry_span', attributes: { ...call,
    'gen_ai.provider.name': 'microsoft.foundry' }, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'Laminar', scope: 'lmnr.tracer', attributes: { 'lmnr.span.type': 'LLM', 'gen_ai.system': 'anthropic' }, input: 'inclusive' },
  { who: 'google-genai', scope: 'opentelemetry.instrumentation.google_genai', attributes: { ...call,
    'gen_ai.provider.name': 'gcp.gemini' }, input: 'inclusive' },
  { who: 'google-genai 1.0b0', scope: 'opentelemetry.util.genai.handler', version: '0.4b0', attributes: { ...call,
    'gen_ai.provider.name': 'gcp.gemini' }, input: 'inclusive', output: 'exclusive' },
  { who: 'google-genai before 1.0', scope: 'opentelemetry.instrumentation.google_genai', version: '0.7b0', attributes: { ...call,
    'gen_ai.system': 'gemini' }, input: 'inclusive', output: 'exclusive', flags: ['usage_lossy'] },
  { who: 'pydantic-ai', scope: 'pydantic-ai', attributes: call, input: 'inclusive' },
  { who: 'pydantic-ai before 0.8 with Gemini', scope: 'pydantic-ai', version: '0.7.0', attributes: { ...call, 'gen_ai.system': 'google-gla' }, input: 'inclusive',
    output: 'exclusive' },
  { who: 'pydantic-ai with Bedrock before it tells the cache', scope: 'pydantic-ai', version: '1.30.1', attributes: { ...call, 'gen_ai.system': 'bedrock' }, input: 'exclusive',
    flags: ['usage_lossy'] },
  { who: 'pydantic-ai with Bedrock from 1.31.0 to 1.39.0', scope: 'pydantic-ai', version: '1.39.0', attributes: { ...call, 'gen_ai.system': 'bedrock' }, input: 'exclusive' },
  { who: 'pydantic-ai with Bedrock since it adds the cache', scope: 'pydantic-ai', version: '1.39.1', attributes: { ...call, 'gen_ai.system': 'bedrock' }, input: 'inclusive' },
  { who: 'Logfire', scope: 'logfire.anthropic', attributes: call, input: 'inclusive' },
  { who: 'Vercel 7', scope: 'gen_ai', attributes: call, input: 'inclusive' },
  { who: "Vercel 7 with the application's own tracer", scope: 'ai', attributes: { ...call, 'gen_ai.provider.name': 'anthropic' }, input: 'inclusive' },
  { who: 'Vercel 6', scope: 'ai', attributes: { 'ai.operationId': 'ai.generateText.doGenerate',
    'ai.model.provider': 'amazon-bedrock', 'ai.usage.outputTokenDetails.textTokens': 1 }, input: 'inclusive' },
  { who: 'Vercel 5 with Bedrock', scope: 'ai', attributes: { 'ai.operationId': 'ai.generateText.doGenerate',
    'ai.model.provider': 'amazon-bedrock' }, input: 'exclusive', flags: ['cache_write_hidden'] },
  { who: 'Vercel 5 with OpenAI', scope: 'ai', attributes: { 'ai.operationId': 'ai.generateText.doGenerate',
    'ai.model.provider': 'openai.chat' }, input: 'inclusive' },
  { who: 'Vercel 5 with Google', scope: 'ai', attributes: { 'ai.operationId': 'ai.generateText.doGenerate',
    'ai.model.provider': 'google.generative-ai' }, input: 'inclusive', output: 'exclusive' },
  { who: 'opentelemetry-python-genai at xAI, chat completions', scope: 'opentelemetry.instrumentation.genai.openai', attributes: { ...call,
    'gen_ai.provider.name': 'openai', 'server.address': 'api.x.ai' }, input: 'inclusive', output: 'exclusive' },
  { who: 'opentelemetry-python-genai at xAI, responses', scope: 'opentelemetry.instrumentation.genai.openai', attributes: { ...call,
    'gen_ai.provider.name': 'openai', 'server.address': 'api.x.ai', 'openai.api.type': 'responses' }, input: 'inclusive' },
  { who: "OpenLIT with Anthropic's client at Vertex", scope: 'openlit.instrumentation.anthropic', attributes: { ...call,
    'gen_ai.provider.name': 'anthropic', 'server.address': 'us-east5-aiplatform.googleapis.com' }, input: 'exclusive' },
  { who: 'Goose', scope: 'goose', attributes: { ...call, 'gen_ai.provider.name': 'anthropic' }, input: 'inclusive', output: 'inclusive' },
  { who: 'Mastra', scope: '@mastra/otel-exporter', attributes: call, input: 'inclusive' },
  { who: 'Mastra before 1.0 with Anthropic', scope: '@mastra/otel', attributes: { ...call, 'mastra.span.type': 'model_generation', 'gen_ai.system': 'anthropic.messages', 'gen_ai.usage.total_tokens': 1100 },
    input: 'exclusive', flags: ['cache_write_hidden'] },
  { who: 'Mastra before 1.0 with Gemini', scope: '@mastra/otel', attributes: { ...call, 'mastra.span.type': 'model_generation', 'gen_ai.system': 'google.generative-ai', 'gen_ai.usage.total_tokens': 1130 },
    input: 'inclusive', output: 'exclusive' },
  { who: 'LangSmith', attributes: { 'langsmith.span.kind': 'llm' }, input: 'inclusive' },
  { who: 'OpenInference py anthropic', scope: 'openinference.instrumentation.anthropic', attributes: llm, input: 'inclusive' },
  { who: 'OpenInference py langchain', scope: 'openinference.instrumentation.langchain', attributes: llm, input: 'inclusive' },
  { who: 'OpenInference over Strands', scope: 'strands.telemetry.tracer', attributes: { ...llm, 'llm.token_count.prompt': 1000,
    'gen_ai.request.model': 'us.anthropic.claude-sonnet-4' }, input: 'inclusive' },
  { who: 'OpenInference py Bedrock', scope: 'openinference.instrumentation.bedrock', attributes: llm, input: 'exclusive' },
  { who: 'OpenInference py Bedrock since 0.1.60', name: 'bedrock.converse', scope: 'openinference.instrumentation.bedrock', version: '0.1.60',
    attributes: { ...llm, 'llm.token_count.total': 1100 }, input: 'inclusive' },
  { who: 'OpenInference py Bedrock, Converse up to 0.1.59', name: 'bedrock.converse', scope: 'openinference.instrumentation.bedrock', version: '0.1.59',
    attributes: { ...llm, 'llm.token_count.total': 1500 }, input: 'exclusive' },
  { who: 'OpenInference py Bedrock, Converse up to 0.1.35', name: 'bedrock.converse', scope: 'openinference.instrumentation.bedrock', version: '0.1.35',
    attributes: { ...llm, 'llm.token_count.total': 1500 }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'OpenInference py Bedrock, Claude by InvokeModel since 0.1.26', name: 'bedrock.invoke_model', scope: 'openinference.instrumentation.bedrock', version: '0.1.26',
    attributes: llm, input: 'inclusive' },
  { who: 'OpenInference py Bedrock, Nova by InvokeModel', name: 'bedrock.invoke_model', scope: 'openinference.instrumentation.bedrock', version: '0.1.61',
    attributes: { ...llm, 'llm.token_count.total': 1100 }, input: 'exclusive' },
  { who: 'OpenInference py google-genai from 0.1.12 to 0.1.15', scope: 'openinference.instrumentation.google_genai', version: '0.1.12',
    attributes: { ...llm, 'llm.token_count.total': 1100 }, input: 'twice' },
  { who: 'OpenInference py google-genai since 0.1.16', scope: 'openinference.instrumentation.google_genai', version: '0.1.16', attributes: llm, input: 'inclusive' },
  { who: 'OpenInference py langchain up to 0.1.54 with Claude', scope: 'openinference.instrumentation.langchain', version: '0.1.54',
    attributes: { ...llm, 'llm.model_name': 'claude-sonnet-4-5' }, input: 'exclusive' },
  { who: 'OpenInference py langchain since 0.1.55 with Claude', scope: 'openinference.instrumentation.langchain', version: '0.1.55',
    attributes: { ...llm, 'llm.model_name': 'claude-sonnet-4-5' }, input: 'inclusive' },
  { who: 'OpenInference py langchain up to 0.1.54 with OpenAI', scope: 'openinference.instrumentation.langchain', version: '0.1.54',
    attributes: { ...llm, 'llm.model_name': 'gpt-5', 'llm.token_count.total': 1100 }, input: 'inclusive' },
  { who: 'OpenInference py anthropic up to 0.1.13', scope: 'openinference.instrumentation.anthropic', version: '0.1.13', attributes: llm, input: 'exclusive' },
  { who: 'OpenInference over Strands up to 0.1.10, where the input has the cache already', scope: 'strands.telemetry.tracer', attributes: { ...llm, 'llm.token_count.prompt': 1000,
    'gen_ai.request.model': 'gpt-5', 'llm.token_count.prompt_details.cache_read': 400, 'llm.token_count.completion': 100, 'llm.token_count.total': 700 }, input: 'twice' },
  { who: 'OpenInference Agno with Anthropic', scope: 'openinference.instrumentation.agno', attributes: { ...llm,
    'llm.provider': 'Anthropic' }, input: 'exclusive' },
  { who: 'OpenInference Agno with OpenAI', scope: 'openinference.instrumentation.agno', attributes: { ...llm,
    'llm.provider': 'OpenAI' }, input: 'inclusive' },
  { who: 'OpenInference Haystack', scope: 'openinference.instrumentation.haystack', attributes: llm, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'OpenInference AutoGen', scope: 'openinference.instrumentation.autogen_agentchat', attributes: llm, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'OpenInference BeeAI py', scope: 'openinference.instrumentation.beeai', attributes: llm, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'OpenInference claude-agent-sdk py up to 0.1.12', scope: 'openinference.instrumentation.claude_agent_sdk', version: '0.1.12',
    attributes: { 'openinference.span.kind': 'AGENT', 'llm.cost.total': 0.01 }, input: 'exclusive' },
  { who: 'OpenInference claude-agent-sdk py since 0.1.13', scope: 'openinference.instrumentation.claude_agent_sdk', version: '0.1.13',
    attributes: { 'openinference.span.kind': 'AGENT', 'llm.cost.total': 0.01 }, input: 'inclusive' },
  { who: 'OpenInference claude-agent-sdk py since 0.1.22, of one turn', scope: 'openinference.instrumentation.claude_agent_sdk', version: '0.1.22',
    attributes: { 'openinference.span.kind': 'AGENT' }, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'OpenInference claude-agent-sdk py since 0.1.22, of a session', scope: 'openinference.instrumentation.claude_agent_sdk', version: '0.1.22',
    attributes: { 'openinference.span.kind': 'AGENT', 'llm.cost.total': 0.01 }, input: 'inclusive' },
  { who: 'OpenInference claude-agent-sdk JS', scope: '@arizeai/openinference-instrumentation-claude-agent-sdk',
    attributes: { 'openinference.span.kind': 'AGENT' }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'OpenInference anthropic JS, older', scope: '@arizeai/openinference-instrumentation-anthropic', version: '0.1.0',
    attributes: llm, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'OpenInference anthropic JS since 0.2.8', scope: '@arizeai/openinference-instrumentation-anthropic', version: '0.2.8',
    attributes: llm, input: 'inclusive' },
  { who: 'OpenLLMetry py anthropic', scope: 'opentelemetry.instrumentation.anthropic', attributes: call, input: 'inclusive' },
  { who: 'OpenLLMetry py OpenAI', scope: 'opentelemetry.instrumentation.openai.v1', attributes: call, input: 'inclusive' },
  { who: 'OpenLLMetry py Bedrock', scope: 'opentelemetry.instrumentation.bedrock', attributes: call, input: 'exclusive' },
  { who: 'OpenLLMetry JS Bedrock before 0.27', scope: '@traceloop/instrumentation-bedrock', version: '0.26.1', attributes: call,
    input: 'exclusive' },
  { who: 'OpenLLMetry JS Bedrock since 0.27', scope: '@traceloop/instrumentation-bedrock', version: '0.27.0', attributes: call,
    input: 'inclusive' },
  { who: 'OpenLLMetry google-generativeai', scope: 'opentelemetry.instrumentation.google_generativeai', attributes: call,
    input: 'inclusive', output: 'exclusive', flags: ['assumed_inclusive'] },
  { who: 'OTel botocore', scope: 'opentelemetry.instrumentation.botocore.bedrock-runtime', attributes: { ...call,
    'gen_ai.system': 'aws.bedrock' }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'OTel AWS SDK JS', scope: '@opentelemetry/instrumentation-aws-sdk', attributes: { ...call,
    'gen_ai.system': 'aws.bedrock' }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'OTel botocore since it tells the cache', scope: 'opentelemetry.instrumentation.botocore.bedrock-runtime',
    version: '0.66b2', attributes: { ...call, 'gen_ai.system': 'aws.bedrock' }, input: 'exclusive' },
  { who: 'Langtrace with OpenAI', scope: 'langtrace_python_sdk.instrumentation.openai.instrumentation', attributes: { ...call,
    'gen_ai.system': 'openai' }, input: 'inclusive' },
  { who: 'Langtrace with Anthropic', scope: 'langtrace_python_sdk.instrumentation.anthropic.instrumentation',
    attributes: { ...call, 'gen_ai.system': 'anthropic' }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'Anthropic SDK whose spans Langfuse marked', scope: 'com.anthropic.sdk.python', attributes: { ...call, 'langfuse.trace.tags': ['eu'] }, input: 'inclusive' },
  { who: 'OpenInference py anthropic whose spans Langfuse marked', scope: 'openinference.instrumentation.anthropic', attributes: { ...llm,
    'langfuse.trace.name': 'trip' }, input: 'inclusive' },
  { who: 'Codex', scope: 'codex_exec', input: 'inclusive' },
  { who: 'Copilot with Claude', attributes: { ...call, 'copilot_chat.location': 'panel',
    'gen_ai.request.model': 'claude-sonnet-4' }, input: 'inclusive', flags: ['cache_write_hidden'] },
  { who: 'Copilot CLI with Claude', scope: 'github.copilot', attributes: { ...call, 'gen_ai.provider.name': 'github',
    'gen_ai.request.model': 'claude-sonnet-4.5' }, input: 'inclusive' },
  { who: 'Copilot with GPT', attributes: { ...call, 'copilot_chat.location': 'panel', 'gen_ai.request.model': 'gpt-5' },
    input: 'inclusive' },
  { who: 'Strands on Bedrock', scope: 'strands.telemetry.tracer', attributes: { ...call,
    'gen_ai.request.model': 'us.anthropic.claude-sonnet-4', 'gen_ai.usage.cache_read_input_tokens': 400 }, input: 'exclusive' },
  { who: 'Strands on Anthropic from 1.50 to 1.53', scope: 'strands.telemetry.tracer', attributes: { ...call,
    'gen_ai.request.model': 'claude-sonnet-4', 'gen_ai.usage.cache_read_input_tokens': 400 }, input: 'exclusive' },
  { who: 'Strands on OpenAI', scope: 'strands.telemetry.tracer', attributes: { ...call, 'gen_ai.request.model': 'gpt-5' },
    input: 'inclusive' },
  { who: 'Strands on Bedrock since 1.54', scope: 'strands.telemetry.tracer', attributes: { ...call,
    'gen_ai.request.model': 'us.anthropic.claude-sonnet-4' }, input: 'inclusive' },
  { who: 'Strands on Anthropic since 1.54', scope: 'strands.telemetry.tracer', attributes: { ...call,
    'gen_ai.request.model': 'claude-sonnet-4' }, input: 'inclusive' },
  { who: 'Agent Framework py with Anthropic', scope: 'agent_framework', attributes: { ...call,
    'gen_ai.provider.name': 'anthropic' }, input: 'exclusive' },
  { who: 'Agent Framework py with Bedrock', scope: 'agent_framework', attributes: { ...call,
    'gen_ai.provider.name': 'aws.bedrock', 'gen_ai.request.model': 'amazon.nova-pro-v1:0' }, input: 'exclusive' },
  { who: 'Agent Framework py with Claude at Foundry', scope: 'agent_framework', attributes: { ...call,
    'gen_ai.provider.name': 'azure.ai.foundry', 'gen_ai.request.model': 'claude-sonnet-4-5' }, input: 'exclusive' },
  { who: 'Agent Framework py with Claude at Vertex', scope: 'agent_framework', attributes: { ...call,
    'gen_ai.provider.name': 'google.vertex.ai', 'gen_ai.request.model': 'claude-sonnet-4-5@20250929' }, input: 'exclusive' },
  { who: 'Agent Framework py with Gemini', scope: 'agent_framework', attributes: { ...call, 'gen_ai.provider.name': 'gcp.gemini' },
    input: 'inclusive', output: 'exclusive' },
  { who: "OpenInference over Agent Framework py with Anthropic", scope: 'agent_framework', attributes: { ...call, ...llm,
    'gen_ai.provider.name': 'anthropic', 'llm.provider': 'anthropic' }, input: 'exclusive' },
  { who: 'Agent Framework with GPT at Foundry', scope: 'agent_framework', attributes: { ...call,
    'gen_ai.provider.name': 'azure.ai.foundry', 'gen_ai.request.model': 'gpt-5-mini' }, input: 'inclusive' },
  { who: 'Agent Framework with OpenAI', scope: 'agent_framework', attributes: { ...call, 'gen_ai.provider.name': 'openai' },
    input: 'inclusive' },
  { who: 'ADK call_llm', scope: 'gcp.vertex.agent', attributes: { 'gen_ai.request.model': 'gemini-2.5-pro' }, input: 'inclusive',
    output: 'exclusive' },
  { who: 'ADK call_llm over LiteLLM', scope: 'gcp.vertex.agent', attributes: { 'gen_ai.request.model': 'openai/gpt-5' }, input: 'inclusive' },
  { who: 'ADK for Java', scope: 'gcp.vertex.agent', attributes: { 'gen_ai.operation.name': 'call_llm' }, input: 'inclusive' },
  { who: 'ADK generate_content before 2.3', scope: 'gcp.vertex.agent', version: '2.2.0', attributes: { 'gen_ai.operation.name': 'generate_content',
    'gen_ai.request.model': 'gemini-2.5-pro' }, input: 'inclusive', output: 'exclusive', flags: ['usage_lossy'] },
  { who: 'ADK generate_content', scope: 'gcp.vertex.agent', attributes: { 'gen_ai.operation.name': 'generate_content' },
    input: 'inclusive' },
  { who: 'Anthropic SDK', scope: 'com.anthropic.sdk.python', attributes: call, input: 'inclusive' },
  { who: 'Spring AI with Anthropic', scope: 'org.springframework.boot', attributes: { ...call,
    'gen_ai.system': 'anthropic', 'gen_ai.usage.total_tokens': 1100 }, input: 'exclusive' },
  { who: 'Spring AI 1 with Anthropic', scope: 'org.springframework.boot', version: '3.5.7', attributes: { ...call,
    'gen_ai.system': 'anthropic', 'gen_ai.usage.total_tokens': 1100 }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'Spring AI 1 with OpenAI', scope: 'org.springframework.boot', version: '3.5.7', attributes: { ...call,
    'gen_ai.system': 'openai' }, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'Spring AI with OpenAI', scope: 'org.springframework.boot', attributes: { ...call,
    'gen_ai.system': 'openai' }, input: 'inclusive' },
  { who: 'the Java agent with OpenAI', scope: 'io.opentelemetry.openai-java-1.1', attributes: { ...call,
    'gen_ai.provider.name': 'openai' }, input: 'inclusive' },
  { who: 'the Java agent with Bedrock', scope: 'io.opentelemetry.aws-sdk-2.2', attributes: { ...call,
    'gen_ai.provider.name': 'aws.bedrock' }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'OpenLIT before 1.37 with Anthropic', scope: 'openlit.otel.tracing', attributes: { ...call, 'gen_ai.system': 'anthropic' }, input: 'exclusive', flags: ['usage_lossy'] },
  { who: 'OpenLIT before 1.37 with Gemini', scope: 'openlit.otel.tracing', attributes: { ...call, 'gen_ai.system': 'gemini' }, input: 'inclusive', output: 'exclusive',
    flags: ['usage_lossy'] },
  { who: 'OpenLIT before 1.37 with OpenAI', scope: 'openlit.otel.tracing', attributes: { ...call, 'gen_ai.system': 'openai' }, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'OpenLIT with Anthropic', scope: 'openlit.instrumentation.anthropic', attributes: { ...call,
    'gen_ai.provider.name': 'anthropic' }, input: 'exclusive' },
  { who: 'OpenLIT with Bedrock', scope: 'openlit.instrumentation.bedrock', attributes: { ...call,
    'gen_ai.provider.name': 'aws.bedrock' }, input: 'exclusive' },
  { who: 'OpenLIT with OpenAI', scope: 'openlit.instrumentation.openai', attributes: { ...call,
    'gen_ai.provider.name': 'openai' }, input: 'inclusive' },
  { who: 'OpenLLMetry JS LangChain', scope: '@traceloop/instrumentation-langchain', attributes: call, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'OpenLIT with Gemini', scope: 'openlit.instrumentation.google_ai_studio', attributes: { ...call, 'gen_ai.provider.name': 'gemini' }, input: 'inclusive',
    output: 'exclusive' },
  { who: 'OpenLIT JS with Anthropic', scope: '@openlit/instrumentation-anthropic', attributes: { ...call,
    'gen_ai.provider.name': 'anthropic' }, input: 'exclusive' },
  { who: 'OpenLIT JS with OpenAI', scope: '@openlit/instrumentation-openai', attributes: { ...call,
    'gen_ai.provider.name': 'openai' }, input: 'inclusive' },
  { who: 'OpenLIT JS with Gemini', scope: '@openlit/instrumentation-google-ai', attributes: { ...call,
    'gen_ai.provider.name': 'gcp.gemini' }, input: 'inclusive', output: 'exclusive' },
  { who: 'OTel OpenAI JS', scope: '@opentelemetry/instrumentation-openai', attributes: { ...call, 'gen_ai.system': 'openai' },
    input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'OTel OpenAI JS, Responses', scope: '@opentelemetry/instrumentation-openai', attributes: { ...call,
    'gen_ai.provider.name': 'openai' }, input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'Elastic\'s OpenAI JS', scope: '@elastic/opentelemetry-instrumentation-openai', attributes: { ...call, 'gen_ai.system': 'openai' },
    input: 'inclusive', flags: ['usage_lossy'] },
  { who: 'Anthropic SDK under Traceloop', scope: 'com.anthropic.sdk.python', attributes: { ...call,
    'traceloop.workflow.name': 'wf' }, input: 'inclusive' },
  { who: 'LiteLLM', scope: 'litellm', attributes: { ...call, 'metadata.usage_object': '{\'prompt_tokens\': 1000}' }, input: 'inclusive' },
  { who: 'LiteLLM before it passed usages on', scope: 'litellm', attributes: call, input: 'inclusive', flags: ['usage_lossy'] },
]

const uncached: Readonly<Record<Basis, number>> = { inclusive: 600, exclusive: 1000, twice: 200 }

for (const { who, name, scope, version, attributes, input, output = 'inclusive', flags = [] } of rows) {
  test(`${who}: input ${input}, output ${output}`, () => {
    const rewritten = attributes?.['llm.token_count.prompt'] !== undefined
    const readElsewhere = attributes?.['gen_ai.usage.cache_read_input_tokens'] !== undefined
    const step = interpret(literalSpan({
      ...(name !== undefined && { name }), ...(scope !== undefined && { scope }), ...(version !== undefined && { scopeVersion: version }),
      attributes: {
        ...attributes, ...(!rewritten && { 'gen_ai.usage.input_tokens': 1000 }),
        ...(!readElsewhere && { 'gen_ai.usage.cache_read.input_tokens': 400 }),
        'gen_ai.usage.output_tokens': 100, 'gen_ai.usage.reasoning.output_tokens': 30,
      },
    }))
    assert.deepEqual(step.usage, {
      'input.uncached': uncached[input], 'input.cache_read': 400,
      'output.text': output === 'inclusive' ? 70 : 100, 'output.reasoning': 30,
    })
    assert.deepEqual(step.usageFlags, flags)
  })
}

test('Langfuse\'s OpenAI wrapper for python passes the provider\'s body on', () => {
  const details = '{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":400},"completion_tokens_details":{"reasoning_tokens":30}}'
  const step = interpret(literalSpan({ attributes: { 'langfuse.observation.type': 'generation',
    'langfuse.observation.usage_details': details } }))
  assert.deepEqual(step.usage, { 'input.uncached': 600, 'input.cache_read': 400, 'output.text': 70, 'output.reasoning': 30 })
})

const twice: readonly (readonly [model: string, output: number])[] = [
  ['openai/gpt-5', 70], ['gpt-5', 70], ['o3-mini', 70], ['gemini/gemini-2.5-pro', 70],
  ['gemini-2.5-pro', 100], ['claude-sonnet-4-5', 100], ['projects/p/locations/l/publishers/google/models/gemini-2.5-pro', 100],
]

for (const [model, text] of twice) {
  test(`ADK's generate_content of ${model} has the thoughts ${text === 70 ? 'twice' : 'once'}`, () => {
    const step = interpret(literalSpan({ scope: 'gcp.vertex.agent', attributes: {
      'gen_ai.operation.name': 'generate_content', 'gen_ai.request.model': model, 'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.output_tokens': 130, 'gen_ai.usage.reasoning.output_tokens': 30,
    } }))
    assert.deepEqual(step.usage, { 'input.uncached': 1000, 'output.text': text, 'output.reasoning': 30 })
  })
}

test('who counts nowhere else', (t) => {
  for (const [who, where] of [
    ['Claude Code, Gemini CLI, MLflow, Langfuse',
      'their counts have keys or JSON of their own: vectors.test.ts, interpret.test.ts'],
    ['Claude Code and Gemini CLI logs and metrics', 'no spans'],
  ] as const) t.diagnostic(`${who}: ${where}`)
})
