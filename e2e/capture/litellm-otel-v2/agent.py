"""LiteLLM's second OpenTelemetry integration behind a router: names of the application's own, a cache, a stream, one without usage, a failure."""
import asyncio
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_OTEL_V2"] = "True"
os.environ["OTEL_EXPORTER"] = "otlp_http"
os.environ["OTEL_SERVICE_NAME"] = "river-guide"
# Recorded exceptions must not tell where this was captured.
sys.tracebacklimit = 0

import litellm
from litellm.litellm_core_utils import litellm_logging

litellm.callbacks = ["otel"]
litellm.suppress_debug_info = True

openai = {"api_base": os.environ["OPENAI_BASE_URL"], "api_key": "none", "max_retries": 0}
router = litellm.Router(num_retries=0, model_list=[
    {"model_name": "house", "litellm_params": {"model": "anthropic/claude-haiku-4-5", "api_base": os.environ["ANTHROPIC_BASE_URL"], "api_key": "none"}},
    {"model_name": "quick", "litellm_params": {"model": "openai/gpt-5-mini", **openai}},
    {"model_name": "vectors", "litellm_params": {"model": "openai/text-embedding-3-small", **openai}},
])


def of_user():
    # A new one each time: the router writes into it.
    return {"session_id": "chat-9", "user_api_key_end_user_id": "user-41"}


def ask(model, text, **more):
    return router.acompletion(model=model, messages=[{"role": "user", "content": text}], **more)


async def main():
    await ask("quick", "How many rivers?", metadata=of_user())
    await ask("house", "Which is the longest?", metadata=of_user())
    async for _ in await ask("quick", "And the shortest?", stream=True, stream_options={"include_usage": True}):
        pass
    async for _ in await ask("quick", "Why?", stream=True):
        pass
    try:
        await ask("quick", "Is that all?")
        raise SystemExit("the attempt was expected to fail")
    except litellm.InternalServerError:
        pass
    await router.aembedding(model="vectors", input=["Rhine"])
    # Its spans are made by tasks of its own, which nothing joins.
    await asyncio.sleep(2)


asyncio.run(main())
for logger in litellm_logging._in_memory_loggers:
    logger._tracer_provider.shutdown()
