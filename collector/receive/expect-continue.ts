import type { IncomingMessage, ServerResponse } from 'node:http'

/** With `Expect: 100-continue` a sender keeps its body until it is told that it is wanted. */
const expectsContinue = (request: IncomingMessage): boolean => request.headers.expect?.toLowerCase() === '100-continue'

export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (expectsContinue(request)) response.writeContinue()
}

/** A sender that was not told to continue may send the body or the next request: only a new connection is unambiguous. */
export function closeWithoutBody(request: IncomingMessage, response: ServerResponse): void {
  if (expectsContinue(request) && !request.complete) response.setHeader('Connection', 'close')
}
