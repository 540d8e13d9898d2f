import { readFile } from 'node:fs/promises'
import type { StoreOptions } from '#clickhouse/store.ts'
import type { Sharing } from '#collector/receive/listen.ts'
import { type Config, ConfigError } from '#config'
import type { PolicySet } from '#otel-config/policy/policies.ts'

/** One tenant and project until keys exist; the API key alone will decide both. */
export const tenant = 'default'
export const project = 'default'

/** What the main process tells a further receiving process. */
export interface ReceiverSettings {
  readonly config: Config
  /** Where the main process listens. */
  readonly grpcPort: number
  readonly httpPort: number
  readonly sharing: Extract<Sharing, { readonly how: 'kernel' | 'given' }>
}

/** `attach`: where the embedded engine is another process' child. */
export function storeOptions(config: Config, engine: 'own' | 'attach'): StoreOptions {
  if (config.clickhouseUrl === '') return { kind: 'embedded', dataDir: config.dataDir, attachOnly: engine === 'attach' }
  return {
    kind: 'server', url: config.clickhouseUrl, user: config.clickhouseUser, password: config.clickhousePassword,
    database: config.clickhouseDatabase, cluster: config.clickhouseCluster,
  }
}

export async function loadPolicies(file: string): Promise<PolicySet> {
  const { parsePolicies, starterPolicies } = await import('#otel-config/policy/policies.ts')
  return parsePolicies(file === '' ? starterPolicies() : await settingsFile('SPANLEDGER_POLICIES', file))
}

export async function settingsFile(variable: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new ConfigError(`${variable} is '${file}', which cannot be read`)
  }
}
