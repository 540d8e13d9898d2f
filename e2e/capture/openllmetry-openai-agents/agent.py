"""Triage hands the customer over to refunds, which calls a tool; a second run streams its answer."""
import asyncio
import sys

from agents import Agent, RunConfig, Runner, function_tool, set_trace_processors
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "refund-desk"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
# Why: without it the SDK also sends its traces to its vendor.
set_trace_processors([])
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)


@function_tool
def issue_refund(order: int, cents: int) -> str:
    """Pays back."""
    return f"refunded {cents} cents of order {order}"


refunds = Agent(name="Refunds", model="gpt-5-mini", instructions="Refund late orders.", tools=[issue_refund])
triage = Agent(name="Triage", model="gpt-5-mini", instructions="Hand over to whoever can help.", handoffs=[refunds])


async def main() -> None:
    first = RunConfig(workflow_name="Refund desk", group_id="chat-9")
    await Runner.run(triage, "Order 7 never came.", run_config=first)
    second = RunConfig(workflow_name="Delivery desk", group_id="chat-9")
    async for _ in Runner.run_streamed(triage, "When does order 8 come?", run_config=second).stream_events():
        pass


asyncio.run(main())
provider.shutdown()
