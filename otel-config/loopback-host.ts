import { isIP } from 'node:net'

/** What containers call the machine they run on. Nobody can own these names: `.internal` is reserved for private use. */
const containerNames: ReadonlySet<string> = new Set(['host.docker.internal', 'host.containers.internal'])
const everyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** A name or an address, without brackets, that only this machine answers to. */
export const isLoopback = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))

/**
 * Whether a request's `Host` may be served. A page on the web can point its own name at 127.0.0.1 (DNS rebinding) and
 * would then be same-origin with us; it cannot make the browser send another name. Loopback names and addresses pass,
 * and the host we were told to listen on; where that is "every address", any address written as numbers passes too.
 */
export function hostAllowed(header: string | undefined, configured: string): boolean {
  const name = hostName(header)
  if (name === undefined) return false
  if (isLoopback(name) || containerNames.has(name)) return true
  return name === configured.toLowerCase() || (everyAddress.has(configured) && isIP(name) !== 0)
}

function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/.exec((header ?? '').toLowerCase())
  return match?.[1] ?? match?.[2]
}
