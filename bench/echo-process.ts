import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers a JSON body with itself and does nothing else: what a question over HTTP takes on this machine whoever answers. Tells its port. */
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part)).once('end', () => response.end(JSON.stringify(JSON.parse(Buffer.concat(parts).toString('utf8')))))
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
