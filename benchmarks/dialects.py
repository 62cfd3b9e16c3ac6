"""What it costs to read an agent span, for each dialect of the recorded traces: us of CPU from bytes to evidence.

    python benchmarks/dialects.py [rounds]

Every round reads each dialect in turn, so that a busy machine slows all alike; printed is the fastest round. The last
lines read single spans with a megabyte of attributes that nobody means well with.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from payloads import template
from report import machine

from otel_scorer.conventions.read import CATALOGUE, read
from otel_scorer.model import Span
from otel_scorer.otlp import decode_log, decode_span, read_traces
from otel_scorer.otlp.encode import encode_log, encode_span
from otel_scorer.wire import Envelope, split_traces

TRACES = Path(__file__).resolve().parents[1].parent / "shared" / "traces"
MEGABYTE = 1_000_000
AIM_US, AIM_MS = 50, 50
Part = tuple[bytes, Envelope]


class Recorded(NamedTuple):
    """One agent span as it comes: its bytes, and those of the log records that belong to it."""

    span: Part
    logs: tuple[Part, ...] = ()

    def decoded(self) -> Span:
        return decode_span(*self.span, [decode_log(*log) for log in self.logs])


def recorded() -> dict[str, list[Recorded]]:
    """{dialect: its spans} of the recordings; {} where they are not here."""
    found: dict[str, list[Recorded]] = {}
    for folder in sorted((*TRACES.glob("dialects/*/"), *TRACES.glob("agents/*/"))):
        paths = [path for path in sorted(folder.glob("*.json")) if path.name != "versions.json"]
        spans = [span for path in paths if not path.name.endswith(".logs.json") for span in _spans(path)]
        found[f"{folder.parent.name[:-1]} {folder.name}"] = spans
    return found


def _spans(path: Path) -> list[Recorded]:
    traces = read_traces([path])
    return [
        Recorded(encode_span(span), tuple(encode_log(log) for log in span.logs))
        for trace in traces
        for span in trace.spans
    ]


def of_the_load() -> list[Recorded]:
    """The agent spans of `path.py`'s load."""
    request = next(iter(template("agent").requests()))
    return [Recorded((span.raw, span.envelope)) for span in split_traces(request, deployment="bench").agent]


def fastest(cases: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Seconds of CPU of each case in its fastest round."""
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(rounds):
        for name, run in cases.items():
            began = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - began)
    return best


def table(dialects: dict[str, list[Recorded]], rounds: int) -> str:
    """Markdown: a row for each dialect, and the mean of all recorded spans."""
    decoded = {name: [one.decoded() for one in spans] for name, spans in dialects.items()}
    decoding = fastest({name: _all(Recorded.decoded, spans) for name, spans in dialects.items()}, rounds)
    reading = fastest({name: _all(read, spans) for name, spans in decoded.items()}, rounds)
    lines = [
        "| spans | number | bytes | decode us | read us | bytes to evidence us |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, spans in dialects.items():
        size = sum(len(part[0]) for one in spans for part in (one.span, *one.logs)) / len(spans)
        us = decoding[name] / len(spans) * 1e6, reading[name] / len(spans) * 1e6
        lines.append(f"| {name} | {len(spans)} | {size:,.0f} | {us[0]:.1f} | {us[1]:.1f} | {sum(us):.1f} |")
    return "\n".join(lines)


def _all(work: Callable[[Any], Any], items: Sequence[Any]) -> Callable[[], None]:
    def run() -> None:
        for item in items:
            work(item)

    return run


def hostile() -> dict[str, dict[str, Any]]:
    """Attributes of a megabyte each: as many messages, keys or values as are read, JSON that does not parse, noise."""
    model = {"openinference.span.kind": "LLM"}
    return {
        "messages": {**model, "gen_ai.input.messages": _filled(19_000, '{"role":"user","content":"@"}')},
        "tool results": {**model, "gen_ai.input.messages": _filled(4900, json.dumps(_RESULT))},
        "requested calls": {**model, "gen_ai.output.messages": _filled(4900, json.dumps(_CALL))},
        "documents": {"openinference.span.kind": "RETRIEVER", "output.value": _filled(9900, '{"content":"@"}')},
        "printed object": {**model, "output.value": "{'a': [" + "{'b': 'c'}, " * 19_000 + "]}"},
        "deep lists": {**model, "input.value": "[" * MEGABYTE},
        "numbers": {**model, "input.value": "[" + "1," * (MEGABYTE // 2) + "1]"},
        "keys": {**model, **{f"gen_ai.input.messages.{at}.content": "x" for at in range(20_000)}},
        "noise": {**model, **_noise(random.Random(7))},
    }


_RESULT = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": {"a": "@"}}]}
_CALL = {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "w", "arguments": {"a": "@"}}]}


def _filled(number: int, item: str) -> str:
    return "[" + ",".join([item.replace("@", "x" * max(0, MEGABYTE // number - len(item)))] * number) + "]"


def _noise(chance: random.Random) -> dict[str, Any]:
    """Any value under any key that some reader looks at."""
    keys = sorted(CATALOGUE.keys)
    found: dict[str, Any] = {}
    size = 0
    while size < MEGABYTE:
        value = json.dumps(_value(chance, 0))[: chance.choice((10_000_000, 500))]
        key = chance.choice(keys) + chance.choice(("", f".{chance.randrange(500)}.message.content"))
        found[key] = value
        size += len(key) + len(value)
    return found


def _value(chance: random.Random, depth: int) -> Any:
    if depth > 5 or chance.random() < 0.3:
        return chance.choice(("user", "tool", "x" * 300, 7, 0.5, None, True, "[{", "__REDACTED__"))
    if chance.random() < 0.5:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(9))]
    names = ("role", "content", "parts", "text", "type", "id", "arguments", "tool_calls", "message", "function")
    return {name: _value(chance, depth + 1) for name in chance.sample(names, chance.randrange(7))}


def megabytes(rounds: int) -> str:
    lines = ["| a megabyte of | decode ms | read ms |", "|---|---:|---:|"]
    slowest = 0.0
    for name, attributes in hostile().items():
        raw, envelope = encode_span(Span("1" * 32, "2" * 16, "", "s", attributes=attributes))
        span = decode_span(raw, envelope)
        took = fastest({"decode": partial(decode_span, raw, envelope), "read": partial(read, span)}, rounds)
        slowest = max(slowest, took["read"])
        lines.append(f"| {name} | {took['decode'] * 1e3:.1f} | {took['read'] * 1e3:.1f} |")
    return "\n".join([*lines, f"\nslowest: {slowest * 1e3:.1f} ms (aim: under {AIM_MS})"])


def main(rounds: int) -> int:
    print(machine())
    dialects = recorded()
    if not dialects:
        print(f"dialects: no recorded traces at {TRACES}; only the benchmark's own load is read")
    else:
        dialects["all recorded"] = [span for spans in dialects.values() for span in spans]
    dialects["load of path.py"] = of_the_load()
    print(f"CPU for one agent span, fastest of {rounds} rounds (aim: read in {AIM_US} us at 2 KB)\n")
    print(table(dialects, rounds))
    print()
    print(megabytes(3))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
