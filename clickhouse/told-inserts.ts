import type { Store } from './store.ts'

/**
 * The same store, which tells after each insert through it that this table has new rows: what reads in the process that
 * writes need not look for news while there are none.
 */
export function toldInserts(store: Store): { readonly store: Store; readonly onInsert: (tell: (table: string) => void) => void } {
  const listeners: ((table: string) => void)[] = []
  const insert: Store['insert'] = async (table, body, token) => {
    await store.insert(table, body, token)
    for (const tell of listeners) tell(table.name)
  }
  return { store: { ...store, insert }, onInsert: (tell) => listeners.push(tell) }
}
