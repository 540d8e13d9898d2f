"""A tool-calling agent that is asked twice and keeps counting its tokens."""
import os
import sys

from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from smolagents import OpenAIModel, ToolCallingAgent, tool

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "word-counter"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
SmolagentsInstrumentor().instrument(tracer_provider=provider)


@tool
def word_length(word: str) -> int:
    """Counts the letters of a word.

    Args:
        word: The word.
    """
    return len(word)


model = OpenAIModel(model_id="gpt-5-mini", api_base=os.environ["OPENAI_BASE_URL"], api_key="none")
agent = ToolCallingAgent(tools=[word_length], model=model, name="counter", description="Counts.", verbosity_level=0)
agent.run("How long is otter?")
agent.run("Are you sure?", reset=False)
provider.shutdown()
