/** Does one piece of work after the other, in the order of asking, whatever became of those before: what one of them writes, the next one sees. */
export function oneByOne(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => undefined /* told to who asked for it */)
    return next
  }
}
