/** The lines of the ledger behind what stands beside a bill. Pure. */
import type { ReconciliationQuery } from '../queries.ts'
import { ledgerHref, valueText } from '../url-state.ts'

type Found = ReconciliationQuery['reconciliation']

const daysRange = (from: string, to: string): string => `${from}T00:00:00.000Z..${new Date(Date.parse(to) + 86_400_000).toISOString()}`

export const itemHref = ({ day, ledgerProviders, ledgerModels, ledgerMeters }: Pick<Found['items'][number], 'day' | 'ledgerProviders' | 'ledgerModels' | 'ledgerMeters'>): string =>
  ledgerHref({ range: daysRange(day, day), provider: ledgerProviders.map(valueText), model: ledgerModels.map(valueText), meter: ledgerMeters })

export const periodHref = ({ from, to, ledgerProviders }: Pick<Found['periods'][number], 'from' | 'to' | 'ledgerProviders'>): string =>
  ledgerHref({ range: daysRange(from, to), provider: ledgerProviders.map(valueText) })

/** What was agreed to of an item: `day/provider/model/usage`, and models may have slashes. */
export const approvalHref = (item: string): string => {
  const [day = '', provider = '', ...rest] = item.split('/')
  const model = rest.slice(0, -1).join('/')
  return ledgerHref({ range: daysRange(day, day), provider: valueText(provider), model: valueText(model === '*' ? '' : model), reason: 'reconciled' })
}
