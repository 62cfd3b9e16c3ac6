"""What scoring one trace costs: ms of CPU, as a whole and check by check. The shipped rubrics, no judge, no network.

    python benchmarks/scoring.py [--rounds N] [--recorded FILE]

Checks of a trace share what they find out about its texts: the one that asks first pays. So they run here in the order
of the rubrics, as `score_trace` runs them, and a check's figure is the sum over all its targets. Printed are medians.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from payloads import AGENT_SPANS_OF_A_TRACE, template
from report import machine

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Span, Trace, Value
from otel_scorer.otlp import trace_of
from otel_scorer.otlp.files import read_traces
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.rubrics.applies import targets
from otel_scorer.scoring.rubrics.binding import load_function
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.scrub import scrub_trace
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.wire import split_traces

RECORDED = Path("/work/shared/traces/agents/openllmetry_langchain/tests_test_agents.py_test_agents.json")
"""A run whose calls repeat a long conversation: 122 KB in 16 spans."""
LONG = 1_000_000
"""Characters of the field that is made long."""
SHOWN = 12
"""Checks that are printed, the dearest first."""

RUBRICS = tuple(RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND))
Spent = dict[str, float]
"""What was done -> ms of CPU."""


def agent_trace() -> Trace:
    """A trace of the bench's load "agent"."""
    first = split_traces(next(template("agent").requests()), deployment="").agent[:AGENT_SPANS_OF_A_TRACE]
    return trace_of("default", first[0].trace_id.hex(), [(span.raw, span.envelope) for span in first])


def with_long_field(trace: Trace) -> Trace:
    """The same with much in its first tool result: the conversation again and again, dates and amounts between."""
    said = " ".join(str(span.attributes.get("gen_ai.output.messages", "")) for span in trace.spans)
    text = "".join(f"On 2026-03-{n % 28 + 1:02} parcel A-{n} cost ${n}.50. {said}\n" for n in range(LONG // len(said)))
    place = next(n for n, span in enumerate(trace.spans) if "gen_ai.tool.call.result" in span.attributes)
    attributes: dict[str, Value] = {**trace.spans[place].attributes, "gen_ai.tool.call.result": text[:LONG]}
    spans: list[Span] = [*trace.spans]
    spans[place] = replace(spans[place], attributes=attributes)
    return replace(trace, spans=tuple(spans))


def cpu_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def whole(trace: Trace, loop: asyncio.Runner) -> Spent:
    """What a worker does with a trace that it has read."""
    score = score_trace(trace, RUBRICS, None, deadline=time.monotonic() + 600)
    return {"score_trace": cpu_ms(lambda: loop.run(score)), "scrub_trace": cpu_ms(lambda: scrub_trace(trace))}


def by_check(trace: Trace) -> Spent:
    seen = view(trace)
    spent: Spent = defaultdict(float, {"reading of the trace": cpu_ms(lambda: _read(seen))})
    once = Once()
    for rubric in RUBRICS:
        for _, _, target in targets(rubric, seen, DEFAULT_BY_KIND, once=once):
            for use in (use for rules in rubric.dimensions.values() for use in rules.checks):
                check, options = load_function(use.use), use.options
                name = f"{rubric.name}: {use.use.rpartition('.')[2]}"
                spent[name] += cpu_ms(lambda check=check, options=options, target=target: check(target, **options))
    return spent


def _read(seen: TraceView) -> object:
    """What checks ask of a view."""
    return seen.own, seen.contexts, seen.final_answer, seen.system, seen.user_text, seen.turns, seen.errors


def median(rounds: Sequence[Spent]) -> Spent:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def show(name: str, trace: Trace, rounds: int) -> None:
    size = sum(len(value) for span in trace.spans for value in span.attributes.values() if isinstance(value, str))
    with asyncio.Runner() as loop:
        done = median([whole(trace, loop) for _ in range(rounds)])
    print(f"\n{name}: {len(trace.spans)} spans, {size:,} characters")
    for what, ms in done.items():
        print(f"  {ms:9.2f} ms  {what}")
    parts = median([by_check(trace) for _ in range(rounds)])
    dearest = sorted(parts.items(), key=lambda part: -part[1])
    for what, ms in dearest[:SHOWN]:
        print(f"  {ms:9.3f} ms    {what}")
    print(f"  {sum(ms for _, ms in dearest[SHOWN:]):9.3f} ms    the {len(dearest[SHOWN:])} other checks")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--recorded", type=Path, default=RECORDED)
    given = options.parse_args()
    print(machine())
    agent = agent_trace()
    show("the bench's agent trace", agent, given.rounds)
    if given.recorded.is_file():
        show(f"recorded: {given.recorded.name}", read_traces([given.recorded])[0], given.rounds)
    show("with a field of 1 MB", with_long_field(agent), max(3, given.rounds // 5))


if __name__ == "__main__":
    main()
