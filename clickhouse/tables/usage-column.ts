import type { Meter } from '#semconv/facts.ts'

/** `input.cache_write.5m` is the column `usage_input_cache_write_5m`. */
export const usageColumn = (meter: Meter): string => `usage_${meter.replaceAll('.', '_')}`
