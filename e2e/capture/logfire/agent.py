"""OpenAI's two APIs under Logfire: a plain response, a streamed completion, and one that is tried again."""
import sys

import logfire
from openai import InternalServerError, OpenAI

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

# Logfire exports to OTEL_EXPORTER_OTLP_ENDPOINT by itself. What it always detects about the host is covered up.
logfire.configure(
    send_to_logfire=False, console=False, inspect_arguments=False, metrics=False, service_name="trip-planner",
    resource_attributes={"host.name": "agent", "host.id": "agent", "os.version": "6", "process.runtime.description": "3.11", "process.pid": 1},
)
logfire.instrument_openai()

# The SDK's own retries would hide the failed attempt inside one span.
client = OpenAI(max_retries=0)


def ask(question: str, **options):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="gpt-5-mini", messages=messages, **options)


with logfire.span("handle request"):
    client.responses.create(model="gpt-5-mini", input="When do I leave?", reasoning={"effort": "low"})
    for _ in ask("How many hours is that?", stream=True, stream_options={"include_usage": True}):
        pass
    try:
        ask("What shall I bring?")
        raise SystemExit("the first attempt was expected to fail")
    except InternalServerError:
        ask("What shall I bring?")
logfire.shutdown()
