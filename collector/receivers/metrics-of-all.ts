/** One metric of Prometheus text: its head, and its samples by process. */
interface Metric {
  readonly head: readonly string[]
  readonly samples: string[]
}

/**
 * The counters of several receiving processes as one Prometheus text: each sample with the number of its process as a label,
 * so that a sum and a comparison are both one query.
 */
export function metricsOfAll(texts: ReadonlyMap<number, string>): string {
  const metrics = new Map<string, Metric>()
  for (const [receiver, text] of texts) {
    let head: string[] = []
    for (const line of text.split('\n')) {
      if (line.startsWith('#')) {
        head = line.startsWith('# HELP') ? [line] : [...head, line]
        continue
      }
      const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      if (name === undefined) continue
      const metric = metrics.get(name) ?? { head, samples: [] }
      metrics.set(name, metric)
      metric.samples.push(`${name}{receiver="${receiver}"${labels === undefined ? '' : `,${labels}`}} ${value}`)
    }
  }
  return [...metrics.values()].flatMap(({ head, samples }) => [...head, ...samples]).map((line) => `${line}\n`).join('')
}
