import { decodeLogsRequest, decodeRequest, encodeLogs, encodeRequest } from '#collector/decode/oracle.ts'

/** One request for each span, with the resource and scope it came with: what the most hasty exporter sends. */
export const oneSpanPerRequest = (request: Buffer): Buffer[] =>
  (decodeRequest(request).resourceSpans ?? []).flatMap((resourceSpans) =>
    (resourceSpans.scopeSpans ?? []).flatMap((scopeSpans) =>
      (scopeSpans.spans ?? []).map((span) =>
        encodeRequest(asBytes({ resourceSpans: [{ ...resourceSpans, scopeSpans: [{ ...scopeSpans, spans: [span] }] }] }) as object))))

/** One request for each log record. */
export const oneLogRecordPerRequest = (request: Buffer): Buffer[] =>
  (decodeLogsRequest(request).resourceLogs ?? []).flatMap((resourceLogs) =>
    (resourceLogs.scopeLogs ?? []).flatMap((scopeLogs) =>
      (scopeLogs.logRecords ?? []).map((record) =>
        encodeLogs(asBytes({ resourceLogs: [{ ...resourceLogs, scopeLogs: [{ ...scopeLogs, logRecords: [record] }] }] }) as object))))

const byteFields: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId', 'bytesValue'])

/** The oracle shows bytes as hex; here they become bytes again. */
function asBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asBytes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) =>
    [key, byteFields.has(key) && typeof inner === 'string' ? Buffer.from(inner, 'hex') : asBytes(inner)]))
}
