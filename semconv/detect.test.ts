import assert from 'node:assert/strict'
import test from 'node:test'
import { detect } from './detect.ts'
import { type LiteralSpan, literalSpan } from './literal-span.ts'

/** Every row of the detection table, in its order, and what happens where two rows match. */
const rows: readonly (readonly [dialect: string, span: LiteralSpan])[] = [
  ['claude_code', { scope: 'com.anthropic.claude_code.tracing' }],
  ['claude_code', { name: 'claude_code.interaction' }],
  ['codex', { scope: 'codex_exec' }],
  ['codex', { name: 'codex.sampling' }],
  ['gemini_cli', { resource: { 'service.name': 'gemini-cli' } }],
  ['qwen_code', { scope: 'qwen-code' }],
  ['qwen_code', { name: 'qwen-code.api_response' }],
  ['copilot', { scope: 'github.copilot', attributes: { 'gen_ai.provider.name': 'github' } }],
  ['copilot', { attributes: { 'copilot_chat.turn_count': 3 } }],
  ['copilot', { attributes: { 'github.copilot.plan': 'pro' } }],
  ['adk', { scope: 'gcp.vertex.agent' }],
  ['adk', { attributes: { 'gcp.vertex.agent.event_id': 'e' } }],
  ['pydantic_ai', { scope: 'pydantic-ai' }],
  ['logfire', { scope: 'logfire.openai' }],
  ['strands', { scope: 'strands.telemetry.tracer' }],
  ['strands', { attributes: { 'gen_ai.system': 'strands-agents' } }],
  ['litellm', { scope: 'litellm' }],
  ['mastra', { attributes: { 'mastra.span.type': 'agent_run' } }],
  ['traceai', { scope: 'traceai_openai', attributes: { 'gen_ai.provider.name': 'openai' } }],
  ['datadog', { attributes: { '_dd.llmobs.span_kind': 'llm', 'gen_ai.provider.name': 'openai' } }],
  ['vercel_legacy', { attributes: { 'ai.operationId': 'ai.generateText' } }],
  ['vercel_v7', { scope: 'gen_ai' }],
  ['vercel_v7', { scope: 'ai', attributes: { 'gen_ai.provider.name': 'anthropic' } }],
  ['vercel_v7', { scope: 'shop', attributes: { 'gen_ai.provider.name': 'anthropic', 'ai.settings.context.userId': 'u' } }],
  ['xai', { scope: 'xai_sdk.sync.chat', attributes: { 'gen_ai.prompt.0.role': 'user', 'gen_ai.provider.name': 'xai' } }],
  ['livekit', { scope: 'livekit-agents', attributes: { 'langfuse.observation.completion_start_time': '2026-11-27T21:19:37.359Z' } }],
  ['langfuse', { attributes: { 'langfuse.observation.type': 'span' } }],
  ['langfuse', { attributes: { 'langfuse.trace.name': 't' } }],
  // Langfuse's and Traceloop's SDKs write whose run it is on every span of the application, whoever made it.
  ['guardrails_ai', { scope: 'guardrails-ai', attributes: { 'openinference.span.kind': 'GUARDRAIL' } }],
  ['openinference', { attributes: { 'openinference.span.kind': 'LLM', 'langfuse.trace.tags': ['eu'], 'traceloop.workflow.name': 'trip' } }],
  ['openllmetry', { scope: 'opentelemetry.instrumentation.anthropic', attributes: { 'langfuse.trace.name': 't' } }],
  ['anthropic_platform', { scope: 'com.anthropic.sdk.python', attributes: { 'langfuse.trace.tags': ['eu'], 'gen_ai.provider.name': 'anthropic' } }],
  ['anthropic_platform', { scope: 'com.anthropic.sdk.python', attributes: { 'traceloop.workflow.name': 'trip', 'gen_ai.provider.name': 'anthropic' } }],
  ['semconv', { attributes: { 'gen_ai.provider.name': 'openai', 'langfuse.trace.metadata.plan': 'gold' } }],
  ['semconv', { attributes: { 'gen_ai.provider.name': 'openai', 'traceloop.association.properties.user_id': 'u' } }],
  ['openllmetry', { attributes: { 'traceloop.association.properties.user_id': 'u' } }],
  ['langsmith', { attributes: { 'langsmith.span.kind': 'llm' } }],
  ['mlflow', { attributes: { 'mlflow.spanType': '"LLM"' } }],
  ['langwatch', { attributes: { 'langwatch.span.type': 'llm' } }],
  ['agentops', { attributes: { 'agentops.span.kind': 'agent' } }],
  ['openinference', { attributes: { 'openinference.span.kind': 'LLM' } }],
  ['openllmetry', { attributes: { 'traceloop.span.kind': 'task' } }],
  ['openllmetry', { scope: 'opentelemetry.instrumentation.bedrock' }],
  ['openllmetry', { scope: '@traceloop/instrumentation-openai' }],
  ['openllmetry', { scope: 'opentelemetry.instrumentation.openai.v1', attributes: { 'gen_ai.provider.name': 'openai' } }],
  ['semconv', { scope: 'opentelemetry.instrumentation.openai_v2', attributes: { 'gen_ai.provider.name': 'openai' } }],
  ['openllmetry', { attributes: { 'llm.request.type': 'chat' } }],
  ['openllmetry', { attributes: { 'gen_ai.prompt.0.content': 'hi' } }],
  ['ms_agent_framework', { scope: 'agent_framework' }],
  ['ms_agent_framework', { attributes: { 'executor.id': 'writer' } }],
  ['ms_agent_framework', { attributes: { 'edge_group.type': 'SingleEdgeGroup' } }],
  ['voltagent', { scope: '@voltagent/core' }],
  ['genkit', { attributes: { 'genkit:type': 'action' } }],
  ['haystack', { attributes: { 'haystack.component.name': 'llm' } }],
  ['haystack', { name: 'haystack.agent.step.llm' }],
  ['llamaindex', { scope: 'llamaindex.opentelemetry.tracer' }],
  ['autogen', { scope: 'autogen-core' }],
  ['autogen', { attributes: { 'gen_ai.system': 'autogen', 'messaging.operation': 'process' } }],
  ['anthropic_platform', { scope: 'com.anthropic.sdk.typescript' }],
  ['anthropic_platform', { scope: 'com.anthropic.claude-platform' }],
  ['agentscope', { attributes: { 'agentscope.function.name': 'ReActAgent.callAgent', 'gen_ai.provider.name': 'openai' } }],
  ['rig', { attributes: { 'rig.completion_parent': true, 'gen_ai.provider.name': 'openai' } }],
  ['quarkus', { scope: 'io.quarkus.opentelemetry' }],
  ['semconv', { scope: 'io.quarkus.opentelemetry', attributes: { 'gen_ai.provider.name': 'openai' } }],
  ['koog', { attributes: { 'koog.event.id': 'e1', 'gen_ai.provider.name': 'openai' } }],
  ['governance', { name: 'agt.policy.evaluate' }],
  ['governance', { attributes: { 'agt.audit.decision': 'deny' } }],
  ['semconv_genai', { attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.usage.cache_write.input_tokens': 1 } }],
  ['semconv', { attributes: { 'gen_ai.provider.name': 'openai' } }],
  ['semconv_old', { attributes: { 'gen_ai.system': 'openai' } }],
  ['crewai', { scope: 'crewai', attributes: { 'gen_ai.provider.name': 'openai' } }],
  ['braintrust', { scope: 'braintrust-java', attributes: { 'braintrust.span_attributes': '{"type":"llm"}' } }],
  ['semconv', { attributes: { 'gen_ai.provider.name': 'openai', 'braintrust.span_attributes': '{"type":"llm"}' } }],
  ['mcp', { attributes: { 'mcp.method.name': 'tools/call' } }],
  ['generic', { attributes: { 'http.request.method': 'GET' } }],
]

for (const [dialect, span] of rows) {
  test(`${dialect} by ${JSON.stringify(span)}`, () => assert.equal(detect(literalSpan(span)).name, dialect))
}

test('where two match, the earlier row decides: a Strands span exported to Langfuse is Strands', () => {
  const span = literalSpan({ scope: 'strands.telemetry.tracer', attributes: { 'langfuse.observation.type': 'span',
    'gen_ai.system': 'strands-agents' } })
  assert.equal(detect(span).name, 'strands')
})
