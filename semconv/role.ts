import type { SpanRecord } from './attributes.ts'
import type { Role } from './facts.ts'
import { remembered } from './memo.ts'
import type { Reading } from './reading.ts'

/**
 * `gen_ai.operation.name` and what it is: the enum of registry.yaml@e9de14ba, `handle_conversation_turn`
 * of #571, `run_guardrail` of #427, and values that real emitters add.
 */
export const operationRoles: Readonly<Record<string, Role>> = {
  chat: 'model_call', generate_content: 'model_call', text_completion: 'model_call', embeddings: 'embedding',
  // A poll of a background answer: it tells usage that the original call told already.
  fetch_response: 'control',
  retrieval: 'retrieval', create_agent: 'control', invoke_agent: 'agent', invoke_workflow: 'workflow',
  handle_conversation_turn: 'turn', plan: 'plan', execute_tool: 'tool',
  search_memory: 'memory', create_memory: 'memory', update_memory: 'memory', upsert_memory: 'memory', delete_memory: 'memory',
  create_memory_store: 'memory', delete_memory_store: 'memory',
  run_guardrail: 'guardrail', apply_guardrail: 'guardrail', guard: 'guardrail', 'guardrail.run': 'guardrail',
  // Vercel, OpenInference
  rerank: 'retrieval', agent_step: 'step',
  // Strands
  execute_event_loop_cycle: 'step', invoke_swarm: 'workflow', invoke_graph: 'workflow',
  // Traceloop
  execute_task: 'step', goto: 'handoff', handoff: 'handoff', vector_db_retrieve: 'retrieval',
  realtime: 'model_call', llm_request: 'model_call', completion: 'model_call', generate: 'model_call', embedding: 'embedding',
  // RubyLLM
  ocr: 'model_call', moderation: 'guardrail', judgment: 'evaluation',
  // Rig, ReqLLM, RubyLLM
  transcription: 'model_call', speech: 'model_call', image_generation: 'model_call', audio_generation: 'model_call',
  // Microsoft.Extensions.AI: around the calls and the tools of one answer
  orchestrate_tools: 'step',
  // Patronus (0.1.26 on PyPI, from its source: a run of it showed neither)
  evaluation: 'evaluation',
  // Semantic Kernel for .NET
  'chat.completions': 'model_call', 'text.completions': 'model_call',
  // Azure AI Agents
  create_thread: 'control', create_message: 'control', list_messages: 'control', list_run_steps: 'control',
  // Langtrace
  embed: 'embedding',
  // LiteLLM's proxy
  aembedding: 'embedding', arerank: 'retrieval',
  // Gemini CLI
  llm_call: 'model_call', tool_call: 'tool', agent_call: 'agent', user_prompt: 'turn', system_prompt: 'control',
  schedule_tool_calls: 'control',
  // Mastra 0.24 with @mastra/otel-exporter 0.3, captured
  'agent.run': 'agent', 'model.step': 'step', 'model.chunk': 'step', 'tool.execute': 'tool', 'workflow.run': 'workflow',
  'workflow.step': 'step',
}

/**
 * The words instrumentations use for a span's type, in lower case. One table for all of them: where two use a word, they
 * mean the same.
 */
export const kindRoles: Readonly<Record<string, Role>> = {
  // OpenInference, MLflow, LangSmith, Laminar
  llm: 'model_call', chat_model: 'model_call', completion: 'model_call', embedding: 'embedding', retriever: 'retrieval',
  reranker: 'retrieval',
  rerank: 'retrieval', tool: 'tool', agent: 'agent', guardrail: 'guardrail', evaluator: 'evaluation', evaluation: 'evaluation', eval: 'evaluation',
  human_evaluator: 'evaluation', executor: 'step', memory: 'memory', chain: 'span', prompt: 'span', parser: 'span',
  unknown: 'span', default: 'span',
  // AgentOps; its enum as Python prints it
  session: 'workflow', operation: 'step', 'agentopsspankindvalues.tool': 'tool',
  // LangWatch
  rag: 'retrieval', component: 'span', module: 'span',
  // Langfuse
  generation: 'model_call', span: 'span', event: 'span',
  // Traceloop
  workflow: 'workflow', task: 'step', handoff: 'handoff', chat: 'model_call',
  // Mastra
  agent_run: 'agent', model_generation: 'model_call', llm_generation: 'model_call', model_step: 'step',
  model_inference: 'model_call', model_chunk: 'step',
  llm_step: 'step', llm_chunk: 'step', tool_call: 'tool', mcp_tool_call: 'tool', provider_tool_call: 'tool',
  client_tool_call: 'tool',
  workflow_run: 'workflow', workflow_step: 'step', workflow_conditional: 'step', workflow_conditional_eval: 'step',
  workflow_parallel: 'step',
  workflow_loop: 'step', workflow_sleep: 'step', workflow_wait_event: 'step', rag_embedding: 'embedding',
  rag_retrieval: 'retrieval',
  memory_operation: 'memory', scorer_run: 'evaluation', processor_run: 'span', generic: 'span',
  // OpenAI Agents
  function: 'tool', response: 'model_call', transcription: 'model_call', speech: 'model_call', turn: 'turn',
  mcp_tools: 'mcp_control', custom: 'span',
  // Spring AI
  vector_store: 'retrieval',
  // LoongSuite, traceAI
  entry: 'workflow', step: 'step', vector_db: 'retrieval',
  // Genkit
  model: 'model_call', 'background-model': 'model_call', embedder: 'embedding', 'tool.v2': 'tool', flow: 'workflow', flowstep: 'step',
  util: 'step', 'check-operation': 'control', 'cancel-operation': 'control', 'agent-snapshot': 'control', 'agent-abort': 'control',
}

