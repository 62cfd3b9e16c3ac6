// A web request with an agent under it, in spans of OpenTelemetry's own words.

import { SpanKind, trace } from '@opentelemetry/api';
import { watched } from './watched.mjs';

const tracer = trace.getTracer('js-shop');
const QUESTION = 'What is the weather in Paris?';
const ANSWER = 'It is 18 degrees and sunny in Paris.';
const messages = (role, content) => JSON.stringify([{ role, parts: [{ type: 'text', content }] }]);

const inSpan = (name, options, inside) =>
  tracer.startActiveSpan(name, options, (span) => {
    inside(span);
    span.end();
  });

function tool() {
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'get_weather',
    'gen_ai.tool.call.arguments': '{"city": "Paris"}',
    'gen_ai.tool.call.result': '{"city": "Paris", "temperature": 18, "sky": "sunny"}',
  };
  inSpan('execute_tool get_weather', { attributes }, () => {
    inSpan('SELECT weather', { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'postgresql' } }, () => {});
  });
}

function agent() {
  const about = {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'weather',
    'gen_ai.input.messages': messages('user', QUESTION),
    'gen_ai.output.messages': messages('assistant', ANSWER),
  };
  inSpan('invoke_agent weather', { attributes: about }, () => {
    tool();
    const call = { ...about, 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'pretend' };
    inSpan('chat pretend', { kind: SpanKind.CLIENT, attributes: call }, () => {});
  });
}

await watched('js-shop', async () => {
  inSpan('POST /chat', { kind: SpanKind.SERVER, attributes: { 'http.request.method': 'POST' } }, agent);
});
