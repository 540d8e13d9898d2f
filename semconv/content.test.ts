import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { contentKeys, contentPrefixes, plainKeys } from './content-keys.ts'
import { isContentKey, preview, stepInput, stepOutput } from './content.ts'
import { type Literal, type LiteralSpan, literalSpan } from './literal-span.ts'

const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] })
const call = { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Paris' } }

interface Row {
  readonly who: string
  readonly attributes?: { readonly [key: string]: Literal }
  readonly events?: LiteralSpan['events']
  readonly input?: unknown
  readonly output?: unknown
}

const rows: readonly Row[] = [
  {
    who: 'the conventions, structured',
    attributes: {
      'gen_ai.system_instructions': [{ type: 'text', content: 'Be kind.' }], 'gen_ai.input.messages': [{ role: 'user',
        parts: [{ type: 'text', content: 'Hi' }] }],
      'gen_ai.output.messages': [{ role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'weather',
        arguments: { city: 'Paris' } }], finish_reason: 'tool_call' }],
    },
    input: [text('system', 'Be kind.'), text('user', 'Hi')], output: [{ role: 'assistant', parts: [call] }],
  },
  {
    who: 'the conventions, as JSON text encoded twice',
    attributes: { 'gen_ai.input.messages': JSON.stringify(JSON.stringify([{ role: 'user', parts: [{ type: 'text',
      content: 'Hi' }] }])) },
    input: [text('user', 'Hi')],
  },
  { who: 'Mastra sends instructions as prose', attributes: { 'gen_ai.system_instructions': 'Be kind.' }, input: [text('system',
    'Be kind.')] },
  {
    who: 'OpenAI\'s form under the conventions\' key',
    attributes: {
      'gen_ai.input.messages': JSON.stringify([
        { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather',
          arguments: '{"city":"Paris"}' } }] },
        { role: 'tool', tool_call_id: 'c1', content: '21C' },
      ]),
    },
    input: [{ role: 'assistant', parts: [call] }, { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1',
      response: '21C' }] }],
  },
  {
    who: 'LlamaIndex: messages of blocks, in events',
    attributes: { 'llamaindex.step.input_summary': 'AgentSetup(input=[])' },
    events: [
      { name: 'LLMChatStartEvent', attributes: { messages: JSON.stringify([
        { role: 'user', additional_kwargs: {}, blocks: [{ block_type: 'text', text: 'Hi' }] },
        { role: 'assistant', additional_kwargs: { tool_calls: [{ id: 'c1', function: { name: 'weather', arguments: '{"city":"Paris"}' } }] },
          blocks: [{ block_type: 'tool_call', tool_call_id: 'c1', tool_name: 'weather', tool_kwargs: '{"city":"Paris"}' }] },
      ]) } },
      { name: 'LLMChatEndEvent', attributes: { 'response.message.role': 'assistant', 'response.message.blocks': '[{"block_type": "text", "text": "Sun"}]' } },
    ],
    input: [text('user', 'Hi'), { role: 'assistant', parts: [call] }], output: [text('assistant', 'Sun')],
  },
  { who: 'LlamaIndex: a question and what was found', events: [{ name: 'QueryStartEvent', attributes: { query: 'How?' } },
    { name: 'QueryEndEvent', attributes: { 'query.query_str': 'How?', 'response.response': 'So.' } }], input: 'How?', output: 'So.' },
  { who: 'LlamaIndex: what a step was given and gave', attributes: { 'llamaindex.step.input_summary': 'ToolCall(tool_name=\'weather\')' },
    events: [{ name: 'step.output', attributes: { output: 'Sun' } }], input: 'ToolCall(tool_name=\'weather\')', output: 'Sun' },
  { who: 'AutoGen: what an agent is sent', attributes: { message: '{"content":"Hi"}' }, input: { content: 'Hi' } },
  {
    who: 'Haystack: parts named by their one member',
    attributes: {
      'haystack.component.input': JSON.stringify({ messages: [{ role: 'user', meta: {}, name: null, content: [{ text: 'Hi' }] },
        { role: 'tool', meta: {}, name: null, content: [{ tool_call_result: { result: 'Sun', origin: { tool_name: 'weather' }, error: false } }] }] }),
      'haystack.component.output': JSON.stringify({ replies: [{ role: 'assistant', meta: {}, name: null,
        content: [{ tool_call: { tool_name: 'weather', arguments: { city: 'Paris' }, id: 'c1', extra: null } }] }] }),
    },
    input: [text('user', 'Hi'), { role: 'tool', parts: [{ type: 'tool_call_response', id: null, response: 'Sun' }] }],
    output: [{ role: 'assistant', parts: [call] }],
  },
  {
    who: 'Azure AI Inference: each event has its message as JSON',
    events: [
      { name: 'gen_ai.user.message', attributes: { 'gen_ai.system': 'az.ai.inference', 'gen_ai.event.content': '{"role": "user", "content": "Hi"}' } },
      { name: 'gen_ai.choice', attributes: { 'gen_ai.system': 'az.ai.inference',
        'gen_ai.event.content': '{"message": {"content": "Sun"}, "finish_reason": "stop", "index": 0}' } },
    ],
    input: [text('user', 'Hi')], output: [text('assistant', 'Sun')],
  },
  {
    who: 'Genkit: an answer that asks for a tool',
    attributes: {
      'genkit:input': '{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}',
      'genkit:output': '{"candidates":[{"index":0,"message":{"role":"model","content":[{"toolRequest":{"ref":"c1","name":"weather","input":{"city":"Paris"}}}]}}]}',
    },
    input: [text('user', 'Hi')], output: [{ role: 'assistant', parts: [call] }],
  },
  {
    who: 'OpenInference with a call of nothing',
    attributes: {
      'llm.input_messages.0.message.role': 'user', 'llm.input_messages.0.message.content': 'Hi',
      'llm.input_messages.0.message.tool_calls.0.tool_call.id': null, 'llm.input_messages.0.message.tool_calls.0.tool_call.function.name': null,
    },
    input: [text('user', 'Hi')],
  },
  { who: 'Dify\'s prompts', attributes: { 'openinference.span.kind': 'LLM', 'input.mime_type': 'application/json', 'input.value':
    '[{"role":"system","text":"Be kind.","files":[]},{"role":"user","text":"Hi","files":[]}]' }, input: [text('system', 'Be kind.'), text('user', 'Hi')] },
  { who: 'Sentry\'s answer', attributes: { 'gen_ai.response.text': '["Hel","lo"]' }, output: [text('assistant', 'Hello')] },
  { who: 'Sentry\'s answer with OpenAI\'s calls', attributes: { 'gen_ai.response.text': 'Hm',
    'gen_ai.response.tool_calls': '[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\\"a\\":1}"}}]' },
  output: [{ role: 'assistant', parts: [{ type: 'text', content: 'Hm' }, { type: 'tool_call', id: 'c1', name: 'weather', arguments: { a: 1 } }] }] },
  { who: 'Sentry\'s answer with Anthropic\'s calls', attributes: { 'gen_ai.response.tool_calls': '[{"type":"tool_use","id":"c1","name":"weather","input":{"a":1}}]' },
    output: [{ role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: { a: 1 } }] }] },
  { who: 'LiveKit\'s tool that failed', attributes: { 'lk.pii.function_tool.arguments': '{"a":1}', 'lk.pii.function_tool.output': 'no' }, input: { a: 1 }, output: 'no' },
  { who: 'LiveKit\'s turn, older', attributes: { 'lk.user_input': 'Hi', 'lk.response.text': 'Hello' }, input: [text('user', 'Hi')],
    output: [text('assistant', 'Hello')] },
  { who: 'Spring AI\'s tool', attributes: { 'spring.ai.tool.call.arguments': '{"city":"Oslo"}', 'spring.ai.tool.call.result': '4 degrees' },
    input: { city: 'Oslo' }, output: '4 degrees' },
  { who: 'a tool of Anthropic\'s SDK', attributes: { 'gen_ai.tool.call.arguments': '{"city":"Oslo"}',
    'anthropic.tool_result.content': '[{"type":"text","text":"4 degrees"}]' }, input: { city: 'Oslo' }, output: [{ type: 'text', text: '4 degrees' }] },
  { who: 'Pipecat: what was heard', attributes: { transcript: 'Hi' }, output: 'Hi' },
  { who: 'Pipecat: what was spoken', attributes: { text: 'Hello' }, input: 'Hello' },
  { who: 'Mirascope: a function', attributes: { 'mirascope.trace.arg_values': '{"city":"Oslo"}', 'mirascope.trace.output': '4 degrees' }, input: { city: 'Oslo' }, output: '4 degrees' },
  { who: 'Judgment: a function', attributes: { 'judgment.input': '{"city":"Oslo"}', 'judgment.output': '4 degrees' }, input: { city: 'Oslo' }, output: '4 degrees' },
  { who: 'HoneyHive: a function', attributes: { 'honeyhive_inputs.city': 'Oslo', 'honeyhive_outputs.result': '4 degrees' }, input: { city: 'Oslo' }, output: { result: '4 degrees' } },
  { who: 'traceAI, flattened', attributes: { 'input.value': 'hi', 'gen_ai.input.messages.0.message.role': 'user', 'gen_ai.input.messages.0.message.content': 'Hi',
    'gen_ai.output.messages.0.message.role': 'assistant', 'gen_ai.output.messages.0.message.contents.0.message_content.type': 'text',
    'gen_ai.output.messages.0.message.contents.0.message_content.text': 'Hello' }, input: [text('user', 'Hi')], output: [text('assistant', 'Hello')] },
  { who: 'Koog\'s node', attributes: { 'koog.node.input': '"Hi"', 'koog.node.output': '"Hello"' }, input: 'Hi', output: 'Hello' },
  { who: 'Rig\'s call: instructions that the messages say too', attributes: { 'gen_ai.system_instructions': '[{"type":"text","content":"Be brief."}]',
    'gen_ai.input.messages': '[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},{"role":"user","parts":[{"type":"text","content":"Hi"}]}]' },
  input: [text('system', 'Be brief.'), text('user', 'Hi')] },
  { who: 'Rig\'s agent', attributes: { 'gen_ai.system_instructions': '[{"type":"text","content":"Be brief."}]', 'gen_ai.prompt': 'Hi' },
    input: [text('system', 'Be brief.'), text('user', 'Hi')] },
  { who: 'Koog\'s roles', attributes: { 'gen_ai.input.messages': '[{"role":"System","parts":[{"type":"text","content":"Be brief."}]}]',
    'gen_ai.output.messages': '[{"role":"Assistant","parts":[{"type":"text","content":"Hello"}]}]' }, input: [text('system', 'Be brief.')], output: [text('assistant', 'Hello')] },
  { who: 'Spring AI\'s search', attributes: { 'db.vector.query.content': 'cold city' }, input: 'cold city' },
  { who: 'VoltAgent\'s call', attributes: { 'llm.messages': '[{"role":"user","content":[{"type":"text","text":"Hi"}]}]' }, input: [text('user', 'Hi')] },
  {
    who: 'Anthropic\'s form',
    attributes: {
      'gen_ai.output.messages': JSON.stringify([{
        role: 'assistant', content: [{ type: 'thinking', thinking: 'Hm' }, { type: 'text', text: 'I look.' }, { type: 'tool_use',
          id: 'c1', name: 'weather', input: { city: 'Paris' } }],
      }]),
    },
    output: [{ role: 'assistant', parts: [{ type: 'reasoning', content: 'Hm' }, { type: 'text', content: 'I look.' }, call] }],
  },
  {
    who: 'OpenInference, flattened',
    attributes: {
      'llm.input_messages.1.message.role': 'user', 'llm.input_messages.1.message.contents.0.message_content.type': 'text',
      'llm.input_messages.1.message.contents.0.message_content.text': 'Hi', 'llm.input_messages.0.message.role': 'system',
      'llm.input_messages.0.message.content': 'Be kind.',
      'llm.output_messages.0.message.role': 'assistant', 'llm.output_messages.0.message.tool_calls.0.tool_call.id': 'c1',
      'llm.output_messages.0.message.tool_calls.0.tool_call.function.name': 'weather',
      'llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments': '{"city":"Paris"}',
    },
    input: [text('system', 'Be kind.'), text('user', 'Hi')], output: [{ role: 'assistant', parts: [call] }],
  },
  {
    who: 'OpenInference, hidden',
    attributes: { 'llm.input_messages.0.message.role': 'user', 'llm.input_messages.0.message.content': '__REDACTED__',
      'output.value': '__REDACTED__' },
    input: [{ role: 'user', parts: [{ type: 'redacted' }] }], output: [{ role: '', parts: [{ type: 'redacted' }] }],
  },
  {
    who: 'OpenInference completions', attributes: { 'llm.prompts.0.prompt.text': 'Once', 'llm.choices.0.completion.text': 'upon' },
    input: [text('user', 'Once')], output: [text('assistant', 'upon')],
  },
  {
    who: 'OpenInference retrieval',
    attributes: { 'input.value': 'rivers', 'retrieval.documents.0.document.id': 'd1', 'retrieval.documents.0.document.score': 0.5,
      'retrieval.documents.0.document.content': 'Rhine' },
    input: 'rivers', output: [{ id: 'd1', score: 0.5, content: 'Rhine' }],
  },
  {
    who: 'OpenLLMetry before 0.60',
    attributes: {
      'gen_ai.prompt.0.role': 'user', 'gen_ai.prompt.0.content': 'Hi', 'gen_ai.completion.0.content': '',
      'gen_ai.completion.0.tool_calls.0.id': 'c1',
      'gen_ai.completion.0.tool_calls.0.name': 'weather', 'gen_ai.completion.0.tool_calls.0.arguments': '{"city":"Paris"}',
    },
    input: [text('user', 'Hi')], output: [{ role: 'assistant', parts: [call] }],
  },
  {
    who: 'Traceloop\'s decorators', attributes: { 'traceloop.entity.input': '{"args":[],"kwargs":{"city":"Paris"}}',
      'traceloop.entity.output': '"21C"' },
    input: { city: 'Paris' }, output: '21C',
  },
  {
    who: 'Vercel, the operation', attributes: { 'ai.prompt': '{"system":"Be kind.","prompt":"Hi"}', 'ai.response.text': 'Hello' },
    input: [text('system', 'Be kind.'), text('user', 'Hi')], output: [text('assistant', 'Hello')],
  },
  {
    who: 'Vercel, the call',
    attributes: {
      'ai.prompt.messages': '[{"role":"user","content":[{"type":"text","text":"Hi"}]}]', 'ai.response.reasoning': 'Hm',
      'ai.response.toolCalls': '[{"toolCallId":"c1","toolName":"weather","input":"{\\"city\\":\\"Paris\\"}"}]',
    },
    input: [text('user', 'Hi')], output: [{ role: 'assistant', parts: [{ type: 'reasoning', content: 'Hm' }, call] }],
  },
  { who: 'Vercel tool', attributes: { 'ai.toolCall.args': '{"city":"Paris"}', 'ai.toolCall.result': '{"t":21}' },
    input: { city: 'Paris' }, output: { t: 21 } },
  { who: 'Vercel embedding', attributes: { 'ai.values': ['"hello"'], 'ai.embeddings': ['[0,1]'] }, input: ['hello'] },
  {
    who: 'Langfuse', attributes: { 'langfuse.observation.input': '[{"role":"user","content":"Hi"}]',
      'langfuse.observation.output': 'Hello' },
    input: [text('user', 'Hi')], output: 'Hello',
  },
  {
    who: 'LangSmith blobs',
    attributes: {
      'gen_ai.prompt': JSON.stringify({ messages: [[{ lc: 1, type: 'constructor', id: ['langchain', 'HumanMessage'],
        kwargs: { content: 'Hi' } }]] }),
      'gen_ai.completion': JSON.stringify({ generations: [[{ text: 'Hello', message: { kwargs: { content: 'Hello' },
        id: ['langchain', 'AIMessage'] } }]] }),
    },
    input: [text('user', 'Hi')], output: [text('assistant', 'Hello')],
  },
  { who: 'LangWatch', attributes: { 'langwatch.input': '{"type":"chat_messages","value":[{"role":"user","content":"Hi"}]}',
    'langwatch.output': '{"type":"text","value":"Hello"}' }, input: [text('user', 'Hi')], output: 'Hello' },
  { who: 'Braintrust', attributes: { 'braintrust.input_json': '[{"content":"Hi","role":"user"}]',
    'braintrust.output_json': '[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hello"}}]' }, input: [text('user', 'Hi')], output: [text('assistant', 'Hello')] },
  { who: 'AgentOps', attributes: { 'agentops.tool.input': '{"args": ["Oslo"], "kwargs": {}}', 'agentops.tool.output': 'rain' },
    input: 'Oslo', output: 'rain' },
  { who: 'CrewAI\'s own tracing', attributes: { 'crewai.crew.inputs': '{"city":"Paris"}', 'crewai.crew.output': 'Written.' }, input: { city: 'Paris' }, output: 'Written.' },
  { who: 'CrewAI\'s own tracing: a task', attributes: { 'crewai.task.description': 'Write.', 'crewai.task.output': 'Written.' }, input: 'Write.', output: 'Written.' },
  { who: 'LiteLLM\'s guardrails', attributes: { 'litellm.guardrail.response': 'blocked: forbidden word' }, input: undefined, output: 'blocked: forbidden word' },
  { who: 'OpenLLMetry CrewAI', attributes: { 'crewai.crew.result': 'Written.' }, input: undefined, output: 'Written.' },
  { who: 'MLflow', attributes: { 'mlflow.spanInputs': '{"city":"Paris"}', 'mlflow.spanOutputs': '"21C"' },
    input: { city: 'Paris' }, output: '21C' },
  {
    who: 'ADK model call',
    attributes: {
      'gcp.vertex.agent.llm_request': JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
        config: { system_instruction: 'Be kind.' } }),
      'gcp.vertex.agent.llm_response': JSON.stringify({ content: { role: 'model', parts: [{ functionCall: { id: 'c1',
        name: 'weather', args: { city: 'Paris' } } }] } }),
    },
    input: [text('system', 'Be kind.'), text('user', 'Hi')], output: [{ role: 'assistant', parts: [call] }],
  },
  {
    who: 'ADK tool', attributes: { 'gcp.vertex.agent.llm_request': '{}', 'gcp.vertex.agent.tool_call_args': '{"city":"Paris"}',
      'gcp.vertex.agent.tool_response': '{"t":21}' },
    input: { city: 'Paris' }, output: { t: 21 },
  },
  { who: 'pydantic-ai run',
    attributes: { 'pydantic_ai.all_messages': '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
    final_result: 'Hello' }, input: [text('user', 'Hi')], output: 'Hello' },
  { who: 'Mastra steps', attributes: { 'mastra.model_step.input': '[{"role":"user","content":"Hi"}]',
    'mastra.model_step.output': '{"text":"Hello"}' }, input: [text('user', 'Hi')], output: { text: 'Hello' } },
  { who: 'Mastra 0.24', attributes: { input: 'Hi', output: 'Hello' }, input: 'Hi', output: 'Hello' },
  { who: 'Claude Code', attributes: { user_prompt: 'Hi' }, input: [text('user', 'Hi')] },
  {
    who: 'span events up to 1.27',
    events: [
      { name: 'gen_ai.content.prompt', attributes: { 'gen_ai.prompt': '[{"role":"user","content":"Hi"}]' } },
      { name: 'gen_ai.content.completion', attributes: { 'gen_ai.completion': 'Hello' } },
    ],
    input: [text('user', 'Hi')], output: [text('assistant', 'Hello')],
  },
  {
    who: 'span events of Strands',
    events: [
      { name: 'gen_ai.system.message', attributes: { content: 'Be kind.' } },
      { name: 'gen_ai.user.message', attributes: { content: '[{"text":"Hi"}]' } },
      { name: 'gen_ai.choice', attributes: { message: '[{"text":"Hello"}]', finish_reason: 'end_turn' } },
    ],
    input: [text('system', 'Be kind.'), text('user', 'Hi')], output: [text('assistant', 'Hello')],
  },
  {
    who: 'span events of Semantic Kernel for .NET',
    events: [
      { name: 'gen_ai.user.message', attributes: { 'gen_ai.event.content': '{"role": "user", "content": "Hi"}', 'gen_ai.system': 'openai' } },
      { name: 'gen_ai.choice', attributes: { 'gen_ai.event.content': '{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "tool_calls": []}' } },
    ],
    input: [text('user', 'Hi')], output: [text('assistant', 'Hello')],
  },
  {
    who: 'the details event',
    events: [{ name: 'gen_ai.client.inference.operation.details', attributes: { 'gen_ai.input.messages': [{ role: 'user',
      parts: [] }], 'gen_ai.output.messages': 'Hello' } }],
    input: [{ role: 'user', parts: [] }], output: [text('assistant', 'Hello')],
  },
  {
    who: 'OpenAI\'s Responses items',
    attributes: {
      'gen_ai.input.messages': JSON.stringify([
        { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }, { type: 'function_call', call_id: 'c1', name: 'weather',
          arguments: '{"city":"Paris"}' },
        { type: 'function_call_output', call_id: 'c1', output: '21C' },
      ]),
    },
    input: [text('user', 'Hi'), { role: 'assistant', parts: [call] }, { role: 'tool', parts: [{ type: 'tool_call_response',
      id: 'c1', response: '21C' }] }],
  },
  {
    who: 'a refusal and a spoken answer under Langfuse',
    attributes: { 'langfuse.observation.input': '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"refusal":"No."}]}',
      'langfuse.observation.output': '{"role":"assistant","content":null,"refusal":null,"audio":{"id":"a","data":"UklGRg==","transcript":"It is sunny."}}' },
    input: [text('user', 'Hi'), text('assistant', 'No.')], output: [text('assistant', 'It is sunny.')],
  },
  {
    who: 'a refusal of the Responses API',
    attributes: { 'langfuse.observation.output': '{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]}' }, output: [text('assistant', 'No.')],
  },
  {
    who: 'a streamed call under Langfuse, which leaves the role out',
    attributes: { 'langfuse.observation.output': '{"tool_calls":[{"id":"c1","function":{"name":"weather","arguments":"{\\"city\\":\\"Paris\\"}"}}]}' },
    output: [{ role: 'assistant', parts: [call] }],
  },
  {
    who: 'OpenInference has no key for a refusal, which stands in the answer it passes on',
    attributes: { 'llm.output_messages.0.message.role': 'assistant',
      'output.value': '{"id":"chatcmpl-1","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"No."},"finish_reason":"stop"}]}' },
    output: [text('assistant', 'No.')],
  },
  { who: 'messages that say nothing, and nothing else', attributes: { 'llm.output_messages.0.message.role': 'assistant' }, output: [{ role: 'assistant', parts: [] }] },
  { who: 'nothing captured', attributes: { 'gen_ai.request.model': 'm' } },
]

