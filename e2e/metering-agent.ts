/**
 * An agent that measures, as its author would write it: the SDK is told by environment variables alone where and how to
 * send. Run by `metrics.test.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { metrics } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'

const sdk = new NodeSDK()
sdk.start()
const meter = metrics.getMeter('metering-agent', '1.0')
const attributes = { 'gen_ai.request.model': 'gpt-5', 'gen_ai.provider.name': 'openai' }
const turns = meter.createCounter('agent.turns', { unit: '{turn}', description: 'Turns taken' })
const open = meter.createUpDownCounter('agent.open_tools')
const duration = meter.createHistogram('gen_ai.client.operation.duration', { unit: 's' })
const load = meter.createGauge('agent.load')

turns.add(3, attributes)
// A stream that begins in the millisecond of an export has a start that is not before its point, which says that what came before
// is unknown (OpenTelemetry's data model, "unknown start time"): its first count is a base, not an increase. So both begin here.
turns.add(0, { ...attributes, 'gen_ai.request.model': 'gpt-5-mini' })
open.add(5)
duration.record(0.25, attributes)
// Longer than an export interval, so that the second half is told by later points of the same streams.
await sleep(600)
turns.add(4, attributes)
turns.add(1, { ...attributes, 'gen_ai.request.model': 'gpt-5-mini' })
open.add(-3)
for (const seconds of [0.5, 1.5, 3]) duration.record(seconds, attributes)
load.record(0.75)
await sdk.shutdown()
