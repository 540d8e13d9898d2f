/**
 * Attributes that hold what people and models said: they go to the content store, under redaction, retention and capture
 * policy, never to the span's searchable attributes. Ten emitters send them by default, so the
 * collector, not the emitter, is the privacy boundary.
 */
export const contentKeys: readonly string[] = [
  'gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.tool.definitions',
  'gen_ai.tool.call.arguments', 'gen_ai.tool.call.result', 'gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents',
  'gen_ai.memory.query.text', 'gen_ai.memory.records', 'gen_ai.evaluation.explanation', 'gen_ai.guardrail.input',
  'gen_ai.guardrail.output',
  'input.value', 'output.value', 'traceloop.entity.input', 'traceloop.entity.output',
  'ai.response.text', 'ai.response.object', 'ai.response.reasoning', 'ai.response.toolCalls', 'ai.response.files',
  'ai.toolCall.args', 'ai.toolCall.result',
  'langfuse.observation.input', 'langfuse.observation.output', 'langfuse.trace.input', 'langfuse.trace.output',
  'mlflow.spanInputs', 'mlflow.spanOutputs', 'mlflow.chat.tools',
  'gcp.vertex.agent.llm_request', 'gcp.vertex.agent.llm_response', 'gcp.vertex.agent.tool_call_args',
  'gcp.vertex.agent.tool_response',
  'pydantic_ai.all_messages', 'all_messages_events', 'final_result', 'tool_arguments', 'tool_response', 'request_data',
  'response_data', 'events',
  // VoltAgent
  'llm.messages', 'agent.messages', 'agent.messages.ui', 'agent.instructions', 'agent.stateSnapshot',
  'lmnr.span.input', 'lmnr.span.output', 'genkit:input', 'genkit:output', 'langwatch.input', 'langwatch.output', 'langwatch.params',
  'braintrust.input_json', 'braintrust.output_json',
  // OpenLIT, Langtrace, OpenLLMetry's LlamaIndex, AgentOps, captured
  'gen_ai.tool.args', 'gen_ai.workflow.input', 'gen_ai.workflow.output', 'gen_ai.request.embedding_inputs', 'tool.arguments',
  'tool.parameters',
  // OpenLLMetry's CrewAI, captured
  'crewai.crew.tasks', 'crewai.crew.agents', 'crewai.crew.result', 'crewai.crew.tasks_output', 'crewai.task.description',
  'crewai.task.expected_output', 'crewai.agent.goal', 'crewai.agent.backstory',
  // LiteLLM's guardrails, captured
  'litellm.guardrail.response', 'guardrail_response',
  // CrewAI's own tracing (semantic_conventions.py of crewai 1.15.30)
  'crewai.crew.inputs', 'crewai.crew.output', 'crewai.task.output', 'crewai.flow.inputs', 'crewai.flow.result', 'crewai.method.params', 'crewai.method.result',
  'crewai.method.state', 'crewai.reasoning.plan', 'crewai.guardrail.result', 'crewai.human_feedback.message', 'crewai.human_feedback.feedback', 'crewai.human_feedback.outcome',
  'crewai.knowledge.query', 'crewai.knowledge.retrieved_knowledge', 'crewai.knowledge.task_prompt', 'crewai.memory.query', 'crewai.memory.content', 'crewai.memory.value',
  'crewai.memory.results', 'crewai.mcp.tool_args', 'crewai.mcp.tool_result', 'crewai.a2a.task_description', 'crewai.a2a.result', 'crewai.a2a.results', 'crewai.a2a.final_result',
  // Anthropic's SDKs
  'anthropic.tool_result.content',
  // Sentry
  'gen_ai.response.text', 'gen_ai.response.object', 'gen_ai.response.tool_calls', 'gen_ai.request.messages', 'gen_ai.request.available_tools',
  'gen_ai.tool.input', 'gen_ai.tool.output', 'gen_ai.embeddings.input',
  // LiveKit, older
  'lk.user_input', 'lk.instructions', 'lk.chat_ctx', 'lk.response.text', 'lk.response.function_calls', 'lk.function_tool.arguments',
  'lk.function_tool.output', 'lk.input_text', 'lk.user_transcript',
  // Spring AI
  'spring.ai.tool.call.arguments', 'spring.ai.tool.call.result', 'db.vector.query.content', 'db.vector.query.response.documents',
  // Semantic Kernel for .NET, in its events
  'gen_ai.event.content',
  // AgentScope
  'agentscope.function.input', 'agentscope.function.output',
  // Koog
  'koog.node.input', 'koog.node.output', 'koog.subgraph.input', 'koog.subgraph.output', 'koog.moderation.result', 'system_instructions',
  // Haystack's own, captured
  'haystack.component.input', 'haystack.component.output', 'haystack.pipeline.input_data', 'haystack.pipeline.output_data', 'haystack.agent.input',
  'haystack.agent.output', 'haystack.agent.step.llm.input', 'haystack.agent.step.llm.output', 'haystack.agent.step.tool.input',
  'haystack.agent.step.tool.output', 'haystack.agent.tools',
  // Guardrails AI, captured
  'validator.validate.input.value',
  // LlamaIndex, AutoGen's runtime, captured
  'llamaindex.step.input_summary', 'message',
  // Claude Code, Codex, Gemini CLI
  'user_prompt', 'prompt', 'response', 'tool_parameters', 'tool_input', 'tool.output', 'full_command', 'function_args', 'arguments',
  'request_text', 'response_text',
  // Mastra 0.24, captured
  'input', 'output', 'body', 'headers',
  // traceAI, captured: its parameters are OpenAI's whole answer
  'gen_ai.request.parameters', 'gen_ai.retrieval.query', 'gen_ai.reranker.query', 'gen_ai.reranker.input_documents', 'gen_ai.reranker.output_documents',
  // LoongSuite
  'gen_ai.rerank.input_documents', 'gen_ai.rerank.output_documents', 'gen_ai.rerank.scoring_prompt', 'gen_ai.memory.input.messages', 'gen_ai.memory.output.messages',
  // DeepEval (tracing/otel/attributes.py of deepeval 4.3.1)
  'confident.span.input', 'confident.span.output', 'confident.span.context', 'confident.span.retrieval_context', 'confident.span.expected_output', 'confident.span.prompt',
  'confident.llm.prompt', 'confident.trace.input', 'confident.trace.output', 'confident.trace.context', 'confident.trace.retrieval_context', 'confident.agent.tool_definitions',
  // HoneyHive, captured
  'honeyhive_inputs', 'honeyhive_outputs',
  // Judgment, captured
  'judgment.input', 'judgment.output', 'judgment.state_before', 'judgment.state_after',
  // Mirascope, captured
  'mirascope.response.messages', 'mirascope.response.content', 'mirascope.trace.arg_values', 'mirascope.trace.output',
  // Pipecat, captured
  'text', 'transcript', 'text_output', 'tools', 'tools.definitions', 'tool.result',
  // Datadog: all that was said, packed
  '_llmobs', 'error.stack',
  'exception.message', 'exception.stacktrace',
]

