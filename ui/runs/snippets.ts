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

/** Coding agents need no code: settings of their own. They are those of `otel-config/settings/any-language.md`. */
export const codingSnippets = (http: string, grpc: string): readonly Snippet[] => [
  {
    id: 'claude-code', title: 'Claude Code', explain: 'In the shell in which it is started. Each prompt becomes a run, with its model calls, tool calls and approvals.',
    text: `export CLAUDE_CODE_ENABLE_TELEMETRY=1
export OTEL_METRICS_EXPORTER=otlp OTEL_LOGS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_ENDPOINT=${grpc}`,
  },
  {
    id: 'codex', title: 'Codex', explain: 'Once, then start it anew.',
    text: `cat >> ~/.codex/config.toml <<'TOML'
[otel.exporter."otlp-http"]
endpoint = "${http}/v1/logs"
protocol = "binary"
TOML`,
  },
  {
    id: 'gemini-cli', title: 'Gemini CLI', explain: 'In the shell in which it is started.',
    text: `export GEMINI_TELEMETRY_ENABLED=true GEMINI_TELEMETRY_TARGET=local
export GEMINI_TELEMETRY_OTLP_PROTOCOL=http GEMINI_TELEMETRY_OTLP_ENDPOINT=${http}`,
  },
  {
    id: 'qwen-code', title: 'Qwen Code', explain: 'In the shell in which it is started.',
    text: `export QWEN_TELEMETRY_ENABLED=true
export QWEN_TELEMETRY_OTLP_PROTOCOL=http QWEN_TELEMETRY_OTLP_ENDPOINT=${http}`,
  },
  { id: 'copilot', title: 'GitHub Copilot CLI', explain: 'In the shell in which it is started.', text: `export OTEL_EXPORTER_OTLP_ENDPOINT=${http}` },
]

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
  ...codingSnippets(http, grpc).slice(0, 1),
  { id: 'curl', title: 'curl', explain: 'One span, no SDK: the shortest proof that the way is open.', text: oneSpan(http) },
]
