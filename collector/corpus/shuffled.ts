/** Fisher and Yates with a linear congruential generator: an order that a failing run can repeat. */
export function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const list = [...items]
  let state = seed
  for (let last = list.length - 1; last > 0; last--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    const other = state % (last + 1)
    const [a, b] = [list[last], list[other]]
    if (a === undefined || b === undefined) throw new Error(`no item ${last} or ${other}`)
    list[last] = b
    list[other] = a
  }
  return list
}
