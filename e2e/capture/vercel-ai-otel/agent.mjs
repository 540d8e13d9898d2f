/** A planner with a cached handbook whose tool is another agent, then a narrator that streams after one overloaded attempt. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { OpenTelemetry } from '@ai-sdk/otel'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { generateText, registerTelemetry, stepCountIs, streamText, tool } from 'ai'
import { z } from 'zod'

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'story-teller' }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
provider.register()
registerTelemetry(new OpenTelemetry({ enrichSpan: () => ({ 'user.id': 'user-21', 'session.id': 'story-21' }) }))

const anthropic = createAnthropic({ baseURL: `${process.env.MODEL_URL}/v1`, apiKey: 'none' })
const handbook = {
  role: 'system', content: 'A story has a beginning and an end. '.repeat(80),
  providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } },
}

const research = tool({
  description: 'Finds facts.',
  inputSchema: z.object({ topic: z.string() }),
  execute: async ({ topic }) => {
    const { text } = await generateText({
      model: anthropic('claude-haiku-4-5'), prompt: `A fact about ${topic}.`, telemetry: { functionId: 'researcher' },
    })
    return text
  },
})

const { text: plot } = await generateText({
  model: anthropic('claude-sonnet-4-5'), instructions: handbook, prompt: 'Plan a story.',
  tools: { research }, stopWhen: stepCountIs(3), telemetry: { functionId: 'planner' },
})
const story = streamText({
  model: anthropic('claude-sonnet-4-5'), instructions: handbook, prompt: plot,
  maxRetries: 1, telemetry: { functionId: 'narrator' },
})
await story.consumeStream()
await provider.shutdown()