const comparable = (json: unknown) => (json === undefined ? undefined : JSON.parse(JSON.stringify(json)) as unknown)

for (const { who, attributes, events, input, output } of rows) {
  test(who, () => {
    const span = literalSpan({ ...(attributes && { attributes }), ...(events && { events }) })
    assert.deepEqual(comparable(stepInput(span.attributes, span.events)), input)
    assert.deepEqual(comparable(stepOutput(span.attributes, span.events)), output)
  })
}

test('every content key is one, and what identifies a prompt or a model is none', () => {
  for (const key of contentKeys) assert.equal(isContentKey(key), true, key)
  for (const prefix of contentPrefixes) assert.equal(isContentKey(`${prefix}0.x`), true, prefix)
  for (const key of [
    'ai.request.headers.authorization', '_llmobs', 'error.stack', 'judgment.state_before', 'honeyhive_inputs.q', 'honeyhive_outputs.result', 'confident.span.input', 'mirascope.response.messages', 'mirascope.trace.arg_values', 'gen_ai.input.messages.0.message.content',
    'gen_ai.tool.definitions.0.tool.json_schema', 'gen_ai.request.parameters', 'mastra.model_step.input', 'llm.openai.messages', 'gen_ai.prompt',
    'gen_ai.prompt.variable.name', 'gen_ai.completion.0.content',
  ]) assert.equal(isContentKey(key), true, key)
  for (const key of [
    ...plainKeys, 'gen_ai.request.model', 'gen_ai.usage.input_tokens', 'llm.token_count.prompt', 'llm.model_name',
      'ai.response.model',
    'ai.response.finishReason', 'llm.cost.prompt', 'mastra.span.type', 'gen_ai.tool.name', 'reranker.model_name', 'constructor',
  ]) assert.equal(isContentKey(key), false, key)
})