/** Everything under these. `ai.request.headers.` holds secrets. */
export const contentPrefixes: readonly string[] = [
  'gen_ai.prompt', 'gen_ai.completion', 'llm.input_messages.', 'llm.output_messages.', 'llm.prompts.', 'llm.choices.', 'llm.tools.',
  'honeyhive_inputs.', 'honeyhive_outputs.', 'confident.trace.llm_test_case.', 'gen_ai.input.messages.', 'gen_ai.output.messages.', 'gen_ai.tool.definitions.', 'llm.prompt_template.', 'llm.request.functions.', 'retrieval.documents.', 'reranker.input_documents',
  'reranker.output_documents', 'reranker.query',
  'embedding.', 'traceloop.prompt.template', 'ai.prompt', 'ai.value', 'ai.embedding', 'ai.result.', 'ai.request.headers.', 'lk.pii.',
]

/** Under one of those prefixes, and no content: identities that people filter by. */
export const plainKeys: readonly string[] = [
  'gen_ai.prompt.name', 'gen_ai.prompt.version', 'embedding.model_name', 'llm.prompt_template.version',
]

/** `mastra.<type>.input` and `.output`, `agentops.<type>.input` and `.output`; `llm.<provider>.messages` and the rest of the bodies that LiteLLM repeats. */
export const contentPattern = /^(?:mastra|agentops)\..{1,128}\.(?:input|output)$|^llm\.\w{1,40}\.(?:messages|choices|contents|candidates|content|system|tools|input|output)$/
