/**
 * The amounts of a pricing case, worked out a second time: from its text, in exact fractions, by code that shares nothing with
 * `price.ts`. Slow and plain on purpose. It finds cards by the exact name alone; how names are matched is `match.test.ts`.
 */

/** Numerator and denominator, the latter above 0. */
type Fraction = readonly [bigint, bigint]

interface Line {
  readonly words: ReadonlyMap<string, string>
  readonly subject: string
  readonly model: string
}

const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d]

function decimal(text: string): Fraction {
  const [whole = '0', digits = ''] = text.split('.')
  return [BigInt(whole + digits), 10n ** BigInt(digits.length)]
}

function read(line: string): Line {
  const [, subject = '', ...rest] = line.split(/\s+/)
  const isCall = line.startsWith('call ')
  const [provider = '', card = ''] = isCall ? [subject, rest[0]] : subject.split('/')
  const words = new Map<string, string>()
  for (const item of isCall ? rest.slice(1) : rest) {
    const [key = '', value = 'yes'] = item.split('=')
    if (/^x[\d.]+$/.test(key)) words.set('factor', key.slice(1))
    else words.set(key, value)
  }
  return { subject: provider, model: card, words }
}

/** Price classes to try for a meter, and how many units one published price is for. */
const million = 1_000_000n
const classes: Readonly<Record<string, readonly (readonly [string, bigint])[]>> = {
  'uncached': [['input', million]],
  'cache_read': [['cache_read', million], ['input', million]],
  'cache_write.5m': [['cache_write', million], ['input', million]],
  'cache_write.1h': [['cache_write_1h', million], ['cache_write', million], ['input', million]],
  'input.audio': [['input_audio', million], ['input', million]],
  'audio.cache_read': [['cache_audio_read', million], ['input_audio', million], ['cache_read', million], ['input', million]],
  'input.image': [['input_image', million], ['input', million]],
  'text': [['output', million]],
  'reasoning': [['output_reasoning', million], ['output', million]],
  'output.audio': [['output_audio', million], ['output', million]],
  'tool.web_search': [['web_search', 1000n]],
  'tool.code_execution': [['code_execution', 1000n]],
  'request': [['request', 1000n]],
  'audio.seconds': [['audio_hour', 3600n]],
}
const prompt = new Set(['uncached', 'cache_read', 'cache_write.5m', 'cache_write.1h', 'input.audio', 'audio.cache_read', 'input.image'])
const byPiece = new Set(['tool.web_search', 'tool.code_execution', 'request', 'audio.seconds'])

