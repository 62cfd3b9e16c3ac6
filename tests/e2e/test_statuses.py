"""Every way in which a trace can end (design section 5), from the sender's request to what `otel-scorer why` says.

Most of them happen in one deployment, once: the tests look at what came of it.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e.agent_traces import REMOTE_PARENT, agent_run, make_span, new_trace_id, request_of
from e2e.deployed import DIMENSIONS, deployed, freeze, importable_checks, thaw, told_why, write_rubric
from e2e.judge_server import JudgeServer
from e2e.running import Door, attribute, is_evaluation, send, spans_of, until
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_sink import Sink

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("statuses")]

WANTED = {"tests.wanted": "yes"}
JUDGED_S = 3.0
SLOW_S = 2.6


@dataclass(frozen=True)
class Seen:
    """What came of one trace."""

    sent: list[Span]
    spans: list[Any]
    record: Any
    why: str

    @property
    def root(self) -> Any:
        """The agent's own span as the backend has it."""
        return next(span for span in self.spans if span.span_id == self.sent[-1].span_id)

    @property
    def evaluations(self) -> list[Any]:
        return [span for span in self.spans if is_evaluation(span)]

    def own_keys(self) -> list[str]:
        """Names of our own attributes on all spans of the trace."""
        return [each.key for span in self.spans for each in span.attributes if each.key.startswith("otel_scorer.")]


def _run(mode: str, **options: Any) -> list[Span]:
    extra = {**WANTED, **options.pop("extra_root", {})}
    return agent_run(question=f"What is the weather in Paris? mode-{mode}", extra_root=extra, **options)


def _many(trace_id: str) -> list[Span]:
    return [make_span(trace_id, "chat m", {"gen_ai.operation.name": "chat"}) for _ in range(25)]


def _sent() -> dict[str, list[Span]]:
    """By status; the agent's own span comes last."""
    chain = {"openinference.span.kind": "EVALUATOR", "gen_ai.operation.name": "evaluation"}
    large = _run("good")
    return {
        "scored": _run("good"),
        "partial": _run("undecided"),
        "not_sampled": agent_run(question="Who asks? mode-good"),
        "missing_evidence": _run("good", captured=False),
        "incomplete": _roots_of_other_kinds(),
        "deadline": _run("slow", parent="ab" * 8, parent_flags=REMOTE_PARENT),
        "context_overflow": _run("overflow"),
        "too_large": [*_many(large[0].trace_id.hex()), *large],
        "judge_timeout": _run("hang"),
        "judge_invalid_output": _run("garbage"),
        "judge_out_of_scale": _run("outofscale"),
        "judge_error": _run("broken"),
        "rubric_error": _run("good", extra_root={"gen_ai.operation.name": "invoke_workflow"}),
        "own": [make_span(new_trace_id(), "evaluate answer", chain | WANTED)],
    }


def _roots_of_other_kinds() -> list[Span]:
    trace_id, unseen = new_trace_id(), "cd" * 8
    spans = agent_run(trace_id, extra_root=WANTED)[:2]
    for span in spans:
        span.parent_span_id = bytes.fromhex(unseen)
        span.flags = REMOTE_PARENT
    return spans


@pytest.fixture(scope="module")
def ended() -> Iterator[dict[str, Seen]]:
    """What came of each of the traces of `_sent`, by the status that it should have."""
    with tempfile.TemporaryDirectory(prefix="os-rubrics-") as folder, importable_checks():
        rubrics = Path(folder)
        write_rubric(rubrics, "judged", kind="AGENT", ask="How good was it?")
        write_rubric(rubrics, "raising", kind="WORKFLOW", check="raises")
        yield asyncio.run(_play(rubrics))


