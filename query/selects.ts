import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql'

/** The question wants this field of what is being resolved. `@skip` and `@include` may still leave it out. */
export function selects({ fieldNodes, fragments }: GraphQLResolveInfo, name: string): boolean {
  const inSet = (set: SelectionSetNode | undefined): boolean => set?.selections.some((selection) => {
    switch (selection.kind) {
      case Kind.FIELD: return selection.name.value === name
      case Kind.INLINE_FRAGMENT: return inSet(selection.selectionSet)
      case Kind.FRAGMENT_SPREAD: return inSet(fragments[selection.name.value]?.selectionSet)
    }
  }) ?? false
  return fieldNodes.some(({ selectionSet }) => inSet(selectionSet))
}
