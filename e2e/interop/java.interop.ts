import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installed, missingTool, run } from './client.ts'
import { describeClient } from './contract.ts'

const folder = join(import.meta.dirname, 'java')
const pom = join(folder, 'pom.xml')
const source = join(folder, 'Client.java')
/** Half a minute from nothing; a registry that never answers must end too. In milliseconds. */
const installMsMax = 300_000

describeClient({
  name: 'Java',
  missing: missingTool([
    { command: 'javac', versionArguments: ['-version'], atLeast: [17, 0] }, { command: 'java', versionArguments: ['--version'], atLeast: [17, 0] },
    { command: 'mvn', versionArguments: ['--version'], atLeast: [3, 6] },
  ]),
  install: async () => {
    const place = await installed('java', readFileSync(pom, 'utf8') + readFileSync(source, 'utf8'), async (place) => {
      await run(['mvn', '-q', '-B', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${join(place, 'classpath')}`], process.env, installMsMax)
      await run(['javac', '-cp', readFileSync(join(place, 'classpath'), 'utf8'), '-d', place, source], process.env, installMsMax)
    })
    return ['java', '-cp', `${place}:${readFileSync(join(place, 'classpath'), 'utf8')}`, 'Client']
  },
  protocols: ['grpc', 'http/protobuf'],
  signals: ['traces', 'logs', 'metrics'],
  tellsPartialSuccess: false,
  repeats: { grpc: true, http: true },
  honoursWait: { grpc: false, http: true },
  repeatsLost: { grpc: false, http: false },
})
