import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { acceptedEncoding, answer, encoded, type Encoded, refuse } from './answer.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.ico': 'image/x-icon', '.json': 'application/json', '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8', '.map': 'application/json', '.webmanifest': 'application/manifest+json', '.wasm': 'application/wasm',
}
const compressible = /^(?:text\/|application\/(?:json|manifest)|image\/svg)/
/** Compressed files kept in memory; a build has some dozens. */
const keptMax = 500

/** Serves the built console. A path without an ending is a page of the single-page application. */
export function staticFiles(dir: string): (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void> {
  const kept = new Map<string, Encoded>()
  return async (request, response, path) => {
    const name = safeName(path)
    if (name === undefined) return refuse(response, 404, 'NOT_FOUND', 'there is no such page')
    const isPage = extname(name) === ''
    const file = join(dir, isPage ? 'index.html' : name)
    const changed = await modified(file)
    if (changed === undefined) {
      if (!isPage) return refuse(response, 404, 'NOT_FOUND', 'there is no such file')
      return answer(response, 404, 'text/plain; charset=utf-8', 'The console is not built. Run `npm run prepare` in the folder of Spanledger and load this page again.\n')
    }
    const type = types[extname(file)] ?? 'application/octet-stream'
    const encoding = compressible.test(type) ? acceptedEncoding(request) : 'identity'
    const key = `${file} ${changed} ${encoding}`
    const content = kept.get(key) ?? (await encoded(encoding, await readFile(file)))
    if (kept.size >= keptMax) kept.clear()
    kept.set(key, content)
    answer(response, 200, type, content.body, {
      ...content.headers,
      'cache-control': /^assets[/\\]/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(type.startsWith('text/html') ? { 'content-security-policy': contentSecurityPolicy(await readFile(file, 'utf8')) } : {}),
    })
  }
}

/** A path below the folder, or `undefined`: nothing leads out of it, and no hidden file is served. */
export function safeName(path: string): string | undefined {
  const segments = decoded(path)?.split('/').filter((segment) => segment !== '')
  if (segments === undefined) return undefined
  if (segments.some((segment) => segment.startsWith('.') || segment.includes('\\') || segment.includes('\0') || segment.includes(':'))) return undefined
  return segments.join(sep)
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    // A broken escape names no file.
    return undefined
  }
}

async function modified(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file)
    return found.isFile() ? found.mtimeMs : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG')) return undefined
    throw error
  }
}

/**
 * Scripts only from here, and the page's own inline script (the theme, before the first paint) by its hash. Style
 * attributes are allowed: they position rows, and run nothing.
 */
export function contentSecurityPolicy(html: string): string {
  const hashes = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )
  return [
    `default-src 'none'`, ['script-src', `'self'`, ...hashes].join(' '), `style-src 'self'`, `style-src-attr 'unsafe-inline'`, `img-src 'self' data:`,
    `font-src 'self'`, `connect-src 'self'`, `worker-src 'self'`, `manifest-src 'self'`, `base-uri 'none'`, `form-action 'none'`, `frame-ancestors 'none'`,
  ].join('; ')
}
