import assert from 'node:assert/strict'
import test from 'node:test'
import type { Role } from './facts.ts'
import { interpret } from './interpret.ts'
import { type LiteralSpan, literalSpan } from './literal-span.ts'
import { kindRoles, operationRoles } from './role.ts'

const roleOf = (span: LiteralSpan): Role => interpret(literalSpan(span)).role

for (const [operation, role] of Object.entries(operationRoles)) {
  test(`operation ${operation} is ${role}`, () => assert.equal(roleOf({ attributes: { 'gen_ai.operation.name': operation } }),
    role))
}

/** Which attribute carries each word, as somebody sends it. */
const kinds: readonly (readonly [key: string, values: readonly (readonly [string, Role])[]])[] = [
  ['openinference.span.kind', [
    ['LLM', 'model_call'], ['EMBEDDING', 'embedding'], ['CHAIN', 'span'], ['RETRIEVER', 'retrieval'], ['RERANKER', 'retrieval'],
      ['TOOL', 'tool'],
    ['AGENT', 'agent'], ['GUARDRAIL', 'guardrail'], ['EVALUATOR', 'evaluation'], ['PROMPT', 'span'], ['UNKNOWN', 'span'],
  ]],
  ['traceloop.span.kind', [['workflow', 'workflow'], ['task', 'step'], ['agent', 'agent'], ['tool', 'tool'], ['handoff',
    'handoff'], ['unknown', 'span']]],
  ['llm.request.type', [['chat', 'model_call'], ['completion', 'model_call'], ['embedding', 'embedding'], ['rerank', 'retrieval']]],
  ['langfuse.observation.type', [
    ['span', 'span'], ['generation', 'model_call'], ['event', 'span'], ['agent', 'agent'], ['tool', 'tool'], ['chain', 'span'],
    ['retriever', 'retrieval'], ['embedding', 'embedding'], ['evaluator', 'evaluation'], ['guardrail', 'guardrail'],
  ]],
  ['langsmith.span.kind', [
    ['llm', 'model_call'], ['chain', 'span'], ['tool', 'tool'], ['retriever', 'retrieval'], ['embedding', 'embedding'], ['prompt',
      'span'], ['parser', 'span'],
  ]],
  ['mlflow.spanType', [
    ['"LLM"', 'model_call'], ['"CHAT_MODEL"', 'model_call'], ['"AGENT"', 'agent'], ['"TOOL"', 'tool'], ['"CHAIN"', 'span'],
      ['"RETRIEVER"', 'retrieval'],
    ['"EMBEDDING"', 'embedding'], ['"RERANKER"', 'retrieval'], ['"PARSER"', 'span'], ['"EVALUATOR"', 'evaluation'],
      ['"GUARDRAIL"', 'guardrail'],
    ['"MEMORY"', 'memory'],
  ]],
  ['mastra.span.type', [
    ['AGENT_RUN', 'agent'], ['MODEL_INFERENCE', 'model_call'], ['MODEL_STEP', 'step'], ['MODEL_CHUNK', 'step'], ['TOOL_CALL',
      'tool'],
    ['MCP_TOOL_CALL', 'tool'], ['PROVIDER_TOOL_CALL', 'tool'], ['WORKFLOW_RUN', 'workflow'], ['WORKFLOW_STEP', 'step'],
      ['RAG_EMBEDDING', 'embedding'],
  ]],
  ['lmnr.span.type', [['LLM', 'model_call'], ['TOOL', 'tool'], ['DEFAULT', 'span'], ['EVALUATOR', 'evaluation']]],
]
for (const [key, values] of kinds) {
  for (const [value, role] of values) test(`${key} ${value} is ${role}`, () => assert.equal(roleOf({ parent: '01',
    attributes: { [key]: value } }), role))
}

for (const [operation, role] of [
  ['ai.generateText', 'agent'], ['ai.streamText', 'agent'], ['ai.generateObject', 'agent'], ['ai.streamObject', 'agent'],
    ['ai.embed', 'agent'],
  ['ai.embedMany', 'agent'], ['ai.rerank', 'agent'], ['ai.generateText.doGenerate', 'model_call'], ['ai.streamText.doStream',
    'model_call'],
  ['ai.generateObject.doGenerate', 'model_call'], ['ai.streamObject.doStream', 'model_call'], ['ai.embed.doEmbed', 'embedding'],
  ['ai.embedMany.doEmbed', 'embedding'], ['ai.rerank.doRerank', 'retrieval'], ['ai.toolCall', 'tool'],
] as const) {
  test(`ai.operationId ${operation} is ${role}`, () => assert.equal(roleOf({ attributes: { 'ai.operationId': operation } }), role))
}

