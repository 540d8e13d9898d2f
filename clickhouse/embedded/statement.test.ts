import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Statement, statement, StatementError } from './statement.ts'

const plan = (sql: string, params: Record<string, string> = {}, settings: Record<string, string> = {}): Statement =>
  statement({ sql, params: new Map(Object.entries(params)), settings: new Map(Object.entries(settings)), defaultFormat: 'TSV' })
const sqlOf = (planned: Statement): string => planned.kind === 'insert' ? planned.sql('/f', '') : planned.sql
const refusal = (code: number) => (error: unknown) => error instanceof StatementError && error.code === code

test('settings follow the statement, wherever it may name its own', () => {
  const settings = { max_threads: '2' }
  assert.equal(sqlOf(plan('SELECT 1', {}, settings)), "SELECT 1\nFORMAT TSV\nSETTINGS max_threads = '2'")
  assert.equal(sqlOf(plan('SELECT 1\nFORMAT JSONEachRow', {}, settings)), "SELECT 1\nFORMAT JSONEachRow\nSETTINGS max_threads = '2'")
  assert.equal(sqlOf(plan('SELECT 1 SETTINGS a = 1 FORMAT JSON', {}, settings)), "SELECT 1 SETTINGS a = 1 FORMAT JSON\nSETTINGS max_threads = '2'")
  assert.equal(sqlOf(plan('SELECT 1 FORMAT JSON SETTINGS a = 1', {}, settings)), "SELECT 1 FORMAT JSON SETTINGS a = 1, max_threads = '2'")
  assert.equal(sqlOf(plan('SELECT x FROM t ORDER BY format DESC', {}, settings)), "SELECT x FROM t ORDER BY format DESC\nFORMAT TSV\nSETTINGS max_threads = '2'")
  assert.equal(sqlOf(plan('INSERT INTO t (a) SETTINGS b = 1 SELECT 1', {}, settings)), "INSERT INTO t (a)\nSETTINGS b = 1, max_threads = '2'\nSELECT 1")
  assert.equal(sqlOf(plan('ALTER TABLE t DROP COLUMN a SETTINGS b = 1', {}, settings)), "ALTER TABLE t DROP COLUMN a SETTINGS b = 1, max_threads = '2'")
  assert.equal(sqlOf(plan('DELETE FROM t WHERE 1', {}, settings)), "DELETE FROM t WHERE 1\nSETTINGS max_threads = '2'")
  assert.equal(sqlOf(plan('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS b = 1', {}, settings)),
    "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS b = 1\nFORMAT TSV\nSETTINGS max_threads = '2'")
})

test('a setting cannot carry SQL', () => {
  assert.match(sqlOf(plan('SELECT 1', {}, { log_comment: "' , readonly = '0" })), /log_comment = '\\' , readonly = \\'0'$/)
  assert.throws(() => plan('SELECT 1', {}, { 'a = 1, b': '2' }), refusal(115))
})

test('parameters become literals of their type and cannot leave them', () => {
  assert.equal(sqlOf(plan('SELECT {s:String}', { s: "it\\'s \\\\ \\n" })), "SELECT 'it\\'s \\\\ \n'\nFORMAT TSV")
  assert.equal(sqlOf(plan('SELECT { n : UInt64 }', { n: '1); DROP TABLE t --' })), "SELECT _CAST('1); DROP TABLE t --', 'UInt64')\nFORMAT TSV")
  assert.equal(sqlOf(plan("SELECT {e:Enum8('a' = 1)}", { e: 'a' })), "SELECT _CAST('a', 'Enum8(\\'a\\' = 1)')\nFORMAT TSV")
  assert.equal(sqlOf(plan('SELECT {a:Array(String)}', { a: "['it\\'s']" })), "SELECT _CAST('[\\'it\\\\\\'s\\']', 'Array(String)')\nFORMAT TSV")
  assert.equal(sqlOf(plan('SELECT {x:Nullable(String)}', { x: '\\N' })), 'SELECT CAST(NULL AS Nullable(String))\nFORMAT TSV')
  assert.equal(sqlOf(plan('SELECT * FROM {t:Identifier}', { t: 'a`b' })), 'SELECT * FROM `a\\`b`\nFORMAT TSV')
  assert.throws(() => plan('SELECT {missing:String}'), refusal(456))
  assert.throws(() => plan('SELECT {m:Map(String, String)}', { m: '{}' }), refusal(48))
})

test('braces in strings, names, comments and heredocs are no parameters', () => {
  for (const sql of ["SELECT '{a:String}'", "SELECT 'it''s {a:String}'", "SELECT '\\'{a:String}'", 'SELECT `{a:String}`', '/* {a:String} */ SELECT 1', 'SELECT $x${a:String}$x$']) {
    assert.equal(sqlOf(plan(sql)), `${sql}\nFORMAT TSV`)
  }
  assert.equal(sqlOf(plan('SELECT 1 -- {a:String}')), 'SELECT 1 -- {a:String}\nFORMAT TSV')
})

test('only one statement runs, and none that changes the session', () => {
  assert.equal(sqlOf(plan("SELECT ';' ; ")), "SELECT ';' \nFORMAT TSV")
  assert.throws(() => plan('SELECT 1; SET max_threads = 1'), refusal(62))
  assert.throws(() => plan('SELECT 1 /* ; */ ; DROP TABLE t'), refusal(62))
  for (const sql of ['SET max_threads = 1', 'USE system', '/* */ set a = 1', 'CREATE TEMPORARY TABLE t (a UInt8)']) assert.throws(() => plan(sql), refusal(48))
})

test('an insert reads its data from the file, with the columns of its list', () => {
  const insert = plan('INSERT INTO db.t (a, b) FORMAT RowBinary', {}, { insert_deduplication_token: "o'k" })
  assert.ok(insert.kind === 'insert')
  assert.deepEqual([insert.table, insert.columns, insert.format], ['db.t', ['a', 'b'], 'RowBinary'])
  assert.match(insert.sql('/f', "a UInt8, b Enum8('x' = 1)"), /file\('\/f', 'RowBinary', 'a UInt8, b Enum8\(\\'x\\' = 1\)'\)$/)
  assert.equal(sqlOf(insert), "INSERT INTO db.t (a, b)\nSETTINGS insert_deduplication_token = 'o\\'k', use_structure_from_insertion_table_in_table_functions = 1\nSELECT * FROM file('/f', 'RowBinary')")
  const inline = plan('INSERT INTO t FORMAT JSONEachRow {"a": "{x:String}; \'"}')
  assert.ok(inline.kind === 'insert')
  assert.equal(inline.inline, '{"a": "{x:String}; \'"}')
  assert.equal(plan("INSERT INTO t VALUES ('a;b')").kind, 'command')
  assert.throws(() => plan('INSERT INTO t'), refusal(62))
  assert.throws(() => plan("INSERT INTO FUNCTION file('/etc/x', 'CSV') SELECT 1"), refusal(62))
})

test('a very long or unterminated literal is scanned in time', () => {
  const long = `SELECT '${'a\\'.repeat(2_000_000)}`
  const since = performance.now()
  assert.equal(plan(long).kind, 'rows')
  assert.ok(performance.now() - since < 2_000)
})
