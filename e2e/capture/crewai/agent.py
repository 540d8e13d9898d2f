"""A crew of a researcher with a tool and a poet, one task each."""
import os
import sys

from crewai import LLM, Agent, Crew, Process, Task
from crewai.tools import tool
from openinference.instrumentation import using_attributes
from openinference.instrumentation.crewai import CrewAIInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "poetry-crew"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
CrewAIInstrumentor().instrument(tracer_provider=provider)
# CrewAI's instrumentation leaves the model calls to the client's.
OpenAIInstrumentor().instrument(tracer_provider=provider)


@tool("search_fact")
def search_fact(topic: str) -> str:
    """A fact about a topic."""
    return f"{topic} hold hands"


llm = LLM(model="openai/gpt-4.1-mini", base_url=os.environ["OPENAI_BASE_URL"], api_key="none")
researcher = Agent(role="researcher", goal="Find facts", backstory="Curious", llm=llm, tools=[search_fact])
poet = Agent(role="poet", goal="Write poems", backstory="Dreamy", llm=llm)
tasks = [
    Task(name="find", description="Find a fact about otters.", expected_output="One fact", agent=researcher),
    Task(name="write", description="Write a poem about it.", expected_output="One line", agent=poet),
]
with using_attributes(session_id="poem-1", user_id="user-50"):
    Crew(name="poetry", agents=[researcher, poet], tasks=tasks, process=Process.sequential).kickoff()
provider.shutdown()
