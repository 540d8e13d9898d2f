import type { Attributes, AttributeValue } from './attributes.ts'
import { plain, type Json } from './value.ts'

/** Highest index and deepest path that flattened keys may have: hostile keys must not cost memory. */
const indexLimit = 10_000
const depthLimit = 8

/** Flattened keys put back into a tree: `llm.input_messages.0.message.role` under its prefix. */
export interface Branch {
  value: AttributeValue | undefined
  readonly children: Map<string, Branch>
}

/** `undefined` where no key starts with the prefix, which ends in a dot. */
export function unflatten(attributes: Attributes, prefix: string): Branch | undefined {
  let root: Branch | undefined
  attributes.forEach((value, key) => {
    if (!key.startsWith(prefix)) return
    const path = key.slice(prefix.length).split('.', depthLimit + 1)
    if (path.length > depthLimit) return
    root ??= branch()
    let at = root
    for (const step of path) {
      let next = at.children.get(step)
      if (next === undefined) {
        next = branch()
        at.children.set(step, next)
      }
      at = next
    }
    at.value = value
  })
  return root
}

const branch = (): Branch => ({ value: undefined, children: new Map() })

/** A tree as the object that was flattened. */
export function objectOf(parent: Branch): Json {
  if (parent.children.size === 0) return parent.value === undefined ? null : plain(parent.value)
  const object: Record<string, Json> = Object.create(null)
  for (const [name, child] of parent.children) object[name] = objectOf(child)
  return object
}

/** The branches under whole numbers, in their order. */
export function items(parent: Branch | undefined): readonly Branch[] {
  if (parent === undefined) return []
  const found: [number, Branch][] = []
  for (const [name, child] of parent.children) {
    const index = /^\d{1,5}$/.test(name) ? Number(name) : indexLimit + 1
    if (index <= indexLimit) found.push([index, child])
  }
  return found.sort(([a], [b]) => a - b).map(([, child]) => child)
}

export function under(parent: Branch | undefined, ...path: readonly string[]): Branch | undefined {
  return path.reduce<Branch | undefined>((at, step) => at?.children.get(step), parent)
}

export function leaf(parent: Branch | undefined, ...path: readonly string[]): Json | undefined {
  const value = under(parent, ...path)?.value
  return value === undefined ? undefined : plain(value)
}
