import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { AttributeValue } from './attributes.ts'
import { KeyValueList } from './attributes.ts'
import { detection } from './detect.ts'
import { meters, roles, type Step, usageFlags } from './facts.ts'
import { interpret, isBelow } from './interpret.ts'
import { type LiteralSpan, literalSpan } from './literal-span.ts'

/** Goal: each cell of the mapping tables that a span can carry, by what people later read. One row is one span of one dialect. */
interface Row {
  readonly who: string
  readonly span: LiteralSpan
  readonly step: Partial<Step>
}

const rows: readonly Row[] = [
  {
    who: 'the conventions now',
    span: {
      name: 'chat gpt-5', kind: 3,
      attributes: {
        'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'azure.ai.openai', 'gen_ai.request.model': 'gpt-5',
        'gen_ai.response.model': 'gpt-5-2025',
        'gen_ai.response.id': 'resp_0123456789', 'gen_ai.agent.name': 'Planner', 'gen_ai.agent.id': 'asst_1',
        'gen_ai.workflow.name': 'trip',
        'gen_ai.conversation.id': 'conv_1', 'session.id': 'browser', 'user.id': 'u1', 'gen_ai.request.stream': true,
        'gen_ai.response.time_to_first_chunk': 0.42, 'gen_ai.response.finish_reasons': ['stop', 'length'],
        'openai.request.service_tier': 'auto', 'openai.response.service_tier': 'flex',
      },
    },
    step: {
      dialect: 'semconv', provider: 'azure.ai.openai', requestModel: 'gpt-5', responseModel: 'gpt-5-2025',
      responseId: 'resp_0123456789', agent: 'Planner',
      agentId: 'asst_1', workflow: 'trip', session: 'conv_1', user: 'u1', streaming: true, timeToFirstTokenMs: 420,
        finishReasons: ['stop', 'length'],
      serviceTier: 'flex', callKeys: ['response:openai:resp_0123456789'],
    },
  },
  {
    who: 'the conventions of 1.36',
    span: { attributes: { 'gen_ai.system': 'vertex_ai', 'gen_ai.request.model': 'gemini', 'gen_ai.usage.prompt_tokens': 3,
      'enduser.id': 'u', 'gen_ai.openai.request.service_tier': 'default' } },
    step: { dialect: 'semconv_old', provider: 'gcp.vertex_ai', user: 'u', serviceTier: 'default', usage: { 'input.uncached': 3 } },
  },
  {
    who: 'a tool of the conventions',
    span: { name: 'execute_tool add', attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.call.id': 'c1',
      'gen_ai.tool.call.arguments': '{"b":2,"a":1}' } },
    step: { role: 'tool', tool: 'add', toolCallId: 'c1', toolArgumentsHash: argumentsHashOf('{"a": 1, "b": 2}') },
  },
  {
    who: "xAI's own SDK counts the reasoning beside the output, and has its own words for what was cached, for images and for the cost",
    span: {
      scope: 'xai_sdk.sync.chat', name: 'chat.sample grok-4', kind: 3,
      attributes: {
        'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'xai', 'gen_ai.request.model': 'grok-4', 'server.address': 'api.x.ai',
        'gen_ai.conversation.id': 'conv-7', user_id: 'u-1', 'gen_ai.prompt.0.role': 'user', 'gen_ai.prompt.0.content': 'weather?',
        'gen_ai.response.model': 'grok-4-0709', 'gen_ai.response.id': '3f6d2a1c-0000-4000-8000-000000000002',
        'gen_ai.usage.input_tokens': 900, 'gen_ai.usage.output_tokens': 125, 'gen_ai.usage.total_tokens': 1145,
        'gen_ai.usage.reasoning_tokens': 120, 'gen_ai.usage.cached_prompt_text_tokens': 640, 'gen_ai.usage.prompt_text_tokens': 700,
        'gen_ai.usage.prompt_image_tokens': 200, 'gen_ai.usage.cost_in_usd_ticks': 37756000,
      },
    },
    step: {
      dialect: 'xai', role: 'model_call', provider: 'x_ai', responseModel: 'grok-4-0709', session: 'conv-7', user: 'u-1',
      usage: { 'input.uncached': 60, 'input.cache_read': 640, 'input.image': 200, 'output.text': 125, 'output.reasoning': 120 }, usageFlags: [],
      reportedCost: 3_775_600_000n, callKeys: ['response:x_ai:3f6d2a1c-0000-4000-8000-000000000002'],
    },
  },
  {
    who: "a call of OpenAI's client at another vendor is that vendor's, and the same call as the one told without the host",
    span: { attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'server.address': 'api.z.ai', 'gen_ai.request.model': 'glm-5.1',
      'gen_ai.response.id': '20261127f0a1b2c3d4e5f6a7' } },
    step: { provider: 'zai', callKeys: ['response:zai:20261127f0a1b2c3d4e5f6a7', 'response:openai:20261127f0a1b2c3d4e5f6a7'] },
  },
  {
    who: 'an agent named by its span', span: { name: 'invoke_agent Math Tutor',
      attributes: { 'gen_ai.operation.name': 'invoke_agent' } },
    step: { role: 'agent', agent: 'Math Tutor' },
  },
  {
    who: 'a workflow named by its span', span: { name: 'invoke_workflow trip',
      attributes: { 'gen_ai.operation.name': 'invoke_workflow' } },
    step: { role: 'workflow', workflow: 'trip' },
  },
  { who: 'an OpenInference root', span: { name: 'LangGraph', attributes: { 'openinference.span.kind': 'CHAIN' } },
    step: { role: 'workflow', workflow: 'LangGraph' } },
  {
    who: 'an agent known by its id alone', span: { attributes: { 'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': 'weather' } },
    step: { agent: 'weather', agentId: 'weather' },
  },
  {
    who: 'the process\'s main agent', span: { resource: { 'gen_ai.main_agent.name': 'Concierge', 'gen_ai.main_agent.id': 'm1' },
      attributes: { 'gen_ai.operation.name': 'chat' } },
    step: { agent: 'Concierge', agentId: 'm1' },
  },
  {
    who: 'OpenInference',
    span: {
      name: 'ChatCompletion',
      attributes: {
        'openinference.span.kind': 'LLM', 'llm.provider': 'azure', 'llm.system': 'openai', 'llm.model_name': 'gpt-5-2025',
        'llm.finish_reason': 'stop',
        'llm.invocation_parameters': '{"model":"gpt-5","stream":true,"service_tier":"flex"}', 'session.id': 's', 'user.id': 'u',
      },
      events: [{ name: 'First Token Stream Event', afterMillis: 12.5 }],
    },
    step: {
      provider: 'azure.ai.openai', requestModel: 'gpt-5', responseModel: 'gpt-5-2025', finishReasons: ['stop'], streaming: true,
        serviceTier: 'flex', session: 's',
      user: 'u', timeToFirstTokenMs: 12.5,
    },
  },
  { who: 'OpenInference session in its metadata', span: { attributes: { 'openinference.span.kind': 'LLM',
    metadata: '{"thread_id":"t1"}' } }, step: { session: 't1' } },
  { who: 'OpenInference LangChain JS: user and provider in its metadata', span: { attributes: { 'openinference.span.kind': 'LLM',
    metadata: '{"user_id":"user-7","session_id":"sess-1","ls_provider":"openai","ls_model_name":"gpt-5-mini"}' } },
    step: { user: 'user-7', session: 'sess-1', provider: 'openai' } },
  { who: 'OpenInference: keys win over the metadata', span: { attributes: { 'openinference.span.kind': 'LLM', 'user.id': 'u',
    'llm.provider': 'azure', metadata: '{"user_id":"user-7","ls_provider":"openai"}' } },
    step: { user: 'u', provider: 'azure.ai.openai' } },
  { who: 'OpenInference LlamaIndex puts a request together', span: { name: 'OpenAI._prepare_chat_with_tools',
    scope: 'openinference.instrumentation.llama_index', attributes: { 'openinference.span.kind': 'LLM',
    'llm.model_name': 'gpt-4o-mini', 'llm.provider': 'openai' } }, step: { role: 'span' } },
  { who: 'OpenInference OpenAI agents JS: the trace', span: { name: 'support',
    scope: '@arizeai/openinference-instrumentation-openai-agents', attributes: { 'openinference.span.kind': 'AGENT' } },
    step: { role: 'workflow', workflow: 'support', agent: '' } },
  { who: 'OpenInference OpenAI agents JS: an agent', span: { name: 'Weather',
    scope: '@arizeai/openinference-instrumentation-openai-agents', attributes: { 'openinference.span.kind': 'AGENT',
    'graph.node.id': 'Weather' } }, step: { role: 'agent', agent: 'Weather' } },
  { who: 'OpenInference Anthropic: the answer\'s id is in its body', span: { scope: 'openinference.instrumentation.anthropic',
    attributes: { 'openinference.span.kind': 'LLM', 'llm.provider': 'anthropic',
    'output.value': '{"id":"msg_01AbC","container":null,"content":[{"id":"other"}]}' } },
    step: { responseId: 'msg_01AbC', callKeys: ['response:anthropic:msg_01AbC'] } },
  { who: 'OpenInference LangChain JS with Gemini: the model is in the metadata, the thoughts in the total', span: {
    scope: '@arizeai/openinference-instrumentation-langchain', attributes: { 'openinference.span.kind': 'LLM',
    metadata: '{"ls_provider":"google_genai","ls_model_name":"gemini-2.5-flash"}', 'llm.token_count.prompt': 800,
    'llm.token_count.completion': 100, 'llm.token_count.total': 960, 'llm.token_count.prompt_details.cache_read': 300 } },
    step: { requestModel: 'gemini-2.5-flash', usageFlags: [],
      usage: { 'input.uncached': 500, 'input.cache_read': 300, 'output.text': 100, 'output.reasoning': 60 } } },
  { who: 'OpenInference LangChain JS with Claude: what was written to the cache is in the answer alone', span: {
    scope: '@arizeai/openinference-instrumentation-langchain', attributes: { 'openinference.span.kind': 'LLM',
    'llm.token_count.prompt': 1500, 'llm.token_count.completion': 60, 'llm.token_count.prompt_details.cache_read': 700,
    'output.value': '{"generations":[[{"text":"Hi","message":{"kwargs":{"usage_metadata":{"input_token_details":{"cache_creation":500,"cache_read":700}}}}}]]}' } },
    step: { usage: { 'input.uncached': 300, 'input.cache_read': 700, 'input.cache_write.5m': 500, 'output.text': 60 } } },
  ...([
    ['what was cached is lost where Claude\'s stream on Bedrock hides its answer', 'bedrock', '0.1.61', { 'output.value': '__REDACTED__' }, ['usage_lossy'], 'aws.bedrock'],
    ['Bedrock before it told the cache, or who it is', 'bedrock', '0.1.23', { 'llm.token_count.total': 1300 }, ['usage_lossy'], 'aws.bedrock'],
    ['a stream of Anthropic\'s before 1.0 leaves the cache out', 'anthropic', '0.1.17',
      { 'llm.provider': 'anthropic', 'llm.token_count.total': 1300, 'llm.invocation_parameters': '{"max_tokens": 50, "stream": true}' }, ['usage_lossy'], 'anthropic'],
    ['an answer of Anthropic\'s before 1.0 had nothing cached', 'anthropic', '0.1.17', { 'llm.provider': 'anthropic', 'llm.invocation_parameters': '{"max_tokens": 50}' }, [], 'anthropic'],
    ['what was cached is lost where Gemini hides its answer', 'google_genai', '0.1.3', { 'llm.provider': 'google', 'output.value': '__REDACTED__' }, ['usage_lossy'], 'gcp.gemini'],
    ['Google\'s SDK called a function, and the model twice', 'google_genai', '1.4.14', { 'llm.provider': 'google',
      'output.value': '{"candidates":[],"automatic_function_calling_history":[{"parts":[{"text":"Weather?"}]}]}' }, ['usage_lossy'], 'gcp.gemini'],
    ['Google\'s SDK called none', 'google_genai', '1.4.14', { 'llm.provider': 'google', 'output.value': '{"candidates":[],"automatic_function_calling_history":[]}' }, [], 'gcp.gemini'],
    ['a stream of Anthropic\'s since 1.0 had nothing cached', 'anthropic', '1.0.0', { 'llm.provider': 'anthropic', 'llm.invocation_parameters': '{"stream": true}' }, [], 'anthropic'],
  ] as const).map(([who, name, scopeVersion, attributes, usageFlags, provider]) => ({
    who: `OpenInference: ${who}`,
    span: { scope: `openinference.instrumentation.${name}`, scopeVersion,
      attributes: { 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 1000, 'llm.token_count.completion': 300, ...attributes } },
    step: { provider, usageFlags, usage: { 'input.uncached': 1000, 'output.text': 300 } },
  })),
  ...([
    ['openai-v2 has no key for what was cached', 'chat', {}, ['usage_lossy']], ['an embedding has nothing cached', 'embeddings', {}, []],
    ['what is cached is told, once there is a key', 'chat', { 'gen_ai.usage.cache_read.input_tokens': 0 }, []],
  ] as const).flatMap(([who, operation, attributes, usageFlags]) => ['gen_ai.system', 'gen_ai.provider.name'].map((key) => ({
    who: `${who} (${key})`,
    span: { scope: 'opentelemetry.instrumentation.openai_v2', attributes: { 'gen_ai.operation.name': operation, [key]: 'openai', 'gen_ai.usage.input_tokens': 1000, ...attributes } },
    step: { usageFlags, usage: { 'input.uncached': 1000 } },
  }))),
  { who: 'LangChain\'s agent under OpenInference', span: { name: 'weather', attributes: { 'openinference.span.kind': 'CHAIN',
    metadata: '{"lc_agent_name":"weather"}' } }, step: { role: 'agent', agent: 'weather', workflow: '' } },
  { who: 'LangChain\'s agent under OpenInference, a step of it', span: { name: 'model_request', parent: '0'.repeat(15) + '2',
    attributes: { 'openinference.span.kind': 'CHAIN', metadata: '{"lc_agent_name":"weather","langgraph_node":"model_request"}' } },
    step: { role: 'step', agent: 'weather' } },
  { who: 'LangChain\'s agent under Langfuse', span: { name: 'weather', attributes: { 'langfuse.observation.type': 'span',
    'langfuse.observation.metadata.lc_agent_name': 'weather' } }, step: { role: 'agent', agent: 'weather' } },
  { who: 'LangChain under Langfuse 5 for python, which writes metadata as JSON', span: { name: 'weather', attributes: { 'langfuse.observation.type': 'span',
    'langfuse.observation.metadata.lc_agent_name': '"weather"', 'langfuse.observation.metadata.ls_provider': '"openai"',
    'langfuse.observation.metadata.langfuse_user_id': '"user-1"', 'langfuse.observation.metadata.langfuse_session_id': '"s-1"',
    'langfuse.observation.metadata.langfuse_tags': '["beta","eu"]' } },
  step: { role: 'agent', agent: 'weather', provider: 'openai', user: 'user-1', session: 's-1', tags: 'beta\neu' } },
  { who: 'LangChain under Langfuse: whose call it is, where no chain says it', span: { attributes: { 'langfuse.observation.type': 'generation',
    'langfuse.observation.metadata.langfuse_user_id': 'user-1', 'langfuse.observation.metadata.langfuse_session_id': 's-1' } },
  step: { user: 'user-1', session: 's-1' } },
  { who: 'LangChain under Langfuse 4 for JavaScript: a tool is a span that put out a tool message', span: { name: 'weather', attributes: {
    'langfuse.observation.type': 'span', 'langfuse.observation.metadata.langgraph_node': 'tools', 'langfuse.observation.metadata.lc_agent_name': 'helper',
    'langfuse.observation.output': '{"lc":1,"type":"constructor","id":["langchain_core","messages","ToolMessage"],"kwargs":{"status":"success","content":"sunny","tool_call_id":"c1","name":"weather"}}' } },
  step: { role: 'tool', tool: 'weather', toolCallId: 'c1', agent: 'helper' } },
  { who: 'LangChain under Langfuse 4 for JavaScript: a model node puts out another kind of message', span: { name: 'model', attributes: {
    'langfuse.observation.type': 'span', 'langfuse.observation.metadata.langgraph_node': 'model',
    'langfuse.observation.output': '{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{"name":"helper"}}' } },
  step: { role: 'step', tool: '' } },
  { who: 'LangChain under Langfuse: a node', span: { name: 'tools', attributes: { 'langfuse.observation.type': 'span',
    'langfuse.observation.metadata.langgraph_node': 'tools' } }, step: { role: 'step' } },
  { who: 'LangChain under Langfuse: the provider', span: { attributes: { 'langfuse.observation.type': 'generation',
    'langfuse.observation.metadata.ls_provider': 'google_genai',
    'langfuse.observation.usage_details': '{"input":500,"input_cache_read":300,"output":100,"total":900}' } },
    step: { provider: 'gcp.gemini', usage: { 'input.uncached': 500, 'input.cache_read': 300, 'output.text': 100 } } },
  { who: 'LangChain\'s agent under LangSmith', span: { name: 'weather', attributes: { 'langsmith.span.kind': 'chain',
    'langsmith.metadata.lc_agent_name': 'weather' } }, step: { role: 'agent', agent: 'weather' } },
  { who: 'OpenInference Bedrock JS: the request has the model\'s whole name, the answer what was cached', span: {
    scope: '@arizeai/openinference-instrumentation-bedrock', attributes: { 'openinference.span.kind': 'LLM', 'llm.provider': 'aws',
    'llm.model_name': 'anthropic', 'llm.token_count.prompt': 800, 'llm.token_count.completion': 70, 'llm.token_count.total': 1170,
    'input.value': '{"modelId":"us.anthropic.claude-sonnet-4-5-20250929-v1:0","messages":[]}',
    'output.value': '{"output":{},"usage":{"inputTokens":800,"outputTokens":70,"cacheReadInputTokens":200,"cacheWriteInputTokens":100}}' } },
    step: { requestModel: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', responseModel: '',
      usage: { 'input.uncached': 800, 'input.cache_read': 200, 'input.cache_write.5m': 100, 'output.text': 70 } } },
  { who: 'Mastra under Arize\'s exporter: the session', span: { attributes: { 'mastra.span.type': 'agent_run',
    metadata: '{"runId":"r","sessionId":"s"}' } }, step: { session: 's' } },
  { who: 'OpenInference: an id that the model wrote is none', span: { attributes: { 'openinference.span.kind': 'LLM',
    'output.value': '{"id":"order-17"}' } }, step: { responseId: '', callKeys: [] } },
  { who: 'Mastra: a call that failed', span: { attributes: { 'mastra.span.type': 'model_inference',
    'gen_ai.operation.name': 'chat', 'gen_ai.response.finish_reasons': ['error'] } }, step: { errorType: 'error' } },
  { who: 'Mastra: a call that was paid and failed', span: { attributes: { 'mastra.span.type': 'model_inference',
    'gen_ai.operation.name': 'chat', 'gen_ai.response.finish_reasons': ['error'], 'gen_ai.usage.input_tokens': 5 } },
    step: { errorType: 'error', usage: { 'input.uncached': 5 } } },
  { who: 'OpenInference DSPy tool', span: { name: 'get_weather.__call__', attributes: { 'openinference.span.kind': 'TOOL' } },
    step: { tool: 'get_weather' } },
  { who: 'LangSmith JS: a run that failed has status OK', span: { status: 1, attributes: { 'langsmith.span.kind': 'llm' },
    events: [{ name: 'exception', attributes: { 'exception.type': 'Error', 'exception.message': '429' } }] },
    step: { role: 'model_call', errorType: 'Error' } },
  { who: 'MLflow: model asked for and model that answered, and the answer\'s id', span: { attributes: {
    'mlflow.spanType': '"CHAT_MODEL"', model: '"gpt-5"', 'mlflow.llm.model': '"gpt-5-2026"',
    'mlflow.spanOutputs': '{"id": "chatcmpl-Ab12cd", "choices": []}' } },
    step: { requestModel: 'gpt-5', responseModel: 'gpt-5-2026', responseId: 'chatcmpl-Ab12cd' } },
  { who: 'MLflow: a call that failed names what it asked for', span: { status: 2, attributes: {
    'mlflow.spanType': '"CHAT_MODEL"', model: '"gpt-5"' } }, step: { requestModel: 'gpt-5', responseModel: '' } },
  { who: 'OpenInference agent', span: { name: 'Researcher._execute_core', attributes: { 'openinference.span.kind': 'AGENT' } },
    step: { agent: 'Researcher' } },
  { who: 'OpenInference agent by attribute', span: { name: 'x', attributes: { 'openinference.span.kind': 'AGENT',
    'agent.name': 'Triage' } }, step: { agent: 'Triage' } },
  {
    who: 'OpenInference tool', span: { name: 'weather', attributes: { 'openinference.span.kind': 'TOOL', 'tool.id': 'c1',
      'input.value': '{"city":"Paris"}' } },
    step: { tool: 'weather', toolCallId: 'c1', toolArgumentsHash: argumentsHashOf('{"city":"Paris"}') },
  },
  { who: 'smolagents counts on', span: { scope: 'openinference.instrumentation.smolagents',
    attributes: { 'openinference.span.kind': 'AGENT' } }, step: { usageCumulative: true } },
  {
    who: 'Traceloop',
    span: {
      name: 'answerer.agent',
      attributes: {
        'traceloop.span.kind': 'agent', 'traceloop.entity.name': 'answerer', 'traceloop.workflow.name': 'joke',
        'gen_ai.agent.id': 'run-4711',
        'traceloop.association.properties.session_id': 's', 'traceloop.association.properties.user_id': 'u',
      },
    },
    step: { role: 'agent', agent: 'answerer', agentId: '', workflow: 'joke', session: 's', user: 'u' },
  },
  { who: 'Traceloop in camel case', span: { attributes: { 'traceloop.span.kind': 'workflow',
    'traceloop.association.properties.userId': 'u', 'traceloop.association.properties.sessionId': 's' } },
    step: { user: 'u', session: 's' } },
  { who: 'tags of OpenInference', span: { attributes: { 'openinference.span.kind': 'LLM', 'tag.tags': ['prod', 'beta'] } }, step: { tags: 'beta\nprod' } },
  { who: 'tags of Langfuse', span: { attributes: { 'langfuse.observation.type': 'span', 'langfuse.trace.tags': ['prod'] } }, step: { tags: 'prod' } },
  { who: 'tags of LangSmith', span: { attributes: { 'langsmith.span.kind': 'llm', 'langsmith.span.tags': 'travel,booking' } }, step: { tags: 'booking\ntravel' } },
  { who: 'tags of Mastra', span: { attributes: { 'mastra.span.type': 'agent_run', 'mastra.tags': '["prod"]' } }, step: { tags: 'prod' } },
  { who: 'tags of Traceloop', span: { attributes: { 'traceloop.span.kind': 'workflow', 'traceloop.association.properties.tags': 'prod' } }, step: { tags: 'prod' } },
  { who: 'tags of Vercel', span: { attributes: { 'ai.operationId': 'ai.generateText', 'ai.telemetry.metadata.tags': ['prod'] } }, step: { tags: 'prod' } },
  { who: 'tags of Logfire', span: { attributes: { 'logfire.tags': ['LLM', 'prod'] } }, step: { tags: 'prod' } },
  { who: 'our own tags before those of Logfire', span: { attributes: { 'logfire.tags': ['LLM'], 'spanledger.tags': ['prod'] } }, step: { tags: 'prod' } },
  { who: 'Traceloop by the chat', span: { attributes: { 'traceloop.association.properties.chatId': 'c' } },
    step: { session: 'c' } },
  { who: 'Traceloop by the thread', span: { attributes: { 'traceloop.association.properties.threadId': 't' } },
    step: { session: 't' } },
  {
    who: 'OpenLLMetry with indexed keys',
    span: {
      attributes: {
        'llm.request.type': 'chat', 'gen_ai.system': 'OpenAI', 'gen_ai.completion.0.finish_reason': 'stop',
        'llm.is_streaming': true, 'llm.user': 'u',
        'gen_ai.usage.cache_read_input_tokens': 2, 'gen_ai.usage.prompt_tokens': 5, 'gen_ai.usage.completion_tokens': 1,
        'llm.usage.total_tokens': 6,
      },
    },
    step: {
      role: 'model_call', provider: 'openai', finishReasons: ['stop'], streaming: true, user: 'u',
      usage: { 'input.uncached': 3, 'input.cache_read': 2, 'output.text': 1 },
    },
  },
  {
    who: 'OpenLLMetry Anthropic JS before 0.27',
    span: {
      scope: '@traceloop/instrumentation-anthropic', scopeVersion: '0.22.8',
      attributes: { 'llm.request.type': 'chat', 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.cache_read_input_tokens': 5 },
    },
    step: { usage: { 'input.uncached': 9, 'input.cache_read': 5 }, usageFlags: [] },
  },
  {
    who: 'OpenLLMetry Anthropic JS since 0.27',
    span: {
      scope: '@traceloop/instrumentation-anthropic', scopeVersion: '0.27.0',
      attributes: { 'llm.request.type': 'chat', 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.cache_read_input_tokens': 5 },
    },
    step: { usage: { 'input.uncached': 4, 'input.cache_read': 5 }, usageFlags: [] },
  },
  {
    who: 'OpenLLMetry Anthropic JS 0.27.0 as it is on npm',
    span: {
      scope: '@traceloop/instrumentation-anthropic', scopeVersion: '0.27.0',
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 900, 'gen_ai.usage.cache_read.input_tokens': 5,
        'gen_ai.usage.output_tokens': 1, 'gen_ai.usage.total_tokens': 901 },
    },
    step: { usage: { 'input.uncached': 900, 'input.cache_read': 5, 'output.text': 1 }, usageFlags: [] },
  },
  {
    who: 'OpenLLMetry Gemini: the thoughts are what the total has more',
    span: {
      scope: 'opentelemetry.instrumentation.google_generativeai',
      attributes: { 'llm.request.type': 'chat', 'gen_ai.system': 'Google', 'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 5, 'llm.usage.total_tokens': 22 },
    },
    step: { usage: { 'input.uncached': 10, 'output.text': 5, 'output.reasoning': 7 } },
  },
  {
    who: 'Vercel 5 and 6',
    span: {
      name: 'ai.streamText.doStream', scope: 'ai',
      attributes: {
        'ai.operationId': 'ai.streamText.doStream', 'ai.telemetry.functionId': 'bot', 'ai.telemetry.metadata.userId': 'u',
        'ai.telemetry.metadata.sessionId': 's',
        'ai.model.provider': 'openai.responses', 'ai.model.id': 'gpt-5', 'ai.response.model': 'gpt-5-2025',
        'ai.response.id': 'resp_0123456789',
        'ai.response.msToFirstChunk': 18.5, 'ai.response.finishReason': 'tool-calls',
      },
    },
    step: {
      role: 'model_call', agent: 'bot', user: 'u', session: 's', provider: 'openai', requestModel: 'gpt-5',
      responseModel: 'gpt-5-2025', timeToFirstTokenMs: 18.5,
      streaming: true, finishReasons: ['tool-calls'], callKeys: ['response:openai:resp_0123456789'],
    },
  },
  {
    who: 'Vercel 4 to 5 with Gemini leaves thoughts out',
    span: { scope: 'ai', attributes: { 'ai.operationId': 'ai.generateText.doGenerate',
      'ai.model.provider': 'google.generative-ai', 'ai.usage.inputTokens': 5, 'ai.usage.outputTokens': 3,
      'ai.usage.reasoningTokens': 2 } },
    step: { usage: { 'input.uncached': 5, 'output.text': 3, 'output.reasoning': 2 } },
  },
  {
    who: 'Vercel 6 with Anthropic counts the cache in',
    span: {
      scope: 'ai',
      attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'anthropic.messages', 'ai.usage.inputTokens': 9,
        'ai.usage.inputTokenDetails.noCacheTokens': 4, 'ai.usage.inputTokenDetails.cacheReadTokens': 5,
      },
    },
    step: { usage: { 'input.uncached': 4, 'input.cache_read': 5 }, usageFlags: [] },
  },
  {
    who: 'Vercel 4 with OpenAI, parts in the provider\'s words',
    span: {
      scope: 'ai', attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'openai.chat', 'ai.usage.promptTokens': 1250,
        'ai.usage.completionTokens': 180,
        'ai.response.providerMetadata': '{"openai":{"reasoningTokens":64,"cachedPromptTokens":1024}}',
      },
    },
    step: { usage: { 'input.uncached': 226, 'input.cache_read': 1024, 'output.text': 116, 'output.reasoning': 64 } },
  },
  {
    who: 'Vercel 5 with Anthropic, the cache in the provider\'s words',
    span: {
      scope: 'ai', attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'anthropic.messages', 'ai.usage.promptTokens': 226,
        'ai.usage.completionTokens': 180,
        'ai.response.providerMetadata': JSON.stringify({ anthropic: {
          usage: { cache_read_input_tokens: 1024, cache_creation: { ephemeral_5m_input_tokens: 312, ephemeral_1h_input_tokens: 200 } },
          cacheCreationInputTokens: 512,
        } }),
      },
    },
    step: { usage: { 'input.uncached': 226, 'input.cache_read': 1024, 'input.cache_write.5m': 312, 'input.cache_write.1h': 200,
      'output.text': 180 } },
  },
  {
    who: 'Vercel 5 with Google, the parts in the provider\'s words',
    span: {
      scope: 'ai', attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'google.generative-ai', 'ai.usage.promptTokens': 1250,
        'ai.usage.completionTokens': 180,
        'ai.response.providerMetadata': '{"google":{"usageMetadata":{"cachedContentTokenCount":1024,"thoughtsTokenCount":64}}}',
      },
    },
    step: { usage: { 'input.uncached': 226, 'input.cache_read': 1024, 'output.text': 180, 'output.reasoning': 64 } },
  },
  {
    who: 'Vercel 5 with Claude on Vertex: the input is Anthropic\'s, without the cache',
    span: {
      scope: 'ai', attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'vertex.anthropic.messages', 'ai.usage.inputTokens': 1000,
        'ai.usage.cachedInputTokens': 400, 'ai.usage.outputTokens': 50, 'ai.usage.totalTokens': 1050,
      },
    },
    step: { provider: 'gcp.vertex_ai', usage: { 'input.uncached': 1000, 'input.cache_read': 400, 'output.text': 50 } },
  },
  {
    who: 'Vercel with Google: tool results, modalities and the tier stand in the provider\'s words',
    span: {
      scope: 'ai', attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'google.generative-ai', 'ai.usage.inputTokens': 300,
        'ai.usage.inputTokenDetails.noCacheTokens': 300, 'ai.usage.outputTokens': 80, 'ai.usage.outputTokenDetails.reasoningTokens': 30,
        'ai.usage.totalTokens': 380,
        'ai.response.providerMetadata': JSON.stringify({ google: { serviceTier: 'flex', usageMetadata: {
          promptTokenCount: 300, candidatesTokenCount: 50, thoughtsTokenCount: 30, toolUsePromptTokenCount: 70, totalTokenCount: 450,
          promptTokensDetails: [{ modality: 'TEXT', tokenCount: 100 }, { modality: 'AUDIO', tokenCount: 200 }],
          candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 40 }],
        } } }),
      },
    },
    step: { serviceTier: 'flex', usage: { 'input.uncached': 170, 'input.audio': 200, 'output.text': 10, 'output.reasoning': 30, 'output.image': 40 } },
  },
  { who: 'Vercel 4 with Google leaves thoughts and cache out', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'google.generative-ai', 'ai.usage.promptTokens': 900,
    'ai.usage.completionTokens': 40, 'ai.response.providerMetadata': '{"google":{"groundingMetadata":null}}' } },
  step: { usage: { 'input.uncached': 900, 'output.text': 40 }, usageFlags: ['usage_lossy'] } },
  {
    who: 'Vercel with Bedrock: a write lives as long as its details say',
    span: {
      scope: 'ai', attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'amazon-bedrock', 'ai.usage.inputTokens': 10,
        'ai.response.providerMetadata': JSON.stringify({ bedrock: { usage: { cacheWriteInputTokens: 300,
          cacheDetails: [{ ttl: '1h', inputTokens: 200 }, { ttl: '5m', inputTokens: 100 }] } } }),
      },
    },
    step: { usage: { 'input.uncached': 10, 'input.cache_write.5m': 100, 'input.cache_write.1h': 200 }, usageFlags: [] },
  },
  {
    who: 'Vercel 5 through OpenRouter: parts and cost in its words',
    span: {
      scope: 'ai', attributes: {
        'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'openrouter', 'ai.usage.inputTokens': 100, 'ai.usage.outputTokens': 40,
        'ai.response.providerMetadata': JSON.stringify({ openrouter: { usage: { promptTokens: 100, promptTokensDetails: { cachedTokens: 60 },
          completionTokens: 40, completionTokensDetails: { reasoningTokens: 30 }, cost: 0.0015 } } }),
      },
    },
    step: { reportedCost: 1_500_000_000n, usage: { 'input.uncached': 40, 'input.cache_read': 60, 'output.text': 10, 'output.reasoning': 30 } },
  },
  {
    who: 'AI SDK with Perplexity: searches and cost in its words',
    span: { scope: 'ai', attributes: { 'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'perplexity', 'ai.usage.inputTokens': 100,
      'ai.usage.outputTokens': 40, 'ai.response.providerMetadata': JSON.stringify({ perplexity: { images: null, usage: { citationTokens: 9, numSearchQueries: 3 },
        cost: { totalCost: 0.006 } } }) } },
    step: { reportedCost: 6_000_000_000n, usage: { 'input.uncached': 100, 'output.text': 40, 'tool.web_search': 3 } },
  },
  {
    who: 'AI SDK with xAI: cost in ticks',
    span: { scope: 'ai', attributes: { 'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'xai.responses', 'ai.usage.inputTokens': 100,
      'ai.response.providerMetadata': '{"xai":{"costInUsdTicks":37756000}}' } },
    step: { reportedCost: 3_775_600_000n },
  },
  ...([
    ['DeepSeek', { prompt_cache_hit_tokens: 600, prompt_cache_miss_tokens: 400 }, { 'input.uncached': 400, 'input.cache_read': 600, 'output.text': 300 }],
    ['Moonshot', { cached_tokens: 600 }, { 'input.uncached': 400, 'input.cache_read': 600, 'output.text': 300 }],
    ['xAI, thoughts beside the output', { total_tokens: 1450, completion_tokens_details: { reasoning_tokens: 150 } },
      { 'input.uncached': 1000, 'output.text': 300, 'output.reasoning': 150 }],
    ['Perplexity, thoughts beside the output and the total', { completion_tokens: 300, total_tokens: 1300, citation_tokens: 20, num_search_queries: 7, reasoning_tokens: 150 },
      { 'input.uncached': 1000, 'output.text': 300, 'output.reasoning': 150, 'tool.web_search': 7 }],
    ['xAI, tools on its servers', { output_tokens_details: { reasoning_tokens: 100 }, total_tokens: 1300,
      server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 3, code_interpreter_calls: 4, file_search_calls: 5 } },
    { 'input.uncached': 1000, 'output.text': 200, 'output.reasoning': 100, 'tool.web_search': 2, 'tool.code_execution': 4, 'tool.file_search': 5 }],
    ['Anthropic, thoughts', { output_tokens_details: { thinking_tokens: 120 } }, { 'input.uncached': 1000, 'output.text': 180, 'output.reasoning': 120 }],
    ['OpenAI\'s images', { input_tokens_details: { text_tokens: 200, image_tokens: 800 }, output_tokens_details: { image_tokens: 250 } },
      { 'input.uncached': 200, 'input.image': 800, 'output.text': 50, 'output.image': 250 }],
    ['OpenAI\'s realtime', { input_token_details: { audio_tokens: 700, cached_tokens: 500, cached_tokens_details: { audio_tokens: 400 } },
      output_token_details: { audio_tokens: 200 } },
    { 'input.uncached': 200, 'input.cache_read': 100, 'input.audio': 300, 'input.audio.cache_read': 400, 'output.text': 100, 'output.audio': 200 }],
  ] as const).map(([who, body, usage]) => ({
    who: `${who}: parts in the body alone`,
    span: { scope: 'logfire.openai', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.output_tokens': 300, 'gen_ai.usage.raw': JSON.stringify(body) } },
    step: { usage },
  })),
  {
    who: 'Gemini through OpenAI\'s client: the thoughts are what the total has more',
    span: { scope: 'logfire.openai', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.response.model': 'gemini-2.5-flash',
      'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 300,
      'gen_ai.usage.raw': '{"prompt_tokens":1000,"completion_tokens":300,"total_tokens":1450}' } },
    step: { usage: { 'input.uncached': 1000, 'output.text': 300, 'output.reasoning': 150 } },
  },
  {
    who: 'a body whose total has more, and nothing says of what',
    span: { scope: 'logfire.openai', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.response.model': 'm',
      'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 300,
      'gen_ai.usage.raw': '{"prompt_tokens":1000,"completion_tokens":300,"total_tokens":1450}' } },
    step: { usage: { 'input.uncached': 1000, 'output.text': 300 }, usageFlags: ['total_disagrees'] },
  },
  ...([
    ['what was written, by OpenAI', {}, { usage: { prompt_tokens: 1000, completion_tokens: 300, prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 200 } } },
      { 'llm.token_count.prompt_details.cache_read': 400 }, { 'input.uncached': 400, 'input.cache_read': 400, 'input.cache_write.5m': 200, 'output.text': 300 }],
    ['what was cached, by DeepSeek', {}, { usage: { prompt_tokens: 1000, completion_tokens: 300, prompt_cache_hit_tokens: 600, prompt_cache_miss_tokens: 400 } }, {},
      { 'input.uncached': 400, 'input.cache_read': 600, 'output.text': 300 }],
    ['what was cached, by Moonshot', {}, { usage: { prompt_tokens: 1000, completion_tokens: 300, cached_tokens: 600 } }, {},
      { 'input.uncached': 400, 'input.cache_read': 600, 'output.text': 300 }],
    ['lifetimes on Bedrock', { scope: 'openinference.instrumentation.bedrock', scopeVersion: '0.1.61' },
      { usage: { inputTokens: 700, cacheWriteInputTokens: 300, cacheDetails: [{ ttl: '5m', inputTokens: 100 }, { ttl: '1h', inputTokens: 200 }] } },
      { 'llm.token_count.prompt_details.cache_write': 300 },
      { 'input.uncached': 700, 'input.cache_write.5m': 100, 'input.cache_write.1h': 200, 'output.text': 300 }],
    ['searches of the Responses API, which its usage leaves out', {},
      { object: 'response', output: [{ type: 'web_search_call', action: { type: 'search', query: 'a' } }, { type: 'web_search_call', action: { type: 'open_page' } },
        { type: 'web_search_call', status: 'completed' }, { type: 'web_search_call', status: 'failed', action: { type: 'search' } }, { type: 'file_search_call' },
        { type: 'message', content: [{ type: 'web_search_call' }] }], usage: { input_tokens: 1000, output_tokens: 300 } }, {},
      { 'input.uncached': 1000, 'output.text': 300, 'tool.web_search': 2, 'tool.file_search': 1 }],
    // The names of the keys as in the capture in collector/corpus.
    ['images and cached sound of Gemini', { scope: 'openinference.instrumentation.google_genai' },
      { model_version: 'gemini-2.5-flash-image', usage_metadata: { prompt_token_count: 1000, candidates_token_count: 300, cached_content_token_count: 250, total_token_count: 1300,
        prompt_tokens_details: [{ modality: 'TEXT', token_count: 100 }, { modality: 'IMAGE', token_count: 500 }, { modality: 'AUDIO', token_count: 400 }],
        cache_tokens_details: [{ modality: 'AUDIO', token_count: 250 }], candidates_tokens_details: [{ modality: 'IMAGE', token_count: 290 }] } },
      { 'llm.token_count.prompt_details.audio': 400, 'llm.token_count.prompt_details.cache_read': 250, 'llm.token_count.total': 1300 },
      { 'input.uncached': 100, 'input.image': 500, 'input.audio': 150, 'input.audio.cache_read': 250, 'output.text': 10, 'output.image': 290 }],
    ['tool results of Gemini, which are no thoughts', { scope: 'openinference.instrumentation.google_genai' },
      { usage_metadata: { prompt_token_count: 1000, candidates_token_count: 300, tool_use_prompt_token_count: 90, total_token_count: 1390 } },
      { 'llm.provider': 'google', 'llm.token_count.total': 1390 }, { 'input.uncached': 1090, 'output.text': 300 }],
    ['what was cached and thought of Gemini, before 1.0', { scope: 'openinference.instrumentation.google_genai', scopeVersion: '0.1.3' },
      { usage_metadata: { prompt_token_count: 1000, candidates_token_count: 300, cached_content_token_count: 400, thoughts_token_count: 20, total_token_count: 1320 } },
      { 'llm.provider': 'google', 'llm.token_count.total': 1320 }, { 'input.uncached': 600, 'input.cache_read': 400, 'output.text': 300, 'output.reasoning': 20 }],
    ['thoughts and tool results of Gemini, before 1.0', { scope: 'openinference.instrumentation.google_genai', scopeVersion: '0.1.3' },
      { usage_metadata: { prompt_token_count: 1000, candidates_token_count: 300, thoughts_token_count: 20, tool_use_prompt_token_count: 90, total_token_count: 1410 } },
      { 'llm.provider': 'google', 'llm.token_count.total': 1410 }, { 'input.uncached': 1090, 'output.text': 300, 'output.reasoning': 20 }],
    ['what a stream of Claude on Bedrock had cached, which its input counts in', { scope: 'openinference.instrumentation.bedrock', scopeVersion: '0.1.23' },
      { usage: { input_tokens: 100, cache_read_input_tokens: 700, cache_creation_input_tokens: 200, output_tokens: 300 } }, {},
      { 'input.uncached': 100, 'input.cache_read': 700, 'input.cache_write.5m': 200, 'output.text': 300 }],
  ] as const).map(([who, scope, answer, attributes, usage]) => ({
    who: `OpenInference's answer tells what its keys leave out: ${who}`,
    span: { scope: 'openinference.instrumentation.openai', ...scope, attributes: { 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 1000,
      'llm.token_count.completion': 300, 'output.value': JSON.stringify(answer), ...attributes } },
    step: { usage },
  })),
  {
    who: 'pydantic-ai with Gemini: images and thoughts under names of its own',
    span: { scope: 'pydantic-ai', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 300, 'gen_ai.usage.output_tokens': 1500,
      'gen_ai.usage.details.image_prompt_tokens': 250, 'gen_ai.usage.details.image_candidates_tokens': 1290, 'gen_ai.usage.details.thoughts_tokens': 200 } },
    step: { usage: { 'input.uncached': 50, 'input.image': 250, 'output.text': 10, 'output.reasoning': 200, 'output.image': 1290 } },
  },
  {
    who: 'OpenInference around Anthropic: lifetimes and terms stand in the answer',
    span: { scope: '@arizeai/openinference-instrumentation-anthropic', scopeVersion: '0.2.8', attributes: {
      'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 1000, 'llm.token_count.completion': 50,
      'llm.token_count.prompt_details.cache_write': 300, 'llm.invocation_parameters': '{"service_tier":"auto"}',
      'output.value': JSON.stringify({ usage: { input_tokens: 700, cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
        service_tier: 'priority', inference_geo: 'us' } }),
    } },
    step: { serviceTier: 'priority region:us', usageFlags: [],
      usage: { 'input.uncached': 700, 'input.cache_write.5m': 100, 'input.cache_write.1h': 200, 'output.text': 50 } },
  },
  { who: 'OpenInference around OpenAI: the tier that answered', span: { attributes: { 'openinference.span.kind': 'LLM',
    'llm.invocation_parameters': '{"service_tier":"auto"}', 'output.value': '{"service_tier":"flex","usage":{}}' } }, step: { serviceTier: 'flex' } },
  {
    who: 'LangChain\'s Claude under OpenInference: cache_creation is 0 beside its lifetimes',
    span: { scope: 'openinference.instrumentation.langchain', attributes: {
      'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 1000, 'llm.token_count.completion': 50, 'llm.token_count.prompt_details.cache_write': 0,
      'output.value': JSON.stringify({ generations: [[{ message: { kwargs: { usage_metadata: { input_token_details:
        { cache_creation: 0, ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 0 } } } } }]] }),
    } },
    step: { usage: { 'input.uncached': 700, 'input.cache_write.5m': 300, 'output.text': 50 }, usageFlags: [] },
  },
  {
    who: 'OpenInference for Together and Portkey (captured from 0.1.13 and 0.1.22): what was cached and thought is in the answer alone',
    span: { name: 'Completions', scope: 'openinference.instrumentation.together', attributes: {
      'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 120, 'llm.token_count.completion': 40, 'llm.token_count.total': 160,
      'output.value': '{"id":"chatcmpl-1234567","usage":{"prompt_tokens":120,"completion_tokens":40,"total_tokens":160,' +
        '"prompt_tokens_details":{"cached_tokens":64},"completion_tokens_details":{"reasoning_tokens":16}}}',
    } },
    step: { usage: { 'input.uncached': 56, 'input.cache_read': 64, 'output.text': 24, 'output.reasoning': 16 }, usageFlags: [] },
  },
  {
    who: 'OpenInference for Bedrock (captured from 0.1.61): a stream of InvokeModel tells its cache in the answer alone',
    span: { name: 'bedrock.invoke_model_with_response_stream', scope: 'openinference.instrumentation.bedrock', scopeVersion: '0.1.61', attributes: {
      'openinference.span.kind': 'LLM', 'llm.provider': 'aws', 'llm.token_count.prompt': 600, 'llm.token_count.completion': 50,
      'output.value': '{"id": "msg_bdrk_1", "usage": {"input_tokens": 100, "output_tokens": 50, "cache_creation_input_tokens": 300, "cache_read_input_tokens": 200}}',
    } },
    step: { usage: { 'input.uncached': 100, 'input.cache_read': 200, 'input.cache_write.5m': 300, 'output.text': 50 } },
  },
  { who: 'OpenInference: what the model says it cached is no usage', span: { attributes: {
    'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 120, 'llm.token_count.completion': 40,
    'output.value': JSON.stringify({ text: '{"usage":{"cached_tokens":64}}' }) } }, step: { usage: { 'input.uncached': 120, 'output.text': 40 } } },
  { who: 'OpenInference for Haystack: what an embedding used is in its answer', span: { name: 'CreateEmbeddings',
    scope: 'openinference.instrumentation.haystack', attributes: { 'openinference.span.kind': 'EMBEDDING',
      'output.value': '{"embedding": "<3-dimensional vector>", "meta": {"model": "m", "usage": {"prompt_tokens": 9, "total_tokens": 9}}}' } },
    step: { role: 'embedding', usage: { 'input.uncached': 9 }, usageFlags: [] } },
  { who: 'OpenInference for Cohere: what an embedding is billed for', span: { name: 'CreateEmbeddings',
    scope: 'openinference.instrumentation.cohere', attributes: { 'openinference.span.kind': 'EMBEDDING',
      'output.value': '{"id":"e1","meta":{"api_version":{"version":"1"},"billed_units":{"input_tokens":9.0}}}' } },
    step: { role: 'embedding', usage: { 'input.uncached': 9 } } },
  { who: 'OpenInference for Haystack: its agent is a chain', span: { name: 'Agent.run', scope: 'openinference.instrumentation.haystack',
    attributes: { 'openinference.span.kind': 'CHAIN' } }, step: { role: 'agent', agent: '' } },
  { who: 'OpenInference for BeeAI in python: the event of an error is not the call', span: { name: 'error',
    scope: 'openinference.instrumentation.beeai', attributes: { 'openinference.span.kind': 'LLM', 'metadata.path': 'backend.openai.chat.error' } },
    step: { role: 'step' } },
  {
    who: 'LlamaIndex\'s own spans: a call is what its events tell',
    span: { name: 'OpenAI.chat', scope: 'llamaindex.opentelemetry.tracer', parent: '00f067aa0ba902b7', events: [
      { name: 'LLMChatStartEvent', attributes: { 'model_dict.class_name': 'openai_llm', 'model_dict.model_name': 'gpt-4o-mini' } },
      { name: 'LLMChatEndEvent', attributes: {
        'response.message.role': 'assistant', 'response.raw.id': 'chatcmpl-1234567', 'response.raw.model': 'gpt-4o-mini-2024-07-18',
        'response.raw.service_tier': 'flex', 'response.raw.choices': '[{"finish_reason": "stop", "index": 0}]',
        'response.raw.usage.prompt_tokens': 120, 'response.raw.usage.completion_tokens': 40, 'response.raw.usage.total_tokens': 160,
        'response.raw.usage.prompt_tokens_details.cached_tokens': 64, 'response.raw.usage.completion_tokens_details.reasoning_tokens': 16,
      } },
    ] },
    step: {
      dialect: 'llamaindex', role: 'model_call', provider: 'openai', requestModel: 'gpt-4o-mini', responseModel: 'gpt-4o-mini-2024-07-18',
      responseId: 'chatcmpl-1234567', finishReasons: ['stop'], serviceTier: 'flex', streaming: false,
      usage: { 'input.uncached': 56, 'input.cache_read': 64, 'output.text': 24, 'output.reasoning': 16 }, usageFlags: [],
    },
  },
  {
    who: 'LlamaIndex with Bedrock: the cache beside the input',
    span: { name: 'BedrockConverse.achat', scope: 'llamaindex.opentelemetry.tracer', events: [
      { name: 'LLMChatStartEvent', attributes: { 'model_dict.class_name': 'Bedrock_Converse_LLM', 'model_dict.model_name': 'm' } },
      { name: 'LLMChatEndEvent', attributes: { 'response.raw.stopReason': 'end_turn', 'response.raw.usage.inputTokens': 600,
        'response.raw.usage.outputTokens': 50, 'response.raw.usage.cacheReadInputTokens': 200, 'response.raw.usage.cacheWriteInputTokens': 300 } },
    ] },
    step: { provider: 'aws.bedrock', finishReasons: ['end_turn'], usage: { 'input.uncached': 600, 'input.cache_read': 200, 'input.cache_write.5m': 300, 'output.text': 50 } },
  },
  {
    who: 'LlamaIndex with Gemini: the thoughts beside the output',
    span: { name: 'GoogleGenAI.chat', scope: 'llamaindex.opentelemetry.tracer', events: [
      { name: 'LLMChatStartEvent', attributes: { 'model_dict.class_name': 'GenAI', 'model_dict.model_name': 'gemini-2.5-flash' } },
      { name: 'LLMChatEndEvent', attributes: { 'response.raw.finish_reason': 'STOP',
        'response.raw.usage_metadata.prompt_tokens_details': '[{"modality": "TEXT", "token_count": 400}, {"modality": "AUDIO", "token_count": 100}]',
        'response.raw.usage_metadata.prompt_token_count': 500,
        'response.raw.usage_metadata.candidates_token_count': 40, 'response.raw.usage_metadata.thoughts_token_count': 60,
        'response.raw.usage_metadata.cached_content_token_count': 128, 'response.raw.usage_metadata.total_token_count': 600 } },
    ] },
    step: { provider: 'gcp.gemini', finishReasons: ['STOP'],
      usage: { 'input.uncached': 272, 'input.audio': 100, 'input.cache_read': 128, 'output.text': 40, 'output.reasoning': 60 }, usageFlags: [] },
  },
  { who: 'LlamaIndex: a stream tells its question alone', span: { name: 'OpenAI.astream_chat', scope: 'llamaindex.opentelemetry.tracer',
    events: [{ name: 'LLMChatStartEvent', attributes: { 'model_dict.class_name': 'openai_llm', 'model_dict.model_name': 'm' } }] },
    step: { role: 'model_call', streaming: true, usage: undefined } },
  { who: 'LlamaIndex: what surrounds a chat is no call', span: { name: 'OpenAI.predict', scope: 'llamaindex.opentelemetry.tracer',
    events: [{ name: 'LLMPredictStartEvent' }, { name: 'LLMPredictEndEvent' }] }, step: { role: 'span' } },
  { who: 'LlamaIndex embedding', span: { name: 'OpenAIEmbedding.get_query_embedding', scope: 'llamaindex.opentelemetry.tracer', events: [
    { name: 'EmbeddingStartEvent', attributes: { 'model_dict.class_name': 'OpenAIEmbedding', 'model_dict.model_name': 'text-embedding-3-small' } }] },
    step: { role: 'embedding', provider: 'openai', requestModel: 'text-embedding-3-small' } },
  { who: 'LlamaIndex retrieval', span: { name: 'VectorIndexRetriever.retrieve', scope: 'llamaindex.opentelemetry.tracer',
    events: [{ name: 'RetrievalStartEvent' }] }, step: { role: 'retrieval' } },
  { who: 'LlamaIndex: a question starts its workflow', span: { name: 'RetrieverQueryEngine.query', scope: 'llamaindex.opentelemetry.tracer',
    events: [{ name: 'QueryStartEvent' }] }, step: { role: 'workflow', workflow: 'RetrieverQueryEngine.query' } },
  { who: 'LlamaIndex agent', span: { name: 'FunctionAgent.run', scope: 'llamaindex.opentelemetry.tracer', events: [{ name: 'workflow.output' }] },
    step: { role: 'agent', agent: '' } },
  { who: 'LlamaIndex workflow', span: { name: 'AgentWorkflow.run', scope: 'llamaindex.opentelemetry.tracer', events: [{ name: 'workflow.output' }] },
    step: { role: 'workflow', workflow: 'AgentWorkflow' } },
  { who: 'LlamaIndex step of an agent', span: { name: 'BaseWorkflowAgent.setup_agent', scope: 'llamaindex.opentelemetry.tracer', attributes: {
    'llamaindex.step.input_event': 'AgentInput', 'llamaindex.step.input_summary': 'AgentInput(input=[], current_agent_name=\'weather\')' },
  events: [{ name: 'step.output' }] }, step: { role: 'step', agent: 'weather' } },
  { who: 'LlamaIndex tool', span: { name: 'BaseWorkflowAgent.call_tool', scope: 'llamaindex.opentelemetry.tracer', attributes: {
    'llamaindex.step.input_event': 'ToolCall', 'llamaindex.step.input_summary': 'ToolCall(tool_name=\'get_weather\', tool_kwargs={\'city\': \'Paris\'}, tool_id=\'call_5\')' },
  events: [{ name: 'step.output' }] }, step: { role: 'tool', tool: 'get_weather', toolCallId: 'call_5' } },
  { who: 'LlamaIndex: below the call of a tool everything has its tags', span: { name: 'FunctionTool.acall', scope: 'llamaindex.opentelemetry.tracer',
    attributes: { 'llamaindex.step.input_event': 'ToolCall', 'llamaindex.step.input_summary': 'ToolCall(tool_name=\'get_weather\', tool_kwargs={}, tool_id=\'call_5\')' } },
  step: { role: 'span', tool: '' } },
  {
    who: 'Haystack\'s own spans: a generator is a call, and what it put out tells what it used',
    span: { name: 'haystack.component.run', scope: 'my_application', attributes: {
      'haystack.component.name': 'llm', 'haystack.component.fully_qualified_type': 'haystack.components.generators.chat.openai.OpenAIChatGenerator',
      'haystack.component.output': JSON.stringify({ replies: [{ role: 'assistant', meta: { model: 'gpt-4o-mini-2024-07-18', finish_reason: 'stop',
        usage: { prompt_tokens: 120, completion_tokens: 40, total_tokens: 160, prompt_tokens_details: { cached_tokens: 64 },
          completion_tokens_details: { reasoning_tokens: 16 } } } }] }),
    } },
    step: { dialect: 'haystack', role: 'model_call', provider: 'openai', responseModel: 'gpt-4o-mini-2024-07-18', finishReasons: ['stop'], streaming: false,
      usage: { 'input.uncached': 56, 'input.cache_read': 64, 'output.text': 24, 'output.reasoning': 16 }, usageFlags: [] },
  },
  {
    who: 'Haystack with Bedrock, streamed: the cache beside the input',
    span: { name: 'haystack.agent.step.llm', attributes: { 'haystack.agent.step.llm.output': JSON.stringify({ replies: [{ meta: { model: 'm',
      completion_start_time: '2026-11-27T23:51:19.735878', usage: { prompt_tokens: 600, completion_tokens: 50, cache_read_input_tokens: 200,
        cache_write_input_tokens: 300 } } }] }) } },
    step: { role: 'model_call', streaming: true, usage: { 'input.uncached': 600, 'input.cache_read': 200, 'input.cache_write.5m': 300, 'output.text': 50 } },
  },
  {
    who: 'Haystack with Anthropic and Gemini: the cache inside the input, the thoughts beside the output',
    span: { name: 'haystack.agent.step.llm', attributes: { 'haystack.agent.step.llm.output': JSON.stringify({ replies: [{ meta: { model: 'm',
      usage: { prompt_tokens: 600, completion_tokens: 40, total_tokens: 700, thoughts_token_count: 60, cached_content_token_count: 128 } } }] }) } },
    step: { usage: { 'input.uncached': 472, 'input.cache_read': 128, 'output.text': 40, 'output.reasoning': 60 }, usageFlags: [] },
  },
  { who: 'Haystack embedder', span: { name: 'haystack.component.run', attributes: {
    'haystack.component.fully_qualified_type': 'haystack_integrations.components.embedders.amazon_bedrock.text_embedder.AmazonBedrockTextEmbedder',
    'haystack.component.output': '{"embedding": [0.1], "meta": {"model": "m", "usage": {"prompt_tokens": 9, "total_tokens": 9}}}' } },
    step: { role: 'embedding', provider: 'aws.bedrock', responseModel: 'm', usage: { 'input.uncached': 9 } } },
  { who: 'Haystack retriever', span: { name: 'haystack.component.run', attributes: {
    'haystack.component.fully_qualified_type': 'haystack.components.retrievers.in_memory.embedding_retriever.InMemoryEmbeddingRetriever' } },
    step: { role: 'retrieval' } },
  { who: 'Haystack component', span: { name: 'haystack.component.run', attributes: {
    'haystack.component.fully_qualified_type': 'haystack.components.builders.chat_prompt_builder.ChatPromptBuilder' } }, step: { role: 'span' } },
  { who: 'Haystack component that hands an answer on: its usage is the generator\'s', span: { name: 'haystack.component.run', attributes: {
    'haystack.component.fully_qualified_type': 'haystack.components.routers.conditional_router.ConditionalRouter',
    'haystack.component.output': '{"replies": [{"meta": {"model": "m", "usage": {"prompt_tokens": 9, "completion_tokens": 2}}}]}' } },
    step: { role: 'span', usage: undefined } },
  { who: 'Haystack agent in a pipeline: the component has its name', span: { name: 'haystack.component.run', attributes: {
    'haystack.component.name': 'weather_agent', 'haystack.component.fully_qualified_type': 'haystack.components.agents.agent.Agent' } },
    step: { role: 'step', agent: 'weather_agent' } },
  { who: 'Haystack agent', span: { name: 'haystack.agent.run', attributes: { 'haystack.agent.max_steps': 100 } }, step: { role: 'agent' } },
  { who: 'Haystack pipeline', span: { name: 'haystack.pipeline.run' }, step: { dialect: 'haystack', role: 'workflow' } },
  { who: 'Haystack tool', span: { name: 'haystack.agent.step.tool', attributes: { 'haystack.tool.name': 'get_weather',
    'haystack.agent.step.tool.input': '{"city": "Paris"}' } }, step: { role: 'tool', tool: 'get_weather', toolArgumentsHash: argumentsHashOf('{"city":"Paris"}') } },
  { who: 'Laminar embedding', span: { name: 'openai.embeddings', attributes: { 'lmnr.span.type': 'LLM' } },
    step: { role: 'embedding' } },
  { who: 'Langfuse JS embedding', span: { name: 'OpenAI.embeddings', attributes: { 'langfuse.observation.type': 'generation' } },
    step: { role: 'embedding' } },
  {
    who: 'opencode', span: { name: 'ai.streamText.doStream', scope: 'opencode', attributes: { 'ai.operationId': 'ai.streamText.doStream', 'resource.name': 'session.llm',
      'ai.telemetry.functionId': 'session.llm', 'ai.telemetry.metadata.userId': 'unknown', 'ai.telemetry.metadata.sessionId': 'ses_1', 'ai.model.provider': 'anthropic',
      'ai.model.id': 'claude-sonnet-4-5', 'ai.usage.inputTokens': 9, 'ai.usage.outputTokens': 4 } },
    step: { role: 'model_call', agent: '', user: '', session: 'ses_1', provider: 'anthropic', requestModel: 'claude-sonnet-4-5' },
  },
  {
    who: 'OpenHands around a call', span: { name: 'llm.anthropic/claude-sonnet-4-5', scope: 'lmnr.tracer', attributes: { 'lmnr.span.type': 'LLM',
      'lmnr.association.properties.session_id': 's', 'gen_ai.usage.cost': 0.25, 'gen_ai.usage.cache_read_input_tokens': 400,
      'gen_ai.usage.cache_creation_input_tokens': 0 } },
    step: { role: 'model_call', requestModel: 'anthropic/claude-sonnet-4-5', session: 's', usage: undefined, usageFlags: [], reportedCost: 250_000_000_000n },
  },
  {
    who: 'OpenHands tool', span: { name: 'FileEditorAction', scope: 'lmnr.tracer', attributes: { 'lmnr.span.type': 'TOOL',
      'lmnr.association.properties.metadata.tool_call_id': 'call_1' } }, step: { role: 'tool', tool: 'FileEditorAction', toolCallId: 'call_1' },
  },
  { who: 'Laminar tool', span: { name: 'get_weather', attributes: { 'lmnr.span.type': 'TOOL' } },
    step: { role: 'tool', tool: 'get_weather' } },
  {
    who: 'Genkit with Gemini: the plugin names the provider, thoughts stand beside the output',
    span: {
      name: 'googleai/gemini-2.5-flash', attributes: {
        'genkit:type': 'action', 'genkit:metadata:subtype': 'model', 'genkit:name': 'googleai/gemini-2.5-flash',
        'genkit:output': JSON.stringify({
          candidates: [{ index: 0, message: { role: 'model', content: [{ text: 'rain' }] }, finishReason: 'stop' }],
          usage: { inputTokens: 800, outputTokens: 100, thoughtsTokens: 60, totalTokens: 960, cachedContentTokens: 300 },
          custom: { modelVersion: 'gemini-2.5-flash-002', responseId: 'r1' },
        }),
      },
    },
    step: {
      role: 'model_call', provider: 'gcp.gemini', requestModel: 'gemini-2.5-flash', responseModel: 'gemini-2.5-flash-002', responseId: 'r1',
      finishReasons: ['stop'], usage: { 'input.uncached': 500, 'input.cache_read': 300, 'output.text': 100, 'output.reasoning': 60 },
    },
  },
  {
    who: 'Genkit with OpenAI: the parts stand in the provider\'s answer',
    span: {
      attributes: {
        'genkit:type': 'action', 'genkit:metadata:subtype': 'model', 'genkit:name': 'openai/gpt-4o-mini',
        'genkit:output': JSON.stringify({
          finishReason: 'stop', usage: { inputTokens: 500, outputTokens: 70, totalTokens: 570 },
          raw: { id: 'chatcmpl-Ab', model: 'gpt-4o-mini', usage: {
            prompt_tokens: 500, prompt_tokens_details: { cached_tokens: 200 }, completion_tokens_details: { reasoning_tokens: 20 } } },
        }),
      },
    },
    step: { responseId: 'chatcmpl-Ab', usage: { 'input.uncached': 300, 'input.cache_read': 200, 'output.text': 50, 'output.reasoning': 20 } },
  },
  { who: 'Genkit flow', span: { attributes: { 'genkit:type': 'action', 'genkit:metadata:subtype': 'flow', 'genkit:name': 'menu' } },
    step: { role: 'workflow', workflow: 'menu' } },
  { who: 'Genkit tool', span: { attributes: { 'genkit:type': 'action', 'genkit:metadata:subtype': 'tool', 'genkit:name': 'add',
    'genkit:input': '{"a":1}' } }, step: { role: 'tool', tool: 'add', toolArgumentsHash: argumentsHashOf('{"a":1}') } },
  { who: 'Genkit around a model: its output repeats the call', span: { attributes: { 'genkit:type': 'util', 'genkit:name': 'generate',
    'genkit:output': '{"usage":{"inputTokens":5}}' } }, step: { role: 'step', usage: undefined } },
  { who: 'ADK for Java: a tool', span: { name: 'execute_tool weather', scope: 'gcp.vertex.agent', attributes: {
    'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'weather', 'gen_ai.tool_call.id': 'adk-1' } },
    step: { role: 'tool', tool: 'weather', toolCallId: 'adk-1' } },
  { who: 'ADK for JavaScript: the parts are in the answer', span: { name: 'call_llm', scope: 'gcp.vertex.agent', attributes: {
    'gen_ai.usage.input_tokens': 800, 'gen_ai.usage.output_tokens': 100,
    'gcp.vertex.agent.llm_response': '{"usageMetadata":{"promptTokenCount":800,"candidatesTokenCount":100,"thoughtsTokenCount":60,"cachedContentTokenCount":300}}' } },
    step: { usage: { 'input.uncached': 500, 'input.cache_read': 300, 'output.text': 100, 'output.reasoning': 60 } } },
  ...([
    ['backend.openai.chat.start', 'LLM', { role: 'step' }], ['backend.openai.chat.success', 'LLM', { role: 'model_call' }],
    ['backend.openai.chat.error', 'LLM', { role: 'model_call' }], ['backend.openai.chat.finish', 'LLM', { role: 'step' }],
    ['tool.dynamic.getWeather.start', 'TOOL', { role: 'step', tool: '' }], ['tool.dynamic.getWeather.success', 'TOOL', { role: 'tool', tool: 'getWeather' }],
    ['agent.toolCalling.start', 'AGENT', { role: 'step', agent: '' }],
  ] as const).map(([target, kind, step]) => ({
    who: `BeeAI for JavaScript: ${target}`,
    span: { name: `${target}-1`, scope: '@arizeai/openinference-instrumentation-beeai', attributes: { target, 'openinference.span.kind': kind } }, step,
  })),
  { who: 'BeeAI for JavaScript: the agent', span: { name: 'beeai-framework-main', scope: '@arizeai/openinference-instrumentation-beeai',
    attributes: { source: 'ToolCallingAgent', 'openinference.span.kind': 'AGENT' } }, step: { role: 'agent', agent: 'ToolCallingAgent' } },
  { who: 'Vercel 5 with OpenAI\'s Responses API and generateText: nothing of the cache', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'openai.responses', 'ai.usage.promptTokens': 700, 'ai.usage.completionTokens': 50,
    'ai.response.providerMetadata': '{"openai":{"responseId":"resp_1","serviceTier":"default"}}' } },
  step: { usage: { 'input.uncached': 700, 'output.text': 50 }, usageFlags: ['usage_lossy'] } },
  { who: 'Vercel 5 with OpenAI\'s chat completions and generateText: neither', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'openai.chat', 'ai.usage.promptTokens': 700, 'ai.usage.completionTokens': 50,
    'ai.response.providerMetadata': '{"openai":{"acceptedPredictionTokens":0,"rejectedPredictionTokens":0}}' } },
  step: { usage: { 'input.uncached': 700, 'output.text': 50 }, usageFlags: ['usage_lossy'] } },
  { who: 'Vercel 5 with a compatible provider and generateText: neither', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'deepseek.chat', 'ai.usage.promptTokens': 700, 'ai.usage.completionTokens': 50,
    'ai.request.headers.user-agent': 'ai/5.0.277', 'ai.response.providerMetadata': '{"deepseek":{}}' } },
  step: { usage: { 'input.uncached': 700, 'output.text': 50 }, usageFlags: ['usage_lossy'] } },
  { who: 'Vercel 4 with a compatible provider that has no cache', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'deepseek.chat', 'ai.usage.promptTokens': 700, 'ai.usage.completionTokens': 50,
    'ai.response.providerMetadata': '{"deepseek":{}}' } },
  step: { usage: { 'input.uncached': 700, 'output.text': 50 }, usageFlags: [] } },
  { who: 'Vercel 5 with Bedrock and generateText: what was written and not what was read', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateText.doGenerate', 'ai.model.provider': 'amazon-bedrock', 'ai.usage.promptTokens': 107, 'ai.usage.completionTokens': 58,
    'ai.request.headers.user-agent': 'ai/5.0.277', 'ai.response.providerMetadata': '{"bedrock":{"usage":{"cacheWriteInputTokens":301}}}' } },
  step: { usage: { 'input.uncached': 107, 'input.cache_write.5m': 301, 'output.text': 58 }, usageFlags: ['usage_lossy', 'cache_ttl_unknown'] } },
  { who: 'Vercel 6 with Anthropic and generateObject: keys of version 4, counts of 6, as the provider\'s own show', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateObject.doGenerate', 'ai.model.provider': 'anthropic.messages', 'ai.usage.promptTokens': 1620,
    'ai.usage.completionTokens': 58, 'ai.response.providerMetadata': JSON.stringify({ anthropic: { usage: { input_tokens: 107, output_tokens: 58,
      cache_creation_input_tokens: 502, cache_read_input_tokens: 1011,
      cache_creation: { ephemeral_5m_input_tokens: 301, ephemeral_1h_input_tokens: 201 } } } }) } },
  step: { usage: { 'input.uncached': 107, 'input.cache_read': 1011, 'input.cache_write.5m': 301, 'input.cache_write.1h': 201, 'output.text': 58 } } },
  { who: 'Vercel 7 as it was before, with Google and generateObject: the thoughts are inside', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateObject.doGenerate', 'ai.model.provider': 'google.generative-ai', 'ai.usage.inputTokens': 1118,
    'ai.usage.outputTokens': 58, 'ai.usage.totalTokens': 1176, 'ai.usage.reasoningTokens': 17, 'ai.usage.cachedInputTokens': 1011,
    'ai.response.providerMetadata': JSON.stringify({ google: { usageMetadata: { cachedContentTokenCount: 1011, thoughtsTokenCount: 17,
      promptTokenCount: 1118, candidatesTokenCount: 41, totalTokenCount: 1176 } } }) } },
  step: { usage: { 'input.uncached': 107, 'input.cache_read': 1011, 'output.text': 41, 'output.reasoning': 17 }, usageFlags: [] } },
  { who: 'Vercel 6 with Bedrock and generateObject: its version says how it counts', span: { scope: 'ai', attributes: {
    'ai.operationId': 'ai.generateObject.doGenerate', 'ai.model.provider': 'amazon-bedrock', 'ai.usage.promptTokens': 1419,
    'ai.usage.completionTokens': 58, 'ai.request.headers.user-agent': 'shop/2.1 ai/6.0.326',
    'ai.response.providerMetadata': '{"bedrock":{"usage":{"cacheWriteInputTokens":301}}}' } },
  step: { usage: { 'input.uncached': 1118, 'input.cache_write.5m': 301, 'output.text': 58 }, usageFlags: ['usage_lossy', 'cache_ttl_unknown'] } },
  { who: 'OpenLLMetry around LangChain\'s JavaScript: the tool is named in its answer', span: { name: 'execute_tool DynamicStructuredTool',
    scope: '@traceloop/instrumentation-langchain', attributes: { 'gen_ai.operation.name': 'execute_tool', 'traceloop.span.kind': 'task',
      'traceloop.entity.name': 'DynamicStructuredTool',
      'traceloop.entity.output': '{"lc":1,"id":["langchain_core","messages","ToolMessage"],"kwargs":{"name":"weather","tool_call_id":"c1"}}' } },
  step: { role: 'tool', tool: 'weather', toolCallId: 'c1' } },
  {
    who: 'LiveKit: a host is the provider, the input holds the cache, whatever is written for Langfuse',
    span: { name: 'llm_request', scope: 'livekit-agents', attributes: {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'api.openai.com', 'gen_ai.request.model': 'gpt-5-mini', 'gen_ai.response.id': 'chatcmpl-1a',
      'gen_ai.usage.input_tokens': 500, 'gen_ai.usage.output_tokens': 60, 'gen_ai.usage.cache_read.input_tokens': 256,
      'lk.llm_metrics': '{"label":"openai.LLM","totalTokens":560,"cacheCreationTokens":0}',
      'langfuse.observation.completion_start_time': '2025-11-21T00:00:00.250Z' } },
    step: { dialect: 'livekit', role: 'model_call', provider: 'openai', streaming: true, usageFlags: [],
      usage: { 'input.uncached': 244, 'input.cache_read': 256, 'output.text': 60 } },
  },
  { who: 'LiveKit: a client that points at Groq', span: { name: 'llm_request', scope: 'livekit-agents', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'api.groq.com', 'lk.llm_metrics': '{"label":"livekit.plugins.openai.llm.LLM"}' } }, step: { provider: 'groq' } },
  { who: 'LiveKit: a host nobody knows', span: { name: 'llm_request', scope: 'livekit-agents', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': '127.0.0.1:8000', 'lk.llm_metrics': '{"label":"livekit.plugins.openai.llm.LLM"}' } }, step: { provider: 'openai' } },
  { who: 'LiveKit: Gemini\'s thoughts are in the total alone', span: { name: 'llm_request', scope: 'livekit-agents', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'Vertex AI', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 20, 'lk.llm_metrics': '{"total_tokens":150}' } },
  step: { provider: 'gcp.vertex_ai', usage: { 'input.uncached': 100, 'output.text': 20, 'output.reasoning': 30 } } },
  { who: 'LiveKit: a call without an answer failed', span: { name: 'llm_request', scope: 'livekit-agents', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.response.finish_reasons': ['stop'], 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0,
    'lk.llm_metrics': '{"requestId":"","cancelled":false,"promptTokens":0,"totalTokens":0}' } }, step: { errorType: '_OTHER', usage: undefined, finishReasons: [] } },
  { who: 'LiveKit: a call that was broken off did not', span: { name: 'llm_request', scope: 'livekit-agents', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0, 'lk.llm_metrics': '{"cancelled":true}' } }, step: { errorType: '', usage: undefined } },
  { who: 'LiveKit, older: a tool', span: { name: 'function_tool', scope: 'livekit-agents', attributes: { 'lk.function_tool.name': 'weather',
    'lk.function_tool.arguments': '{"a":1}' } }, step: { role: 'tool', tool: 'weather', toolArgumentsHash: argumentsHashOf('{"a":1}') } },
  { who: 'LiveKit, older: a turn of the agent', span: { name: 'agent_turn', scope: 'livekit-agents' }, step: { role: 'agent' } },
  { who: 'LiveKit, older: the session', span: { name: 'agent_session', scope: 'livekit-agents', attributes: { 'lk.room_name': 'r1',
    'lk.participant_identity': 'ann' } }, step: { role: 'workflow', session: 'r1', user: 'ann' } },
  { who: 'Spring AI 1: a tool', span: { name: 'tool_call weather', scope: 'org.springframework.boot', attributes: {
    'gen_ai.operation.name': 'framework', 'gen_ai.system': 'spring_ai', 'spring.ai.kind': 'tool_call', 'spring.ai.tool.call.id': 'call_1',
    'spring.ai.tool.definition.name': 'weather', 'spring.ai.tool.call.arguments': '{"city":"Oslo"}' } },
    step: { role: 'tool', tool: 'weather', toolCallId: 'call_1', provider: '', toolArgumentsHash: argumentsHashOf('{"city":"Oslo"}') } },
  { who: 'Spring AI: a client', span: { name: 'spring_ai chat_client', scope: 'org.springframework.boot', attributes: {
    'gen_ai.operation.name': 'framework', 'gen_ai.system': 'spring_ai', 'spring.ai.kind': 'chat_client',
    'spring.ai.chat.client.conversation.id': 'conv-7' } }, step: { role: 'span', session: 'conv-7', provider: '' } },
  { who: 'Spring AI: a search', span: { name: 'simple query', scope: 'org.springframework.boot', attributes: {
    'db.operation.name': 'query', 'db.system': 'simple', 'spring.ai.kind': 'vector_store' } }, step: { role: 'retrieval' } },
  { who: 'Spring AI: a failed call', span: { name: 'chat gpt-4o', scope: 'org.springframework.boot', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.model': 'none' } },
    step: { role: 'model_call', requestModel: 'gpt-4o', responseModel: '' } },
  { who: 'Datadog: a call (ddtrace 4.16.0, captured over OTLP)', span: { name: 'createChatCompletion', attributes: { 'operation.name': 'openai.request', 'span.type': 'llm',
    'resource.name': 'createChatCompletion', '_dd.llmobs.span_kind': 'llm', '_dd.llmobs.artificial_gen_ai_tags': 'true', 'gen_ai.operation.name': 'llm',
    'gen_ai.provider.name': 'openai', 'openai.request.model': 'gpt-4o', 'openai.response.model': 'gpt-4o-2024-08-06', 'gen_ai.request.model': 'gpt-4o-2024-08-06',
    'gen_ai.usage.input_tokens': 1041, 'gen_ai.usage.output_tokens': 141, 'gen_ai.usage.total_tokens': 1182, 'gen_ai.usage.cache_read_input_tokens': 341,
    'gen_ai.usage.reasoning_output_tokens': 61 } },
    step: { dialect: 'datadog', role: 'model_call', agent: '', requestModel: 'gpt-4o', responseModel: 'gpt-4o-2024-08-06', usageFlags: [],
      usage: { 'input.uncached': 700, 'input.cache_read': 341, 'output.text': 80, 'output.reasoning': 61 } } },
  { who: 'Datadog: a call whose conventional counts are missing', span: { name: 'createResponse', attributes: { '_dd.llmobs.span_kind': 'llm',
    '_dd.llmobs.model_provider': 'openai', '_dd.llmobs.model_name': 'gpt-5', '_dd.llmobs.input_tokens': 90, '_dd.llmobs.output_tokens': 7, '_dd.llmobs.cache_read_input_tokens': 40 } },
    step: { role: 'model_call', provider: 'openai', requestModel: 'gpt-5', usage: { 'input.uncached': 50, 'input.cache_read': 40, 'output.text': 7 } } },
  { who: 'Datadog: an embedding', span: { name: 'createEmbedding', attributes: { '_dd.llmobs.span_kind': 'embedding', 'gen_ai.operation.name': 'embedding',
    'gen_ai.request.model': 'text-embedding-3-small', 'gen_ai.usage.input_tokens': 114, 'gen_ai.usage.output_tokens': 0 } }, step: { role: 'embedding', usage: { 'input.uncached': 114 } } },
  { who: 'Datadog: an agent', span: { name: 'agent', attributes: { 'operation.name': 'planner', 'span.type': 'llm', 'resource.name': 'agent', 'gen_ai.operation.name': 'agent',
    '_dd.llmobs.artificial_gen_ai_tags': 'true', 'gen_ai.conversation.id': 'sess-1' } }, step: { role: 'agent', agent: 'planner', session: 'sess-1' } },
  { who: 'Datadog: a workflow', span: { name: 'workflow', attributes: { 'operation.name': 'trip', 'span.type': 'llm', 'resource.name': 'workflow', 'gen_ai.operation.name': 'workflow',
    '_dd.llmobs.artificial_gen_ai_tags': 'true' } }, step: { role: 'workflow', workflow: 'trip', agent: '' } },
  { who: 'Datadog: a tool', span: { name: 'tool', attributes: { 'operation.name': 'lookup', 'span.type': 'llm', 'resource.name': 'tool', 'gen_ai.operation.name': 'tool',
    '_dd.llmobs.artificial_gen_ai_tags': 'true' } }, step: { role: 'tool', tool: 'lookup', agent: '' } },
  { who: "Datadog's span of whatever else has no agent", span: { name: 'http.request', kind: 3, attributes: { 'operation.name': 'http.request', 'span.type': 'http',
    'resource.name': 'http.request', 'http.method': 'POST' } }, step: { role: 'io', agent: '' } },
  { who: 'Vercel 6 names its function as a resource', span: { attributes: { 'ai.operationId': 'ai.generateText', 'resource.name': 'trip' } }, step: { role: 'agent', agent: 'trip' } },
  { who: 'traceAI: a call of OpenAI (traceai-openai 0.1.10, captured) has neither what was cached nor what was thought', span: { name: 'ChatCompletion', scope: 'traceai_openai', attributes: {
    'gen_ai.span.kind': 'LLM', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o-2024-08-06', 'gen_ai.request.parameters': '{"model": "gpt-4o"}', 'output.value': 'It is sunny.',
    'gen_ai.usage.input_tokens': 1001, 'gen_ai.usage.output_tokens': 101, 'gen_ai.usage.total_tokens': 1102 } },
    step: { dialect: 'traceai', role: 'model_call', requestModel: 'gpt-4o', responseModel: 'gpt-4o-2024-08-06', usageFlags: ['usage_lossy'], usage: { 'input.uncached': 1001, 'output.text': 101 } } },
  { who: 'traceAI: a stream names its model among the parameters', span: { name: 'ChatCompletion', scope: 'traceai_openai', attributes: {
    'gen_ai.span.kind': 'LLM', 'gen_ai.request.parameters': '{"model": "gpt-4o", "stream": true}', 'gen_ai.usage.input_tokens': 1002, 'gen_ai.usage.output_tokens': 102 },
    events: [{ name: 'First Token Stream Event', afterMillis: 40 }] }, step: { role: 'model_call', requestModel: 'gpt-4o', streaming: true, timeToFirstTokenMs: 40 } },
  { who: 'traceAI: a failed call', span: { name: 'ChatCompletion', scope: 'traceai_openai', status: 2, attributes: { 'gen_ai.span.kind': 'LLM',
    'gen_ai.provider.name': 'openai', 'gen_ai.request.parameters': '{"model": "gpt-4o"}', 'input.value': 'hi' } }, step: { role: 'model_call', requestModel: 'gpt-4o' } },
  { who: 'traceAI: the Responses API', span: { name: 'Response', scope: 'traceai_openai', attributes: { 'gen_ai.span.kind': 'LLM', 'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-5', 'gen_ai.request.parameters': '{"model": "gpt-5"}', 'gen_ai.usage.input_tokens': 1103, 'gen_ai.usage.output_tokens': 113,
    'gen_ai.usage.total_tokens': 1216, 'gen_ai.usage.output_tokens.reasoning': 28, 'gen_ai.usage.input_tokens.cache_read': 313 } },
    step: { usageFlags: [], usage: { 'input.uncached': 790, 'input.cache_read': 313, 'output.text': 85, 'output.reasoning': 28 } } },
  { who: 'traceAI: an embedding', span: { name: 'CreateEmbeddingResponse', scope: 'traceai_openai', attributes: { 'gen_ai.span.kind': 'EMBEDDING',
    'embedding.model_name': 'text-embedding-3-small', 'gen_ai.usage.input_tokens': 75, 'gen_ai.usage.total_tokens': 75 } },
    step: { role: 'embedding', requestModel: 'text-embedding-3-small', usageFlags: [], usage: { 'input.uncached': 75 } } },
  { who: "traceAI: Anthropic's cache is in the answer", span: { name: 'Messages', scope: 'traceai_anthropic', attributes: { 'gen_ai.span.kind': 'LLM',
    'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.usage.input_tokens': 207, 'gen_ai.usage.output_tokens': 97, 'gen_ai.usage.total_tokens': 304,
    'output.value': '{"id":"msg_Z7abcdefghij","content":[],"usage":{"cache_creation":{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":57},"cache_creation_input_tokens":57,"cache_read_input_tokens":70,"input_tokens":207,"output_tokens":97,"service_tier":"standard"}}' } },
    step: { responseId: 'msg_Z7abcdefghij', usageFlags: [], usage: { 'input.uncached': 207, 'input.cache_read': 70, 'input.cache_write.5m': 57, 'output.text': 97 } } },
  { who: "traceAI: a stream of Anthropic's leaves the cache out", span: { name: 'Messages', scope: 'traceai_anthropic', attributes: { 'gen_ai.span.kind': 'LLM',
    'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.usage.input_tokens': 208, 'gen_ai.usage.output_tokens': 98, 'output.value': 'It is sunny.' } },
    step: { usageFlags: ['usage_lossy'], usage: { 'input.uncached': 208, 'output.text': 98 } } },
  { who: 'traceAI: Gemini streamed, whose thoughts stand beside the output', span: { name: 'GenerateContentStream', scope: 'traceai_google_genai', attributes: { 'gen_ai.span.kind': 'LLM',
    'gen_ai.provider.name': 'google', 'gen_ai.request.model': 'gemini-2.5-flash', 'gen_ai.usage.input_tokens': 1023, 'gen_ai.usage.output_tokens': 83, 'gen_ai.usage.total_tokens': 1159,
    'output.value': '{"usage_metadata": {"prompt_token_count": 1023, "total_token_count": 1159, "cached_content_token_count": 423, "candidates_token_count": 83, "thoughts_token_count": 53}}' } },
    step: { provider: 'gcp.gemini', usageFlags: [], usage: { 'input.uncached': 600, 'input.cache_read': 423, 'output.text': 83, 'output.reasoning': 53 } } },
  { who: 'traceAI: LiteLLM, of whose usage the sums are told', span: { name: 'completion', scope: 'traceai_litellm', attributes: { 'gen_ai.span.kind': 'LLM',
    'gen_ai.request.model': 'openai/gpt-4o', 'gen_ai.usage.input_tokens': 1020, 'gen_ai.usage.output_tokens': 120 } }, step: { role: 'model_call', usageFlags: ['usage_lossy'] } },
  { who: 'traceAI: LangChain', span: { name: 'ChatOpenAI', parent: '01', scope: 'traceai_langchain', attributes: { 'gen_ai.span.kind': 'LLM', 'gen_ai.request.model': 'gpt-4o', metadata:
    '{"lc_agent_name": "weatherman", "thread_id": "t-1", "langgraph_node": "model", "ls_provider": "openai"}', 'gen_ai.usage.input_tokens': 1024, 'gen_ai.usage.output_tokens': 124,
    'gen_ai.usage.total_tokens': 1148, 'output.value': '{"generations": [[{"text": "", "message": {"kwargs": {"usage_metadata": {"input_token_details": {"audio": 0, "cache_read": 324}, "output_token_details": {"audio": 0, "reasoning": 44}}}}}]], "llm_output": {"id": "chatcmpl-Ztr224abcdefgh"}}' } },
    step: { role: 'model_call', provider: 'openai', agent: 'weatherman', session: 't-1', responseId: 'chatcmpl-Ztr224abcdefgh', usageFlags: [],
      usage: { 'input.uncached': 700, 'input.cache_read': 324, 'output.text': 80, 'output.reasoning': 44 } } },
  { who: "traceAI: LangChain's agent", span: { name: 'weatherman', scope: 'traceai_langchain', attributes: { 'gen_ai.span.kind': 'CHAIN', metadata:
    '{"lc_agent_name": "weatherman", "thread_id": "t-1"}' } }, step: { role: 'agent', agent: 'weatherman' } },
  { who: "traceAI: the trace of OpenAI's agents SDK", span: { name: 'trip', scope: 'traceai_openai_agents', attributes: { 'gen_ai.span.kind': 'AGENT', 'gen_ai.request.model': 'gpt-5',
    'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 1 } }, step: { role: 'workflow', workflow: 'trip', agent: '' } },
  { who: "traceAI: an agent of OpenAI's agents SDK", span: { name: 'triage', parent: '01', scope: 'traceai_openai_agents', attributes: { 'gen_ai.span.kind': 'AGENT',
    'graph.node.id': 'triage' } }, step: { role: 'agent', agent: 'triage' } },
  { who: "traceAI: a turn of OpenAI's agents SDK repeats its call", span: { name: 'turn', parent: '01', scope: 'traceai_openai_agents', attributes: { 'gen_ai.span.kind': 'CHAIN',
    'gen_ai.request.model': 'gpt-5', 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': 1 } }, step: { role: 'step' } },
  { who: 'LoongSuite: a call of LangChain (loongsuite-instrumentation-langchain 0.9.0, captured) may leave the cache out', span: { name: 'chat gpt-4o', scope: 'opentelemetry.util.genai.handler', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.span.kind': 'LLM', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 1030,
    'gen_ai.usage.output_tokens': 130, 'gen_ai.usage.total_tokens': 1160, 'gen_ai.response.time_to_first_token': 36435078 } },
    step: { dialect: 'loongsuite', role: 'model_call', streaming: true, timeToFirstTokenMs: 36.435078, usageFlags: ['usage_lossy'], usage: { 'input.uncached': 1030, 'output.text': 130 } } },
  { who: 'LoongSuite: a call that tells its cache', span: { name: 'chat qwen-max', scope: 'opentelemetry.util.genai.handler', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.span.kind': 'LLM', 'gen_ai.provider.name': 'dashscope', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 10, 'gen_ai.usage.cache_read.input_tokens': 40 } },
    step: { usageFlags: [], usage: { 'input.uncached': 60, 'input.cache_read': 40, 'output.text': 10 } } },
  { who: 'LoongSuite: whose application it is', span: { name: 'enter_ai_application_system', scope: 'opentelemetry.util.genai.handler', attributes: { 'gen_ai.operation.name': 'enter',
    'gen_ai.span.kind': 'ENTRY', 'gen_ai.session.id': 's-1', 'gen_ai.user.id': 'u-1' } }, step: { role: 'workflow', session: 's-1', user: 'u-1', workflow: '' } },
  { who: 'LoongSuite: a step of an agent', span: { name: 'react step', scope: 'opentelemetry.util.genai.handler', parent: '01', attributes: { 'gen_ai.operation.name': 'react',
    'gen_ai.span.kind': 'STEP', 'gen_ai.react.round': 1 } }, step: { role: 'step' } },
  { who: 'LoongSuite: making an agent runs none', span: { name: 'create_agent helper', scope: 'opentelemetry.util.genai.handler', attributes: { 'gen_ai.operation.name': 'create_agent',
    'gen_ai.span.kind': 'AGENT' } }, step: { role: 'control' } },
  { who: 'LoongSuite: an embedding has no cache to leave out', span: { name: 'embeddings m', scope: 'opentelemetry.util.genai.handler', attributes: { 'gen_ai.operation.name': 'embeddings',
    'gen_ai.span.kind': 'EMBEDDING', 'gen_ai.request.model': 'text-embedding-v3', 'gen_ai.usage.input_tokens': 7, 'gen_ai.usage.total_tokens': 7 } }, step: { role: 'embedding', usageFlags: [] } },
  { who: 'LoongSuite: a chain that starts the trace', span: { name: 'chain weatherman', scope: 'opentelemetry.instrumentation.langchain.internal._tracer', attributes: { 'gen_ai.operation.name': 'chain',
    'gen_ai.span.kind': 'CHAIN' } }, step: { dialect: 'loongsuite', role: 'workflow', workflow: 'weatherman' } },
  { who: 'Netra: a call (netra-sdk 1.2.2, captured) is of whom its SDK writes on every span', span: { name: 'openai.chat', scope: 'netra.instrumentation.openai', attributes: { 'llm.request.type': 'chat',
    'netra.session_id': 'sess-1', 'netra.user_id': 'user-1', 'netra.workflow.name': 'trip', 'netra.agent.name': 'planner', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.prompt_tokens': 1013,
    'gen_ai.usage.completion_tokens': 113, 'gen_ai.usage.cache_read_input_tokens': 313, 'llm.usage.reasoning_tokens': 33 } },
    step: { role: 'model_call', session: 'sess-1', user: 'user-1', workflow: 'trip', agent: 'planner', usageFlags: [],
      usage: { 'input.uncached': 700, 'input.cache_read': 313, 'output.text': 80, 'output.reasoning': 33 } } },
  { who: 'Netra: a workflow', span: { name: 'trip', scope: 'trip', attributes: { 'netra.entity.type': 'workflow', 'netra.span.type': 'SPAN', 'netra.workflow.name': 'trip' } },
    step: { role: 'workflow', workflow: 'trip' } },
  { who: 'Netra: an agent', span: { name: 'planner', scope: 'planner', attributes: { 'netra.entity.type': 'agent', 'netra.span.type': 'AGENT', 'netra.agent.name': 'planner' } },
    step: { role: 'agent', agent: 'planner' } },
  { who: 'Netra: a task is a tool', span: { name: 'lookup', scope: 'lookup', attributes: { 'netra.entity.type': 'task', 'netra.span.type': 'TOOL', 'netra.task.name': 'lookup' } },
    step: { role: 'tool', tool: 'lookup' } },
  { who: 'Splunk: a call of LangChain (splunk-otel-util-genai 0.1.15, captured) has no key for what was cached or thought', span: { name: 'chat gpt-4o', scope: 'opentelemetry.util.genai.handler', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.evaluation.sampled': true, 'gen_ai.usage.input_tokens': 1047, 'gen_ai.usage.output_tokens': 147 } },
    step: { role: 'model_call', usageFlags: ['usage_lossy'] } },
  { who: 'Splunk: an embedding', span: { name: 'embeddings m', scope: 'opentelemetry.util.genai.handler', attributes: { 'gen_ai.operation.name': 'embeddings',
    'gen_ai.provider.name': 'openai', 'gen_ai.evaluation.sampled': true, 'gen_ai.usage.input_tokens': 7 } }, step: { role: 'embedding', usageFlags: [] } },
  { who: 'Respan: whose run it is (respan-tracing 2.24.0, captured)', span: { name: 'workflow', scope: 'respan.tracer', attributes: { 'traceloop.span.kind': 'workflow', 'traceloop.workflow.name': 'trip',
    'respan.customer_params.customer_identifier': 'u-1', 'respan.threads.thread_identifier': 't-1' } }, step: { role: 'workflow', workflow: 'trip', user: 'u-1', session: 't-1' } },
  { who: 'Pipecat: a conversation (pipecat-ai 1.14.0, captured)', span: { name: 'conversation', scope: 'pipecat.turn', attributes: { 'conversation.id': 'conv-1', 'conversation.type': 'voice' } },
    step: { dialect: 'pipecat', role: 'workflow', session: 'conv-1' } },
  { who: 'Pipecat: a turn', span: { name: 'turn', scope: 'pipecat.turn', parent: '01', attributes: { 'turn.number': 1, 'conversation.id': 'conv-1' } }, step: { role: 'turn', session: 'conv-1' } },
  { who: 'Pipecat: a call of Anthropic, whose small cache is beside the input', span: { name: 'llm', scope: 'pipecat', attributes: { 'gen_ai.provider.name': 'anthropic', 'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'claude-sonnet-4-5', stream: true, 'metrics.ttfb': 0.3, 'gen_ai.usage.input_tokens': 812, 'gen_ai.usage.output_tokens': 102, 'gen_ai.usage.cache_read.input_tokens': 112,
    'gen_ai.usage.cache_creation.input_tokens': 0 } }, step: { role: 'model_call', streaming: true, timeToFirstTokenMs: 300, usageFlags: [],
      usage: { 'input.uncached': 812, 'input.cache_read': 112, 'output.text': 102 } } },
  { who: 'Pipecat: a call of OpenAI', span: { name: 'llm', scope: 'pipecat', attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': 1010, 'gen_ai.usage.output_tokens': 110, 'gen_ai.usage.cache_read.input_tokens': 310, 'gen_ai.usage.reasoning.output_tokens': 30 } },
    step: { usageFlags: [], usage: { 'input.uncached': 700, 'input.cache_read': 310, 'output.text': 80, 'output.reasoning': 30 } } },
  { who: 'Pipecat: OpenAI in real time', span: { name: 'llm_response', scope: 'pipecat', attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.operation.name': 'llm_response', 'gen_ai.request.model': 'gpt-realtime',
    'gen_ai.usage.input_tokens': 300, 'gen_ai.usage.output_tokens': 100, 'gen_ai.usage.audio.input_tokens': 200, 'gen_ai.usage.audio.output_tokens': 80, 'gen_ai.usage.cache_read.input_tokens': 64,
    'gen_ai.usage.audio.cache_read.input_tokens': 64 } }, step: { role: 'model_call', usageFlags: [],
      usage: { 'input.uncached': 100, 'input.audio': 136, 'input.audio.cache_read': 64, 'output.text': 20, 'output.audio': 80 } } },
  { who: 'Pipecat: what was heard', span: { name: 'stt', scope: 'pipecat', attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.operation.name': 'stt', 'gen_ai.request.model': 'whisper-1',
    'metrics.audio_seconds': 12, 'metrics.ttfb': 0.2, transcript: 'hi' } }, step: { role: 'model_call', usage: { 'audio.seconds': 12 } } },
  { who: 'Pipecat: what was spoken', span: { name: 'tts', scope: 'pipecat', attributes: { 'gen_ai.provider.name': 'cartesia', 'gen_ai.operation.name': 'tts', 'gen_ai.request.model': 'sonic-2',
    'metrics.character_count': 40, text: 'It is sunny.' } }, step: { role: 'model_call', requestModel: 'sonic-2', usage: undefined } },
  { who: 'Mirascope: what was cached and thought is in its JSON alone (mirascope 2.8.2, captured)', span: { name: 'chat anthropic/claude-sonnet-4-5', scope: 'mirascope.llm', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'anthropic/claude-sonnet-4-5', 'gen_ai.response.id': 'msg_Z54abcdefghij', 'gen_ai.usage.input_tokens': 1112, 'gen_ai.usage.output_tokens': 144,
    'mirascope.response.usage': '{"input_tokens":1112,"output_tokens":144,"cache_read_tokens":254,"cache_write_tokens":104,"reasoning_tokens":20,"total_tokens":1256}',
    'mirascope.response.cost': '{"input_cost":30.5,"output_cost":21.6,"total_cost":52.1}' } },
    step: { dialect: 'mirascope', role: 'model_call', usageFlags: ['cache_ttl_unknown'], reportedCost: 5_210_000_000n,
      usage: { 'input.uncached': 754, 'input.cache_read': 254, 'input.cache_write.5m': 104, 'output.text': 124, 'output.reasoning': 20 } } },
  { who: 'Mirascope: a call whose usage is not told apart', span: { name: 'chat m', scope: 'mirascope.llm', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai',
    'gen_ai.usage.input_tokens': 1112, 'gen_ai.usage.output_tokens': 144 } }, step: { role: 'model_call', usageFlags: ['usage_lossy'] } },
  { who: 'Mirascope: what was traced', span: { name: 'trip', scope: 'mirascope.ops', attributes: { 'mirascope.type': 'trace', 'mirascope.ops.session.id': 'sess-1', 'mirascope.trace.tags': ['eu'] } },
    step: { role: 'workflow', workflow: 'trip', session: 'sess-1', tags: 'eu', usage: undefined } },
  { who: 'Mirascope: a traced function inside', span: { name: 'inner', scope: 'mirascope.ops', parent: '01', attributes: { 'mirascope.type': 'trace' } }, step: { role: 'step', usage: undefined } },
  { who: 'Mirascope: an answer resumed', span: { name: 'Response.resume openai/gpt-4o', scope: 'mirascope.ops', parent: '01', attributes: { 'mirascope.type': 'response_resume',
    'mirascope.response.usage': '{"input_tokens":1156,"output_tokens":166,"cache_read_tokens":366,"total_tokens":1322}' } }, step: { role: 'step', usage: undefined } },
  { who: "MCP's SDK for python names the tool in its span alone (mcp 2.3.0, captured)", span: { name: 'MCP send tools/call get_weather', scope: 'mcp-python-sdk', kind: 3, attributes: {
    'mcp.method.name': 'tools/call', 'jsonrpc.request.id': '3' } }, step: { role: 'tool', tool: 'get_weather' } },
  { who: 'Judgment: a call of OpenAI, whose input is told without the cache (judgeval 1.6.0, captured)', span: { name: 'OPENAI_API_CALL', scope: 'judgeval', attributes: { 'judgment.span_kind': 'llm',
    'judgment.llm.model': 'gpt-4o-2024-08-06', 'gen_ai.completion': '{"id":"chatcmpl-Zjud79abcdefgh","choices":[]}', 'judgment.usage.non_cached_input_tokens': 700, 'judgment.usage.output_tokens': 179,
    'judgment.usage.cache_read_input_tokens': 379, 'judgment.usage.metadata': '{"completion_tokens":179,"prompt_tokens":1079,"total_tokens":1258,"completion_tokens_details":{"reasoning_tokens":99},"prompt_tokens_details":{"cached_tokens":379}}' } },
    step: { dialect: 'judgment', role: 'model_call', provider: 'openai', requestModel: 'gpt-4o-2024-08-06', responseId: 'chatcmpl-Zjud79abcdefgh', usageFlags: [],
      usage: { 'input.uncached': 700, 'input.cache_read': 379, 'output.text': 80, 'output.reasoning': 99 } } },
  { who: 'Judgment: a call of Anthropic', span: { name: 'ANTHROPIC_API_CALL', scope: 'judgeval', attributes: { 'judgment.span_kind': 'llm', 'judgment.llm.model': 'claude-sonnet-4-5',
    'judgment.usage.non_cached_input_tokens': 282, 'judgment.usage.output_tokens': 172, 'judgment.usage.cache_read_input_tokens': 82, 'judgment.usage.cache_creation_input_tokens': 132,
    'judgment.usage.metadata': '{"cache_creation":{"ephemeral_1h_input_tokens":130,"ephemeral_5m_input_tokens":2},"cache_creation_input_tokens":132,"cache_read_input_tokens":82,"input_tokens":282,"output_tokens":172}' } },
    step: { provider: 'anthropic', usageFlags: [], usage: { 'input.uncached': 282, 'input.cache_read': 82, 'input.cache_write.5m': 2, 'input.cache_write.1h': 130, 'output.text': 172 } } },
  { who: "Judgment: Gemini's input has the cache inside in spite of its key, and the thoughts stand beside the output", span: { name: 'GOOGLE_API_CALL', scope: 'judgeval', attributes: { 'judgment.span_kind': 'llm',
    'judgment.llm.model': 'gemini-2.5-flash', 'judgment.usage.non_cached_input_tokens': 1000, 'judgment.usage.output_tokens': 60, 'judgment.usage.cache_read_input_tokens': 400,
    'judgment.usage.metadata': '{"cached_content_token_count":400,"candidates_token_count":60,"prompt_token_count":1000,"thoughts_token_count":30,"total_token_count":1090}' } },
    step: { provider: 'gcp.gemini', usageFlags: [], usage: { 'input.uncached': 600, 'input.cache_read': 400, 'output.text': 60, 'output.reasoning': 30 } } },
  { who: 'Judgment: an agent, and whose', span: { name: 'planner', scope: 'judgeval', attributes: { 'judgment.span_kind': 'agent', 'judgment.session_id': 's-1', 'judgment.customer_id': 'u-1' } },
    step: { role: 'agent', agent: 'planner', session: 's-1', user: 'u-1' } },
  { who: 'Judgment: a tool', span: { name: 'lookup', scope: 'judgeval', attributes: { 'judgment.span_kind': 'tool', 'judgment.input': '{"city":"Paris"}' } }, step: { role: 'tool', tool: 'lookup',
    toolArgumentsHash: argumentsHashOf('{"city":"Paris"}') } },
  { who: 'VoltAgent: a call', span: { name: 'llm:generateText', scope: '@voltagent/core', attributes: { 'span.type': 'llm', 'entity.type': 'agent',
    'entity.name': 'Weather', 'llm.model': 'gpt-5-mini', 'llm.usage.prompt_tokens': 560, 'llm.usage.completion_tokens': 150,
    'llm.usage.total_tokens': 710, 'llm.usage.cached_tokens': 256, 'llm.usage.reasoning_tokens': 96 } },
    step: { role: 'model_call', agent: 'Weather', requestModel: 'gpt-5-mini',
      usage: { 'input.uncached': 304, 'input.cache_read': 256, 'output.text': 54, 'output.reasoning': 96 } } },
  { who: 'VoltAgent: a subagent is named beside the agent that asked it', span: { name: 'llm:streamText', scope: '@voltagent/core', parent: '01', attributes: {
    'span.type': 'llm', 'entity.type': 'agent', 'entity.name': 'boss', 'voltagent.is_subagent': true, 'subagent.name': 'sub', 'llm.model': 'gpt-4.1' } },
    step: { role: 'model_call', agent: 'sub' } },
  { who: 'VoltAgent: the agent sums up', span: { name: 'Weather', scope: '@voltagent/core', attributes: { 'entity.type': 'agent',
    'entity.name': 'Weather', 'agent.state': 'completed', 'ai.model.name': 'gpt-5-mini', 'usage.prompt_tokens': 1010,
    'usage.completion_tokens': 210 } }, step: { role: 'agent', agent: 'Weather', usage: { 'input.uncached': 1010, 'output.text': 210 } } },
  {
    who: 'Strands JS adds the cache to the input', span: {
      scope: 'strands-agents', attributes: {
        'gen_ai.operation.name': 'chat', 'gen_ai.system': 'strands-agents', 'gen_ai.request.model': 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
        'gen_ai.usage.input_tokens': 2000, 'gen_ai.usage.cache_read.input_tokens': 800, 'gen_ai.usage.cache_creation.input_tokens': 400,
        'gen_ai.usage.output_tokens': 70, 'gen_ai.usage.total_tokens': 2070,
      },
    },
    step: { usage: { 'input.uncached': 800, 'input.cache_read': 800, 'input.cache_write.5m': 400, 'output.text': 70 } },
  },
  { who: 'Strands JS: a cycle', span: { name: 'execute_agent_loop_cycle', scope: 'strands-agents' }, step: { role: 'step' } },
  { who: 'Vercel tool', span: { attributes: { 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'add',
    'ai.toolCall.id': 'c' } }, step: { role: 'tool', tool: 'add', toolCallId: 'c' } },
  {
    who: 'Vercel 7', span: { name: 'chat m', scope: 'gen_ai', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.client.operation.time_to_first_chunk': 0.5, 'ai.settings.context.userId': 'u' } },
    step: { dialect: 'vercel_v7', timeToFirstTokenMs: 500, user: 'u' },
  },
  { who: 'Vercel 7 with `providerMetadata: true`: lifetimes, tier and cost in the provider\'s words', span: { name: 'chat m', scope: 'gen_ai', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 1620, 'gen_ai.usage.output_tokens': 58,
    'gen_ai.usage.cache_read.input_tokens': 1011, 'gen_ai.usage.cache_creation.input_tokens': 502,
    'ai.response.providerMetadata': JSON.stringify({ anthropic: { usage: { service_tier: 'batch', input_tokens: 107, cache_creation_input_tokens: 502,
      cache_read_input_tokens: 1011, cache_creation: { ephemeral_5m_input_tokens: 301, ephemeral_1h_input_tokens: 201 } } },
    openrouter: { usage: { cost: 0.5 } } }) } },
  step: { usage: { 'input.uncached': 107, 'input.cache_read': 1011, 'input.cache_write.5m': 301, 'input.cache_write.1h': 201, 'output.text': 58 },
    usageFlags: [], serviceTier: 'batch', reportedCost: 500_000_000_000n } },
  { who: 'Vercel 7 with generateObject: what was written is not told', span: { name: 'chat m', scope: 'gen_ai', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.output.type': 'json', 'gen_ai.usage.input_tokens': 1620,
    'gen_ai.usage.output_tokens': 58, 'gen_ai.usage.cache_read.input_tokens': 1011 } },
  step: { usage: { 'input.uncached': 609, 'input.cache_read': 1011, 'output.text': 58 }, usageFlags: ['cache_write_hidden'] } },
  { who: 'Vercel 7, an agent without a name', span: { name: 'invoke_agent gpt-5', scope: 'gen_ai',
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.request.model': 'gpt-5' } }, step: { agent: '' } },
  {
    who: 'Langfuse for python around the Responses API',
    span: {
      attributes: {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.usage_details': JSON.stringify({
          input_tokens: 1250, input_tokens_details: { cached_tokens: 1024 },
          output_tokens: 180, output_tokens_details: { reasoning_tokens: 64 }, total_tokens: 1430,
        }),
      },
    },
    step: { usage: { 'input.uncached': 226, 'input.cache_read': 1024, 'output.text': 116, 'output.reasoning': 64 } },
  },
  {
    who: 'Langfuse',
    span: {
      name: 'llm', attributes: {
        'langfuse.observation.type': 'generation', 'langfuse.observation.model.name': 'claude', 'langfuse.trace.name': 'support',
        'user.id': 'u', 'session.id': 's',
        'langfuse.observation.usage_details': '{"input":226,"output":180,"cache_read_input_tokens":1024,"cache_creation_input_tokens":512}',
        'langfuse.observation.completion_start_time': '"2025-11-21T00:00:00.250Z"', 'langfuse.observation.level': 'ERROR',
        'langfuse.observation.status_message': 'too long',
      },
    },
    step: {
      requestModel: 'claude', workflow: 'support', user: 'u', session: 's', timeToFirstTokenMs: 250, streaming: true,
      errorType: 'ERROR', errorMessage: 'too long',
      usage: { 'input.uncached': 226, 'input.cache_read': 1024, 'input.cache_write.5m': 512, 'output.text': 180 },
    },
  },
  {
    who: 'Langfuse counts reasoning and audio beside the rest',
    span: { attributes: { 'langfuse.observation.type': 'generation',
      'langfuse.observation.usage_details': '{"input":10,"input_audio_tokens":4,"output":5,"output_reasoning_tokens":3,"total":22}' } },
    step: { usage: { 'input.uncached': 10, 'input.audio': 4, 'output.text': 5, 'output.reasoning': 3 } },
  },
  ...([
    ['LangChain\'s Claude, by lifetime', { input: 100, output: 50, total: 800, input_cache_read: 400, input_cache_creation: 0,
      input_ephemeral_5m_input_tokens: 100, input_ephemeral_1h_input_tokens: 150 },
    { 'input.uncached': 100, 'input.cache_read': 400, 'input.cache_write.5m': 100, 'input.cache_write.1h': 150, 'output.text': 50 }],
    ['LangChain\'s Vertex, by modality', { input: 0, output: 0, total: 1100, input_modality_TEXT: 300, input_modality_AUDIO: 200, cached_modality_TEXT: 400,
      output_modality_TEXT: 50, thoughts_token_count: 150, cached_content_token_count: 400 },
    { 'input.uncached': 300, 'input.audio': 200, 'input.cache_read': 400, 'output.text': 50, 'output.reasoning': 150 }],
    ['LangChain\'s Vertex, modalities by number', { input: 0, output: 60, input_modality_1: 300, input_modality_2: 100, total: 460 },
      { 'input.uncached': 300, 'input.image': 100, 'output.text': 60 }],
    ['OpenRouter\'s body for python, with what was written', { prompt_tokens: 1000, completion_tokens: 300, total_tokens: 1300,
      prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 200, image_tokens: 50 }, completion_tokens_details: { image_tokens: 250 } },
    { 'input.uncached': 350, 'input.cache_read': 400, 'input.cache_write.5m': 200, 'input.image': 50, 'output.text': 50, 'output.image': 250 }],
    ['LangChain, parts of the tier flex, all taken off', { input: 0, output: 0, total: 1300, input_audio: 0, input_flex: 600, input_flex_cache_read: 400, input_flex_cache_creation: 100,
      output_flex: 200, output_flex_reasoning: 100 },
    { 'input.uncached': 500, 'input.cache_read': 400, 'input.cache_write.5m': 100, 'output.text': 200, 'output.reasoning': 100 }],
    ['LangChain, parts of the tier priority, none taken off', { input: 1000, output: 300, total: 1300, input_priority: 600, input_priority_cache_read: 400,
      output_priority: 200, output_priority_reasoning: 100 }, { 'input.uncached': 600, 'input.cache_read': 400, 'output.text': 200, 'output.reasoning': 100 }],
    ['OpenAI, text and predictions apart', { input: 0, input_text_tokens: 80, input_audio_tokens: 20, output: 10, output_text_tokens: 30,
      output_accepted_prediction_tokens: 5, output_rejected_prediction_tokens: 7, total: 152 },
    { 'input.uncached': 80, 'input.audio': 20, 'output.text': 52 }],
    ['LangChain\'s Vertex without details: what was cached is in the prompt', { input: 500, output: 50, total: 700, thoughts_token_count: 150,
      cached_content_token_count: 400 }, { 'input.uncached': 100, 'input.cache_read': 400, 'output.text': 50, 'output.reasoning': 150 }],
    ['xAI\'s body for python, thoughts beside the output', { prompt_tokens: 1000, completion_tokens: 300, total_tokens: 1450, prompt_tokens_details: { cached_tokens: 400 },
      completion_tokens_details: { reasoning_tokens: 150 } }, { 'input.uncached': 600, 'input.cache_read': 400, 'output.text': 300, 'output.reasoning': 150 }],
    ['a body for python without details of its input', { prompt_tokens: 1000, completion_tokens: 300, total_tokens: 1300, prompt_tokens_details: null,
      completion_tokens_details: { reasoning_tokens: 150 } }, { 'input.uncached': 1000, 'output.text': 150, 'output.reasoning': 150 }],
    ['xAI, whose text holds the cache', { input: 0, input_text_tokens: 199, input_cached_tokens: 163, input_image_tokens: 0, output: 9, output_reasoning_tokens: 92, total: 300 },
      { 'input.uncached': 36, 'input.cache_read': 163, 'output.text': 9, 'output.reasoning': 92 }],
  ] as const).map(([who, details, usage]) => ({
    who: `Langfuse: ${who}`,
    span: { attributes: { 'langfuse.observation.type': 'generation', 'langfuse.observation.usage_details': JSON.stringify(details) } },
    step: { usage },
  })),
  { who: 'Langfuse agent', span: { name: 'support-agent', attributes: { 'langfuse.observation.type': 'agent',
    'langfuse.user.id': 'u' } }, step: { role: 'agent', agent: 'support-agent', user: 'u' } },
  {
    who: 'LangSmith',
    span: {
      name: 'ChatOpenAI', attributes: {
        'langsmith.span.kind': 'llm', 'gen_ai.system': 'langchain', 'langsmith.metadata.ls_provider': 'openai',
        'langsmith.metadata.ls_model_name': 'gpt-5',
        'langsmith.trace.session_id': 'a project', 'langsmith.metadata.thread_id': 't', 'langsmith.metadata.user_id': 'u',
        'langsmith.trace.name': 'graph',
        'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': 6,
          'gen_ai.usage.input_token_details': '{"cache_read":4,"cache_creation":0,"ephemeral_1h_input_tokens":2}',
        'gen_ai.usage.output_token_details': '{"reasoning":1}', 'langsmith.request.streaming': 'true',
      },
    },
    step: {
      provider: 'openai', requestModel: 'gpt-5', session: 't', user: 'u', workflow: 'graph', streaming: true,
      usage: { 'input.uncached': 4, 'input.cache_read': 4, 'input.cache_write.1h': 2, 'output.text': 5, 'output.reasoning': 1 },
    },
  },
  {
    who: "LangSmith: LangChain names the parts after OpenAI's tier",
    span: { attributes: { 'langsmith.span.kind': 'llm', 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 300, 'langsmith.metadata.usage_metadata': JSON.stringify({
      input_tokens: 1000, output_tokens: 300, total_tokens: 1300, input_token_details: { flex: 600, flex_cache_read: 400, flex_cache_creation: 100 },
      output_token_details: { flex: 200, flex_reasoning: 100 } }) } },
    step: { serviceTier: 'flex', usage: { 'input.uncached': 500, 'input.cache_read': 400, 'input.cache_write.5m': 100, 'output.text': 200, 'output.reasoning': 100 } },
  },
  {
    who: "OpenInference: LangChain names the parts after OpenAI's tier",
    span: { scope: 'openinference.instrumentation.langchain', attributes: { 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 1000, 'llm.token_count.completion': 300,
      'llm.token_count.total': 1300, 'output.value': JSON.stringify({ generations: [[{ message: { kwargs: { usage_metadata: {
        input_tokens: 1000, input_token_details: { priority: 600, priority_cache_read: 400 }, output_token_details: { priority: 200, priority_reasoning: 100 } } } } }]],
      llm_output: { service_tier: 'priority' } }) } },
    step: { serviceTier: 'priority', usage: { 'input.uncached': 600, 'input.cache_read': 400, 'output.text': 200, 'output.reasoning': 100 } },
  },
  {
    who: 'OpenInference for LangChain 0.1.43: what was cached and thought stands in the answer alone',
    span: { scope: 'openinference.instrumentation.langchain', attributes: { 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 1000, 'llm.token_count.completion': 300,
      'llm.token_count.total': 1300, 'output.value': JSON.stringify({ generations: [[{ message: { kwargs: { usage_metadata: {
        input_tokens: 1000, input_token_details: { cache_read: 400 }, output_token_details: { reasoning: 100 } } } } }]] }) } },
    step: { usage: { 'input.uncached': 600, 'input.cache_read': 400, 'output.text': 200, 'output.reasoning': 100 } },
  },
  {
    who: "OpenInference: LangChain's message has the provider's id of the answer, by which another instrumentation's span of the call is found",
    span: { scope: 'openinference.instrumentation.langchain', attributes: { 'openinference.span.kind': 'LLM', 'llm.model_name': 'claude-sonnet-4-5',
      'output.value': JSON.stringify({ generations: [[{ text: 'Hi', message: { kwargs: {
        content: [{ id: 'msg_1', type: 'text' }], response_metadata: { id: 'msg_Z56abcdefghij', model_name: 'claude-sonnet-4-5' }, id: 'lc_run--01a2203c' } } }]] }) } },
    step: { responseId: 'msg_Z56abcdefghij', callKeys: ['response:anthropic:msg_Z56abcdefghij'] },
  },
  {
    who: "OpenInference: LangChain for JavaScript gives its message the answer's id, and a stream's a run's, which is none",
    span: { scope: '@arizeai/openinference-instrumentation-langchain', attributes: { 'openinference.span.kind': 'LLM',
      'output.value': JSON.stringify({ generations: [[{ message: { kwargs: { id: 'chatcmpl-Z54abcdefgh', response_metadata: {} } } }]] }) } },
    step: { responseId: 'chatcmpl-Z54abcdefgh' },
  },
  {
    who: 'OpenInference: ids of two answers are not one',
    span: { scope: 'openinference.instrumentation.langchain', attributes: { 'openinference.span.kind': 'LLM',
      'output.value': JSON.stringify({ generations: [[{ message: { kwargs: { id: 'msg_Z1' } } }], [{ message: { kwargs: { id: 'msg_Z2' } } }]] }) } },
    step: { responseId: '' },
  },
  {
    who: "OpenInference: a stream of Mistral's SDK wraps each chunk, the last of which tells what was cached",
    span: { scope: 'openinference.instrumentation.mistralai', scopeVersion: '2.2.2', attributes: { 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 1012,
      'llm.token_count.completion': 112, 'llm.token_count.total': 1124, 'output.value': JSON.stringify({ data: { id: 'mst12', usage: {
        prompt_tokens: 1012, completion_tokens: 112, total_tokens: 1124, prompt_tokens_details: { cached_tokens: 312 } } } }) } },
    step: { usage: { 'input.uncached': 700, 'input.cache_read': 312, 'output.text': 112 }, usageFlags: [] },
  },
  {
    who: "OpenInference: Agno's Gemini leaves its thoughts out, and has no total that would show them",
    span: { scope: 'openinference.instrumentation.agno', scopeVersion: '1.0.15', attributes: { 'openinference.span.kind': 'LLM', 'llm.provider': 'Google',
      'llm.token_count.prompt': 1037, 'llm.token_count.completion': 97, 'llm.token_count.prompt_details.cache_read': 437 } },
    step: { provider: 'gcp.gemini', usage: { 'input.uncached': 600, 'input.cache_read': 437, 'output.text': 97 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: "OpenInference for ADK 1.0.5 writes all of an agent's calls onto the agent's span, where the last one stays",
    span: { name: 'invoke_agent forecaster', parent: '01', scope: 'gcp.vertex.agent', scopeVersion: '2.13.0', attributes: { 'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'gcp.gemini', 'gen_ai.request.model': 'gemini-2.5-flash', 'gen_ai.usage.input_tokens': 1045, 'gen_ai.usage.output_tokens': 180,
      'gen_ai.usage.cache_read.input_tokens': 445, 'gen_ai.usage.reasoning.output_tokens': 75, 'openinference.span.kind': 'LLM' } },
    step: { role: 'model_call', usage: { 'input.uncached': 600, 'input.cache_read': 445, 'output.text': 105, 'output.reasoning': 75 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: "Mistral's own SDK 1 tells two sums, whatever was cached",
    span: { name: 'chat_completion_v1_chat_completions_post', kind: 3, scope: 'mistralai_sdk_tracer', attributes: { 'gen_ai.request.model': 'mistral-large-latest',
      'gen_ai.provider.name': 'mistral_ai', 'gen_ai.usage.prompt_tokens': 1109, 'gen_ai.usage.output_tokens': 209 } },
    step: { role: 'model_call', usage: { 'input.uncached': 1109, 'output.text': 209 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry 0.30.1 writes zeros for what it does not know: the call is not free but unmetered',
    span: { name: 'anthropic.chat', kind: 3, scope: 'opentelemetry.instrumentation.anthropic', scopeVersion: '0.30.1', attributes: { 'gen_ai.system': 'Anthropic',
      'llm.request.type': 'completion', 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.usage.prompt_tokens': 0, 'gen_ai.usage.completion_tokens': 0,
      'llm.usage.total_tokens': 0 } },
    step: { role: 'model_call', usage: undefined, usageFlags: [] },
  },
  {
    who: 'an agent that used nothing says so',
    span: { name: 'invoke_agent idle', attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0 } },
    step: { role: 'agent', usage: {} },
  },
  {
    who: "OpenLLMetry for LangChain lost a stream's input: what is left is a lower bound",
    span: { name: 'ChatAnthropic.chat', kind: 3, scope: 'opentelemetry.instrumentation.langchain', scopeVersion: '0.62.4', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 140, 'gen_ai.usage.total_tokens': 140 } },
    step: { usage: { 'output.text': 140 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'a transcription takes sound and no tokens',
    span: { attributes: { 'gen_ai.operation.name': 'transcription', 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 20, 'gen_ai.usage.audio_seconds': 12 } },
    step: { usage: { 'output.text': 20, 'audio.seconds': 12 }, usageFlags: [] },
  },
  {
    who: "OpenLLMetry for LangChain passes on LangChain's zero for what was written to Claude's cache",
    span: { name: 'ChatAnthropic.chat', kind: 3, scope: 'opentelemetry.instrumentation.langchain', scopeVersion: '0.62.4', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 1097, 'gen_ai.usage.output_tokens': 139, 'gen_ai.usage.total_tokens': 1236,
      'gen_ai.usage.cache_read.input_tokens': 749, 'gen_ai.usage.cache_creation.input_tokens': 0 } },
    step: { usage: { 'input.uncached': 348, 'input.cache_read': 749, 'output.text': 139 }, usageFlags: ['cache_write_hidden'] },
  },
  {
    who: 'OpenLLMetry for LangChain has no key for the cache before 0.39',
    span: { name: 'ChatOpenAI.chat', kind: 3, scope: 'opentelemetry.instrumentation.langchain', scopeVersion: '0.38.12', attributes: { 'gen_ai.system': 'Langchain',
      'llm.request.type': 'chat', 'gen_ai.usage.prompt_tokens': 1083, 'gen_ai.usage.completion_tokens': 183 } },
    step: { usage: { 'input.uncached': 1083, 'output.text': 183 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry for OpenAI has none in 0.30.1',
    span: { name: 'openai.chat', kind: 3, scope: 'opentelemetry.instrumentation.openai.v1', scopeVersion: '0.30.1', attributes: { 'gen_ai.system': 'OpenAI',
      'llm.request.type': 'chat', 'gen_ai.usage.prompt_tokens': 1040, 'gen_ai.usage.completion_tokens': 140 } },
    step: { usage: { 'input.uncached': 1040, 'output.text': 140 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry for OpenAI: an embedding has no cache',
    span: { name: 'openai.embeddings', kind: 3, scope: 'opentelemetry.instrumentation.openai.v1', scopeVersion: '0.30.1', attributes: { 'gen_ai.system': 'OpenAI',
      'llm.request.type': 'embedding', 'gen_ai.usage.prompt_tokens': 115 } },
    step: { usage: { 'input.uncached': 115 }, usageFlags: [] },
  },
  {
    who: "OpenLLMetry for Anthropic 0.50.1: a stream's input holds the cache, and no key tells it",
    span: { name: 'anthropic.chat', kind: 3, scope: 'opentelemetry.instrumentation.anthropic', scopeVersion: '0.50.1', attributes: { 'gen_ai.system': 'Anthropic',
      'llm.request.type': 'completion', 'llm.is_streaming': true, 'gen_ai.usage.input_tokens': 1112, 'gen_ai.usage.output_tokens': 145, 'llm.usage.total_tokens': 1257 } },
    step: { usage: { 'input.uncached': 1112, 'output.text': 145 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: "OpenLLMetry for Bedrock: InvokeModel's stream leaves Claude's cache out",
    span: { name: 'chat claude-sonnet-4-5-20250929-v1:0', kind: 3, scope: 'opentelemetry.instrumentation.bedrock', scopeVersion: '0.62.4', attributes: {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'aws.bedrock', 'gen_ai.request.model': 'claude-sonnet-4-5-20250929-v1:0',
      'gen_ai.usage.input_tokens': 220, 'gen_ai.usage.output_tokens': 90, 'gen_ai.usage.total_tokens': 310 } },
    step: { usage: { 'input.uncached': 220, 'output.text': 90 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry for Bedrock: Llama has no cache',
    span: { name: 'bedrock.completion', kind: 3, scope: 'opentelemetry.instrumentation.bedrock', scopeVersion: '0.40.14', attributes: { 'gen_ai.system': 'meta',
      'llm.request.type': 'completion', 'gen_ai.request.model': 'llama3-70b-instruct-v1:0', 'gen_ai.usage.prompt_tokens': 221, 'gen_ai.usage.completion_tokens': 91 } },
    step: { provider: 'aws.bedrock', usage: { 'input.uncached': 221, 'output.text': 91 }, usageFlags: [] },
  },
  {
    who: "OpenLLMetry for Bedrock names the model's maker, and Amazon bills",
    span: { name: 'bedrock.converse', kind: 3, scope: 'opentelemetry.instrumentation.bedrock', scopeVersion: '0.40.14', attributes: { 'gen_ai.system': 'anthropic',
      'llm.request.type': 'chat', 'gen_ai.request.model': 'claude-sonnet-4-5-20250929-v1:0', 'gen_ai.usage.prompt_tokens': 221, 'gen_ai.usage.completion_tokens': 91,
      'gen_ai.usage.cache_read_input_tokens': 100 } },
    step: { provider: 'aws.bedrock', usage: { 'input.uncached': 221, 'input.cache_read': 100, 'output.text': 91 }, usageFlags: [] },
  },
  {
    who: "Azure's client for embeddings tells that it was called, and nothing else",
    span: { name: 'EmbeddingsClient.embed', scope: 'azure.core.tracing.ext.opentelemetry_span' },
    step: { role: 'embedding', usage: undefined },
  },
  {
    who: 'OpenLLMetry JS OpenAI: neither cache nor thoughts have a key',
    span: { name: 'chat gpt-4o', kind: 3, scope: '@traceloop/instrumentation-openai', scopeVersion: '0.27.0', attributes: { 'gen_ai.provider.name': 'openai',
      'gen_ai.operation.name': 'chat', 'gen_ai.usage.input_tokens': 1122, 'gen_ai.usage.output_tokens': 222, 'gen_ai.usage.total_tokens': 1344 } },
    step: { usage: { 'input.uncached': 1122, 'output.text': 222 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry JS Vertex: no cache, and the thoughts are what the total has more',
    span: { name: 'vertexai.completion', kind: 3, scope: '@traceloop/instrumentation-vertexai', scopeVersion: '0.27.0', attributes: { 'gen_ai.system': 'Google',
      'llm.request.type': 'completion', 'gen_ai.request.model': 'gemini-2.5-flash', 'gen_ai.usage.prompt_tokens': 1140, 'gen_ai.usage.completion_tokens': 200,
      'llm.usage.total_tokens': 1510 } },
    step: { usage: { 'input.uncached': 1140, 'output.text': 200, 'output.reasoning': 170 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: "OpenLLMetry JS Bedrock: Claude's cache is left out",
    span: { name: 'chat claude-sonnet-4-5-20250929-v1:0', kind: 3, scope: '@traceloop/instrumentation-bedrock', scopeVersion: '0.27.0', attributes: {
      'gen_ai.provider.name': 'aws.bedrock', 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'claude-sonnet-4-5-20250929-v1:0',
      'gen_ai.usage.input_tokens': 352, 'gen_ai.usage.output_tokens': 222, 'gen_ai.usage.total_tokens': 574 } },
    step: { usage: { 'input.uncached': 352, 'output.text': 222 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry JS Bedrock: of Converse it tells that it was called',
    span: { name: 'bedrock.completion', kind: 3, scope: '@traceloop/instrumentation-bedrock', scopeVersion: '0.27.0', attributes: {
      'gen_ai.provider.name': 'aws.bedrock', 'gen_ai.request.model': 'claude-sonnet-4-5-20250929-v1:0' } },
    step: { role: 'model_call', usage: undefined },
  },
  {
    who: 'OpenLLMetry: an endpoint of SageMaker is a model',
    span: { name: 'sagemaker.completion', kind: 3, scope: 'opentelemetry.instrumentation.sagemaker', scopeVersion: '0.62.4', attributes: {
      'gen_ai.request.model': 'llama', 'traceloop.entity.input': '{"inputs":"hi"}' } },
    step: { role: 'model_call', requestModel: 'llama', usage: undefined },
  },
  {
    who: "OpenLLMetry JS Cohere: a rerank's searches are no tokens",
    span: { name: 'cohere.rerank', kind: 3, scope: '@traceloop/instrumentation-cohere', scopeVersion: '0.27.0', attributes: { 'gen_ai.system': 'Cohere',
      'llm.request.type': 'rerank', 'gen_ai.request.model': 'rerank-v3.5', 'llm.usage.total_tokens': 1 } },
    step: { role: 'retrieval', usage: undefined },
  },
  {
    who: 'Guardrails: the call that a guard looks at is one of a model',
    span: { name: 'call', parent: '01', scope: 'guardrails-ai', scopeVersion: '0.11.0', attributes: { 'openinference.span.kind': 'GUARDRAIL', type: 'guardrails/guard/step/call',
      'llm.invocation_parameters': "{'temperature': 0, 'messages': [{'role': 'user', 'content': 'hi'}], 'model': 'gpt-4o'}", 'user.id': 'unknown',
      'llm.token_count.prompt': 1088, 'llm.token_count.completion': 188, 'llm.token_count.total': 1276 } },
    step: { role: 'model_call', requestModel: 'gpt-4o', user: '', usage: { 'input.uncached': 1088, 'output.text': 188 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'Guardrails: a validator that only notes what it finds lets it pass',
    span: { name: 'nocity.validate', parent: '01', scope: 'guardrails-ai', scopeVersion: '0.11.0', attributes: { 'openinference.span.kind': 'GUARDRAIL',
      type: 'guardrails/guard/step/validator', 'validator.name': 'nocity', 'validator.on_fail': 'noop', 'output.value': '{"outcome":"fail","error_message":"no city"}',
      'validator.validate.output.error_message': 'no city' } },
    step: { role: 'guardrail', decision: { policyId: 'nocity', policyVersion: 0, outcome: 'WARN', reason: 'no city', target: '' } },
  },
  {
    who: 'Guardrails: a validator that refuses what it finds',
    span: { name: 'nocity.validate', parent: '01', scope: 'guardrails-ai', scopeVersion: '0.11.0', attributes: { 'openinference.span.kind': 'GUARDRAIL',
      type: 'guardrails/guard/step/validator', 'validator.name': 'nocity', 'validator.on_fail': 'exception', 'output.value': '{"outcome":"fail","error_message":"no city"}' } },
    step: { role: 'guardrail', decision: { policyId: 'nocity', policyVersion: 0, outcome: 'DENY', reason: '', target: '' } },
  },
  {
    who: 'OpenInference: Cohere bills other tokens than its model sees, and the answer tells both',
    span: { scope: 'openinference.instrumentation.cohere', scopeVersion: '0.1.15', attributes: { 'openinference.span.kind': 'LLM', 'llm.provider': 'cohere',
      'llm.token_count.prompt': 549, 'llm.token_count.completion': 234, 'llm.token_count.total': 783, 'output.value': JSON.stringify({ id: 'coZ-189', usage: {
        billed_units: { input_tokens: 489, output_tokens: 229 }, tokens: { input_tokens: 549, output_tokens: 234 }, cached_tokens: 0 } }) } },
    step: { usage: { 'input.uncached': 489, 'output.text': 229 }, usageFlags: [] },
  },
  {
    who: "OpenTelemetry for DSPy has no key for what was written to Claude's cache",
    span: { name: 'chat claude-sonnet-4-5', kind: 3, scope: 'opentelemetry.instrumentation.genai.dspy', scopeVersion: '1.3b0', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 1451, 'gen_ai.usage.output_tokens': 257, 'gen_ai.usage.cache_read.input_tokens': 867 } },
    step: { usage: { 'input.uncached': 584, 'input.cache_read': 867, 'output.text': 257 }, usageFlags: ['cache_write_hidden'] },
  },
  {
    who: 'OpenInference for Groq 0.1.12 names no seller, and as tier an object that stands for nothing',
    span: { scope: 'openinference.instrumentation.groq', scopeVersion: '0.1.12', attributes: { 'openinference.span.kind': 'LLM', 'llm.model_name': 'llama-3.3-70b-versatile',
      'llm.invocation_parameters': '{"model": "llama-3.3-70b-versatile", "service_tier": "<groq.Omit object at 0x7ff77584d5d0>"}' } },
    step: { provider: 'groq', serviceTier: '' },
  },
  {
    who: 'OpenInference for Mistral 1.3.4 names no seller',
    span: { scope: 'openinference.instrumentation.mistralai', scopeVersion: '1.3.4', attributes: { 'openinference.span.kind': 'LLM', 'llm.model_name': 'mistral-large-latest' } },
    step: { provider: 'mistral_ai' },
  },
  {
    who: 'OpenInference for Vertex 0.1.11 names no seller',
    span: { scope: 'openinference.instrumentation.vertexai', scopeVersion: '0.1.11', attributes: { 'openinference.span.kind': 'LLM', 'llm.model_name': 'gemini-2.5-flash' } },
    step: { provider: 'gcp.vertex_ai' },
  },
  {
    who: "OpenInference for ADK 0.1.7: the agent's name stands in the span's",
    span: { name: 'agent_run [forecaster]', parent: '01', scope: 'openinference.instrumentation.google_adk', scopeVersion: '0.1.7', attributes: {
      'openinference.span.kind': 'AGENT' } },
    step: { role: 'agent', agent: 'forecaster' },
  },
  {
    who: "OpenInference: Agno 1 adds Gemini's thoughts",
    span: { scope: 'openinference.instrumentation.agno', scopeVersion: '0.1.24', attributes: { 'openinference.span.kind': 'LLM', 'llm.provider': 'Google',
      'llm.token_count.prompt': 1271, 'llm.token_count.completion': 632, 'llm.token_count.prompt_details.cache_read': 671 } },
    step: { usage: { 'input.uncached': 600, 'input.cache_read': 671, 'output.text': 632 }, usageFlags: [] },
  },
  {
    who: 'OpenLLMetry for Groq 0.40.14 has no key for the cache',
    span: { name: 'groq.chat', kind: 3, scope: 'opentelemetry.instrumentation.groq', scopeVersion: '0.40.14', attributes: { 'gen_ai.system': 'Groq', 'llm.request.type': 'chat',
      'gen_ai.usage.prompt_tokens': 1238, 'gen_ai.usage.completion_tokens': 338 } },
    step: { usage: { 'input.uncached': 1238, 'output.text': 338 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry for Vertex 0.40.14 has none, and says unknown of a chat whose model it does not know',
    span: { name: 'vertexai.send_message', kind: 3, scope: 'opentelemetry.instrumentation.vertexai', scopeVersion: '0.40.14', attributes: { 'gen_ai.system': 'VertexAI',
      'llm.request.type': 'completion', 'gen_ai.request.model': 'unknown', 'gen_ai.response.model': 'unknown', 'gen_ai.usage.prompt_tokens': 1252,
      'gen_ai.usage.completion_tokens': 312, 'llm.usage.total_tokens': 1846 } },
    step: { requestModel: '', responseModel: '', usage: { 'input.uncached': 1252, 'output.text': 312, 'output.reasoning': 282 }, usageFlags: ['usage_lossy'] },
  },
  {
    who: 'OpenLLMetry: Voyage',
    span: { name: 'voyageai.embed', kind: 3, scope: 'opentelemetry.instrumentation.voyageai', scopeVersion: '0.62.4', attributes: { 'gen_ai.system': 'voyageai',
      'gen_ai.operation.name': 'embeddings', 'gen_ai.request.model': 'voyage-3.5', 'gen_ai.usage.input_tokens': 161 } },
    step: { dialect: 'openllmetry', role: 'embedding', provider: 'voyageai', usage: { 'input.uncached': 161 } },
  },
  {
    who: 'LangSmith with its usage in the metadata',
    span: {
      parent: '01',
      attributes: {
        'langsmith.span.kind': 'llm', 'langsmith.trace.name': 'ChatOpenAI', 'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 6,
        'langsmith.metadata.usage_metadata': '{"input_tokens":10,"output_tokens":6,"input_token_details":{"cache_read":4},"output_token_details":{"reasoning":5}}',
      },
    },
    step: { workflow: '', usage: { 'input.uncached': 6, 'input.cache_read': 4, 'output.text': 1, 'output.reasoning': 5 } },
  },
  {
    who: 'Logfire with the provider\'s own usage',
    span: {
      scope: 'logfire.openai',
      attributes: {
        'gen_ai.operation.name': 'chat', 'gen_ai.response.id': 'resp_logfire', 'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 6,
        'gen_ai.usage.raw': '{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":5}}',
      },
    },
    step: { role: 'model_call', usage: { 'input.uncached': 6, 'input.cache_read': 4, 'output.text': 1, 'output.reasoning': 5 } },
  },
  {
    who: 'Logfire: the request of a stream is not the call', span: { scope: 'logfire.openai',
      attributes: { 'gen_ai.operation.name': 'chat', request_data: '{}', 'logfire.span_type': 'span' } },
    step: { role: 'step', streaming: true },
  },
  {
    who: 'Logfire: the record at its end is', span: { scope: 'logfire.openai', attributes: { 'gen_ai.operation.name': 'chat',
      request_data: '{}', 'logfire.span_type': 'log', 'gen_ai.usage.input_tokens': 5 } },
    step: { role: 'model_call', streaming: true },
  },
  {
    who: 'CrewAI\'s agent is the node', span: { name: 'researcher.find._execute_core',
      scope: 'openinference.instrumentation.crewai', attributes: { 'openinference.span.kind': 'AGENT',
      'graph.node.id': 'researcher' } },
    step: { agent: 'researcher' },
  },
  {
    who: 'OpenAI Agents: the trace\'s span has the workflow\'s name', span: { name: 'Refund desk',
      scope: 'openinference.instrumentation.openai_agents', attributes: { 'openinference.span.kind': 'AGENT' } },
    step: { role: 'workflow', workflow: 'Refund desk', agent: '' },
  },
  {
    who: 'MLflow',
    span: {
      name: 'Completions', attributes: {
        'mlflow.spanType': '"CHAT_MODEL"', 'mlflow.llm.model': '"gpt-5"', 'mlflow.llm.provider': '"openai"',
        'mlflow.trace.user': '"u"', 'mlflow.trace.session': '"s"',
        'mlflow.chat.tokenUsage': '{"input_tokens":10,"output_tokens":2,"total_tokens":12,"cache_read_input_tokens":4}',
      },
    },
    step: { provider: 'openai', requestModel: 'gpt-5', user: 'u', session: 's', usage: { 'input.uncached': 6,
      'input.cache_read': 4, 'output.text': 2 } },
  },
  {
    who: 'pydantic-ai run', span: { name: 'invoke_agent support', scope: 'pydantic-ai',
      attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'support',
      'gen_ai.aggregated_usage.input_tokens': 9, 'gen_ai.aggregated_usage.details.cache_read_tokens': 4 } },
    step: { agent: 'support', usage: { 'input.uncached': 5, 'input.cache_read': 4 } },
  },
  {
    who: 'Logfire, the root of Claude\'s SDK', span: { name: 'invoke_agent', scope: 'logfire.claude_agent_sdk',
      attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.input_tokens': 9 } },
    step: { usageAuthoritative: true, usagePartial: false },
  },
  {
    who: 'Logfire, a part', span: { scope: 'logfire.claude_agent_sdk', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.usage.partial.input_tokens': 9, 'gen_ai.usage.partial.output_tokens': 2 } },
    step: { usagePartial: true, usage: { 'input.uncached': 9, 'output.text': 2 } },
  },
  {
    who: 'ADK', span: { name: 'call_llm', scope: 'gcp.vertex.agent', attributes: { 'gen_ai.system': 'gcp.vertex.agent',
      'gcp.vertex.agent.session_id': 's', 'gen_ai.request.model': 'gemini-2.5-flash' } },
    step: { role: 'model_call', provider: '', session: 's' },
  },
  { who: 'ADK agent, older', span: { name: 'agent_run [greeter]', scope: 'gcp.vertex.agent' }, step: { role: 'agent',
    agent: 'greeter' } },
  {
    who: 'Strands', span: { name: 'invoke_agent counter', scope: 'strands.telemetry.tracer',
      attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.system': 'strands-agents',
      'gen_ai.agent.name': 'counter' } },
    step: { provider: '', agent: 'counter', usageCumulative: true },
  },
  {
    who: 'Strands on Bedrock counts the cache beside',
    span: { scope: 'strands.telemetry.tracer', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'us.anthropic.claude-sonnet-4', 'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.cache_read_input_tokens': 5, 'gen_ai.usage.cache_write_input_tokens': 2,
      'gen_ai.server.time_to_first_token': 300 } },
    step: { usage: { 'input.uncached': 9, 'input.cache_read': 5, 'input.cache_write.5m': 2 }, timeToFirstTokenMs: 300 },
  },
  { who: 'Strands on Anthropic loses the cache', span: { scope: 'strands.telemetry.tracer',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'claude-sonnet-4', 'gen_ai.usage.input_tokens': 9 } },
    step: { usageFlags: ['usage_lossy'] } },
  {
    who: 'Strands tool that failed', span: { scope: 'strands.telemetry.tracer',
      attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'x', 'gen_ai.tool.status': 'error' } },
    step: { errorType: 'tool_error', executed: true },
  },
  {
    who: 'Mastra 0.24', span: { name: 'chat', scope: '@mastra/otel-exporter', attributes: { 'gen_ai.operation.name': 'chat',
      'mastra.span.type': 'MODEL_GENERATION', 'gen_ai.agent.id': 'weather', 'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.cached_input_tokens': 5, 'gen_ai.response.finish_reasons': '["stop"]', 'mastra.metadata.userId': 'u',
      'mastra.metadata.sessionId': 's' } },
    step: { role: 'model_call', agent: 'weather', usage: { 'input.uncached': 4, 'input.cache_read': 5 }, finishReasons: ['stop'],
      user: 'u', session: 's', usagePartial: false },
  },
  { who: 'Mastra 0.24 step', span: { scope: '@mastra/otel-exporter', attributes: { 'gen_ai.operation.name': 'model.step',
    'gen_ai.usage.input_tokens': 9 } }, step: { role: 'step', usagePartial: true } },
  { who: 'Mastra 1.4 generation', span: { scope: '@mastra/otel-exporter',
    attributes: { 'gen_ai.operation.name': 'model_generation', 'mastra.span.type': 'model_generation' } },
    step: { role: 'step' } },
  {
    who: 'Agent Framework calls the answer before a conversation, where that is what it goes on from (captured from 1.23.0 with the Responses API)',
    span: { scope: 'agent_framework', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.conversation.id': 'resp_0123' } }, step: { session: '' },
  },
  {
    who: 'Agent Framework with a conversation', span: { scope: 'agent_framework', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.conversation.id': 'conv_0123' } },
    step: { session: 'conv_0123' },
  },
  {
    who: 'Agent Framework with Anthropic', span: { scope: 'agent_framework', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.cache_read.input_tokens': 5 } },
    step: { usage: { 'input.uncached': 9, 'input.cache_read': 5 } },
  },
  { who: 'OpenLIT: a call at once has no first chunk', span: { name: 'chat gpt-4o', kind: 3, scope: 'openlit.instrumentation.openai',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.stream': false,
      'gen_ai.request.user': 'u', 'gen_ai.server.time_to_first_token': 0.25 } },
    step: { streaming: false, timeToFirstTokenMs: undefined, user: 'u' } },
  { who: 'OpenLIT counts seconds', span: { name: 'chat gpt-4o', kind: 3, scope: 'openlit.instrumentation.openai',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.stream': true,
      'gen_ai.server.time_to_first_token': 0.25 } },
    step: { streaming: true, timeToFirstTokenMs: 250 } },
  { who: 'OpenLIT: a call that failed has its name and nothing else', span: { name: 'chat claude-sonnet-4-5', kind: 3, status: 2,
    scope: 'openlit.instrumentation.anthropic', events: [{ name: 'exception', attributes: {
      'exception.type': 'anthropic.InternalServerError', 'exception.message': 'Error code: 500' } }] },
    step: { role: 'model_call', requestModel: 'claude-sonnet-4-5', errorType: 'anthropic.InternalServerError' } },
  { who: 'OpenLIT CrewAI: a crew sums up over its life', span: { name: 'invoke_workflow trip crew', scope: 'openlit.instrumentation.crewai',
    attributes: { 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.provider.name': 'crewai', 'gen_ai.workflow.name': 'trip crew',
      'gen_ai.usage.input_tokens': 6600, 'gen_ai.usage.output_tokens': 222 } },
    step: { role: 'workflow', workflow: 'trip crew', usageCumulative: true } },
  { who: 'OpenLIT CrewAI: a method of its flow is no agent', span: { name: 'invoke_agent generate_plan', parent: '01',
    scope: 'openlit.instrumentation.crewai', attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.provider.name': 'crewai' } },
    step: { role: 'step', agent: '' } },
  { who: 'OpenLIT OpenAI agents: a handoff', span: { name: 'invoke_agent billing', parent: '01',
    scope: 'openlit.instrumentation.openai_agents', attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.provider.name': 'openai',
      'gen_ai.agent.name': 'billing', 'gen_ai.agent.source': 'triage' } }, step: { role: 'handoff' } },
  { who: 'OpenLLMetry CrewAI: the crew', span: { name: 'crewai.workflow', scope: 'opentelemetry.instrumentation.crewai.instrumentation',
    attributes: { 'gen_ai.provider.name': 'crewai', 'gen_ai.operation.name': 'invoke_agent', 'crewai.crew.name': 'trip crew' } },
    step: { dialect: 'openllmetry', role: 'workflow', workflow: 'trip crew', agent: '', provider: '' } },
  { who: 'OpenLLMetry LlamaIndex: the task that calls a tool', span: { name: 'BaseWorkflowAgent.task', parent: '01',
    scope: 'opentelemetry.instrumentation.llamaindex', attributes: { 'traceloop.span.kind': 'task',
      'traceloop.entity.name': 'BaseWorkflowAgent.task', 'tool.name': 'get_weather', 'tool.arguments': '{"city": "Oslo"}' } },
    step: { role: 'tool', tool: 'get_weather', toolArgumentsHash: argumentsHashOf('{"city":"Oslo"}') } },
  { who: 'OTel openai-agents-v2: the trace', span: { name: 'Agent workflow', scope: 'opentelemetry.instrumentation.openai_agents',
    attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.operation.name': 'invoke_agent' } },
    step: { role: 'workflow', workflow: 'Agent workflow', agent: '' } },
  { who: 'OTel openai-agents-v2: an agent', span: { name: 'invoke_agent triage', parent: '01',
    scope: 'opentelemetry.instrumentation.openai_agents', attributes: { 'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'triage', 'gen_ai.agent.description': 'OpenAI Agents instrumentation' } },
    step: { role: 'agent', agent: 'triage' } },
  { who: 'OTel openai-agents-v2: elsewhere its default name is nobody\'s', span: { name: 'chat gpt-5-mini', parent: '01',
    scope: 'opentelemetry.instrumentation.openai_agents', attributes: { 'gen_ai.operation.name': 'chat',
      'gen_ai.agent.name': 'OpenAI Agent', 'gen_ai.agent.id': 'agent', 'gen_ai.agent.description': 'OpenAI Agents instrumentation' } },
    step: { role: 'model_call', agent: '', agentId: '' } },
  { who: 'Semantic Kernel sends Python\'s words for classes and enums, and an address that is a URL', span: { status: 2, attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'server.address': 'https://x.openai.azure.com/openai/v1/',
    'gen_ai.response.finish_reason': 'FinishReason.STOP', 'error.type': "<class 'semantic_kernel.exceptions.ServiceResponseException'>" } },
    step: { provider: 'azure.ai.openai', finishReasons: ['STOP'], errorType: 'semantic_kernel.exceptions.ServiceResponseException' } },
  { who: 'LangWatch: the trace', span: { name: 'main', attributes: { 'langwatch.span.type': 'span',
    metadata: '{"user_id": "u", "thread_id": "t"}' } }, step: { role: 'span', user: 'u', session: 't' } },
  { who: 'LangWatch: a streamed call', span: { name: 'llm', parent: '01', attributes: { 'langwatch.span.type': 'llm',
    'gen_ai.request.model': 'openai/gpt-4o', 'langwatch.params': '{"stream": true}', 'gen_ai.usage.prompt_tokens': 9,
    'gen_ai.usage.completion_tokens': 5, 'langwatch.metrics': '{"prompt_tokens": 9, "completion_tokens": 5, "reasoning_tokens": 3}',
    'langwatch.timestamps': '{"started_at": 1000, "first_token_at": 1044}' } },
    step: { role: 'model_call', streaming: true, timeToFirstTokenMs: 44,
      usage: { 'input.uncached': 9, 'output.text': 2, 'output.reasoning': 3 } } },
  { who: 'LangWatch: a call that failed', span: { name: 'llm', status: 2, attributes: { 'langwatch.span.type': 'llm',
    'gen_ai.request.model': 'openai/gpt-4o' } }, step: { role: 'model_call' } },
  { who: 'LangWatch: a tool', span: { name: 'get_weather', parent: '01', attributes: { 'langwatch.span.type': 'tool' } },
    step: { role: 'tool', tool: 'get_weather' } },
  { who: 'Braintrust for Java with Anthropic: the cache is beside the input, against its specification (captured from 0.3.6)',
    span: { name: 'anthropic.messages.create', scope: 'braintrust-java', parent: '01', attributes: { 'braintrust.span_attributes': '{"type":"llm"}',
      'braintrust.metadata': '{"provider":"anthropic","request_path":"v1/messages","model":"claude-sonnet-4-5"}', 'braintrust.output_json': '{"id":"msg_1","type":"message"}',
      'braintrust.metrics': '{"completion_tokens":108,"prompt_tokens":680,"prompt_cache_creation_1h_tokens":40,"prompt_cached_tokens":300,"tokens":788,"time_to_first_token":0.042,"prompt_cache_creation_5m_tokens":60}' } },
    step: { role: 'model_call', provider: 'anthropic', requestModel: 'claude-sonnet-4-5', callKeys: ['response:anthropic:msg_1'], streaming: true, timeToFirstTokenMs: 42,
      usageFlags: [], usage: { 'input.uncached': 680, 'input.cache_read': 300, 'input.cache_write.5m': 60, 'input.cache_write.1h': 40, 'output.text': 108 } } },
  { who: 'Braintrust for Java with OpenAI drops what was cached', span: { name: 'responses', scope: 'braintrust-java', parent: '01', attributes: {
    'braintrust.span_attributes': '{"type":"llm"}', 'braintrust.metadata': '{"provider":"openai","request_path":"responses","model":"gpt-4.1"}',
    'braintrust.metrics': '{"completion_tokens":104,"prompt_tokens":1040,"tokens":1144,"completion_reasoning_tokens":30}' } },
    step: { role: 'model_call', provider: 'openai', requestModel: 'gpt-4.1', usageFlags: ['usage_lossy'], usage: { 'input.uncached': 1040, 'output.text': 74, 'output.reasoning': 30 } } },
  { who: 'Braintrust for Java: an embedding', span: { name: 'Embeddings', scope: 'braintrust-java', parent: '01', attributes: { 'braintrust.span_attributes': '{"type":"llm"}',
    'braintrust.metadata': '{"provider":"openai","request_path":"embeddings","model":"text-embedding-3-small"}', 'braintrust.metrics': '{"prompt_tokens":55,"tokens":55}' } },
    step: { role: 'embedding', requestModel: 'text-embedding-3-small', usageFlags: [], usage: { 'input.uncached': 55 } } },
  { who: 'Braintrust as its specification has it', span: { name: 'Chat Completion', scope: 'braintrust', parent: '01', attributes: { 'braintrust.span_attributes': '{"type":"llm"}',
    'braintrust.metadata': '{"provider":"anthropic","model":"claude-sonnet-4-5","user_id":"u-1","session_id":"s-1"}',
    'braintrust.metrics': '{"prompt_tokens":2100,"completion_tokens":42,"tokens":2142,"prompt_cached_tokens":0,"prompt_cache_creation_5m_tokens":1042,"prompt_cache_creation_1h_tokens":1000,"estimated_cost":0.5}' } },
    step: { user: 'u-1', session: 's-1', reportedCost: 500_000_000_000n, usage: { 'input.uncached': 58, 'input.cache_write.5m': 1042, 'input.cache_write.1h': 1000, 'output.text': 42 } } },
  { who: 'Braintrust: a stream that told no usage', span: { name: 'Chat Completion', scope: 'braintrust-java', parent: '01', attributes: { 'braintrust.span_attributes': '{"type":"llm"}',
    'braintrust.metadata': '{"provider":"openai","model":"gpt-4.1"}', 'braintrust.metrics': '{"time_to_first_token":0.007}' } }, step: { role: 'model_call', streaming: true, usage: undefined } },
  { who: 'Semantic Kernel for python has no key for what was cached (captured from 1.45.0)', span: { name: 'chat gpt-4.1', scope: 'semantic_kernel.utils.telemetry.model_diagnostics.decorators',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4.1', 'gen_ai.usage.input_tokens': 1010, 'gen_ai.usage.output_tokens': 101 } },
    step: { usageFlags: ['usage_lossy'], usage: { 'input.uncached': 1010, 'output.text': 101 } } },
  { who: 'Semantic Kernel for python: an embedding has none', span: { name: 'embeddings m', scope: 'semantic_kernel.utils.telemetry.model_diagnostics.decorators',
    attributes: { 'gen_ai.operation.name': 'embeddings', 'gen_ai.system': 'openai', 'gen_ai.usage.input_tokens': 9 } }, step: { usageFlags: [], usage: { 'input.uncached': 9 } } },
  { who: 'OpenInference\'s CrewAI: a crew without a name of its own has an id for one, new each run (captured from 1.1.21)',
    span: { name: 'Crew_e28816b9-dade-45fa-a8ac-a9caedc4303d.kickoff', scope: 'openinference.instrumentation.crewai', attributes: { 'openinference.span.kind': 'CHAIN' } },
    step: { role: 'workflow', workflow: 'Crew.kickoff' } },
  { who: 'CrewAI\'s own tracing: the agent has a hash for its name (captured from 1.15.30)', span: { name: 'execute agent', scope: 'crewai', attributes: {
    'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': '835707fd567e03d5240889c197c03670', 'crewai.agent.role': 'Planner', 'gen_ai.provider.name': 'openai' } },
    step: { dialect: 'crewai', role: 'agent', agent: 'Planner' } },
  { who: 'CrewAI\'s own tracing: a call', span: { name: 'call llm', scope: 'crewai', kind: 3, attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'claude-sonnet-4-5', 'crewai.agent.role': 'Writer', 'gen_ai.usage.input_tokens': 1040, 'gen_ai.usage.output_tokens': 104,
    'gen_ai.usage.cache_read.input_tokens': 300, 'gen_ai.usage.cache_creation.input_tokens': 100 } },
    step: { role: 'model_call', agent: 'Writer', usageFlags: ['cache_ttl_unknown'], usage: { 'input.uncached': 640, 'input.cache_read': 300, 'input.cache_write.5m': 100, 'output.text': 104 } } },
  { who: 'CrewAI\'s own tracing: a tool that failed', span: { name: 'call tool', scope: 'crewai', status: 2, attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'broken' } },
    step: { role: 'tool', tool: 'broken' } },
  { who: 'CrewAI\'s own tracing: a note that a tool failed is no call of it', span: { name: 'tool failure', scope: 'crewai', status: 2, attributes: { 'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'broken', 'crewai.event_name': 'tool_failure_detected' } }, step: { role: 'step' } },
  { who: 'LiteLLM\'s guardrail (captured from 1.108.7 with LITELLM_OTEL_V2)', span: { name: 'execute_guardrail words', scope: 'litellm', attributes: { 'litellm.guardrail.name': 'words',
    'litellm.guardrail.mode': 'pre_call', 'litellm.guardrail.status': 'success', 'gen_ai.request.model': 'gpt-4.1' } },
    step: { role: 'guardrail', decision: { policyId: 'words', policyVersion: 0, outcome: 'ALLOW', reason: '', target: '' } } },
  { who: 'LiteLLM\'s guardrail that stepped in', span: { name: 'guardrail', scope: 'litellm', attributes: { 'openinference.span.kind': 'GUARDRAIL', guardrail_name: 'words',
    guardrail_status: 'guardrail_intervened' } }, step: { role: 'guardrail', decision: { policyId: 'words', policyVersion: 0, outcome: 'DENY', reason: '', target: '' } } },
  { who: 'LiteLLM\'s guardrail that did not answer decided nothing', span: { name: 'execute_guardrail words', scope: 'litellm', status: 2, attributes: { 'litellm.guardrail.name': 'words',
    'litellm.guardrail.status': 'guardrail_failed_to_respond', 'error.type': 'guardrail_failed_to_respond' } }, step: { role: 'guardrail', decision: undefined } },
  { who: 'Braintrust: a tool', span: { name: 'get_weather', parent: '01', attributes: { 'braintrust.span_attributes': '{"type":"tool"}', 'braintrust.input_json': '{"city":"Oslo"}' } },
    step: { role: 'tool', tool: 'get_weather', toolArgumentsHash: argumentsHashOf('{"city":"Oslo"}') } },
  { who: 'Braintrust: a task that starts the trace', span: { name: 'trip', attributes: { 'braintrust.span_attributes': '{"type":"task"}' } }, step: { role: 'workflow', workflow: 'trip' } },
  { who: 'Braintrust: a type that is none', span: { name: 'trip', parent: '01', attributes: { 'braintrust.span_attributes': '{"type":"toString"}' } }, step: { role: 'span' } },
  { who: 'AgentOps: the session', span: { name: 'main.session', attributes: { 'agentops.span.kind': 'session', 'operation.name': 'main' } },
    step: { role: 'workflow', workflow: 'main' } },
  { who: 'AgentOps: an agent', span: { name: 'weather_agent.agent', parent: '01', attributes: { 'agentops.span.kind': 'agent',
    'operation.name': 'weather_agent' } }, step: { role: 'agent', agent: 'weather_agent' } },
  { who: 'AgentOps: a tool', span: { name: 'get_weather.tool', parent: '01', attributes: { 'agentops.span.kind': 'tool',
    'operation.name': 'get_weather' } }, step: { role: 'tool', tool: 'get_weather', executed: true } },
  { who: 'AgentOps: a tool that the model asks for', span: { name: 'tool_call.get_weather', parent: '01', attributes: {
    'agentops.span.kind': 'AgentOpsSpanKindValues.TOOL', 'tool.name': 'get_weather', 'tool.call.id': 'c1' } },
    step: { role: 'tool', tool: 'get_weather', executed: false } },
  { who: 'MLflow: the thread of a graph', span: { name: 'planner', attributes: { 'mlflow.spanType': '"CHAIN"',
    metadata: '{"thread_id": "t1", "user_id": "u1"}' } }, step: { role: 'workflow', workflow: 'planner', session: 't1', user: 'u1' } },
  { who: 'MLflow: a node of it', span: { name: 'agent', parent: '01', attributes: { 'mlflow.spanType': '"CHAIN"',
    metadata: '{"langgraph_node": "agent"}' } }, step: { role: 'step' } },
  { who: 'MLflow: what an embedding used is in its answer', span: { attributes: { 'mlflow.spanType': '"EMBEDDING"',
    'mlflow.llm.model': '"text-embedding-3-small"',
    'mlflow.spanOutputs': '{"data": [{"embedding": [0.25]}], "usage": {"prompt_tokens": 12, "total_tokens": 12}}' } },
    step: { role: 'embedding', usage: { 'input.uncached': 12 } } },
  {
    who: 'Langtrace', span: { name: 'openai.chat.completions.create', kind: 3,
      scope: 'langtrace_python_sdk.instrumentation.openai.instrumentation', attributes: { 'gen_ai.operation.name': 'chat',
        'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response_id': 'resp_1',
        'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.cached_tokens': 600, 'gen_ai.usage.output_tokens': 50 } },
    step: { role: 'model_call', responseId: 'resp_1',
      usage: { 'input.uncached': 400, 'input.cache_read': 600, 'output.text': 50 }, usageFlags: [] },
  },
  { who: 'Langtrace embeddings', span: { name: 'openai.embeddings.create', kind: 3,
    scope: 'langtrace_python_sdk.instrumentation.openai.instrumentation', attributes: { 'gen_ai.operation.name': 'embed',
      'gen_ai.system': 'openai', 'gen_ai.request.model': 'text-embedding-3-small', 'gen_ai.usage.input_tokens': 12 } },
    step: { role: 'embedding' } },
  {
    who: 'botocore loses the cache', span: { scope: 'opentelemetry.instrumentation.botocore.bedrock-runtime',
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'aws.bedrock', 'gen_ai.usage.input_tokens': 9 } },
    step: { provider: 'aws.bedrock', usageFlags: ['usage_lossy'] },
  },
  {
    who: 'Claude Code call',
    span: {
      name: 'claude_code.llm_request', attributes: {
        model: 'claude-sonnet-4-5', 'session.id': 's', 'user.account_uuid': 'u', request_id: 'req_1', ttft_ms: 812,
        stop_reason: 'end_turn', speed: 'fast', agent_id: 'a1',
        'workflow.name': 'review', success: false, status_code: 529, error: 'overloaded',
      },
    },
    step: {
      role: 'model_call', provider: 'anthropic', requestModel: 'claude-sonnet-4-5', session: 's', user: 'u',
        callKeys: ['request:req_1'], timeToFirstTokenMs: 812,
      finishReasons: ['end_turn'], serviceTier: 'speed:fast', agentId: 'a1', agent: 'a1', workflow: 'review', errorType: '529',
        errorMessage: 'overloaded',
    },
  },
  { who: 'Claude Code: a subagent is known by its name, its calls belong to the session', span: { name: 'claude_code.llm_request', attributes: {
    model: 'claude-sonnet-4-5', 'session.id': '150f', 'gen_ai.conversation.id': 'a9c3', agent_id: 'a9c3', query_source_safe: 'agent.builtin.general-purpose' } },
    step: { session: '150f', agent: 'general-purpose' } },
  { who: 'Claude Code: a subagent of somebody\'s own has an id alone', span: { name: 'claude_code.llm_request', attributes: {
    model: 'claude-sonnet-4-5', 'session.id': '150f', agent_id: 'a9c3', query_source_safe: 'agent.custom' } }, step: { session: '150f', agent: 'a9c3' } },
  { who: 'Claude Code: … unless its name may be told', span: { name: 'claude_code.llm_request', attributes: { model: 'claude-sonnet-4-5', agent_id: 'a9c3',
    query_source: 'agent:custom:reviewer', query_source_safe: 'agent.custom' } }, step: { agent: 'reviewer' } },
  { who: 'Claude Code on Bedrock', span: { name: 'claude_code.llm_request',
    attributes: { model: 'us.anthropic.claude-sonnet-4-5-v1:0' } }, step: { provider: 'aws.bedrock' } },
  { who: 'Claude Code on Vertex', span: { name: 'claude_code.llm_request', attributes: { model: 'claude-sonnet-4-5@20250929' } },
    step: { provider: 'gcp.vertex_ai' } },
  { who: 'Claude Code tool', span: { name: 'claude_code.tool', attributes: { tool_name: 'Bash', tool_use_id: 'c',
    full_command: 'ls', subagent_type: 'reviewer' } }, step: { tool: 'Bash', toolCallId: 'c', agent: 'reviewer',
    toolArgumentsHash: argumentsHashOf('ls') } },
  { who: 'Claude Code execution that failed', span: { name: 'claude_code.tool.execution', attributes: { success: 'false',
    error: 'exit 1' } }, step: { errorType: 'tool_error', errorMessage: 'exit 1' } },
  {
    who: 'Codex', span: { name: 'handle_responses', scope: 'codex_exec', attributes: { 'conversation.id': 's',
      'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.cache_read.input_tokens': 5, 'gen_ai.usage.output_tokens': 4,
      'codex.usage.reasoning_output_tokens': 1 } },
    step: { role: 'model_call', session: 's', usage: { 'input.uncached': 4, 'input.cache_read': 5, 'output.text': 3,
      'output.reasoning': 1 }, usageFlags: [] },
  },
  {
    who: 'Codex tool that failed', span: { name: 'dispatch_tool_call_with_state', scope: 'codex_exec', events: [{ name: 'event',
      attributes: { 'event.name': 'codex.tool_result', tool_name: 'exec_command', call_id: 'c', success: 'false' } }] },
    step: { role: 'tool', tool: 'exec_command', toolCallId: 'c', errorType: 'tool_error' },
  },
  {
    who: 'Gemini CLI tool', span: { resource: { 'service.name': 'gemini-cli' },
      attributes: { 'gen_ai.operation.name': 'tool_call', function_name: 'read', 'gen_ai.tool.call_id': 'c', function_args: '{}',
      'gen_ai.conversation.id': 's' } },
    step: { role: 'tool', tool: 'read', toolCallId: 'c', session: 's' },
  },
  {
    who: 'Qwen Code, a call over the OpenAI protocol', span: { name: 'qwen-code.llm_request', scope: 'qwen-code', attributes: {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'dashscope', 'gen_ai.request.model': 'qwen3-coder-plus', 'gen_ai.conversation.id': 's',
      'gen_ai.user.id': 'u', 'gen_ai.response.id': 'chatcmpl-1234567', 'gen_ai.usage.input_tokens': 1200, 'gen_ai.usage.output_tokens': 130,
      'gen_ai.usage.cache_read.input_tokens': 400, thoughts_token_count: 100 } },
    step: { dialect: 'qwen_code', role: 'model_call', provider: 'dashscope', session: 's', user: 'u', usageFlags: [],
      usage: { 'input.uncached': 800, 'input.cache_read': 400, 'output.text': 30, 'output.reasoning': 100 }, callKeys: ['response:openai:chatcmpl-1234567'] },
  },
  {
    who: 'Qwen Code, a call to Gemini', span: { name: 'qwen-code.llm_request', scope: 'qwen-code', attributes: {
      'gen_ai.operation.name': 'generate_content', 'gen_ai.provider.name': 'gcp.gemini', 'gen_ai.request.model': 'gemini-2.5-pro',
      'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30, thoughts_token_count: 70 } },
    step: { usage: { 'input.uncached': 100, 'output.text': 30, 'output.reasoning': 70 } },
  },
  {
    who: 'Qwen Code hook around a tool', span: { name: 'qwen-code.hook', scope: 'qwen-code', attributes: {
      hook_event: 'PreToolUse', 'tool.name': 'read_file', 'tool.use_id': 'h', success: false, 'error.type': 'hook_error' } },
    step: { role: 'control', tool: '', errorType: 'hook_error' },
  },
  {
    who: 'Qwen Code execution inside a tool', span: { name: 'qwen-code.tool.execution', scope: 'qwen-code', attributes: {
      'gen_ai.tool.name': 'read_file', 'tool.call_id': 'c', success: true } },
    step: { role: 'io' },
  },
  {
    who: 'Qwen Code tool that was cancelled', span: { name: 'qwen-code.tool', scope: 'qwen-code', attributes: { 'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'read_file', 'gen_ai.tool.call.id': 'c', 'gen_ai.agent.name': 'qwen-code', success: false, 'tool.failure_kind': 'cancelled' } },
    step: { role: 'tool', tool: 'read_file', toolCallId: 'c', agent: 'qwen-code', errorType: 'cancelled' },
  },
  {
    who: 'Qwen Code approval', span: { name: 'qwen-code.tool.blocked_on_user', scope: 'qwen-code', attributes: { 'tool.name': 'run_shell_command',
      'tool.call_id': 'c', decision: 'cancel', source: 'cli' } },
    step: { role: 'guardrail',
      decision: { policyId: 'qwen_code.approval', policyVersion: 0, outcome: 'DENY', reason: 'cli', target: 'run_shell_command' } },
  },
  {
    who: 'Copilot CLI with a key of its user\'s own', span: { name: 'chat claude-sonnet-4-5', scope: 'github.copilot', attributes: {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.conversation.id': 's',
      'gen_ai.response.id': 'msg_01ABCDEFGHIJKLMN', 'gen_ai.usage.input_tokens': 1200, 'gen_ai.usage.output_tokens': 130,
      'gen_ai.usage.cache_read.input_tokens': 400, 'gen_ai.usage.cache_write.input_tokens': 300, 'gen_ai.usage.reasoning.output_tokens': 100,
      'gen_ai.response.time_to_first_chunk': 0.15, 'github.copilot.cost': 0 } },
    step: { dialect: 'copilot', provider: 'anthropic', session: 's', timeToFirstTokenMs: 150, callKeys: ['response:anthropic:msg_01ABCDEFGHIJKLMN'],
      reportedCost: undefined, usage: { 'input.uncached': 500, 'input.cache_read': 400, 'input.cache_write.5m': 300, 'output.text': 30, 'output.reasoning': 100 } },
  },
  {
    who: 'Copilot', span: { attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'github',
      'gen_ai.request.model': 'claude-sonnet-4', 'gen_ai.response.id': 'r1', 'copilot_chat.server_request_id': 'q1',
      'copilot_chat.time_to_first_token': 250, 'copilot_chat.chat_session_id': 's', 'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.cache_read.input_tokens': 5 } },
    step: { provider: '', session: 's', timeToFirstTokenMs: 250, callKeys: ['response:copilot:r1', 'request:q1'],
      usageFlags: ['cache_write_hidden'], usage: { 'input.uncached': 4, 'input.cache_read': 5 } },
  },
  {
    who: 'MCP', span: { name: 'tools/call search', kind: 3, attributes: { 'mcp.method.name': 'tools/call',
      'error.type': 'tool_error' } },
    step: { role: 'tool', tool: 'search', errorType: 'tool_error' },
  },
  {
    who: 'Anthropic\'s own SDK (captured from 2.14.0): lifetimes of what was written, the tier and why it stopped, under names of its own',
    span: {
      name: 'anthropic.messages.create', kind: 3, scope: 'com.anthropic.sdk.python', attributes: {
        'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'claude-sonnet-4',
        'gen_ai.usage.input_tokens': 600, 'gen_ai.usage.cache_write.input_tokens': 300, 'gen_ai.usage.cache_read.input_tokens': 200,
        'anthropic.usage.cache_creation.ephemeral_5m_input_tokens': 100, 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens': 200,
        'gen_ai.usage.output_tokens': 50, 'anthropic.request.service_tier': 'auto', 'anthropic.response.service_tier': 'priority',
        'anthropic.message.stop_reason': 'end_turn',
      },
    },
    step: {
      usage: { 'input.uncached': 100, 'input.cache_read': 200, 'input.cache_write.5m': 100, 'input.cache_write.1h': 200, 'output.text': 50 },
      usageFlags: [], serviceTier: 'priority', finishReasons: ['end_turn'],
    },
  },
  { who: 'Laminar\'s tags', span: { name: 'job', scope: 'lmnr.tracer', attributes: { 'lmnr.span.type': 'DEFAULT',
    'lmnr.association.properties.tags': ['b', 'a'] } }, step: { role: 'span', tags: 'a\nb' } },
  { who: 'Laminar', span: { attributes: { 'lmnr.span.type': 'LLM', 'lmnr.association.properties.session_id': 's',
    'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.cache_creation.input_tokens': 4,
    'gen_ai.usage.cache_creation.input_tokens.ephemeral_1h': 4 } }, step: { session: 's', usage: { 'input.uncached': 5,
    'input.cache_write.1h': 4 } } },
  {
    who: 'LiteLLM proxy in front of Anthropic', span: { name: 'litellm_request', scope: 'litellm', attributes: {
      'gen_ai.operation.name': 'acompletion', 'llm.request.type': 'acompletion', 'gen_ai.system': 'anthropic', 'gen_ai.request.model': 'claude-sonnet-4-5',
      'gen_ai.response.model': 'gpt-4', 'litellm.model_group': 'gpt-4', 'litellm.provider.model': 'anthropic/claude-sonnet-4-5',
      'gen_ai.usage.input_tokens': 1500, 'gen_ai.usage.output_tokens': 60, 'gen_ai.usage.total_tokens': 1560,
      'metadata.requester_metadata': '{\'session_id\': \'chat-1\', \'headers\': {\'host\': \'h\'}, \'used_client_oauth_token\': False}',
      'metadata.usage_object': '{\'completion_tokens\': 60, \'prompt_tokens\': 1500, \'completion_tokens_details\': {\'reasoning_tokens\': 10, \'text_tokens\': 50}, ' +
        '\'prompt_tokens_details\': {\'audio_tokens\': None, \'cache_write_tokens\': 200, \'cached_tokens\': 1024, \'cache_creation_token_details\': ' +
        '{\'ephemeral_5m_input_tokens\': 50, \'ephemeral_1h_input_tokens\': 150}}, \'cache_read_input_tokens\': 1024, \'speed\': None}' } },
    step: { provider: 'anthropic', requestModel: 'claude-sonnet-4-5', responseModel: '', session: 'chat-1', usageFlags: [], usage: {
      'input.uncached': 276, 'input.cache_read': 1024, 'input.cache_write.5m': 50, 'input.cache_write.1h': 150, 'output.text': 50, 'output.reasoning': 10 } },
  },
  {
    who: 'LiteLLM proxy with Anthropic\'s own API', span: { name: 'litellm_request', scope: 'litellm', attributes: {
      'llm.request.type': 'anthropic_messages', 'gen_ai.system': '', 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.response.model': 'claude-sonnet-4-5',
      'litellm.model_group': 'claude', 'litellm.provider.model': 'anthropic/claude-sonnet-4-5', 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 4 } },
    step: { provider: 'anthropic', responseModel: 'claude-sonnet-4-5', usageFlags: ['usage_lossy'] },
  },
  {
    who: 'LiteLLM 1.108 with LITELLM_OTEL_V2 (captured): its own name for the model, for the cost and for who asks; a cache that is told is no lower bound',
    span: { name: 'chat house', scope: 'litellm', scopeVersion: '1.108.7', kind: 3, attributes: {
      'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.system': 'anthropic', 'gen_ai.conversation.id': 'chat-1',
      'gen_ai.request.model': 'house', 'gen_ai.response.model': 'house', 'gen_ai.response.id': 'chatcmpl-027c2dd3', 'litellm.call_type': 'acompletion',
      'litellm.provider.model': 'anthropic/claude-sonnet-4-5', 'litellm.cost.total': 0.004125, 'litellm.cost.input': 0.002535, 'litellm.cost.output': 0.00159,
      'litellm.metadata.user_api_key_end_user_id': 'ann', 'litellm.request.streaming': true, 'gen_ai.usage.input_tokens': 1060,
      'gen_ai.usage.output_tokens': 106, 'gen_ai.usage.cache_creation.input_tokens': 100, 'gen_ai.usage.cache_read.input_tokens': 300,
      'gen_ai.usage.prompt_tokens': 1060, 'gen_ai.usage.completion_tokens': 106, 'gen_ai.usage.total_tokens': 1166 } },
    step: { provider: 'anthropic', requestModel: 'claude-sonnet-4-5', responseModel: '', user: 'ann', session: 'chat-1', streaming: true,
      reportedCost: 4_125_000_000n, usageFlags: ['cache_ttl_unknown'],
      usage: { 'input.uncached': 660, 'input.cache_read': 300, 'input.cache_write.5m': 100, 'output.text': 106 } },
  },
  {
    who: 'LiteLLM 1.108 with LITELLM_OTEL_V2 (captured): the model that answered beside its own name for it',
    span: { name: 'chat house', scope: 'litellm', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'litellm.call_type': 'anthropic_messages',
      'gen_ai.request.model': 'house', 'gen_ai.response.model': 'claude-sonnet-4-5', 'litellm.provider.model': 'anthropic/claude-sonnet-4-5' } },
    step: { requestModel: 'house', responseModel: 'claude-sonnet-4-5' },
  },
  {
    who: 'LiteLLM 1.108 with LITELLM_OTEL_V2 (captured): two zeros are a stream that told no usage',
    span: { name: 'chat gpt-4.1', scope: 'litellm', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'litellm.call_type': 'acompletion',
      'gen_ai.request.model': 'gpt-4.1', 'gen_ai.response.model': 'gpt-4.1', 'litellm.provider.model': 'gpt-4.1', 'litellm.cost.total': 0,
      'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0, 'gen_ai.usage.total_tokens': 0 } },
    step: { requestModel: 'gpt-4.1', responseModel: 'gpt-4.1', usage: undefined, reportedCost: undefined },
  },
  {
    who: 'LiteLLM proxy\'s embedding (captured from 1.108.7)', span: { name: 'litellm_request', scope: 'litellm', attributes: {
      'gen_ai.operation.name': 'aembedding', 'llm.request.type': 'aembedding', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'text-embedding-3-small',
      'gen_ai.usage.input_tokens': 61, 'gen_ai.usage.total_tokens': 61 } },
    step: { role: 'embedding', usage: { 'input.uncached': 61 } },
  },
  {
    who: 'LangSmith passes LangChain\'s result on, which has the answer\'s id (captured from langsmith 0.15.1 and langchain-anthropic 1.7.10)',
    span: { name: 'ChatAnthropic', scope: 'langsmith', attributes: { 'langsmith.span.kind': 'llm', 'gen_ai.system': 'anthropic', 'gen_ai.completion':
      '{"generations":[[{"text":"Sun.","message":{"kwargs":{"content":"\\"id\\":\\"msg_forged\\"","response_metadata":{"id":"msg_01"}}}}]],"llm_output":{"id":"msg_01","usage":{}}}' } },
    step: { responseId: 'msg_01', callKeys: ['response:anthropic:msg_01'] },
  },
  {
    who: 'LangSmith with OpenAI: in the message alone',
    span: { name: 'ChatOpenAI', scope: 'langsmith', attributes: { 'langsmith.span.kind': 'llm', 'gen_ai.system': 'openai', 'gen_ai.completion':
      '{"generations":[[{"text":"","message":{"kwargs":{"content":"","id":"lc_run--1","response_metadata":{"id":"resp_7","model_name":"gpt-5"}}}}]],"llm_output":null}' } },
    step: { responseId: 'resp_7', callKeys: ['response:openai:resp_7'] },
  },
  {
    who: 'OpenInference passes LangChain\'s result on',
    span: { name: 'ChatAnthropic', scope: 'openinference.instrumentation.langchain', attributes: { 'openinference.span.kind': 'LLM', 'llm.provider': 'anthropic', 'output.value':
      '{"generations": [[{"text": "Sun.", "message": {"kwargs": {"response_metadata": {"id": "msg_02"}}}}]], "llm_output": {"id": "msg_02"}}' } },
    step: { responseId: 'msg_02' },
  },
  {
    who: 'a model that writes an id into what it calls a tool with has no answer of that id',
    span: { name: 'ChatAnthropic', scope: 'langsmith', attributes: { 'langsmith.span.kind': 'llm', 'gen_ai.completion':
      '{"generations":[[{"message":{"kwargs":{"tool_calls":[{"args":{"id":"msg_forged"}}],"response_metadata":{}}}}]],"llm_output":{"id":7}}' } },
    step: { responseId: '', callKeys: [] },
  },
  {
    who: 'LiteLLM that failed', span: { name: 'litellm_request', scope: 'litellm', status: 2,
      attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.response.id': 'ecf5596f-2016',
      'litellm.call_id': 'ecf5596f-2016' } },
    step: { responseId: '', callKeys: [] },
  },
  {
    who: 'an exception', span: { status: 2, statusMessage: 'boom', attributes: { 'gen_ai.operation.name': 'chat' },
      events: [{ name: 'exception', attributes: { 'exception.type': 'RateLimitError', 'exception.message': 'slow down' } }] },
    step: { errorType: 'RateLimitError', errorMessage: 'boom' },
  },
  { who: 'a finish reason in a choice event', span: { events: [{ name: 'gen_ai.choice',
    attributes: { finish_reason: 'end_turn' } }] }, step: { finishReasons: ['end_turn'] } },
  { who: 'a finish reason in a choice event of Azure\'s', span: { events: [{ name: 'gen_ai.choice',
    attributes: { 'gen_ai.event.content': '{"message": {"content": "Sun"}, "finish_reason": "length", "index": 0}' } }] }, step: { finishReasons: ['length'] } },
  {
    who: 'Azure AI Agents (captured from azure-ai-agents 1.1.0): every look at a run repeats what it used, under the run\'s id',
    span: { name: 'get_thread_run', scope: 'azure.core.tracing.ext.opentelemetry_span', attributes: {
      'gen_ai.system': 'az.ai.agents', 'gen_ai.operation.name': 'get_thread_run', 'gen_ai.thread.id': 'thread_1', 'gen_ai.agent.id': 'asst_1',
      'gen_ai.thread.run.id': 'run_1', 'gen_ai.thread.run.status': 'completed', 'gen_ai.response.model': 'gpt-4o-mini',
      'gen_ai.usage.input_tokens': 120, 'gen_ai.usage.output_tokens': 40,
    } },
    step: { role: 'model_call', provider: 'azure.ai.inference', session: 'thread_1', agent: 'asst_1', responseId: 'run_1',
      callKeys: ['response:azure.ai.inference:run_1'], usage: { 'input.uncached': 120, 'output.text': 40 } },
  },
  { who: 'Azure AI Agents: a list of steps has thread and run the other way round', span: { name: 'list_run_steps', attributes: {
    'gen_ai.system': 'az.ai.agents', 'gen_ai.operation.name': 'list_run_steps', 'gen_ai.thread.id': 'run_1', 'gen_ai.thread.run.id': 'thread_1' } },
    step: { role: 'control', session: '' } },
  { who: 'a handled exception is no error', span: { events: [{ name: 'exception', attributes: { 'exception.type': 'X' } }] },
    step: { errorType: '', errorMessage: '' } },
  { who: 'Ollama\'s answer ids are no identity', span: { attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.response.id': 'chatcmpl-417' } }, step: { responseId: 'chatcmpl-417', callKeys: [] } },
  { who: 'a gateway keeps the vendor\'s id', span: { attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openrouter', 'gen_ai.response.id': 'msg_01ABC' } },
    step: { callKeys: ['response:anthropic:msg_01ABC'] } },
  { who: 'Anthropic\'s SDK for Go tells how long what was written is kept, the tier and why it ended under keys of its own', span: {
    name: 'anthropic.messages.create', kind: 3, scope: 'com.anthropic.sdk.go', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30,
      'gen_ai.usage.cache_read.input_tokens': 50, 'gen_ai.usage.cache_write.input_tokens': 10,
      'anthropic.usage.cache_creation.ephemeral_5m_input_tokens': 4, 'anthropic.usage.cache_creation.ephemeral_1h_input_tokens': 6,
      'anthropic.response.service_tier': 'priority', 'anthropic.message.stop_reason': 'end_turn' } },
  step: { serviceTier: 'priority', finishReasons: ['end_turn'], usageFlags: [],
    usage: { 'input.uncached': 40, 'input.cache_read': 50, 'input.cache_write.5m': 4, 'input.cache_write.1h': 6, 'output.text': 30 } } },
  { who: 'Anthropic\'s SDK: what was used to sum up the history stands beside the answer\'s usage', span: { name: 'anthropic.messages.create', kind: 3,
    scope: 'com.anthropic.sdk.go', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 30, 'anthropic.usage.compaction.input_tokens': 900, 'anthropic.usage.compaction.output_tokens': 70 } },
  step: { usage: { 'input.uncached': 1000, 'output.text': 100 } } },
  { who: 'Koog: a call to Claude', span: { name: 'chat claude-sonnet-4-5', kind: 3, scope: 'weather', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'claude-sonnet-4-5',
    'gen_ai.response.finish_reasons': '[tool_calls]', 'gen_ai.response.metadata': '{"cacheCreationInputTokens":10,"cacheReadInputTokens":50}',
    'gen_ai.usage.input_tokens': 40, 'gen_ai.usage.output_tokens': 30, 'koog.event.id': 'e1' } },
  step: { dialect: 'koog', role: 'model_call', finishReasons: ['tool_calls'],
    usage: { 'input.uncached': 40, 'input.cache_read': 50, 'input.cache_write.5m': 10, 'output.text': 30 } } },
  { who: 'Koog: a call to OpenAI, whose cache and thoughts it leaves out', span: { name: 'chat gpt-5', kind: 3, attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30,
    'koog.event.id': 'e1' } }, step: { usage: { 'input.uncached': 100, 'output.text': 30 }, usageFlags: ['usage_lossy'] } },
  { who: 'Koog: a stream that told no usage', span: { name: 'chat gpt-5', kind: 3, attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai',
    'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0, 'koog.event.id': 'e1' } }, step: { usage: undefined } },
  { who: 'Koog: an agent, whose usage is that of its whole history', span: { name: 'invoke_agent planner', kind: 3, attributes: {
    'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.id': 'planner', 'gen_ai.usage.input_tokens': 200, 'gen_ai.usage.output_tokens': 60,
    'koog.event.id': 'r1' } }, step: { role: 'agent', agent: 'planner', usageCumulative: true } },
  { who: 'Koog: a node of an agent\'s graph', span: { name: 'node nodeCallLLM', attributes: { 'koog.node.id': 'nodeCallLLM', 'koog.event.id': 'n1' } },
    step: { dialect: 'koog', role: 'step' } },
  { who: 'Koog: a tool', span: { name: 'execute_tool weather', attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.provider.name': 'koog',
    'gen_ai.tool.name': 'weather', 'koog.event.id': 't1' } }, step: { role: 'tool', provider: '' } },
  { who: 'AgentScope: a call', span: { name: 'chat gpt-5', parent: '01', scope: 'agentscope-java', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30, 'gen_ai.response.finish_reasons': ['stop'],
    'agentscope.function.name': 'OpenAIChatModel.callModel' } },
  step: { dialect: 'agentscope', usage: { 'input.uncached': 100, 'output.text': 30 }, usageFlags: ['usage_lossy'], errorType: '' } },
  { who: 'AgentScope: a call that failed has its exception, zeros and an id of its own', span: { name: 'chat gpt-5', parent: '01', scope: 'agentscope-java',
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0,
      'gen_ai.response.id': '6151ea32-15ed-464f-8d12-a8217d4f4558', 'agentscope.function.name': 'OpenAIChatModel.callModel' },
    events: [{ name: 'exception', attributes: { 'exception.type': 'io.agentscope.core.model.ModelException' } }] },
  step: { role: 'model_call', usage: undefined, errorType: 'io.agentscope.core.model.ModelException', responseId: '', callKeys: [] } },
  { who: 'Rig: a call to Claude, whose cache is in its input', span: { name: 'chat', parent: '01', scope: 'weather', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30, 'gen_ai.request.stream': false,
    'gen_ai.usage.cache_read.input_tokens': 50, 'gen_ai.usage.cache_creation.input_tokens': 10, 'rig.provider_request_id': 'req_1' } },
  step: { dialect: 'rig', callKeys: ['request:req_1'], usageFlags: ['cache_ttl_unknown'],
    usage: { 'input.uncached': 40, 'input.cache_read': 50, 'input.cache_write.5m': 10, 'output.text': 30 } } },
  { who: 'Rig: a call that failed', span: { name: 'chat', parent: '01', scope: 'weather', attributes: { 'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5', 'gen_ai.request.stream': false, 'rig.completion_parent': true } },
  step: { role: 'model_call', errorType: '_OTHER' } },
  { who: 'Semantic Kernel for .NET', span: { name: 'chat.completions gpt-4o', kind: 3, scope: 'Microsoft.SemanticKernel.Diagnostics', attributes: {
    'gen_ai.operation.name': 'chat.completions', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o', 'server.address': 'https://api.openai.com/v1',
    'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 5, 'gen_ai.response.id': 'chatcmpl-abc', 'gen_ai.response.finish_reason': '["N/A"]' } },
  step: { role: 'model_call', provider: 'openai', finishReasons: [], callKeys: ['response:openai:chatcmpl-abc'], usage: { 'input.uncached': 9, 'output.text': 5 } } },
  { who: 'Semantic Kernel for .NET, older: what is not there is N/A and -1', span: { name: 'chat.completions gpt-4o', scope: 'Microsoft.SemanticKernel.Diagnostics', attributes: {
    'gen_ai.operation.name': 'chat.completions', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.prompt_tokens': 9,
    'gen_ai.response.completion_tokens': -1, 'gen_ai.response.id': 'N/A' } },
  step: { role: 'model_call', responseId: '', callKeys: [], usage: { 'input.uncached': 9 }, usageFlags: ['usage_invalid'] } },
  { who: 'Microsoft.Extensions.AI: a call', span: { name: 'chat gpt-5', kind: 3, scope: 'Experimental.Microsoft.Extensions.AI', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30,
    'gen_ai.usage.cache_read.input_tokens': 60, 'gen_ai.usage.reasoning.output_tokens': 12, 'gen_ai.response.finish_reasons': '["stop"]' } },
  step: { role: 'model_call', finishReasons: ['stop'], usageFlags: [],
    usage: { 'input.uncached': 40, 'input.cache_read': 60, 'output.text': 18, 'output.reasoning': 12 } } },
  { who: 'Microsoft.Extensions.AI: a call to Claude, whose cache writes have no key', span: { name: 'chat claude-sonnet-4-5', kind: 3,
    scope: 'Experimental.Microsoft.Agents.AI', attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic',
      'gen_ai.usage.input_tokens': 40, 'gen_ai.usage.output_tokens': 30, 'gen_ai.usage.cache_read.input_tokens': 50 } },
  step: { usageFlags: ['cache_write_hidden'], usage: { 'input.uncached': 40, 'input.cache_read': 50, 'output.text': 30 } } },
  { who: 'Microsoft.Extensions.AI: around the tools', span: { name: 'orchestrate_tools', scope: 'Experimental.Microsoft.Extensions.AI',
    attributes: { 'gen_ai.operation.name': 'orchestrate_tools' } }, step: { role: 'step' } },
  { who: 'Genkit for Go with Claude, whose cache it leaves out', span: { name: 'anthropic/claude-sonnet-4-5', scope: 'genkit-tracer', attributes: {
    'genkit:type': 'action', 'genkit:metadata:subtype': 'model', 'genkit:name': 'anthropic/claude-sonnet-4-5',
    'genkit:output': '{"finishReason":"stop","message":{"content":[{"text":"Hi"}],"role":"model"},"usage":{"inputTokens":40,"outputTokens":30}}' } },
  step: { provider: 'anthropic', usage: { 'input.uncached': 40, 'output.text': 30 }, usageFlags: ['usage_lossy'] } },
  { who: 'Quarkus: a call', span: { name: 'completion gpt-5', parent: '01', scope: 'io.quarkus.opentelemetry', attributes: { 'gen_ai.request.model': 'gpt-5',
    'gen_ai.response.model': 'gpt-5-2025', 'gen_ai.response.id': 'chatcmpl-abc', 'gen_ai.response.finish_reasons': 'STOP', 'gen_ai.usage.prompt_tokens': 100,
    'gen_ai.usage.completion_tokens': 30, 'gen_ai.client.estimated_cost': '0.00125USD' } },
  step: { dialect: 'quarkus', role: 'model_call', finishReasons: ['STOP'], usage: { 'input.uncached': 100, 'output.text': 30 }, usageFlags: ['usage_lossy'],
    reportedCost: 1_250_000_000n } },
  { who: 'Quarkus: a call that failed', span: { name: 'completion gpt-5', parent: '01', scope: 'io.quarkus.opentelemetry', attributes: {
    'gen_ai.request.model': 'gpt-5', 'gen_ai.request.top_p': 0 }, events: [{ name: 'exception', attributes: { 'exception.type': 'dev.langchain4j.exception.HttpException' } }] },
  step: { role: 'model_call', errorType: 'dev.langchain4j.exception.HttpException', usage: undefined } },
  { who: 'Quarkus: a tool that failed', span: { name: 'langchain4j.tools.weather', parent: '01', scope: 'io.quarkus.opentelemetry', attributes: {
    'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'weather' }, events: [{ name: 'exception', attributes: { 'exception.type': 'java.io.IOException' } }] },
  step: { role: 'tool', tool: 'weather', errorType: 'java.io.IOException' } },
  { who: 'Quarkus: what has nothing to do with models', span: { name: 'GET /', kind: 2, scope: 'io.quarkus.opentelemetry', attributes: { 'http.request.method': 'GET' } },
    step: { role: 'span', usage: undefined, usageFlags: [] } },
  { who: 'RubyLLM: a call, whose input has the cache whichever provider answered', span: { name: 'chat claude-sonnet-4-5', kind: 3, scope: 'ruby_llm', attributes: {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic', 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 30,
    'gen_ai.usage.cache_read.input_tokens': 50 } }, step: { usageFlags: [], usage: { 'input.uncached': 50, 'input.cache_read': 50, 'output.text': 30 } } },
  { who: 'RubyLLM: a step of a workflow', span: { name: 'ruby_llm.workflow_step draft', parent: '01', scope: 'ruby_llm', attributes: {
    'gen_ai.workflow.name': 'Article', 'ruby_llm.workflow.step.name': 'draft' } }, step: { role: 'step', workflow: 'Article' } },
  { who: 'the host bills', span: { attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai',
    'server.address': 'api.groq.com' } }, step: { provider: 'groq' } },
]

function argumentsHashOf(text: string): string {
  return interpret(literalSpan({ attributes: { 'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.call.arguments': text } })).toolArgumentsHash
}

for (const { who, span, step } of rows) {
  test(who, () => {
    const actual = interpret(literalSpan(span))
    assert.deepEqual(Object.fromEntries(Object.keys(step).map((field) => [field, actual[field as keyof Step]])), step)
  })
}

test('arguments hash alike when they are alike', () => {
  assert.match(argumentsHashOf('{"a":1}'), /^[0-9a-f]{16}$/)
  assert.equal(argumentsHashOf('{"a":{"c":1,"d":[1,2]},"b":2}'), argumentsHashOf(' { "b": 2, "a": {"d": [1, 2], "c": 1} }'))
  assert.notEqual(argumentsHashOf('{"a":1}'), argumentsHashOf('{"a":2}'))
  assert.notEqual(argumentsHashOf('[1,2]'), argumentsHashOf('[2,1]'))
  assert.equal(argumentsHashOf(''), '')
})

test('finish reasons: a list, JSON text, or a word', () => {
  const of = (reasons: AttributeValue) => interpret({ ...literalSpan({}), attributes: new Map([['gen_ai.response.finish_reasons',
    reasons]]) }).finishReasons
  assert.deepEqual(of(['stop', 'length']), ['stop', 'length'])
  assert.deepEqual(of('"stop"'), ['stop'])
  assert.deepEqual(of('"[\\"stop\\"]"'), ['stop'])
  assert.deepEqual(of('STOP'), ['STOP'])
  assert.deepEqual(of([1n, null, '']), [])
  assert.equal(of(Array.from({ length: 500 }, () => 'x'.repeat(500))).length, 16)
})

test('versions compare by numbers', () => {
  assert.equal(isBelow('0.9.1', '0.27.0'), true)
  assert.equal(isBelow('v1.2', '1.2.0'), false)
  assert.equal(isBelow('', '1.0.0'), false)
  assert.equal(isBelow('1.3b0', '1.4.0'), true)
})

test('what the tables name and no span carries', (t) => {
  for (const [row, why] of [
    ['T5-T7, T10-T14, T18, T24, T26-T28', 'vectors over several spans: account.test.ts'],
    ['T19, T20, T22', 'vectors over log records: collector/derive/derive-log.test.ts'],
    ['gen_ai.client.token.usage, claude_code.token.usage …', 'metrics never enter the ledger'],
    ['Copilot edit.feedback, Gemini CLI conseca.verdict', 'log events that name no call they are about: stored, no step'],
    ['OpenInference annotations, LangSmith feedback, Langfuse scores', 'sent to APIs of their own, not as spans'],
    ['Vercel tool approval parts', 'parts of messages: content, shown as they are'],
    ['Agent Framework edge_group.delivery_status', 'routing of a message, no verdict on it'],
    ['Vercel functionId as the workflow', 'it names the agent; a workflow of the same name would say it twice'],
    ['pydantic-ai tool.failure_stage, LangSmith finish reasons inside generations',
      'kept as attributes and content; the step already says that it failed'],
    ['tenant, project, environment', 'the ingest key and the resource decide, not the step'],
    ['request parameters, tool definitions, prompt names', 'attributes that are kept and searched, no field of a step'],
  ] as const) t.diagnostic(`${row}: ${why}`)
})

const hostile: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 },
    fc.string(), fc.constantFrom('', '-1', '1e400', 'NaN', '{', '[[', '{"input":-5}', '"', '__proto__', '\ud800',
      'x'.repeat(5000)), fc.bigInt(), fc.double(), fc.boolean(),
    fc.constant(null), fc.uint8Array({ maxLength: 8 }), fc.json(), fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'),
      { maxKeys: 3 }).map((object) => new KeyValueList(new Map(Object.entries(object))))),
})).value

const allKeys = [...new Set(detection.flatMap(([dialect]) => Object.values(dialect.keys).flat()))]
const scopes = ['', 'ai', 'gen_ai', 'codex_exec', 'pydantic-ai', 'logfire.claude', 'strands.x', 'gcp.vertex.agent', 'litellm',
  'openinference.instrumentation.smolagents']
const anySpan = fc.record({
  entries: fc.array(fc.tuple(fc.oneof(fc.constantFrom(...allKeys), fc.constantFrom('gen_ai.operation.name',
    'gen_ai.provider.name', '__proto__'), fc.string()), hostile), { maxLength: 14 }),
  name: fc.oneof(fc.string(), fc.constantFrom('chat m', 'invoke_agent x', 'claude_code.tool', 'ai.embed', 'execute_tool')),
  scope: fc.constantFrom(...scopes), version: fc.oneof(fc.string(), fc.constant('1.2.3')), status: fc.constantFrom(0, 1, 2),
})

test('whatever comes, interpret answers with a step of known words and honest numbers', () => {
  fc.assert(fc.property(anySpan, ({ entries, name, scope, version, status }) => {
    const base = literalSpan({ name, scope, scopeVersion: version, status, events: [{ name: 'exception' }] })
    const step = interpret({ ...base, attributes: new Map(entries), events: [{ ...(base.events[0] as (typeof base.events)[0]),
      attributes: new Map(entries) }] })
    assert.ok(roles.includes(step.role))
    for (const flag of step.usageFlags) assert.ok(usageFlags.includes(flag))
    assert.equal(new Set(step.usageFlags).size, step.usageFlags.length)
    for (const [meter, count] of Object.entries(step.usage ?? {})) {
      assert.ok((meters as readonly string[]).includes(meter) && Number.isSafeInteger(count) && count > 0)
    }
    assert.ok(step.reportedCost === undefined || step.reportedCost >= 0n)
    assert.ok(step.timeToFirstTokenMs === undefined || step.timeToFirstTokenMs >= 0)
    for (const text of [step.agent, step.session, step.user, step.requestModel, step.tool, step.provider,
      step.dialect]) assert.ok(typeof text === 'string' && text.length <= 1024)
  }), { numRuns: 400 })
})

test('the order of attributes changes nothing', () => {
  fc.assert(fc.property(anySpan, fc.infiniteStream(fc.nat()), ({ entries, name, scope, version, status }, numbers) => {
    const attributes = new Map(entries)
    const shuffled = [...attributes].map((entry) => [numbers.next().value, entry] as const).sort(([a], [b]) => a - b).map(([,
      entry]) => entry)
    const base = literalSpan({ name, scope, scopeVersion: version, status })
    assert.deepEqual(interpret({ ...base, attributes: new Map(shuffled) }), interpret({ ...base, attributes }))
  }), { numRuns: 150 })
})