async def _play(rubrics: Path) -> dict[str, Seen]:
    async with Sink() as sink, JudgeServer(SLOW_S) as judge:
        scoring = {
            "rubrics_dir": str(rubrics),
            "by_kind": {"AGENT": "judged", "WORKFLOW": "raising"},
            "judge": {"model": "test-judge", "base_url": judge.url, "timeout_s": JUDGED_S},
        }
        wanted = {"name": "asked", "when": [{"signal": "attribute", "key": "tests.wanted", "equals": "yes"}]}
        settings = {
            "scoring": scoring,
            "sampling": {"floor": 0.0, "rules": [wanted]},
            "complete": {"quiet_s": 1.0, "remote_parent_s": 4.0, "max_spans": 20},
            # the score of a trace that waits for a remote parent comes after its hold: 4.0 + 2.6 s; all others in time
            "hold": {"span_s": 6.2, "root_s": 6.2},
            "work": {"concurrency": 16},
        }
        async with deployed(sink, **settings) as deployment:
            _, door = await deployment.up()
            sent = _sent()
            await asyncio.gather(*(send(door, request_of(spans)) for spans in sent.values()))
            ids = {name: spans[0].trace_id.hex() for name, spans in sent.items()}
            records = await deployment.until_ended(list(ids.values()))
            await until(lambda: _evaluated(sink, ids["deadline"]), 20.0)
            await until(lambda: _delivered(sink, sent), 20.0)
            found = spans_of(sink)
            return {
                name: Seen(sent[name], found[trace_id], records[trace_id], told_why(deployment, trace_id))
                for name, trace_id in ids.items()
            }


async def _evaluated(sink: Sink, trace_id: str) -> bool | None:
    return any(is_evaluation(span) for span in spans_of(sink).get(trace_id, ())) or None


async def _delivered(sink: Sink, sent: dict[str, list[Span]]) -> bool | None:
    copies = sink.span_copies()
    wanted = {(span.trace_id.hex(), span.span_id.hex()) for spans in sent.values() for span in spans}
    return wanted <= set(copies) or None


def _assert_no_score(seen: Seen) -> None:
    """A failure is not a score: no number anywhere, and no label."""
    made_up = [key for key in seen.own_keys() if ".score." in key or key.endswith(".label")]
    assert not made_up
    verdicts = [verdict for outcome in seen.record.outcomes for verdict in outcome.scores.values()]
    assert not any(verdict.value or verdict.estimate for verdict in verdicts)
    assert all(outcome.composite is None and not outcome.label for outcome in seen.record.outcomes)
    assert not seen.record.label


def _assert_says(seen: Seen, status: str) -> None:
    """Record, root and command line agree, and each span came once."""
    assert seen.record.status == status
    assert f"{status}: " in seen.why
    assert sorted(span.span_id for span in seen.spans if not is_evaluation(span)) == sorted(
        span.span_id for span in seen.sent
    )


def test_a_trace_with_every_dimension_judged_ends_scored(ended: dict[str, Seen]) -> None:
    seen = ended["scored"]
    _assert_says(seen, "scored")
    assert attribute(seen.root, "otel_scorer.status") == "scored"
    assert {name: attribute(seen.root, f"otel_scorer.score.{name}") for name in DIMENSIONS} == dict.fromkeys(
        DIMENSIONS, 4
    )
    assert attribute(seen.root, "otel_scorer.score.composite") == 4.0
    assert attribute(seen.root, "otel_scorer.evaluator") == "test-judge"
    assert attribute(seen.root, "otel_scorer.sampling.rule") == "asked"
    assert attribute(seen.root, "otel_scorer.sampling.probability") == 1.0
    assert not seen.evaluations
    assert "test-judge: 1 calls, 100 tokens in, 20 out" in seen.why


def test_a_trace_with_a_dimension_undecided_ends_partial(ended: dict[str, Seen]) -> None:
    seen = ended["partial"]
    _assert_says(seen, "partial")
    assert attribute(seen.root, "otel_scorer.status") == "partial"
    assert attribute(seen.root, "otel_scorer.missing.factual_grounding") == "undecided"
    assert attribute(seen.root, "otel_scorer.score.factual_grounding") is None
    assert attribute(seen.root, "otel_scorer.score.privacy_and_safety") == 4
    assert attribute(seen.root, "otel_scorer.coverage") == 0.75


def test_a_trace_that_no_rule_takes_ends_not_sampled(ended: dict[str, Seen]) -> None:
    seen = ended["not_sampled"]
    _assert_says(seen, "not_sampled")
    _assert_no_score(seen)
    assert attribute(seen.root, "otel_scorer.status") == "not_sampled"
    assert attribute(seen.root, "otel_scorer.sampling.probability") == 0.0


