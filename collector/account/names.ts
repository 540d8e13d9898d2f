/** Longest name kept of a client or a reason, in characters. */
const charsMax = 120

export const bounded = (name: string): string => (name.length <= charsMax ? name : `${name.slice(0, charsMax - 1)}…`)

/** What stands for all names above the bound. */
export const other = 'other'

/** Tells so many names apart, the first it hears; a sender that makes up names fills no memory, no table and no `/metrics`. */
export class Names {
  readonly #max: number
  readonly #known = new Set<string>()

  constructor(max: number) {
    this.#max = max
  }

  of(name: string): string {
    if (this.#known.has(name)) return name
    if (this.#known.size === this.#max) return other
    this.#known.add(name)
    return name
  }
}

/**
 * The first product of a user agent, with its version: `OTel-OTLP-Exporter-Python/1.40.0 grpc-python/1.74.0` is the exporter, and
 * `OpenTelemetry Collector Contrib/0.150.0 (linux/amd64)` is one product too. Control characters are none of ours.
 */
export function clientOf(userAgent: string | undefined): string {
  // oxlint-disable-next-line no-control-regex
  const text = (userAgent ?? '').slice(0, 1_000).replace(/[\u0000-\u001f\u007f]/g, ' ').trim()
  return bounded(/^[^(/]*\/[^\s(]+/.exec(text)?.[0] ?? text.split('(')[0]?.trim() ?? '')
}
