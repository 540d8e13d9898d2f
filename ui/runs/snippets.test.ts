import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { codingSnippets, snippets } from './snippets.ts'

test('what the console tells to set for a coding agent is what the documentation tells', () => {
  const documented = readFileSync(new URL('../../otel-config/settings/any-language.md', import.meta.url), 'utf8')
  for (const { title, text } of codingSnippets('http://localhost:4318', 'http://localhost:4317')) assert.ok(documented.includes(`## ${title}\n\n\`\`\`sh\n${text}\n`), title)
})

test('commands name the addresses of the server that shows them', () => {
  for (const { id, text } of [...snippets('http://h:1', 'http://g:2'), ...codingSnippets('http://h:1', 'http://g:2')]) assert.match(text, /http:\/\/(h:1|g:2)/, id)
})
