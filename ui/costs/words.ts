import type { CostGroup } from '../url-state.ts'

/** A dimension of costs as a title, in a sentence, and of several values. */
export const groupWords: Readonly<Record<CostGroup, { readonly label: string; readonly one: string; readonly many: string }>> = {
  AGENT: { label: 'Agent', one: 'agent', many: 'agents' }, MODEL: { label: 'Model', one: 'model', many: 'models' }, PROVIDER: { label: 'Provider', one: 'provider', many: 'providers' },
  METER: { label: 'Meter', one: 'meter', many: 'meters' }, USER: { label: 'User', one: 'user', many: 'users' }, SERVICE: { label: 'Service', one: 'service', many: 'services' },
  ENVIRONMENT: { label: 'Environment', one: 'environment', many: 'environments' }, TAG: { label: 'Tag', one: 'tag', many: 'tags' },
}
