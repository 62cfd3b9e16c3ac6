"""From trace, decision and results to the record, with nothing of the content in it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from past_traces import NOW_MS

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.history.record import Record, Times, Tokens
from otel_scorer.history.records import outcomes_of, record_of, rescored, user_hash
from otel_scorer.model import (
    Attributes,
    Decision,
    Finding,
    JudgeUse,
    Missing,
    Resource,
    Result,
    RubricId,
    RubricRef,
    Score,
    Span,
    Trace,
)

MS = 1_000_000
SECRET = "the patient's name is Ada"
ROOT, LLM, TOOL, EMBEDDING = (letter * 16 for letter in "abcd")


def span(
    span_id: str, attributes: Attributes, start_ms: int, end_ms: int, *, parent: str = ROOT, name: str = SECRET
) -> Span:
    return Span(
        trace_id="1" * 32,
        span_id=span_id,
        parent_id=parent,
        name=name,
        start_ns=(NOW_MS + start_ms) * MS,
        end_ns=(NOW_MS + end_ms) * MS,
        attributes=attributes,
        trace_state="ot=th:c",
        resource=Resource({"service.name": "clinic"}),
    )


def seen(*more: Span, root: bool = True) -> TraceView:
    agent = span(
        ROOT,
        {
            "openinference.span.kind": "AGENT",
            "input.value": SECRET,
            "output.value": SECRET,
            "user.id": "ada@example.org",
            "session.id": "talk-7",
        },
        0,
        5000,
        parent="",
        name="nurse",
    )
    tokens = {"llm.token_count.prompt": 10, "llm.token_count.completion": 5}
    call = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-x", "input.value": SECRET, **tokens}
    spans = [
        *([agent] if root else []),
        span(LLM, call, 0, 2000),
        span("e" * 16, call, 1000, 3000),
        span(TOOL, {"openinference.span.kind": "TOOL", "tool.name": "find", "input.value": SECRET}, 3000, 3500),
        *more,
    ]
    return view(Trace("default", "1" * 32, tuple(spans)))


RESULT = Result(
    rubric=RubricId("agent", 3),
    digest="d" * 12,
    target_span_id=ROOT,
    scores={"factual_grounding": Score(4, 3.8, SECRET, (LLM,)), "privacy_and_safety": Missing("judge_timeout", SECRET)},
    weights={"factual_grounding": 1.0, "privacy_and_safety": 1.0},
    metrics={"context_relevance": 0.7, "broken": float("nan")},
    findings=(Finding("unsupported", "factual_grounding", SECRET, "LLM", (LLM,)),),
    evaluator="judge-x",
    composite=4.0,
    coverage=0.5,
    label="pass",
    judge_use=JudgeUse(1, 900, 30),
)
DECISION = Decision(None, "failed", 0.5, (RubricRef("agent", 3, "d" * 12),), ("error",))


def made(trace: TraceView, **changes: object) -> Record:
    fields: dict[str, object] = {
        "status": "partial",
        "decision": DECISION,
        "results": (RESULT,),
        "times": Times(first_seen_ms=NOW_MS),
        "ended_at_ms": NOW_MS + 9000,
        "salt": b"salt",
        "received_spans": 4,
    }
    return record_of(trace, **{**fields, **changes})  # type: ignore[arg-type]


def test_how_long_the_judge_took_is_told_where_it_was_asked() -> None:
    (asked, not_asked) = outcomes_of(
        [replace(RESULT, judge_use=JudgeUse(calls=1, seconds=2.5)), replace(RESULT, judge_use=JudgeUse())]
    )
    assert (asked.judge_seconds, not_asked.judge_seconds) == (2.5, None)


def test_spans_and_their_errors_are_counted_by_kind() -> None:
    broken = replace(span("f" * 16, {"openinference.span.kind": "TOOL"}, 3500, 3600), status_code=2)
    kept = record_of(
        seen(broken), status="not_sampled", decision=None, results=(), times=Times(), ended_at_ms=NOW_MS, salt=b"s"
    )
    assert kept.spans_by_kind == {"AGENT": 1, "LLM": 2, "TOOL": 2}
    assert kept.errors_by_kind == {"TOOL": 1}
    assert Record.from_json(kept.to_json()) == kept


def test_a_record_tells_what_happened_in_numbers_and_names() -> None:
    record = made(seen())
    assert (record.status, record.label, record.rule, record.probability) == ("partial", "pass", "failed", 0.5)
    assert (record.upstream_probability, record.signals) == (0.25, ("error",))
    assert (record.segments["service"], record.segments["model"]) == ("clinic", "gpt-x")
    assert (record.conversation_id, record.root_span_id) == ("talk-7", ROOT)
    assert (record.started_at_ms, record.ended_at_ms, record.latency_s) == (NOW_MS, NOW_MS + 9000, 5.0)
    assert str(record.rubrics[0].digest) == "d" * 12
    (outcome,) = record.outcomes
    assert outcome.scores["factual_grounding"].value == 4
    assert outcome.scores["factual_grounding"].evidence == (LLM,)
    assert outcome.scores["privacy_and_safety"].missing == "judge_timeout"
    assert outcome.metrics == {"context_relevance": 0.7, "broken": None}
    assert (outcome.findings[0].code, outcome.findings[0].span_ids) == ("unsupported", (LLM,))
    assert (outcome.judge_calls, outcome.judge_input_tokens) == (1, 900)


def test_no_word_of_the_content_is_in_a_record() -> None:
    text = made(seen()).to_json()
    for secret in (SECRET, "Ada", "ada@example.org"):
        assert secret not in text


def test_time_of_parallel_spans_of_a_kind_counts_once() -> None:
    assert made(seen()).latency_by_kind_s == {"AGENT": 5.0, "LLM": 3.0, "TOOL": 0.5}


def test_tokens_are_told_for_each_kind_that_uses_them() -> None:
    embedding = {"openinference.span.kind": "EMBEDDING", "llm.token_count.prompt": 7, "llm.token_count.total": 7}
    record = made(seen(span(EMBEDDING, embedding, 0, 10)))
    assert record.tokens_by_kind["LLM"] == Tokens(input=20, output=10, total=30)
    assert record.tokens_by_kind["EMBEDDING"].total == 7
    assert "TOOL" not in record.tokens_by_kind


@given(st.text(max_size=300), st.integers(-(2**70), 2**70))
def test_any_text_and_number_of_a_span_makes_a_record_that_can_be_stored(text: str, whole: int) -> None:
    hostile = "\0\ud800" + text
    call = {"openinference.span.kind": "LLM", "llm.model_name": hostile, "llm.token_count.prompt": whole}
    root = {"openinference.span.kind": "AGENT", "session.id": hostile, "user.id": hostile, "agent.name": hostile}
    spans = (
        span(ROOT, root, 0, 9, parent="", name=hostile),
        span(LLM, call, 0, 2, name=hostile),
        span(EMBEDDING, call | {"openinference.span.kind": "EMBEDDING"}, 0, 2),
    )
    odd = replace(
        RESULT,
        evaluator=hostile,
        scores={hostile: Score(4, float("nan"), SECRET, (hostile,), hostile)},
        metrics={hostile: float("inf")},
        findings=(Finding(hostile, hostile, SECRET, hostile, (hostile,)),),
        composite=float("inf"),
        judge_use=JudgeUse(1, 2**70, 2**70),
    )
    trace = view(Trace(hostile, "1" * 32, spans))
    chosen = ("session.id", hostile)
    record = made(trace, results=(odd,), segment_attributes=chosen, decision=replace(DECISION, signals=(hostile,)))
    assert Record.from_json(record.to_json()) == record
    assert "\\u0000" not in record.to_json()
    assert len(record.conversation_id) <= 256


def test_a_user_is_known_again_by_a_hash_that_depends_on_tenant_and_salt() -> None:
    record = made(seen())
    assert record.user_hash == user_hash("default", "ada@example.org", b"salt")
    others = {user_hash("other", "ada@example.org", b"salt"), user_hash("default", "ada@example.org", b"other")}
    assert record.user_hash not in others
    assert len(others) == 2
    assert user_hash("default", "", b"salt") == ""
    assert len(user_hash("default", "x", b"long" * 50)) == 32


def test_a_trace_without_its_root_and_without_a_decision_has_a_record_too() -> None:
    record = made(seen(root=False), decision=None, results=(), status="bypassed")
    assert (record.rule, record.probability, record.root_span_id, record.started_at_ms) == ("", None, "", None)
    assert (record.label, record.outcomes, record.rubrics) == ("", (), ())
    assert made(view(Trace("default", "1" * 32, ())), results=()).latency_s == 0.0


def test_a_late_score_is_the_next_revision() -> None:
    early = made(seen(), results=(), status="deadline", attempts=1)
    late = rescored(early, status="scored", results=(RESULT,), scored_ms=NOW_MS + 99_000, attempts=2)
    assert (late.revision, late.status, late.label, late.attempts) == (1, "scored", "pass", 2)
    assert (late.times.scored_ms, late.times.first_seen_ms) == (NOW_MS + 99_000, NOW_MS)
    assert late.ended_at_ms == early.ended_at_ms
    assert late.main is not None


def test_equal_traces_make_equal_records() -> None:
    assert made(seen()).to_json() == made(seen()).to_json()
