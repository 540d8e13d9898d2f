/**
 * One SQL statement of an HTTP request, made self-contained: parameters become typed literals and settings a `SETTINGS`
 * clause, so that nothing stays behind on the session that runs it. (chDB keeps `SET` values and bound parameters on the
 * session, and runs parameterised statements one at a time in the whole process.) Pure.
 */

/** A request ClickHouse would refuse, with its own error code. */
export class StatementError extends Error {
  readonly code: number
  constructor(code: number, name: string, message: string) {
    super(`Code: ${code}. DB::Exception: ${message}. (${name})`)
    this.code = code
  }
}

export type Statement =
  /** Returns rows; may be streamed and killed. */
  | { readonly kind: 'rows'; readonly sql: string }
  /**
   * An insert whose data is not in the statement: the engine puts it in a file and asks for the SQL that reads it.
   * `structure` is the file's columns as DDL; '' leaves them to the engine, which takes those of the table.
   */
  | {
      readonly kind: 'insert'
      /** As written; may name a database. */
      readonly table: string
      /** Names of the insert list, empty where it has none; `undefined` where it is more than names. */
      readonly columns: readonly string[] | undefined
      readonly format: string
      /** Data that stood in the statement itself. */
      readonly inline: string
      readonly sql: (file: string, structure: string) => string
    }
  /** Everything else: DDL, `INSERT … SELECT`, `INSERT … VALUES`, mutations. */
  | { readonly kind: 'command'; readonly inserts: 'nothing' | 'values' | 'selected'; readonly sql: string }

export interface StatementRequest {
  readonly sql: string
  /** Values as the HTTP interface carries them: ClickHouse's escaped text. */
  readonly params: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, string>
  /** Used where the statement names no `FORMAT`. */
  readonly defaultFormat: string
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&').replaceAll('\0', '\\0')}'`

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', 0: '\0', a: '\x07', v: '\v' }
const unescaped = (text: string): string => text.replace(/\\(.)/gs, (_, c: string) => escapes[c] ?? c)

/** What `{name:Type}` stands for. Composite values are quoted inside already, so only scalars carry the outer escaping. */
function literal(name: string, type: string, value: string): string {
  if (type === 'Identifier') return `\`${unescaped(value).replace(/[`\\]/g, '\\$&')}\``
  if (/\bMap\s*\(/.test(type)) throw new StatementError(48, 'NOT_IMPLEMENTED', `Parameter ${name} is a ${type}: pass maps as two arrays`)
  if (value === '\\N') return `CAST(NULL AS ${type})`
  const text = /^(Array|Tuple|Nested)\b/.test(type) ? value : unescaped(value)
  return type === 'String' ? quoted(text) : `_CAST(${quoted(text)}, ${quoted(type)})`
}

