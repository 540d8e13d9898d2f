/** Where the collector says what a person should know. Never per span: what happens often is counted instead. */
export interface Log {
  info(message: string, fields: Readonly<Record<string, unknown>>): void
  warn(message: string, fields: Readonly<Record<string, unknown>>): void
  error(message: string, fields: Readonly<Record<string, unknown>>): void
}
