"""What cutting a request costs: ns of CPU per span of the batch, beside the generated classes doing the same.

    python benchmarks/split.py [rounds]

Every round runs each case once in turn, so that a busy machine slows all alike; printed is the fastest round. Batches
of 512 spans as SDKs write them: `http` has no agent span, in `mixed` one trace of eight is an agent's, in `agent` all;
`http C` and `agent C` are the same as OpenTelemetry Collectors write them, the last field first.
Memory is handled as in `serve`. `with wanted traces` is a receiver that has open traces elsewhere, and looks in every
batch for parents of theirs. The lines that begin with dots are stages of `split_traces`, each by itself: `bytes` are
the searches for keys and names in the whole batch (up to the first hit), `suspects` are the same in each span alone,
`proof` parses those that were hit and asks whether they are agent spans, `mend` is the question whether any library
could read them, `rest` takes them out of the request and writes it anew.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_scorer.conventions import markers
from otel_scorer.online.runtime import prepare_runtime
from otel_scorer.otlp import decode_span
from otel_scorer.wire import Envelope, encode_attributes, lite, split_traces
from otel_scorer.wire.lite import parse_request
from otel_scorer.wire.mend import Mender
from otel_scorer.wire.search import is_agent_span, may_hold_agent_spans, suspects

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from wire.wire_build import turned

SPANS = 512
_random = random.Random(7)
_WORDS = ("order", "status", "refund", "customer", "delay", "invoice", "please", "check", "the", "tool", "result")

HTTP: dict[str, str | int] = {
    "http.request.method": "GET",
    "url.scheme": "https",
    "url.path": "/api/v1/orders/123456",
    "http.route": "/api/v1/orders/{id}",
    "server.address": "orders.internal.example.com",
    "server.port": 8443,
    "client.address": "10.2.3.4",
    "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "network.protocol.version": "1.1",
    "http.response.status_code": 200,
}
DATABASE: dict[str, str | int] = {
    "db.system": "postgresql",
    "db.name": "orders",
    "db.statement": "SELECT id, status, total FROM orders WHERE customer_id = %s ORDER BY created DESC",
    "db.user": "app",
    "net.peer.name": "pg.internal.example.com",
    "net.peer.port": 5432,
}
MODEL: dict[str, str | int] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.id": "chatcmpl-abcdef",
    "gen_ai.usage.input_tokens": 812,
    "gen_ai.usage.output_tokens": 96,
    "server.address": "api.openai.com",
}
TOOL: dict[str, str | int] = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "lookup_order",
    "gen_ai.tool.call.id": "call_1",
}


def _text(length: int) -> str:
    words = " ".join(_random.choices(_WORDS, k=length // 5 + 1))
    return words[:length]


def _span(target: Any, trace_id: bytes, name: str, attributes: dict[str, str | int]) -> None:
    span = target.add(trace_id=trace_id, span_id=_random.randbytes(8), name=name, kind=3, flags=0x101)
    span.parent_span_id = _random.randbytes(8)
    span.start_time_unix_nano = 1_760_000_000_000_000_000 + _random.randrange(10**12)
    span.end_time_unix_nano = span.start_time_unix_nano + _random.randrange(10**9)
    for key, value in attributes.items():
        pair = span.attributes.add(key=key)
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value


def batch(agent_share: float) -> bytes:
    """512 spans in traces of nine; of an agent's trace five are agent spans."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    for key, value in {"service.name": "shop", "host.name": "h1", "telemetry.sdk.language": "python"}.items():
        resource_spans.resource.attributes.add(key=key).value.string_value = value
    scopes = {name: resource_spans.scope_spans.add() for name in ("agents", "psycopg", "httpx")}
    for name, scope in scopes.items():
        scope.scope.name = name
    for number in range(SPANS):
        if number % 9 == 0:
            trace_id, agent = _random.randbytes(16), _random.random() < agent_share
        step = number % 9
        if agent and step in (2, 6):
            content = {
                "gen_ai.input.messages": _text(_random.randrange(1_200, 6_000)),
                "gen_ai.output.messages": _text(300),
            }
            _span(scopes["agents"].spans, trace_id, "chat gpt-4o", MODEL | content)
        elif agent and step in (1, 4, 7):
            content = {"gen_ai.tool.call.arguments": _text(80), "gen_ai.tool.call.result": _text(400)}
            _span(scopes["agents"].spans, trace_id, "execute_tool lookup_order", TOOL | content)
        elif step % 3 == 2:
            _span(scopes["psycopg"].spans, trace_id, "SELECT orders", DATABASE)
        else:
            _span(scopes["httpx"].spans, trace_id, "GET /api/v1/orders/{id}", HTTP)
    return request.SerializeToString()


