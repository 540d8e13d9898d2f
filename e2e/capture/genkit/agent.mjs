/** A flow with a tool, a stream, a call to another vendor, and one that fails. */
import { openAI } from '@genkit-ai/compat-oai/openai'
import { googleAI } from '@genkit-ai/google-genai'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { genkit, z } from 'genkit'

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'menus' }), spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
provider.register()

const ai = genkit({ plugins: [
  googleAI({ apiKey: 'none', baseUrl: process.env.MODEL_URL }), openAI({ apiKey: 'none', baseURL: process.env.OPENAI_BASE_URL, maxRetries: 0 }),
] })
const gemini = googleAI.model('gemini-2.5-flash')
const getDish = ai.defineTool(
  { name: 'get_dish', description: 'The dish of the day.', inputSchema: z.object({ town: z.string() }), outputSchema: z.string() },
  async () => 'fish soup')
const menu = ai.defineFlow({ name: 'menu', inputSchema: z.string(), outputSchema: z.string() },
  async (question) => (await ai.generate({ model: gemini, prompt: question, tools: [getDish] })).text)

await menu('What is there to eat in Bergen?')
const { stream, response } = ai.generateStream({ model: gemini, prompt: 'And to drink?' })
for await (const _ of stream);
await response
await ai.generate({ model: openAI.model('gpt-4o-mini'), prompt: 'Thank you.' })
await ai.generate({ model: gemini, prompt: 'Goodbye.' }).catch(() => undefined)
await provider.shutdown()