test('a preview is the last thing said, on one line', () => {
  assert.equal(preview([text('user', 'One'), text('assistant', 'Two\n\n  three\u0000')]), 'Two three')
  assert.equal(preview([{ role: 'assistant', parts: [call] }]), 'weather({city: Paris})')
  assert.equal(preview([{ role: 'user', parts: [{ type: 'redacted' }] }]), '[redacted]')
  assert.equal(preview([{ role: 'user', parts: [{ type: 'uri', uri: 'x' }] }]), '[uri]')
  assert.equal(preview({ city: 'Paris', days: [1, 2] }), '{city: Paris, days: [1, 2]}')
  assert.equal(preview(undefined), '')
  assert.equal(preview('a'.repeat(500)).length, 200)
  assert.equal(preview('evil \u202e txt'), 'evil txt')
})

test('embeddings are no reading matter', () => {
  const span = literalSpan({ attributes: { 'output.value': JSON.stringify({ data: [{ embedding: Array.from({ length: 100 }, (_,
    index) => index / 7) }] }) } })
  assert.deepEqual(comparable(stepOutput(span.attributes, span.events)), { data: [{ embedding: '[vector of 100 numbers]' }] })
})

test('flattened keys cannot cost memory or reach a prototype', () => {
  const attributes = new Map<string, string>([
    ['llm.input_messages.99999.message.content', 'far'], ['llm.input_messages.__proto__.message.content', 'proto'],
    [`llm.input_messages.0.${'x.'.repeat(50)}y`, 'deep'], ['llm.input_messages.3.message.content', 'near'],
  ])
  assert.deepEqual(comparable(stepInput(attributes, [])), [text('', 'near')])
})

