/**
 * A browser started in the POSIX locale (a bare container) reports "en-US@posix" as its language, which `Intl` refuses, and
 * uPlot formats with the reported language as soon as it is loaded. Imported before it.
 */
const isValid = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length > 0
  } catch (cause) {
    if (cause instanceof RangeError) return false
    throw cause
  }
}
if (!isValid(navigator.language)) Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true })
