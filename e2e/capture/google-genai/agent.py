"""Gemini thinks about a cached contract, streams a summary, and asks for a reminder after the quota was met once."""
import os
import sys

from google import genai
from google.genai import errors, types
from openinference.instrumentation import using_attributes
from openinference.instrumentation.google_genai import GoogleGenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "contract-reader"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
GoogleGenAIInstrumentor().instrument(tracer_provider=provider)

client = genai.Client(api_key="none", http_options=types.HttpOptions(base_url=os.environ["MODEL_URL"]))
thinking = types.GenerateContentConfig(thinking_config=types.ThinkingConfig(include_thoughts=True))
remind = types.FunctionDeclaration(
    name="remind", description="Reminds.", parameters_json_schema={"type": "object", "properties": {"month": {"type": "string"}}},
)
tools = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[remind])])

with using_attributes(session_id="contract-5", user_id="user-11"):
    client.models.generate_content(model="gemini-2.5-pro", contents="When does it end?", config=thinking)
    for _ in client.models.generate_content_stream(model="gemini-2.5-flash", contents="What is it?", config=thinking):
        pass
    try:
        client.models.generate_content(model="gemini-2.5-flash", contents="Remind me.", config=tools)
        raise SystemExit("the first attempt was expected to fail")
    except errors.ClientError:
        client.models.generate_content(model="gemini-2.5-flash", contents="Remind me.", config=tools)
provider.shutdown()