test('nesting without end stays text', () => {
  const deep = `${'{"message":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const attributes = new Map([['gen_ai.tool.call.arguments', deep], ['gen_ai.output.messages', deep]])
  assert.equal(stepInput(attributes, []), deep)
  assert.ok(preview(stepOutput(attributes, [])).startsWith('{"message":'))
})

const leaf = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant('__proto__'),
  fc.json().map((json) => json))
const anyContent = fc.dictionary(
  fc.oneof(fc.constantFrom(...contentKeys),
    fc.constantFrom(...contentPrefixes).chain((prefix) => fc.string().map((rest) => `${prefix}0.${rest}`))), leaf, { maxKeys: 6 },
)

test('no content throws, and a preview stays a line', () => {
  fc.assert(fc.property(anyContent, (attributes) => {
    const span = literalSpan({ attributes, events: [{ name: 'gen_ai.choice', attributes }] })
    for (const json of [stepInput(span.attributes, span.events), stepOutput(span.attributes, span.events)]) {
      const line = preview(json)
      assert.ok(line.length <= 200)
      assert.doesNotMatch(line, /\p{Cc}/u)
      assert.ok(line.isWellFormed())
    }
  }))
})

test('messages of any shape do not throw', () => {
  const value = fc.letrec((tie) => ({
    json: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('json'), { maxLength: 3 }), fc.dictionary(
      fc.constantFrom('role', 'content', 'parts', 'type', 'text', 'message', 'kwargs', 'id', 'tool_calls', 'function', 'messages',
        'generations', 'functionCall', 'response'),
      tie('json'), { maxKeys: 4 },
    )),
  })).json
  fc.assert(fc.property(value, (json) => {
    const attributes = new Map([['gen_ai.input.messages', JSON.stringify(json)], ['output.value', JSON.stringify([json])]])
    preview(stepInput(attributes, []))
    preview(stepOutput(attributes, []))
  }), { numRuns: 300 })
})
