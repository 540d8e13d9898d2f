"""A greeter transfers the guest to a booker, which calls a tool."""
import asyncio
import os
import sys

os.environ["GOOGLE_GEMINI_BASE_URL"] = os.environ["MODEL_URL"]

from google.adk.agents import LlmAgent
from google.adk.runners import InMemoryRunner
from google.genai import types
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "restaurant"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)


def book_table(people: int) -> dict:
    """Books a table."""
    return {"table": 7, "people": people}


booker = LlmAgent(name="booker", model="gemini-2.5-flash", description="Books tables.", instruction="Book.", tools=[book_table])
greeter = LlmAgent(name="greeter", model="gemini-2.5-flash", instruction="Greet and transfer.", sub_agents=[booker])


async def main() -> None:
    runner = InMemoryRunner(agent=greeter, app_name="restaurant")
    await runner.session_service.create_session(app_name="restaurant", user_id="user-17", session_id="visit-3")
    message = types.Content(role="user", parts=[types.Part(text="A table for four, please.")])
    async for _ in runner.run_async(user_id="user-17", session_id="visit-3", new_message=message):
        pass


asyncio.run(main())
provider.shutdown()
