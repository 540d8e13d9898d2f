import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { preset } from '@graphql-codegen/client-preset'
import { codegen } from '@graphql-codegen/core'
import { buildSchema, parse } from 'graphql'

/** `queries.graphql` and the server's schema, turned into `queries.ts`: one typed text per question. */

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export const generatedPath = file('queries.ts')

/** `queries.ts` as it should be. Throws where a query does not fit the schema, with GraphQL's own message. */
export async function generatedQueries(): Promise<string> {
  const schemaText = await readFile(file('../query/schema.graphql'), 'utf8')
  const queryText = await readFile(file('queries.graphql'), 'utf8')
  const sections = await preset.buildGeneratesSection({
    baseOutputDir: 'ui/', schema: parse(schemaText), schemaAst: buildSchema(schemaText), documents: [{ document: parse(queryText), location: 'queries.graphql', rawSDL: queryText }],
    config: {
      documentMode: 'string', useTypeImports: true, enumsAsTypes: true, strictScalars: true, skipTypename: true,
      scalars: { Count: 'number', DateTime: 'string', Decimal: 'string', JSON: 'unknown' },
    },
    presetConfig: { fragmentMasking: false }, plugins: [], pluginMap: {},
  })
  const section = sections.find((candidate) => candidate.filename.endsWith('graphql.ts'))
  if (section === undefined) throw new Error('the preset no longer writes graphql.ts')
  const generated = await codegen(section)
  return `// Written by ui/generate.ts from queries.graphql and the server's schema: change those.\n${generated}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(generatedPath, await generatedQueries())
