"""A workflow of two agents: a writer with a tool, then a reviewer."""
import asyncio
import os
import sys

from agent_framework import Agent, WorkflowBuilder, tool
from agent_framework.openai import OpenAIChatCompletionClient
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "editorial"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)


@tool(approval_mode="never_require")
def fetch_fact(topic: str) -> str:
    """A fact about a topic."""
    return f"{topic} hold hands"


client = OpenAIChatCompletionClient(model="gpt-5-mini", api_key="none", base_url=os.environ["OPENAI_BASE_URL"])
writer = Agent(client, name="writer", instructions="Write one sentence.", tools=[fetch_fact])
reviewer = Agent(client, name="reviewer", instructions="Judge the sentence.")
workflow = WorkflowBuilder(name="editing", start_executor=writer).add_edge(writer, reviewer).build()

asyncio.run(workflow.run("Write about otters."))
provider.shutdown()
