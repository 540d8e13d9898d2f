"""A LangGraph loop of planner and tools that streams; LangSmith's SDK exports it over OpenTelemetry."""
import sys

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_core.tracers.langchain import wait_for_all_tracers
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "weather-desk"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)


@tool
def get_weather(city: str) -> str:
    """The weather now."""
    return f"rain in {city}"


planner = ChatOpenAI(model="gpt-5-mini", streaming=True, stream_usage=True, max_retries=0).bind_tools([get_weather])


def plan(state: MessagesState) -> dict:
    return {"messages": [planner.invoke(state["messages"])]}


graph = StateGraph(MessagesState)
graph.add_node("planner", plan)
graph.add_node("tools", ToolNode([get_weather]))
graph.add_edge(START, "planner")
graph.add_conditional_edges("planner", tools_condition)
graph.add_edge("tools", "planner")

metadata = {"thread_id": "trip-9", "user_id": "user-60"}
graph.compile().invoke({"messages": [HumanMessage("What is the weather in Paris?")]}, {"metadata": metadata})
wait_for_all_tracers()
provider.shutdown()
