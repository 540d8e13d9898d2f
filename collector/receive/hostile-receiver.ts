/** A receiver in a process of its own, so that what hostile input costs can be measured: forked by `hostile.test.ts`. */
import { startTestReceiver } from './test-receiver.ts'

/** What the process has used so far. */
export interface Usage {
  readonly cpuMs: number
  /** Most memory ever resident, in MiB. */
  readonly peakMiB: number
  readonly spanRows: number
  readonly held: number
}

const receiver = await startTestReceiver()
process.on('message', () => {
  void receiver.spanRows().then((spanRows) => {
    const { user, system } = process.cpuUsage()
    const usage: Usage = { cpuMs: (user + system) / 1000, peakMiB: process.resourceUsage().maxRSS / 1024, spanRows, held: receiver.admission.requests + receiver.admission.bytes }
    process.send?.(usage)
  })
})
process.on('disconnect', () => void receiver[Symbol.asyncDispose]())
process.send?.({ http: receiver.http, grpc: receiver.grpc })