/** Types so general that a GenAI operation on the same span says more. */
const genericKinds: ReadonlySet<string> = new Set(['chain', 'span', 'unknown', 'default', 'generic', 'custom', 'prompt', 'event',
  'task', 'workflow'])
/** CrewAI under Traceloop calls both its agents and its tasks `invoke_agent`: there the type is right. */
const kindsAboveAgent: ReadonlySet<string> = new Set(['task', 'workflow'])

/** `tools/call` runs a tool; `sampling/createMessage` asks the client for a model call, whose own span lies below. */
const mcpRoles: Readonly<Record<string, Role>> = { 'tools/call': 'tool', 'sampling/createMessage': 'control' }

/** First words of span names, for spans that carry nothing better. */
const nameRoles: readonly (readonly [RegExp, Role])[] = [
  [/^handoff to |^transfer_to_|\.handoff$/, 'handoff'],
  [/^(?:invoke_agent|agent_run|agent run)\b/, 'agent'],
  [/^invoke_workflow\b|^invocation$/, 'workflow'],
  [/^(?:execute_tool|running tool:?)(?: |$)/, 'tool'],
  [/^running tools$|^running \d+ tools?$/, 'step'],
  [/^call_llm$/, 'model_call'],
  [/^(?:step \d+|Step \d+|execute_agent_loop_cycle)$|^ruby_llm\.workflow_step\b/, 'step'],
  [/^create_agent\b/, 'control'],
  // Azure's SDK for inference traces chats in full, and of an embedding that there was one (azure-ai-inference 1.0.0b9, captured).
  [/^EmbeddingsClient\.embed$/, 'embedding'],
]

const roleOfName = remembered((name: string): Role | 'none' => nameRoles.find(([pattern]) => pattern.test(name))?.[1] ?? 'none')

/** `openai.embeddings`, `OpenAI.embeddings`, `cohere.embed`; Mistral's SDK says `embeddings_v1_embeddings_post` */
const isEmbedding = remembered((name: string): boolean => /^[a-z]+\.embed(?:dings?)?$|^embeddings_/i.test(name))

/**
 * `chat gpt-4o`, `embeddings m`, as the conventions name a call, of a span that failed: who sets attributes when the answer
 * is there (OpenLIT with Anthropic) sets none then.
 */
export function callName(span: SpanRecord): { readonly role: Role; readonly model: string } | undefined {
  if (span.statusCode !== 2 || span.kind !== 3) return undefined
  const [, operation = '', model = ''] = /^(chat|text_completion|generate_content|embeddings) (\S{1,256})$/.exec(span.name) ?? []
  const role = roleOfOperation(operation)
  return role === undefined ? undefined : { role, model }
}

/** `transfer_to_billing`, `handoff_to_x`, ADK's `transfer_to_agent`: control moves, nothing is executed. */
export const isHandoffTool = remembered((tool: string): boolean => /^(?:transfer_to_|handoff_to_|handoff to )/.test(tool))

/** By the first rule that fits. */
export function roleOf(reading: Reading, span: SpanRecord): Role {
  const role = roleByRule(reading, span)
  if (role !== 'tool') return role
  return isHandoffTool(reading.word('tool')) || isHandoffTool(span.name) ? 'handoff' : 'tool'
}

function roleByRule(reading: Reading, span: SpanRecord): Role {
  const operation = roleOfOperation(reading.word('operation'))
  const explicit = roleOfKind(reading.word('kind'), operation, span)
  // Laminar says LLM of every call that its instrumentations make, and Langfuse's OpenAI wrapper for JavaScript generation.
  if (explicit === 'model_call' && isEmbedding(span.name)) return 'embedding'
  if (explicit !== undefined) return explicit
  if (operation !== undefined) return operation
  const method = reading.word('mcpMethod')
  if (method !== '') return own(mcpRoles, method) ?? 'mcp_control'
  const named = roleOfName(span.name)
  if (named !== 'none') return named
  if (reading.word('handoffTo') !== '') return 'handoff'
  if (reading.word('tool') !== '') return 'tool'
  if (callsModel(reading)) return isEmbedding(span.name) ? 'embedding' : 'model_call'
  return isTransport(span) ? 'io' : callName(span)?.role ?? 'span'
}

export function roleOfOperation(operation: string): Role | undefined {
  return own(operationRoles, operation) ?? own(operationRoles, operation.toLowerCase())
}

const foldKind = remembered((kind: string) => kind.toLowerCase().replaceAll(/^"|"$/g, ''))

function roleOfKind(sent: string, operation: Role | undefined, span: SpanRecord): Role | undefined {
  if (sent === '') return undefined
  const kind = foldKind(sent)
  const role = own(kindRoles, kind)
  if (role === undefined) return undefined
  const typeIsRight = operation === 'agent' && kindsAboveAgent.has(kind)
  if (operation !== undefined && genericKinds.has(kind) && !typeIsRight) return operation
  // A chain that starts the trace is the workflow; inside one it is plumbing.
  return kind === 'chain' && span.parentSpanId === '' ? 'workflow' : role
}

function callsModel(reading: Reading): boolean {
  if (reading.word('requestModel') === '' && reading.word('responseModel') === '') return false
  return reading.count('input') !== undefined || reading.count('output') !== undefined || reading.word('responseId') !== '' ||
    reading.value('messages') !== undefined
}

/** HTTP, database and RPC calls: below a model call they are its transport, elsewhere no concern of ours. */
function isTransport(span: SpanRecord): boolean {
  if (span.kind !== 3) return false
  for (const key of span.attributes.keys()) {
    if (key.startsWith('http.') || key.startsWith('db.') || key.startsWith('rpc.')) return true
  }
  return false
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
