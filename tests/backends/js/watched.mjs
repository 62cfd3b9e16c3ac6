// OpenTelemetry's SDK for Node.js, and the ids of the spans that it exported.

import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';

const EXPORTERS = { grpc: GrpcExporter, 'http/json': JsonExporter, 'http/protobuf': ProtobufExporter };

const ended = [];
const ids = {
  onStart() {},
  onEnd(span) {
    const { traceId, spanId } = span.spanContext();
    ended.push([traceId, spanId]);
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};

/** Runs `program`, exports its spans as OTEL_EXPORTER_OTLP_* say, and prints their ids. */
export async function watched(serviceName, program) {
  const exporter = new EXPORTERS[process.env.OTEL_EXPORTER_OTLP_PROTOCOL]();
  const sdk = new NodeSDK({ serviceName, spanProcessors: [ids, new tracing.BatchSpanProcessor(exporter)] });
  sdk.start();
  await program();
  await sdk.shutdown();
  console.log(JSON.stringify(ended));
}
