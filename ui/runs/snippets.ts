/** How a first trace is sent, per environment. Endpoints come from the server that shows the page. */
export interface Snippet {
  readonly id: string
  readonly title: string
  readonly explain: string
  readonly text: string
}

const hexId = (digits: number): string => `$(od -An -N${digits / 2} -tx1 /dev/urandom | tr -d ' \\n')`

const oneSpan = (http: string): string => `curl -s ${http}/v1/traces -H 'content-type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},
  "scopeSpans":[{"spans":[{
    "traceId":"'${hexId(32)}'","spanId":"'${hexId(16)}'",
    "name":"invoke_agent hello","kind":1,
    "startTimeUnixNano":"'$(date +%s)000000000'","endTimeUnixNano":"'$(($(date +%s) + 1))000000000'",
    "attributes":[
      {"key":"gen_ai.operation.name","value":{"stringValue":"invoke_agent"}},
      {"key":"gen_ai.agent.name","value":{"stringValue":"hello"}}]}]}]}]}'`

const environment = (http: string): string => `export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_SERVICE_NAME=my-agent`

const vercelAi = `cat > agent.mjs <<'JS'
import { openai } from '@ai-sdk/openai'
import { OpenTelemetry } from '@ai-sdk/otel'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { generateText, registerTelemetry } from 'ai'

const sdk = new NodeSDK()
sdk.start()
registerTelemetry(new OpenTelemetry())
const { text } = await generateText({ model: openai('gpt-5-mini'), prompt: 'A joke about ledgers.', telemetry: { functionId: 'joker' } })
console.log(text)
await sdk.shutdown()
JS`

/** Where the demo sends without being told. */
const demoDefault = ':4317'

export const snippets = (http: string, grpc: string): readonly Snippet[] => [
  {
    id: 'demo', title: 'Demo data', explain: 'Sends realistic runs, made by real SDKs, to this server. Run it in the folder of Spanledger.',
    text: `npm run spanledger -- demo${grpc.endsWith(demoDefault) ? '' : ` --endpoint ${grpc}`}`,
  },
  {
    id: 'typescript', title: 'TypeScript', explain: 'For an agent that is already instrumented with OpenTelemetry, the three variables are all. This is a new one, with the Vercel AI SDK 7: it needs Node.js 22.15 or newer and OPENAI_API_KEY.',
    text: `npm install ai@7 @ai-sdk/openai@4 @ai-sdk/otel@1 @opentelemetry/sdk-node@0.301\n\n${vercelAi}\n\n${environment(http)}\nnode agent.mjs`,
  },
  {
    id: 'python', title: 'Python', explain: 'The exporter reads the three variables. The instrumentation here is that of the OpenAI client; add the one of your framework.',
    text: `pip install opentelemetry-distro opentelemetry-exporter-otlp opentelemetry-instrumentation-genai-openai\n\n${environment(http)}\n\nopentelemetry-instrument python agent.py`,
  },
  { id: 'curl', title: 'curl', explain: 'One span, no SDK: the shortest proof that the way is open.', text: oneSpan(http) },
]
