"""Claude's Agent SDK, asked once: it reads a file and answers."""
import asyncio
import os
import shutil
import sys
import tempfile

import claude_agent_sdk
from openinference.instrumentation.claude_agent_sdk import ClaudeAgentSDKInstrumentor
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

sys.tracebacklimit = 0
provider = TracerProvider(resource=Resource({"service.name": "notes"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
ClaudeAgentSDKInstrumentor().instrument(tracer_provider=provider)


async def main() -> None:
    # A home and a project of its own, at a place that says nothing about the machine.
    place = tempfile.mkdtemp(prefix="claude-")
    home, project = os.path.join(place, "home"), os.path.join(place, "project")
    os.mkdir(home)
    os.mkdir(project)
    with open(os.path.join(project, "notes.txt"), "w") as notes:
        notes.write("milk\n")
    options = claude_agent_sdk.ClaudeAgentOptions(cwd=project, model="claude-sonnet-4-5", allowed_tools=["Read"], setting_sources=[], env={"HOME": home})
    async for _ in claude_agent_sdk.query(prompt="What is in notes.txt?", options=options):
        pass
    shutil.rmtree(place)


asyncio.run(main())
provider.shutdown()
