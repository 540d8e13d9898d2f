/** The specification's recommended bound of a request, before and after decompression (OTLP 1.11). In bytes. */
export const bodyBytesMax = 64 * 1024 * 1024
/** How long a request may take to arrive, in milliseconds: 64 MiB at 9 Mbit/s. SDKs give up after 10 s, the Collector after 5 or 30. */
export const receiveMsMax = 60_000
/**
 * Seconds a refused sender is asked to wait, the longer the fuller the spool is (a share of its quota): what fills it takes
 * longest to pass. At most 3, because JavaScript's exporter gives up after 10 s in total.
 */
export const retrySeconds = (spoolFill: number): number => (spoolFill < 0.5 ? 1 : spoolFill < 0.9 ? 2 : 3)