/** Nanoseconds since 1970 of an RFC 3339 time in UTC. */
function instant(text: string): bigint {
  const [, seconds = '', rest = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(text) ?? []
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(rest.padEnd(9, '0'))
}

function holds(line: Line, at: bigint): boolean {
  const from = line.words.get('from')
  const to = line.words.get('to')
  if (from !== undefined && at < instant(`${from}T00:00:00Z`)) return false
  if (to !== undefined && at >= instant(`${to}T00:00:00Z`)) return false
  const hours = line.words.get('hours')
  if (hours === undefined) return true
  const clock = new Date(Number(at / 1_000_000n)).toISOString().slice(11, 19)
  const [start = '', end = ''] = hours.split('-')
  return start <= end ? clock >= start && clock < end : clock >= start || clock < end
}

const dimensions = ['tier', 'batch', 'speed', 'region'] as const

function meets(rule: Line, call: Line): boolean {
  if (rule.words.has('tenant') && rule.words.get('tenant') !== call.words.get('tenant')) return false
  return dimensions.every((name) => {
    const wanted = rule.words.get(name)
    const is = call.words.get(name)
    return wanted === undefined || wanted === is || (wanted.endsWith('*') && is?.startsWith(wanted.slice(0, -1)) === true)
  })
}

const conditionCount = (rule: Line): number => dimensions.filter((name) => rule.words.has(name)).length

/** Lines of the text that follow a line without `above=` are its tiers: the last one the prompt is above holds. */
function tierOf(lines: readonly Line[], first: Line, tokens: bigint): Line {
  let found = first
  for (let i = lines.indexOf(first) + 1; i < lines.length; i++) {
    const above = lines[i]?.words.get('above')
    if (above === undefined) break
    if (tokens > BigInt(above)) found = lines[i] as Line
  }
  return found
}

/**
 * Of every meter of the call its amount in pico-dollars, `'unpriced'` for a piece without a price; `undefined` where the call
 * as a whole has none.
 */
export function amounts(text: readonly string[], callText: string): ReadonlyMap<string, bigint | 'unpriced'> | undefined {
  const call = read(callText)
  const at = instant(call.words.get('at') ?? '2026-10-01T12:00:00Z')
  const mine = (line: Line) => line.subject === call.subject && (line.model === call.model || line.model === '*')
  const prices = text.filter((line) => line.startsWith('price ')).map(read).filter(mine)
  const rules = text.filter((line) => line.startsWith('rule ')).map(read).filter(mine)
  const usage = [...call.words].filter(([key]) => key in classes).map(([meter, count]) => [meter, BigInt(count)] as const)
  if (prices.length === 0 || call.words.has('unsplit')) return undefined
  const tokens = usage.reduce((sum, [meter, count]) => (prompt.has(meter) ? sum + count : sum), 0n)

  const listFirst = prices.filter((line) => !line.words.has('above') && holds(line, at)).at(-1)
  if (listFirst === undefined) return undefined
  const list = tierOf(prices, listFirst, tokens)

  const met = rules.filter((rule) => holds(rule, at) && meets(rule, call))
  const rank = (rule: Line) => [rule.words.has('tenant') ? 1 : 0, conditionCount(rule), Date.parse(rule.words.get('from') ?? '1970-01-01')]
  const higher = (a: Line, b: Line): number => {
    const [one, other] = [rank(a), rank(b)]
    return one.map((value, i) => (other[i] ?? 0) - value).find((difference) => difference !== 0) ?? 0
  }
  const [first] = met.filter((rule) => !rule.words.has('factor') && !rule.words.has('above')).sort(higher)
  const ruled = first === undefined ? undefined : tierOf(rules, first, tokens)
  const factors = new Map<string, Line>()
  for (const rule of met.filter(({ words }) => words.has('factor'))) {
    const about = dimensions.find((name) => rule.words.has(name)) ?? 'contract'
    if (about === 'contract' ? first?.words.has('tenant') : first?.words.has(about)) continue
    const other = factors.get(about)
    const better = (line: Line) => [line.words.has('tenant') ? 1 : 0, line.model === '*' ? 0 : 1, Date.parse(line.words.get('from') ?? '1970-01-01')]
    if (other === undefined || better(rule).join().localeCompare(better(other).join(), 'en', { numeric: true }) > 0) factors.set(about, rule)
  }

  const replaced = ruled !== undefined && Object.values(classes).flat().some(([unit, per]) => per === million && ruled.words.has(unit))
  const answer = new Map<string, bigint | 'unpriced'>()
  const requests: (readonly [string, bigint])[] = usage.some(([meter]) => meter === 'request') ? [] : [['request', 1n]]
  for (const [meter, count] of [...usage, ...requests]) {
    if (count === 0n) continue
    const sources = ruled === undefined ? [list] : byPiece.has(meter) ? [ruled, list] : replaced ? [ruled] : [list]
    const found = sources.flatMap((source) => (classes[meter] ?? []).flatMap(([unit, per]) => {
      const dollars = source.words.get(unit)
      return dollars === undefined ? [] : [times(decimal(dollars), [10n ** 12n, per])]
    }))[0]
    if (found === undefined) {
      if (!byPiece.has(meter)) return undefined
      if (!(meter === 'request' && requests.length > 0)) answer.set(meter, 'unpriced')
      continue
    }
    let amount = times(found, [count, 1n])
    for (const rule of factors.values()) if (!byPiece.has(meter) || rule.words.has('tenant')) amount = times(amount, decimal(rule.words.get('factor') ?? '1'))
    answer.set(meter, halfEven(amount))
  }
  return answer
}

function halfEven([numerator, denominator]: Fraction): bigint {
  const down = numerator / denominator
  const [left, right] = [numerator - down * denominator, (down + 1n) * denominator - numerator]
  if (left !== right) return left < right ? down : down + 1n
  return down % 2n === 0n ? down : down + 1n
}