/** The parts of SQL in which nothing means anything: comments, strings, quoted names, heredocs; and parameters. */
const token = new RegExp([
  /--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?(?:\*\/|$)/, // comments
  /'(?:[^'\\]+|\\[\s\S]?|'')*(?:'|$)|"(?:[^"\\]+|\\[\s\S]?)*(?:"|$)|`(?:[^`\\]+|\\[\s\S]?)*(?:`|$)/, // strings and quoted names
  /\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/, // heredocs
  /\{\s*(\w+)\s*:\s*((?:[^{}'"`]|'(?:[^'\\]|\\[\s\S])*')+)\}/, // parameters
].map((part) => part.source).join('|'), 'g')

const bind = (sql: string, params: ReadonlyMap<string, string>): string =>
  sql.replace(token, (whole: string, _tag: string | undefined, name: string | undefined, type: string | undefined) => {
    if (name === undefined || type === undefined) return whole
    const value = params.get(name)
    if (value === undefined) throw new StatementError(456, 'UNKNOWN_QUERY_PARAMETER', `Substitution ${name} is not set`)
    return literal(name, type.trim(), value)
  })

/** The same length, with comments and the insides of strings blanked: safe to search for keywords and `;`. */
const masked = (sql: string): string =>
  sql.replace(token, (whole: string) =>
    whole.startsWith('--') || whole.startsWith('#') || whole.startsWith('/*') ? ' '.repeat(whole.length) : '_'.repeat(whole.length))

const settingName = /^[A-Za-z_]\w*$/
function settingsList(settings: ReadonlyMap<string, string>): string {
  return [...settings].map(([name, value]) => {
    if (!settingName.test(name)) throw new StatementError(115, 'UNKNOWN_SETTING', `'${name}' is no name of a setting`)
    return `${name} = ${quoted(value)}`
  }).join(', ')
}

const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ')

const returnsRows = /^\s*\(*\s*(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN|CHECK)\b/i
/** Statements that take `FORMAT … SETTINGS …` at their end (`ParserQueryWithOutput`). */
const takesOutput = /^\s*((CREATE|ATTACH|DROP)(?!\s+(OR\s+REPLACE\s+)?(FUNCTION|USER|ROLE|QUOTA|ROW|NAMED|WORKLOAD|RESOURCE)\b)|ALTER|TRUNCATE|RENAME|EXCHANGE|OPTIMIZE|KILL|DETACH|UNDROP)\b/i
/** Its own `SETTINGS` are the table's; the statement's come after `FORMAT`. */
const createsTable = /^\s*(CREATE|ATTACH)\b/i
const settingsTail = /\bSETTINGS\b[^()]*$/i
const takesSettings = /^\s*(DELETE|UPDATE)\b/i
/** They would change the session for whoever comes next. */
const leavesState = /^\s*(SET|USE|BEGIN|COMMIT|ROLLBACK|CREATE\s+(OR\s+REPLACE\s+)?TEMPORARY)\b/i
const insertHead = /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?(?!FUNCTION\b)[^\s(]+\s*(?:\([^()]*\))?/i
const insertTarget = /INTO\s+(?:TABLE\s+)?(?<table>[^\s(]+)\s*(?:\((?<columns>[^()]*)\))?$/i
const columnName = /^(?:\w+|`\w+`|"\w+")$/
const insertTail = /^\s*(?:SETTINGS\s+(?<settings>[\s\S]*?)\s*)?\b(?<verb>FORMAT|VALUES|SELECT|WITH)\b/i
/** A `FORMAT` at the very end, perhaps with settings. `ORDER BY format DESC` is none. */
const formatTail = /\bFORMAT\s+(?!ASC\b|DESC\b)[A-Za-z]\w*\s*(?<settings>\bSETTINGS\b[^()]*)?$/i

export function statement(request: StatementRequest): Statement {
  const mask = masked(request.sql)
  if (/^\s*INSERT\b/i.test(mask)) return insertStatement(request, mask)
  const sql = bind(oneStatement(request.sql, mask), request.params)
  const bound = masked(sql)
  if (leavesState.test(bound)) throw new StatementError(48, 'NOT_IMPLEMENTED', 'A statement that changes the session is not supported: send settings and database with the request')
  if (returnsRows.test(bound)) return { kind: 'rows', sql: withOutput(sql, bound, request) }
  const ownSettings = settingsTail.test(bound)
  if (takesOutput.test(bound) && (!ownSettings || createsTable.test(bound))) return { kind: 'command', inserts: 'nothing', sql: withOutput(sql, bound, request) }
  const settings = takesOutput.test(bound) || takesSettings.test(bound) ? settingsList(request.settings) : ''
  return { kind: 'command', inserts: 'nothing', sql: settings === '' ? sql : `${sql}${ownSettings ? ', ' : '\nSETTINGS '}${settings}` }
}

/** Several statements in one request would run one after the other, the later ones unseen by everything here. */
function oneStatement(sql: string, mask: string): string {
  const end = mask.indexOf(';')
  if (end === -1) return sql
  if (mask.slice(end).replace(/[;\s]/g, '') !== '') throw new StatementError(62, 'SYNTAX_ERROR', 'Multi-statements are not allowed')
  return sql.slice(0, end)
}

function withOutput(sql: string, mask: string, request: StatementRequest): string {
  const settings = settingsList(request.settings)
  const tail = formatTail.exec(mask.trimEnd())
  if (tail === null) return `${sql}\nFORMAT ${request.defaultFormat}${settings === '' ? '' : `\nSETTINGS ${settings}`}`
  if (settings === '') return sql
  return tail.groups?.['settings'] === undefined ? `${sql}\nSETTINGS ${settings}` : `${sql}, ${settings}`
}

function insertStatement(request: StatementRequest, mask: string): Statement {
  const head = insertHead.exec(mask)
  const tail = head === null ? null : insertTail.exec(mask.slice(head[0].length))
  if (head === null || tail === null) throw new StatementError(62, 'SYNTAX_ERROR', 'Expected INSERT INTO table (columns) followed by FORMAT, VALUES or SELECT')
  const target = bind(request.sql.slice(0, head[0].length), request.params)
  const verb = (tail.groups?.['verb'] ?? '').toUpperCase()
  const verbAt = head[0].length + tail[0].length - verb.length
  const settingsAt = tail.groups?.['settings'] === undefined ? '' : request.sql.slice(head[0].length, verbAt).replace(/^\s*SETTINGS/i, '').trim()
  const rest = request.sql.slice(verbAt)
  if (verb !== 'FORMAT') {
    const settings = joined(settingsAt, settingsList(request.settings))
    const body = bind(verb === 'VALUES' ? rest : oneStatement(rest, mask.slice(verbAt)), request.params)
    return { kind: 'command', inserts: verb === 'VALUES' ? 'values' : 'selected', sql: `${target}${settings === '' ? '' : `\nSETTINGS ${settings}`}\n${body}` }
  }
  const [whole, format = ''] = /^FORMAT\s+(\w+)[ \t]*\r?\n?/i.exec(rest) ?? []
  if (whole === undefined) throw new StatementError(62, 'SYNTAX_ERROR', 'Expected the name of a format after FORMAT')
  const { table = '', columns = '' } = insertTarget.exec(target.trimEnd())?.groups ?? {}
  const names = columns === '' ? [] : columns.split(',').map((name) => name.trim())
  const settings = joined(settingsAt, settingsList(request.settings), 'use_structure_from_insertion_table_in_table_functions = 1')
  return {
    kind: 'insert', table, format, inline: rest.slice(whole.length),
    columns: names.every((name) => columnName.test(name)) ? names.map((name) => name.replace(/[`"]/g, '')) : undefined,
    sql: (file, structure) =>
      `${target}\nSETTINGS ${settings}\nSELECT * FROM file(${quoted(file)}, ${quoted(format)}${structure === '' ? '' : `, ${quoted(structure)}`})`,
  }
}
