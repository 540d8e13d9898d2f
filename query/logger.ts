/** Where this folder says what operators should know. An error field may hold SQL: it goes to the log and nowhere else. */
export interface Logger {
  info(message: string, fields: Readonly<Record<string, unknown>>): void
  error(message: string, fields: Readonly<Record<string, unknown>>): void
}
