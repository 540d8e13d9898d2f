"""One interface, two vendors: a plain call, a stream from a cached book, and a call that is tried again."""
import os
import sys
import time

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "river-guide"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
litellm.callbacks = ["otel"]
litellm.suppress_debug_info = True

openai = {"model": "openai/gpt-5-mini", "api_base": os.environ["OPENAI_BASE_URL"], "api_key": "none", "max_retries": 0}
anthropic = {"model": "anthropic/claude-haiku-4-5", "api_base": os.environ["ANTHROPIC_BASE_URL"], "api_key": "none"}
book = {"type": "text", "text": "A book about rivers. " * 90, "cache_control": {"type": "ephemeral"}}

# No span of our own around the calls: LiteLLM would write its attributes onto it, the last call over the first.
litellm.completion(**openai, user="user-40", messages=[{"role": "user", "content": "How many rivers?"}])
for _ in litellm.completion(
    **anthropic, user="user-40", stream=True,
    messages=[{"role": "system", "content": [book]}, {"role": "user", "content": "Which is the longest?"}],
):
    pass
question = [{"role": "user", "content": "Is that all?"}]
try:
    litellm.completion(**openai, user="user-40", messages=question)
    raise SystemExit("the first attempt was expected to fail")
except litellm.InternalServerError:
    litellm.completion(**openai, user="user-40", messages=question)
# LiteLLM makes its spans on threads of its own, which nothing joins.
time.sleep(2)
provider.shutdown()
