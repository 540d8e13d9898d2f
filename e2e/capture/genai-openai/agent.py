"""Both of OpenAI's APIs, plain and streamed, with cached and reasoning tokens; a stream is tried again after a server error."""
import sys

from openai import InternalServerError, OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "trip-planner"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument(tracer_provider=provider)

# The SDK's own retries would hide the failed attempt inside one span.
client = OpenAI(max_retries=0)


def advise() -> None:
    for _ in client.responses.create(model="gpt-5-mini", input="What shall I bring?", stream=True):
        pass


with trace.get_tracer("trip-planner").start_as_current_span("handle request"):
    client.responses.create(model="gpt-5-mini", input="When do I leave?", reasoning={"effort": "low"})
    messages = [{"role": "user", "content": "How many hours is that?"}]
    for _ in client.chat.completions.create(
        model="gpt-5-mini", messages=messages, stream=True, stream_options={"include_usage": True},
    ):
        pass
    try:
        advise()
        raise SystemExit("the first attempt was expected to fail")
    except InternalServerError:
        advise()
provider.shutdown()
