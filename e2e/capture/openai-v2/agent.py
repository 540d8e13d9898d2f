"""A search: an embedding, a call with a tool, a stream with usage, one without, and a call tried again; all three signals."""
import sys

from openai import OpenAI, RateLimitError
from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

resource = Resource.create({"service.name": "page-finder"})
tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(tracers)
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
set_logger_provider(loggers)
meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
metrics.set_meter_provider(meters)
OpenAIInstrumentor().instrument()

# The SDK's own retries would hide the failed attempt inside one span.
client = OpenAI(max_retries=0)
find_page = {"type": "function", "function": {"name": "find_page", "parameters": {"type": "object", "properties": {"term": {"type": "string"}}}}}


def ask(question: str, **options):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="gpt-4.1-mini", messages=messages, **options)


with trace.get_tracer("page-finder").start_as_current_span("answer question"):
    client.embeddings.create(model="text-embedding-3-small", input="Where are otters?")
    ask("Where are otters?", tools=[find_page])
    for _ in ask("Say the page.", stream=True, stream_options={"include_usage": True}):
        pass
    for _ in ask("Say more.", stream=True):
        pass
    try:
        ask("Was that all?")
        raise SystemExit("the first attempt was expected to fail")
    except RateLimitError:
        ask("Was that all?")
for signal in (tracers, loggers, meters):
    signal.shutdown()
