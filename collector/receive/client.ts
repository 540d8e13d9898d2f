/** Longest name kept of a client, in characters. */
const nameCharactersMax = 64

/**
 * Who sends, as its `User-Agent` begins: `OTel-OTLP-Exporter-JavaScript/0.301.0`. Product and version as RFC 9110 (10.1.5) spells
 * them and nothing else, because it becomes a label.
 */
export function clientName(userAgent: string | undefined): string {
  const [product] = /^[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?/.exec(userAgent ?? '') ?? []
  return product === undefined ? 'unknown' : product.slice(0, nameCharactersMax)
}
