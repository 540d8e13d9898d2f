import { keepPreviousData, useInfiniteQuery } from '@tanstack/solid-query'
import type { Accessor } from 'solid-js'
import { askAgain } from './live.ts'

/** One page of a list, as every list of the API answers. */
export interface ListPage<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export interface List<Node> {
  readonly rows: Accessor<readonly Node[]>
  /** Nothing has come yet. */
  readonly waiting: Accessor<boolean>
  /** Asking, whether or not something is on show. */
  readonly asking: Accessor<boolean>
  /** What is on show answers an earlier question. */
  readonly outdated: Accessor<boolean>
  readonly failure: Accessor<Error | undefined>
  readonly hasMore: Accessor<boolean>
  readonly loadMore: () => void
  readonly refresh: () => void
}

export interface ListQuestion<Node> {
  readonly key: readonly unknown[]
  readonly ask: (after: string | undefined, signal: AbortSignal) => Promise<ListPage<Node>>
  /** Milliseconds, `false` for none. */
  readonly every: number | false
}

/** A list that is read page by page with a cursor and keeps what it shows while it asks. */
export const useList = <Node extends { readonly id: string }>(question: Accessor<ListQuestion<Node>>): List<Node> => {
  const query = useInfiniteQuery(() => {
    const { key, ask, every } = question()
    return {
      queryKey: key,
      queryFn: ({ pageParam, signal }: { pageParam: string | undefined; signal: AbortSignal }) => ask(pageParam, signal),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last: ListPage<Node>) => (last.pageInfo.hasNextPage ? (last.pageInfo.endCursor ?? undefined) : undefined),
      placeholderData: keepPreviousData,
      refetchInterval: every,
      reconcile: 'id',
    }
  })
  return {
    rows: () => (query.isSuccess ? query.data.pages.flatMap((page) => page.nodes) : []),
    waiting: () => query.isPending,
    asking: () => query.isFetching,
    outdated: () => query.isPlaceholderData,
    failure: () => query.error ?? undefined,
    hasMore: () => query.hasNextPage,
    loadMore: () => {
      if (!query.isFetching) void query.fetchNextPage()
    },
    refresh: askAgain(query),
  }
}
