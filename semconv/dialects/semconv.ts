import type { Dialect } from '../dialect.ts'

/** OpenTelemetry's google-genai and botocore instrumentations are the only ones read that leave the conventions' counting. */
const botocore = (scope: string) => scope === 'opentelemetry.instrumentation.botocore.bedrock-runtime' ||
  scope === '@opentelemetry/instrumentation-aws-sdk'

const openlit = (scope: string) => scope.startsWith('openlit.')

/** semantic-conventions-genai after 1.41 (`cache_write`), commits in `keys.ts`. */
export const semconvGenai: Dialect = {
  name: 'semconv_genai',
  keys: {},
  counting: [{ source: 'semantic-conventions-genai token-metrics.yaml@066d4a7f', input: 'inclusive', output: 'inclusive' }],
}

/** semantic-conventions 1.37 to 1.41: `gen_ai.provider.name`. Input contains the cache since 1.40; who wrote before did not say. */
export const semconv137: Dialect = {
  name: 'semconv',
  keys: {},
  counting: [
    { source: 'opentelemetry-python-contrib@466ae4c', scope: (scope) => scope.startsWith('opentelemetry.'),
      input: 'inclusive', output: 'inclusive' },
    // Passes the provider's counts on (prompt_tokens_include_cache in instrumentation/*/utils.py); captured from 1.45.0.
    { source: 'openlit 1.45.0 on PyPI', scope: openlit, providers: ['anthropic', 'aws.bedrock'], input: 'exclusive' },
    { source: 'openlit 1.45.0 on PyPI', scope: openlit, input: 'inclusive', output: 'inclusive' },
  ],
}

/** semantic-conventions 1.26 to 1.36: `gen_ai.system`. */
export const semconvOld: Dialect = {
  name: 'semconv_old',
  keys: {},
  counting: [{ source: 'opentelemetry-python-contrib@466ae4c', scope: botocore, input: 'exclusive', lossy: true }],
}

/** Nothing known about the emitter. */
export const generic: Dialect = { name: 'generic', keys: {} }