_marked = re.compile("|".join(map(re.escape, markers.PREFIXES))).match


def _is_agent(span: Span) -> bool:
    """The markers on a generated Span, written with care: keys first, values only where they count, stop at a hit."""
    for pair in span.attributes:
        key = pair.key
        if _marked(key) or key in markers.EXACT_KEYS:
            return True
        if key in markers.KEY_VALUES and pair.value.string_value in markers.KEY_VALUES[key]:
            return True
    return span.name in markers.SPAN_NAMES or span.name.startswith(markers.SPAN_NAME_PREFIXES)


def generated(raw: bytes) -> tuple[list[bytes], bytes]:
    """The same cut with the generated classes: parse, look, take out, serialise."""
    request = ExportTraceServiceRequest.FromString(raw)
    taken = []
    for resource_spans in request.resource_spans:
        for scope in resource_spans.scope_spans:
            for index in reversed(range(len(scope.spans))):
                span = scope.spans[index]
                if _is_agent(span):
                    taken.append(span.SerializeToString())
                    del scope.spans[index]
    return taken, request.SerializeToString()


def _cases(raw: bytes) -> dict[str, Callable[[], Any]]:
    wanted = {_random.randbytes(16) for _ in range(1000)}
    scopes = [list(scope.items) for rs in parse_request(raw).resources for scope in rs.scopes]
    marked = [[spans[index] for index in suspects(spans, ours=False)] for spans in scopes]

    def rest() -> bytes:
        request = parse_request(raw)
        for resources in request.resources:
            for scope, spans in zip(resources.scopes, places, strict=True):
                lite.remove_at(scope.items, spans)
        return bytes(request.SerializeToString())

    places = [suspects(spans, ours=False) for spans in scopes]
    return {
        "split_traces": lambda: split_traces(raw, deployment="d"),
        "with wanted traces": lambda: split_traces(raw, deployment="d", wanted_traces=wanted),
        "... framing": lambda: parse_request(raw),
        "... bytes": lambda: may_hold_agent_spans(raw),
        "... suspects": lambda: [suspects(spans, ours=False) for spans in scopes],
        "... proof": lambda: [is_agent_span(lite.Span.FromString(span)) for spans in marked for span in spans],
        "... mend": lambda: [Mender().spans(spans) for spans in marked],
        "... rest": rest,
        "generated classes": lambda: generated(raw),
    }


def _typical_span() -> bytes:
    span = Span(trace_id=bytes(range(16)), span_id=bytes(range(8)), name="chat gpt-4o", kind=3)
    attributes = MODEL | {"gen_ai.input.messages": _text(1_200), "gen_ai.output.messages": _text(300)}
    attributes |= {f"gen_ai.request.option_{n}": n if n % 3 else f"value {n}" for n in range(25 - len(attributes))}
    return span.SerializeToString() + encode_attributes(list(attributes.items()))


def fastest(cases: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Seconds of CPU of each case in its fastest round."""
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(rounds):
        for name, run in cases.items():
            began = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - began)
    return best


def main(rounds: int) -> None:
    batches = {"http": batch(0), "mixed": batch(1 / 8), "agent": batch(1)}
    for name in ("http", "agent"):
        batches[f"{name} C"] = turned(ExportTraceServiceRequest.FromString(batches[name]))
    print(f"{'ns of CPU per span':22}" + "".join(f"{name:>9}" for name in batches))
    results = {name: fastest(_cases(raw), rounds) for name, raw in batches.items()}
    for case in _cases(b""):
        print(f"{case:22}" + "".join(f"{results[name][case] / SPANS * 1e9:9.0f}" for name in batches))
    print(
        f"{'times faster':22}" + "".join(f"{r['generated classes'] / r['split_traces']:9.1f}" for r in results.values())
    )
    raw, envelope = _typical_span(), Envelope()
    decoding = fastest({"decode": lambda: [decode_span(raw, envelope) for _ in range(100)]}, rounds)["decode"]
    print(f"\ndecode_span, {len(raw)} bytes, 25 attributes: {decoding / 100 * 1e6:.1f} us")


if __name__ == "__main__":
    prepare_runtime()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
