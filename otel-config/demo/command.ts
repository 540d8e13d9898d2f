import { parseArgs } from 'node:util'
import { runDemo } from './demo.ts'

export const demoHelp = `spanledger demo

Sends realistic runs, made with the OpenTelemetry SDK, to a running collector: first a history that reaches back a day,
then a run every few seconds until Ctrl-C. Each demo adds new runs.

  --once             send the history and stop
  --live             send no history, only live runs
  --runs N           runs in the history, 1 to 100000 (default 200)
  --hours N          how far back the history reaches, 1 to 8760 (default 24)
  --endpoint URL     OTLP/gRPC address (default OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4317)
  --seed N           0 to 4294967295: the same seed tells the same stories, as new runs (default: new stories)

An API key goes into OTEL_EXPORTER_OTLP_HEADERS, as for any application.

  npm run spanledger -- demo
  npm run spanledger -- demo --once --runs 1000 --hours 168
`

const runsMax = 100_000
const hoursMax = 8_760
const seedMax = 4_294_967_295

/** The words after `demo`. Returns the exit code: 0 done, 1 spans were lost, 2 wrong usage. Throws `DemoError`, see `runDemo`. */
export async function demoCommand(args: readonly string[], stopped: AbortSignal, log: (line: string) => void): Promise<number> {
  const wanted = parse(args)
  if (typeof wanted === 'string') {
    log(`${wanted}\n\n${demoHelp}`)
    return 2
  }
  const { rejected, failed } = await runDemo({ ...wanted, stopped, log })
  return rejected + failed === 0 ? 0 : 1
}

type Wanted = Pick<Parameters<typeof runDemo>[0], 'endpoint' | 'live' | 'historyHours' | 'runs' | 'seed'>

/** What is wanted, or what is wrong with it. */
function parse(args: readonly string[]): Wanted | string {
  let values
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false }, live: { type: 'boolean', default: false }, runs: { type: 'string', default: '200' },
        hours: { type: 'string', default: '24' }, endpoint: { type: 'string' }, seed: { type: 'string' },
      },
    }))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  if (values.once && values.live) return '--once and --live exclude each other: one sends only history, the other none.'
  const runs = values.live ? 0 : integer(values.runs, 1, runsMax)
  if (runs === undefined) return `--runs is '${values.runs}', an integer from 1 to ${runsMax} is needed.`
  const historyHours = integer(values.hours, 1, hoursMax)
  if (historyHours === undefined) return `--hours is '${values.hours}', an integer from 1 to ${hoursMax} is needed.`
  const seed = values.seed === undefined ? undefined : integer(values.seed, 0, seedMax)
  if (values.seed !== undefined && seed === undefined) return `--seed is '${values.seed}', an integer from 0 to ${seedMax} is needed.`
  const endpoint = values.endpoint ?? process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? 'http://localhost:4317'
  return { endpoint, live: !values.once, historyHours, runs, ...(seed === undefined ? {} : { seed }) }
}

function integer(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? value : undefined
}
