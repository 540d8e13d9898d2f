/** Claude's Agent SDK, asked once: it reads a file and answers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as sdk from '@anthropic-ai/claude-agent-sdk'
import { ClaudeAgentSDKInstrumentation } from '@arizeai/openinference-instrumentation-claude-agent-sdk'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const tracerProvider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'notes' }), spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
tracerProvider.register()
const { query } = new ClaudeAgentSDKInstrumentation({ tracerProvider }).manuallyInstrument(sdk)

// A home and a project of its own, at a place that says nothing about the machine.
const place = mkdtempSync(join(tmpdir(), 'claude-'))
const [home, project] = [join(place, 'home'), join(place, 'project')]
mkdirSync(home)
mkdirSync(project)
writeFileSync(join(project, 'notes.txt'), 'milk\n')
const options = { cwd: project, model: 'claude-sonnet-4-5', allowedTools: ['Read'], settingSources: [], env: { ...process.env, HOME: home } }
for await (const _ of query({ prompt: 'What is in notes.txt?', options }));
rmSync(place, { recursive: true })
await tracerProvider.shutdown()
