"""LangGraph and the Anthropic SDK under OpenLIT: a graph that uses a tool, a stream, and a call that fails and is tried again."""
import sys

import openlit
from anthropic import Anthropic, InternalServerError
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent
from opentelemetry import trace

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

# OpenLIT exports to OTEL_EXPORTER_OTLP_ENDPOINT by itself.
openlit.init(application_name="trip-planner", environment="demo", disable_metrics=True)


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return "rain, 18 degrees"


# The SDKs' own retries would hide the failed attempt inside one span.
planner = create_react_agent(ChatOpenAI(model="gpt-4o", max_retries=0), [get_weather], name="planner")
claude = Anthropic(max_retries=0)


def ask(question: str, **options):
    return claude.messages.create(
        model="claude-sonnet-4-5", max_tokens=200, messages=[{"role": "user", "content": question}], **options)


planner.invoke({"messages": [("user", "What shall I bring to Lisbon?")]}, {"configurable": {"thread_id": "trip-9"}})
with trace.get_tracer("trip-planner").start_as_current_span("write postcard"):
    for _ in ask("Write a postcard.", stream=True):
        pass
    try:
        ask("And in Portuguese?")
        raise SystemExit("the first attempt was expected to fail")
    except InternalServerError:
        ask("And in Portuguese?")
trace.get_tracer_provider().shutdown()
