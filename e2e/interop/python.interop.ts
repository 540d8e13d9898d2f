import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installed, missingTool, run } from './client.ts'
import { describeClient } from './contract.ts'

const folder = join(import.meta.dirname, 'python')
const requirements = join(folder, 'requirements.txt')
/** A minute on a slow line; a registry that never answers must end too. In milliseconds. */
const installMsMax = 300_000

describeClient({
  name: 'Python',
  missing: missingTool([{ command: 'python3', versionArguments: ['-c', 'import ensurepip, platform; print(platform.python_version())'], atLeast: [3, 10] }]),
  install: async () => {
    const venv = await installed('python', readFileSync(requirements, 'utf8'), async (place) => {
      await run(['python3', '-m', 'venv', place], process.env, installMsMax)
      // Everything is pinned, also what the pinned need: nothing is resolved, nothing is built.
      await run([join(place, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--no-compile', '--no-deps', '--only-binary', ':all:', '-r', requirements], process.env, installMsMax)
    })
    return [join(venv, 'bin/python'), join(folder, 'client.py')]
  },
  protocols: ['grpc', 'http/protobuf', 'http/json'],
  signals: ['traces', 'logs', 'metrics'],
  tellsPartialSuccess: false,
  repeats: { grpc: true, http: true },
  honoursWait: { grpc: true, http: true },
  repeatsLost: { grpc: true, http: true },
})
