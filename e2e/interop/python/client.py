"""One agent run, exported by OpenTelemetry's Python SDK over all three signals. Prints one JSON line per signal: whether the
exporter reported success, and what it logged as an error.

    client.py TRACE_ID MODEL_CALLS BROKEN_SPANS

BROKEN_SPANS have a span id of zeros, which a receiver rejects. Everything else is said by the usual OTEL_EXPORTER_OTLP_* variables.
"""

import json
import logging
import os
import random
import sys
from importlib import import_module

from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import SpanKind, set_span_in_context

PACKAGES = {
    "grpc": "opentelemetry.exporter.otlp.proto.grpc",
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http",
    "http/json": "opentelemetry.exporter.otlp.json.http",
}


class Ids(IdGenerator):
    """The trace id the test chose; after `good` spans, span ids of zeros."""

    def __init__(self, trace_id, good):
        self.trace_id = trace_id
        self.good = good

    def generate_trace_id(self):
        return self.trace_id

    def generate_span_id(self):
        self.good -= 1
        return random.getrandbits(64) | 1 if self.good >= 0 else 0


class Collected(LogRecordProcessor):
    def __init__(self):
        self.records = []

    def on_emit(self, log_record):
        self.records.append(log_record)

    def shutdown(self):
        pass

    def force_flush(self, timeout_millis=30000):
        return True


class Said(logging.Handler):
    """What the exporters log, where an application would see it."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def record_run(trace_id, calls, broken):
    memory = InMemorySpanExporter()
    tracers = TracerProvider(id_generator=Ids(trace_id, calls + 1))
    tracers.add_span_processor(SimpleSpanProcessor(memory))
    tracer = tracers.get_tracer("interop")
    run = tracer.start_span("invoke_agent clerk", attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk"})
    context = set_span_in_context(run)
    for n in range(calls + broken):
        tracer.start_span("chat gpt-5-mini", context, SpanKind.CLIENT, {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5-mini",
            "gen_ai.response.id": f"{trace_id:032x}-{n}", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100,
        }).end()
    run.end()
    return memory.get_finished_spans(), context


def record_log(context):
    collected = Collected()
    loggers = LoggerProvider()
    loggers.add_log_record_processor(collected)
    loggers.get_logger("interop").emit(body="the clerk is done", context=context)
    return collected.records


def record_metric():
    reader = InMemoryMetricReader()
    MeterProvider([reader]).get_meter("interop").create_counter("interop.runs").add(1)
    return reader.get_metrics_data()


def main():
    said = Said()
    logging.getLogger().addHandler(said)
    trace_id, calls, broken = int(sys.argv[1], 16), int(sys.argv[2]), int(sys.argv[3])
    package = PACKAGES[os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"]]
    spans, context = record_run(trace_id, calls, broken)
    for signal, module, name, data in [
        ("traces", "trace_exporter", "OTLPSpanExporter", spans),
        ("logs", "_log_exporter", "OTLPLogExporter", record_log(context)),
        ("metrics", "metric_exporter", "OTLPMetricExporter", record_metric()),
    ]:
        exporter = getattr(import_module(f"{package}.{module}"), name)()
        result = exporter.export(data)
        exporter.shutdown()
        print(json.dumps({"signal": signal, "ok": result.name == "SUCCESS", "said": said.lines}), flush=True)
        said.lines = []


main()