@pytest.mark.parametrize(
    "status",
    [
        "missing_evidence",
        "context_overflow",
        "judge_timeout",
        "judge_invalid_output",
        "judge_error",
        "rubric_error",
    ],
)
def test_a_trace_that_cannot_be_scored_says_why_on_each_dimension(ended: dict[str, Seen], status: str) -> None:
    seen = ended[status]
    _assert_says(seen, status)
    _assert_no_score(seen)
    assert attribute(seen.root, "otel_scorer.status") == status
    assert {attribute(seen.root, f"otel_scorer.missing.{name}") for name in DIMENSIONS} == {status}
    assert attribute(seen.root, "otel_scorer.coverage") == 0.0
    assert not seen.evaluations


def test_a_score_outside_the_scale_is_an_invalid_output(ended: dict[str, Seen]) -> None:
    seen = ended["judge_out_of_scale"]
    _assert_says(seen, "judge_invalid_output")
    _assert_no_score(seen)


def test_a_crash_of_a_check_quotes_no_content(ended: dict[str, Seen]) -> None:
    seen = ended["rubric_error"]
    assert "anna@example.com" not in seen.why + seen.record.to_json() + str(seen.spans)


def test_a_trace_without_the_agents_own_span_ends_incomplete(ended: dict[str, Seen]) -> None:
    seen = ended["incomplete"]
    _assert_says(seen, "incomplete")
    _assert_no_score(seen)
    assert not seen.own_keys(), "there is no root to say it on"


def test_a_trace_over_the_span_limit_ends_too_large(ended: dict[str, Seen]) -> None:
    seen = ended["too_large"]
    _assert_says(seen, "too_large")
    _assert_no_score(seen)
    assert attribute(seen.root, "otel_scorer.status") == "too_large"


def test_a_score_after_the_hold_follows_as_an_evaluation_span(ended: dict[str, Seen]) -> None:
    seen = ended["deadline"]
    _assert_says(seen, "scored")
    assert attribute(seen.root, "otel_scorer.status") == "deadline"
    assert not [key for key in (each.key for each in seen.root.attributes) if key.startswith("otel_scorer.score")]
    (evaluation,) = seen.evaluations
    assert evaluation.parent_span_id == seen.root.span_id
    assert evaluation.end_time_unix_nano == seen.root.end_time_unix_nano
    assert evaluation.start_time_unix_nano == seen.root.end_time_unix_nano - 1000
    assert attribute(evaluation, "otel_scorer.status") == "scored"
    assert attribute(evaluation, "otel_scorer.score.composite") == 4.0


def test_an_evaluation_of_somebody_else_is_left_alone(ended: dict[str, Seen]) -> None:
    seen = ended["own"]
    _assert_says(seen, "own")
    _assert_no_score(seen)
    assert [span.SerializeToString() for span in seen.spans] == [span.SerializeToString() for span in seen.sent]


async def test_what_is_too_much_to_score_ends_shed_and_what_the_ledger_missed_ends_bypassed(sink: Sink) -> None:
    settings = {"work": {"max_waiting": 2}, "complete": {"quiet_s": 0.5}, "hold": {"span_s": 60.0, "root_s": 60.0}}
    async with deployed(sink, **settings) as deployment:
        _, door = await deployment.serve()
        for run in (waiting := [agent_run(), agent_run()]):
            await send(door, request_of(run))
        await until(lambda: _metric(door, "otel_scorer_queue_traces", 2), 10.0)
        await asyncio.sleep(1.2)  # the receiver looks twice a second how much waits
        shed = agent_run()
        await send(door, request_of(shed))
        records = await deployment.until_ended([shed[0].trace_id.hex()])
        spans = spans_of(sink)
        seen = Seen(
            shed, spans[shed[0].trace_id.hex()], *records.values(), told_why(deployment, shed[0].trace_id.hex())
        )
        _assert_says(seen, "shed")
        _assert_no_score(seen)
        assert attribute(seen.root, "otel_scorer.status") == "shed"
        assert waiting[0][0].trace_id.hex() not in spans, "the older ones still wait for a worker"

        freeze(deployment)
        bypassed = agent_run()
        await send(door, request_of(bypassed))
        thaw(deployment)
        trace_id = bypassed[0].trace_id.hex()
        records = await deployment.until_ended([trace_id])
        seen = Seen(bypassed, spans_of(sink)[trace_id], records[trace_id], told_why(deployment, trace_id))
        _assert_says(seen, "bypassed")
        _assert_no_score(seen)
        assert not seen.own_keys(), "they went as they came"


async def _metric(door: Door, name: str, value: float) -> bool | None:
    return (await asyncio.to_thread(door.metric, name)) == value or None
