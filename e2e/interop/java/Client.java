import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdkBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.IdGenerator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/**
 * One agent run, exported by OpenTelemetry's Java SDK over all three signals. Prints one JSON line per signal: whether the
 * exporter reported success, and what it logged as a warning or worse.
 *
 * <pre>java Client TRACE_ID MODEL_CALLS BROKEN_SPANS</pre>
 *
 * BROKEN_SPANS have a span id of zeros, which a receiver rejects. Everything else is said by the usual OTEL_* variables.
 */
final class Client {
  /** Longer than any exporter repeats. In seconds. */
  private static final int FLUSH_SECONDS_MAX = 30;

  /** What the exporters log, where an application would see it. */
  private static final List<String> said = new CopyOnWriteArrayList<>();

  public static void main(String[] args) {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) root.removeHandler(handler);
    root.addHandler(new Said());
    String traceId = args[0];
    int calls = Integer.parseInt(args[1]);
    int broken = Integer.parseInt(args[2]);
    AutoConfiguredOpenTelemetrySdkBuilder builder = AutoConfiguredOpenTelemetrySdk.builder();
    builder.addTracerProviderCustomizer((provider, config) -> provider.setIdGenerator(new Ids(traceId, calls + 1)));
    try (OpenTelemetrySdk sdk = builder.build().getOpenTelemetrySdk()) {
      Context run = recordRun(sdk, traceId, calls + broken);
      report("traces", sdk.getSdkTracerProvider().forceFlush());
      sdk.getLogsBridge().get("interop").logRecordBuilder().setBody("the clerk is done").setContext(run).emit();
      report("logs", sdk.getSdkLoggerProvider().forceFlush());
      sdk.getMeter("interop").counterBuilder("interop.runs").build().add(1);
      report("metrics", sdk.getSdkMeterProvider().forceFlush());
    }
  }

  private static Context recordRun(OpenTelemetrySdk sdk, String traceId, int calls) {
    Span run = sdk.getTracer("interop").spanBuilder("invoke_agent clerk").setNoParent()
        .setAttribute("gen_ai.operation.name", "invoke_agent").setAttribute("gen_ai.agent.name", "clerk").startSpan();
    Context context = Context.root().with(run);
    for (int n = 0; n < calls; n++) {
      sdk.getTracer("interop").spanBuilder("chat gpt-5-mini").setParent(context).setSpanKind(SpanKind.CLIENT)
          .setAllAttributes(Attributes.builder()
              .put("gen_ai.operation.name", "chat").put("gen_ai.provider.name", "openai").put("gen_ai.request.model", "gpt-5-mini")
              .put("gen_ai.response.id", traceId + "-" + n)
              .put(AttributeKey.longKey("gen_ai.usage.input_tokens"), 1000L).put(AttributeKey.longKey("gen_ai.usage.output_tokens"), 100L)
              .build())
          .startSpan().end();
    }
    run.end();
    return context;
  }

  private static void report(String signal, CompletableResultCode flushed) {
    // A flush also succeeds where the export did not; an exporter that gives up says so in its log.
    boolean ok = flushed.join(FLUSH_SECONDS_MAX, TimeUnit.SECONDS).isSuccess() && said.isEmpty();
    String lines = said.stream().map(line -> '"' + line.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"').collect(Collectors.joining(","));
    said.clear();
    System.out.println("{\"signal\":\"" + signal + "\",\"ok\":" + ok + ",\"said\":[" + lines + "]}");
  }

  /** The trace id the test chose; after {@code good} spans, span ids of zeros. */
  private static final class Ids implements IdGenerator {
    private final String traceId;
    private int good;

    Ids(String traceId, int good) {
      this.traceId = traceId;
      this.good = good;
    }

    @Override
    public String generateTraceId() {
      return traceId;
    }

    @Override
    public String generateSpanId() {
      return good-- > 0 ? IdGenerator.random().generateSpanId() : "0000000000000000";
    }
  }

  private static final class Said extends Handler {
    @Override
    public void publish(LogRecord record) {
      if (record.getLevel().intValue() >= Level.WARNING.intValue()) said.add(record.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
