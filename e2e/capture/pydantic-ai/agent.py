"""A support agent that asks a billing agent; its first model call fails and the application tries again."""
import sys

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic_ai import Agent, ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

provider = TracerProvider(resource=Resource.create({"service.name": "support-desk", "deployment.environment.name": "test"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
Agent.instrument_all(InstrumentationSettings(tracer_provider=provider))

# The SDK's own retries would hide the failed attempt inside one span.
gpt = OpenAIChatModel("gpt-5-mini", provider=OpenAIProvider(openai_client=AsyncOpenAI(max_retries=0)))
claude = AnthropicModel("claude-haiku-4-5", provider=AnthropicProvider(anthropic_client=AsyncAnthropic(max_retries=0)))

billing = Agent(claude, name="billing", instructions="Answer questions about charges.")
support = Agent(gpt, name="support", instructions="Help the customer. Ask billing about charges.")


@support.tool_plain
def lookup_order(order: int) -> str:
    """The order's state."""
    return f"order {order}: shipped"


@support.tool_plain
async def ask_billing(question: str) -> str:
    """What billing knows."""
    return (await billing.run(question, conversation_id="ticket-88")).output


with trace.get_tracer("support-desk").start_as_current_span("handle ticket", attributes={"user.id": "user-3"}):
    question = "I was charged twice for order 1042."
    try:
        support.run_sync(question, conversation_id="ticket-88")
        raise SystemExit("the first attempt was expected to fail")
    except ModelHTTPError:
        support.run_sync(question, conversation_id="ticket-88")
provider.shutdown()
