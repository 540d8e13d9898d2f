import { GraphQLError } from 'graphql'

export type UserErrorCode = 'NOT_FOUND' | 'BAD_INPUT' | 'TOO_WIDE' | 'RATE_LIMITED' | 'UNAVAILABLE'

/**
 * The only errors whose text reaches a client: they name the thing, the value and what to do. Anything else is masked,
 * logged with its cause and answered as INTERNAL.
 */
export const userError = (code: UserErrorCode, message: string): GraphQLError => new GraphQLError(message, { extensions: { code } })

const codes: ReadonlySet<unknown> = new Set<string>(['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'BAD_INPUT', 'TOO_WIDE', 'RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL'])
export const isContractCode = (code: unknown): boolean => codes.has(code)

/** What a person typed, short enough to be quoted back. */
export const quoted = (value: unknown): string => `'${String(value).slice(0, 80)}'`
