/** A book in the prompt cache: written, read by a stream, and a call without it. */
import Anthropic from '@anthropic-ai/sdk'
import { setSession, setUser } from '@arizeai/openinference-core'
import { AnthropicInstrumentation } from '@arizeai/openinference-instrumentation-anthropic'
import { context } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'bedtime-reader' }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
provider.register()
const instrumentation = new AnthropicInstrumentation({ tracerProvider: provider })
instrumentation.manuallyInstrument(Anthropic)

const client = new Anthropic({ apiKey: 'none', maxRetries: 0 })
const book = { type: 'text', text: 'A book of forty pages. '.repeat(60), cache_control: { type: 'ephemeral' } }
const ask = (content, options) =>
  client.messages.create({ model: 'claude-sonnet-4-5', max_tokens: 500, messages: [{ role: 'user', content }], ...options })

const reader = setUser(setSession(context.active(), { sessionId: 'book-12' }), { userId: 'user-30' })
await context.with(reader, async () => {
  await ask('Read this.', { system: [book] })
  for await (const _ of await ask('What is chapter two about?', { system: [book], stream: true }));
  await ask('Good night.', {})
})
await provider.shutdown()
