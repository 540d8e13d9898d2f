/** An agent that streams an answer with a tool and reasoning, then is thanked. */
import { createOpenAI } from '@ai-sdk/openai'
import { Agent } from '@mastra/core/agent'
import { Mastra } from '@mastra/core/mastra'
import { createTool } from '@mastra/core/tools'
import { Observability } from '@mastra/observability'
import { OtelExporter } from '@mastra/otel-exporter'
import { z } from 'zod'

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: 'none' })

const getWeather = createTool({
  id: 'get_weather', description: 'The weather now.',
  inputSchema: z.object({ city: z.string() }), outputSchema: z.object({ sky: z.string() }),
  execute: async () => ({ sky: 'rain' }),
})

const weather = new Agent({
  id: 'weather', name: 'Weather', instructions: 'Say what to wear.', model: openai('gpt-5-mini'), tools: { get_weather: getWeather },
})

const exporter = new OtelExporter({
  provider: { custom: { endpoint: `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`, protocol: 'http/json' } },
  signals: { logs: false },
})
const observability = new Observability({ configs: { otel: { serviceName: 'wardrobe', exporters: [exporter] } } })
const mastra = new Mastra({ agents: { weather }, observability, logger: false })

const tracingOptions = { metadata: { userId: 'user-2', sessionId: 'wardrobe-6' } }
const agent = mastra.getAgent('weather')
const answer = await agent.stream('What shall I wear in Bergen?', { tracingOptions })
await answer.consumeStream()
await agent.generate('Thank you.', { tracingOptions })
await mastra.shutdown()
