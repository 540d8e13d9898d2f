import { join } from 'node:path'
import { describeClient } from './contract.ts'

describeClient({
  name: 'JavaScript',
  missing: undefined,
  install: async () => [process.execPath, join(import.meta.dirname, 'javascript/client.ts')],
  protocols: ['grpc', 'http/protobuf', 'http/json'],
  signals: ['traces'],
  tellsPartialSuccess: true,
  repeats: { grpc: false, http: true },
  honoursWait: { grpc: false, http: true },
  repeatsLost: { grpc: false, http: true },
})
