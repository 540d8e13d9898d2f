"""The SDK's own spans: a count, a call it retries by itself, a stream, and a call that a second instrumentation tells too."""
import sys

from anthropic import Anthropic
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "calculator"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)

client = Anthropic(max_retries=1)
book = {"type": "text", "text": "A book about rivers. " * 90, "cache_control": {"type": "ephemeral"}}

with trace.get_tracer("calculator").start_as_current_span("handle request"):
    question = [{"role": "user", "content": "What is 12 + 14 + 16?"}]
    client.messages.count_tokens(model="claude-haiku-4-5", messages=question)
    thinking = {"type": "enabled", "budget_tokens": 1024}
    client.messages.create(model="claude-haiku-4-5", max_tokens=2000, thinking=thinking, messages=question)
    with client.messages.stream(
        model="claude-haiku-4-5", max_tokens=100, system=[book], messages=[{"role": "user", "content": "Read this."}],
    ) as stream:
        stream.get_final_message()
    AnthropicInstrumentor().instrument(tracer_provider=provider)
    client.messages.create(
        model="claude-haiku-4-5", max_tokens=100, system=[book], messages=[{"role": "user", "content": "What is it about?"}],
    )
provider.shutdown()