for (const [method, role] of [
  ['tools/call', 'tool'], ['sampling/createMessage', 'control'], ['tools/list', 'mcp_control'], ['initialize', 'mcp_control'],
  ['resources/read', 'mcp_control'], ['notifications/progress', 'mcp_control'],
] as const) {
  test(`MCP ${method} is ${role}`, () => assert.equal(roleOf({ attributes: { 'mcp.method.name': method } }), role))
}

const trees: readonly (readonly [why: string, span: LiteralSpan, role: Role])[] = [
  ['a chain that starts the trace is the workflow', { name: 'LangGraph', attributes: { 'openinference.span.kind': 'CHAIN' } },
    'workflow'],
  ['a LangGraph node is a step', {
    name: 'planner', parent: '01', attributes: { 'openinference.span.kind': 'CHAIN', metadata: '{"langgraph_node":"planner"}' },
  }, 'step'],
  ['a LangSmith node is a step', {
    parent: '01', attributes: { 'langsmith.span.kind': 'chain', 'langsmith.metadata.langgraph_node': 'planner' },
  }, 'step'],
  ['smolagents steps are numbered', { name: 'Step 2', parent: '01', attributes: { 'openinference.span.kind': 'CHAIN' } }, 'step'],
  ['CrewAI under Traceloop: the type beats invoke_agent', {
    attributes: { 'traceloop.span.kind': 'task', 'gen_ai.operation.name': 'invoke_agent' },
  }, 'step'],
  ['elsewhere the operation beats a general type', { attributes: { 'langfuse.observation.type': 'span',
    'gen_ai.operation.name': 'invoke_agent' } }, 'agent'],
  ['a specific type beats the operation', { attributes: { 'openinference.span.kind': 'AGENT', 'gen_ai.operation.name': 'plan' } },
    'agent'],
  ['a handoff is no tool: OpenAI Agents', { name: 'handoff to Refunds', attributes: { 'openinference.span.kind': 'TOOL' } },
    'handoff'],
  ['a handoff is no tool: transfer_to_*', { attributes: { 'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'transfer_to_billing' } }, 'handoff'],
  ['a handoff is no tool: handoff_to_*', { attributes: { 'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'handoff_to_agent' } }, 'handoff'],
  ['a handoff by its target', { attributes: { 'gen_ai.handoff.to_agent': 'billing' } }, 'handoff'],
  ['a handoff by a LangGraph command', { attributes: { 'gen_ai.operation.name': 'goto', 'langgraph.command.goto_node': 'b' } },
    'handoff'],
  ['a handoff by delegation', { attributes: { 'agent.delegation.to': 'b' } }, 'handoff'],
  ['by name: ADK before operations', { name: 'agent_run [greeter]', scope: 'gcp.vertex.agent' }, 'agent'],
  ['by name: ADK invocation', { name: 'invocation', scope: 'gcp.vertex.agent' }, 'workflow'],
  ['by name: ADK model call', { name: 'call_llm', scope: 'gcp.vertex.agent' }, 'model_call'],
  ['by name: pydantic-ai 2', { name: 'agent run', scope: 'pydantic-ai' }, 'agent'],
  ['by name: pydantic-ai 2 tools', { name: 'running tool', scope: 'pydantic-ai', attributes: { 'gen_ai.tool.name': 'add' } },
    'tool'],
  ['by name: pydantic-ai 2 tool batch', { name: 'running 2 tools', scope: 'pydantic-ai' }, 'step'],
  ['by name: Agent Framework', { name: 'executor.process writer', scope: 'agent_framework' }, 'step'],
  ['by name: Agent Framework run', { name: 'workflow.run', scope: 'agent_framework' }, 'workflow'],
  ['by name: AutoGen', { name: 'autogen process writer.(a)-A', scope: 'autogen-core' }, 'step'],
  ['by name: AutoGen', { name: 'autogen send writer.(a)-A', scope: 'autogen-core' }, 'control'],
  ['by name: Anthropic server tool', { name: 'anthropic.tool_use bash', scope: 'com.anthropic.claude-platform' }, 'tool'],
  ['counting tokens asks no model', {
    name: 'anthropic.messages.count_tokens', kind: 3, scope: 'com.anthropic.sdk.python',
    attributes: { 'gen_ai.provider.name': 'anthropic', 'gen_ai.request.model': 'claude-haiku-4-5', 'http.request.method': 'POST' },
  }, 'io'],
  ['by a tool name', { attributes: { 'gen_ai.tool.name': 'add' } }, 'tool'],
  ['by model and usage', { attributes: { 'gen_ai.request.model': 'm', 'gen_ai.usage.input_tokens': 1 } }, 'model_call'],
  ['by model and response id', { attributes: { 'gen_ai.request.model': 'm', 'gen_ai.response.id': 'r' } }, 'model_call'],
  ['by the name of the conventions, of a call that failed', { name: 'chat gpt-4o', kind: 3, status: 2 }, 'model_call'],
  ['by the name of the conventions, of an embedding that failed', { name: 'embeddings m', kind: 3, status: 2 }, 'embedding'],
  ['such a name alone is no call', { name: 'chat room', kind: 3 }, 'span'],
  ['nor is transport', { name: 'chat room', kind: 3, status: 2, attributes: { 'rpc.system': 'grpc' } }, 'io'],
  ['an embedding by name', { name: 'embeddings_v1_embeddings_post', kind: 3, attributes: { 'gen_ai.request.model': 'mistral-embed',
    'gen_ai.usage.prompt_tokens': 14 } }, 'embedding'],
  ['a model alone is no call', { attributes: { 'gen_ai.request.model': 'm' } }, 'span'],
  ['transport', { kind: 3, attributes: { 'http.request.method': 'POST' } }, 'io'],
  ['an HTTP server', { kind: 2, attributes: { 'http.request.method': 'POST' } }, 'span'],
  ['Claude Code turn', { name: 'claude_code.interaction' }, 'turn'],
  ['Claude Code call', { name: 'claude_code.llm_request' }, 'model_call'],
  ['Claude Code tool', { name: 'claude_code.tool', attributes: { tool_name: 'Bash' } }, 'tool'],
  ['Claude Code waiting for a person', { name: 'claude_code.tool.blocked_on_user' }, 'guardrail'],
  ['Claude Code execution is part of its tool', { name: 'claude_code.tool.execution' }, 'io'],
  ['Claude Code hook', { name: 'claude_code.hook' }, 'control'],
  ['Codex: most spans are its own', { name: 'fs.read_file', scope: 'codex_exec', attributes: { tool_name: 'x' } }, 'span'],
  ['Codex turn', { name: 'session_task.turn', scope: 'codex_exec', attributes: { 'codex.turn.token_usage.input_tokens': 3 } },
    'turn'],
  ['Codex call', { name: 'handle_responses', scope: 'codex_exec', attributes: { 'gen_ai.usage.input_tokens': 3 } }, 'model_call'],
  ['Codex tool', { name: 'exec_command', scope: 'codex_exec', attributes: { tool_name: 'exec_command', call_id: 'c',
    tool_source: 'direct' } }, 'tool'],
  ['a type nobody knows falls through to the operation', { attributes: { 'openinference.span.kind': 'NEW',
    'gen_ai.operation.name': 'chat' } }, 'model_call'],
  ['nothing', {}, 'span'],
]
for (const [why, span, role] of trees) test(`${why}: ${role}`, () => assert.equal(roleOf(span), role))

test('no word of the tables is inherited from Object', () => {
  for (const word of ['constructor', '__proto__', 'toString']) {
    assert.equal(roleOf({ attributes: { 'gen_ai.operation.name': word } }), 'span')
    assert.equal(roleOf({ attributes: { 'openinference.span.kind': word, 'mcp.method.name': word } }), 'mcp_control')
  }
})

test('every kind in the table is in lower case, so that folding finds it', () => {
  for (const kind of Object.keys(kindRoles)) assert.equal(kind, kind.toLowerCase())
})
