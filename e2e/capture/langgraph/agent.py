"""A LangGraph loop of planner and tools that streams; LangChain tries the first call again after a rate limit."""
import sys

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from openinference.instrumentation import using_attributes
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "weather-desk"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
LangChainInstrumentor().instrument(tracer_provider=provider)


@tool
def get_weather(city: str) -> str:
    """The weather now."""
    return f"rain in {city}"


# The client's own retries would hide the failed attempt inside one span; LangChain's are spans of their own.
model = ChatOpenAI(model="gpt-5-mini", streaming=True, stream_usage=True, max_retries=0)
planner = model.bind_tools([get_weather]).with_retry(stop_after_attempt=2, wait_exponential_jitter=False)


def plan(state: MessagesState) -> dict:
    return {"messages": [planner.invoke(state["messages"])]}


graph = StateGraph(MessagesState)
graph.add_node("planner", plan)
graph.add_node("tools", ToolNode([get_weather]))
graph.add_edge(START, "planner")
graph.add_conditional_edges("planner", tools_condition)
graph.add_edge("tools", "planner")

with using_attributes(session_id="trip-2", user_id="user-8"):
    graph.compile().invoke({"messages": [HumanMessage("What is the weather in Paris?")]})
provider.shutdown()
