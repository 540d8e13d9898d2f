"""LangGraph under MLflow, its model calls also told by MLflow's own OpenAI autologging; an embedding and a call that fails."""
import os
import sys

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0
# MLflow exports there instead of keeping traces; what it keeps beside them stays in the working folder.
os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"
os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///mlflow.db"

import mlflow
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent
from openai import OpenAI, RateLimitError

mlflow.openai.autolog()
mlflow.langchain.autolog()


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return "rain, 18 degrees"


client = OpenAI(max_retries=0)
client.embeddings.create(model="text-embedding-3-small", input="Lisbon in November")
planner = create_react_agent(ChatOpenAI(model="gpt-4o", max_retries=0), [get_weather], name="planner")
planner.invoke(
    {"messages": [("user", "What shall I bring to Lisbon?")]},
    {"configurable": {"thread_id": "trip-9"}, "metadata": {"user_id": "user-17"}})
try:
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Once more?"}])
    raise SystemExit("the call was expected to fail")
except RateLimitError:
    pass
mlflow.flush_trace_async_logging()
