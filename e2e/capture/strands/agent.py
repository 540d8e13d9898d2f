"""One agent object that is asked twice; its second question meets the rate limit once."""
import os
import sys

from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from strands import Agent, tool
from strands.models.openai import OpenAIModel
from strands.telemetry import StrandsTelemetry

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

telemetry = StrandsTelemetry()
telemetry.tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))


@tool
def letter_count(word: str, letter: str) -> int:
    """How often a letter is in a word."""
    return word.count(letter)


agent = Agent(
    model=OpenAIModel(client_args={"base_url": os.environ["OPENAI_BASE_URL"], "max_retries": 0}, model_id="gpt-5-mini"),
    name="counter", tools=[letter_count], callback_handler=None,
    trace_attributes={"session.id": "letters-1", "user.id": "user-13"},
)
agent("How many r are in strawberry?")
agent("Are you sure?")
telemetry.tracer_provider.shutdown()
