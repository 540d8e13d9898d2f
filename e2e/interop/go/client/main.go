// One agent run, exported by OpenTelemetry's Go SDK over all three signals. Prints one JSON line per signal: whether the
// exporter reported success, and what reached the SDK's error handler.
//
//	client TRACE_ID MODEL_CALLS BROKEN_SPANS NAME_BYTES
//
// BROKEN_SPANS have a span id of zeros, which a receiver rejects; NAME_BYTES makes the run's name so long. Everything else is
// said by the usual OTEL_EXPORTER_OTLP_* variables.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The first wait without a hint of the receiver. The default of 5 s is OpenTelemetry's; a short one shows that a longer wait
// was the receiver's wish.
const (
	initialInterval = 10 * time.Millisecond
	maxInterval     = 100 * time.Millisecond
	maxElapsedTime  = 30 * time.Second
)

type outcome struct {
	Signal string   `json:"signal"`
	OK     bool     `json:"ok"`
	Said   []string `json:"said"`
}

// Everything that the SDK reports to its error handler: where an application would see it.
type handler struct {
	mu   sync.Mutex
	said []string
}

func (h *handler) Handle(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, err.Error())
}

func (h *handler) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	said := h.said
	h.said = []string{}
	return said
}

// The trace id the test chose; after `good` spans, span ids of zeros.
type ids struct {
	traceID trace.TraceID
	good    int
}

func (g *ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	return g.traceID, g.NewSpanID(ctx, g.traceID)
}

func (g *ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	if g.good--; g.good >= 0 {
		binary.BigEndian.PutUint64(id[:], rand.Uint64()|1)
	}
	return id
}

func main() {
	traceID, err := trace.TraceIDFromHex(os.Args[1])
	must(err)
	calls, broken, nameBytes := number(2), number(3), number(4)
	errs := &handler{said: []string{}}
	otel.SetErrorHandler(errs)
	ctx := context.Background()
	grpc := os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc"
	print := json.NewEncoder(os.Stdout)
	report := func(signal string, err error) {
		said := errs.take()
		if err != nil {
			said = append(said, err.Error())
		}
		must(print.Encode(outcome{Signal: signal, OK: len(said) == 0, Said: said}))
	}

	exporter := traceExporter(ctx, grpc)
	traces := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(&ids{traceID: traceID, good: calls + 1}), sdktrace.WithBatcher(exporter))
	tracer := traces.Tracer("interop")
	runCtx, run := tracer.Start(ctx, "invoke_agent clerk"+strings.Repeat("x", nameBytes), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", "invoke_agent"), attribute.String("gen_ai.agent.name", "clerk")))
	for n := range calls + broken {
		_, call := tracer.Start(runCtx, "chat gpt-5-mini", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", "openai"),
			attribute.String("gen_ai.request.model", "gpt-5-mini"), attribute.String("gen_ai.response.id", traceID.String()+"-"+strconv.Itoa(n)),
			attribute.Int("gen_ai.usage.input_tokens", 1000), attribute.Int("gen_ai.usage.output_tokens", 100)))
		call.End()
	}
	run.End()
	report("traces", traces.ForceFlush(ctx))

	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter(ctx, grpc))))
	var record log.Record
	record.SetTimestamp(time.Now())
	record.SetBody(attribute.StringValue("the clerk is done"))
	logs.Logger("interop").Emit(runCtx, record)
	report("logs", logs.ForceFlush(ctx))

	metrics := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metricExporter(ctx, grpc))))
	counter, err := metrics.Meter("interop").Int64Counter("interop.runs")
	must(err)
	counter.Add(runCtx, 1)
	report("metrics", metrics.ForceFlush(ctx))
}

func traceExporter(ctx context.Context, grpc bool) sdktrace.SpanExporter {
	if grpc {
		exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithMaxRequestSize(0), otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: initialInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsedTime}))
		must(err)
		return exporter
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithMaxRequestSize(0), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
		Enabled: true, InitialInterval: initialInterval, MaxInterval: maxInterval, MaxElapsedTime: maxElapsedTime}))
	must(err)
	return exporter
}

func logExporter(ctx context.Context, grpc bool) sdklog.Exporter {
	if grpc {
		exporter, err := otlploggrpc.New(ctx)
		must(err)
		return exporter
	}
	exporter, err := otlploghttp.New(ctx)
	must(err)
	return exporter
}

func metricExporter(ctx context.Context, grpc bool) sdkmetric.Exporter {
	if grpc {
		exporter, err := otlpmetricgrpc.New(ctx)
		must(err)
		return exporter
	}
	exporter, err := otlpmetrichttp.New(ctx)
	must(err)
	return exporter
}

func number(at int) int {
	value, err := strconv.Atoi(os.Args[at])
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
