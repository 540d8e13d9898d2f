import type { Store } from './store.ts'

/**
 * The same store, which tells after each insert through it that this table has new rows: what reads in the process that
 * writes need not look for news while there are none.
 */
export function toldInserts(store: Store): { readonly store: Store; readonly onInsert: (tell: (table: string) => void) => void } {
  const listeners: ((table: string) => void)[] = []
  const insert: Store['insert'] = async (...insertion) => {
    await store.insert(...insertion)
    for (const tell of listeners) tell(insertion[0].name)
  }
  return { store: { ...store, insert }, onInsert: (tell) => listeners.push(tell) }
}
