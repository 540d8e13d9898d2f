"""A book in the prompt cache: written, read by a stream, and read again after the service was overloaded once."""
import sys

from anthropic import Anthropic, APIStatusError
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "book-reader"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
# Not set as the global provider: the SDK's own spans would join in, which is another capture.
AnthropicInstrumentor().instrument(tracer_provider=provider)

# The SDK's own retries would hide the failed attempt inside one span.
client = Anthropic(max_retries=0)
book = {"type": "text", "text": "A book of forty pages. " * 60, "cache_control": {"type": "ephemeral"}}
search = {
    "name": "search_book", "description": "Finds a term.",
    "input_schema": {"type": "object", "properties": {"term": {"type": "string"}}},
}


def ask(question: str, **options):
    messages = [{"role": "user", "content": question}]
    return client.messages.create(model="claude-sonnet-4-5", max_tokens=500, system=[book], messages=messages, **options)


ask("Read this.")
for _ in ask("What is chapter two about?", stream=True):
    pass
with provider.get_tracer("book-reader").start_as_current_span("answer with retry", attributes={"session.id": "reading-4"}):
    try:
        ask("Where does it say so?", tools=[search])
        raise SystemExit("the first attempt was expected to fail")
    except APIStatusError:
        ask("Where does it say so?", tools=[search])
provider.shutdown()
