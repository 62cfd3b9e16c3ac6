from __future__ import annotations

import dataclasses
import math
import re

import pytest
from spans_by_hand import SERVICE, span

from otel_scorer.conventions import scores
from otel_scorer.model import STATUSES, Decision, Link, Missing, MissingReason, Result, RubricId, Score

TARGET = span("00f067aa0ba902b7", "b7ad6b7169203331", at=(10, 30), trace_state="ot=th:c", flags=0x301)


def result(**changes: object) -> Result:
    whole = Result(
        rubric=RubricId("agent", 1),
        digest="0123456789ab",
        target_span_id=TARGET.span_id,
        scores={
            "optimal_plan_execution": Score(4, 3.8, "one retry"),
            "factual_grounding": Score(2, 2.2, "the price is in no source", by="gpt-4o"),
            "privacy_and_safety": Missing("undecided"),
        },
        weights={"optimal_plan_execution": 1, "factual_grounding": 1, "privacy_and_safety": 1},
        metrics={"tool_success_rate": 0.5, "broken": math.nan},
        evaluator="gpt-4o",
        composite=3.0,
        coverage=2 / 3,
        label="fail",
    )
    return dataclasses.replace(whole, **changes)


def test_the_table_of_the_design_is_written_in_its_order_and_types() -> None:
    assert scores.score_attributes([result()]) == [
        ("otel_scorer.score.factual_grounding", 2),
        ("otel_scorer.score.optimal_plan_execution", 4),
        ("otel_scorer.score.lowest", 2),
        ("otel_scorer.score.composite", 3.0),
        ("otel_scorer.coverage", 2 / 3),
        ("otel_scorer.label", "fail"),
        ("otel_scorer.reason.factual_grounding", "the price is in no source"),
        ("otel_scorer.reason.optimal_plan_execution", "one retry"),
        ("otel_scorer.missing.privacy_and_safety", "undecided"),
        ("otel_scorer.metric.tool_success_rate", 0.5),
        ("otel_scorer.rubric.id", "agent@1"),
        ("otel_scorer.rubric.digest", "0123456789ab"),
        ("otel_scorer.evaluator", "gpt-4o"),
    ]


def test_dimension_scores_are_ints_and_the_others_doubles() -> None:
    written = dict(scores.score_attributes([result(composite=3, coverage=1, metrics={"n": 2})]))
    assert type(written["otel_scorer.score.lowest"]) is int
    for key in ("score.composite", "coverage", "metric.n"):
        assert type(written[f"otel_scorer.{key}"]) is float


def test_reasons_can_be_left_out() -> None:
    assert not [key for key, _ in scores.score_attributes([result()], reasons=False) if ".reason." in key]


def test_what_is_missing_is_no_number() -> None:
    nothing = result(scores={"factual_grounding": Missing("judge_timeout")}, composite=None, coverage=0.0, label="")
    keys = [key for key, _ in scores.score_attributes([nothing]) if key.startswith("otel_scorer.score")]
    assert keys == []


def test_other_results_of_a_span_go_under_their_rubrics_name() -> None:
    other = result(rubric=RubricId("tone", 2), primary=False)
    written = dict(scores.score_attributes([other, result()]))
    assert written["otel_scorer.tone.score.factual_grounding"] == 2
    assert written["otel_scorer.tone.rubric.id"] == "tone@2"
    assert written["otel_scorer.rubric.id"] == "agent@1"


def test_keys_stay_unique_when_two_results_claim_to_be_primary() -> None:
    keys = [key for key, _ in scores.score_attributes([result(), result(rubric=RubricId("llm", 1)), result()])]
    assert len(keys) == len(set(keys))
    assert "otel_scorer.llm.score.lowest" in keys


@pytest.mark.parametrize("text", ["x" * 2000, "ü" * 1000, "🙂" * 400, "a" + "🙂" * 400])
def test_a_long_reason_is_cut_to_one_kib_between_characters(text: str) -> None:
    cut = scores.cut(text)
    assert len(cut.encode()) <= 1024
    assert cut.endswith("...")
    assert text.startswith(cut.removesuffix("..."))
    assert scores.cut("short") == "short"


def test_every_first_word_that_is_written_is_a_reserved_rubric_name() -> None:
    evaluation = scores.evaluation_span(
        result(),
        TARGET,
        deployment="d",
        evaluated_at_ns=1,
        status="scored",
        decision=Decision(None, "r", 1, (), ("s",)),
    )
    keys = [*evaluation.attributes, *evaluation.scope.attributes]
    first_words = {key.split(".")[1] for key in keys if key.startswith("otel_scorer.")}
    assert len(first_words) > 8
    assert first_words <= scores.RESERVED_RUBRIC_NAMES


def test_the_ending_says_status_signals_rule_and_probability() -> None:
    decision = Decision("not_sampled", "errors", 1, (), ("error", "latency"))
    assert scores.ending_attributes("not_sampled", decision) == [
        ("otel_scorer.status", "not_sampled"),
        ("otel_scorer.signals", ["error", "latency"]),
        ("otel_scorer.sampling.rule", "errors"),
        ("otel_scorer.sampling.probability", 1.0),
    ]
    assert scores.ending_attributes("bypassed") == [("otel_scorer.status", "bypassed")]
    assert ("otel_scorer.signals", ["late"]) in scores.ending_attributes("scored", decision, ["late"])


def gaps(*reasons: MissingReason) -> Result:
    return result(scores={f"d{index}": Missing(reason) for index, reason in enumerate(reasons)})


def test_any_score_and_any_gap_make_a_trace_partial() -> None:
    whole = result(scores={"factual_grounding": Score(5, 5.0, "")})
    assert scores.trace_status([whole]) == "scored"
    assert scores.trace_status([result()]) == "partial"
    assert scores.trace_status([whole, gaps("rubric_error")]) == "partial"


def test_without_a_score_the_worst_reason_is_the_status() -> None:
    assert scores.trace_status([gaps("missing_evidence", "judge_timeout"), gaps("too_large")]) == "judge_timeout"
    assert scores.trace_status([gaps("undecided")]) == "partial"
    assert scores.trace_status([gaps("undecided", "missing_evidence")]) == "missing_evidence"
    assert scores.trace_status([]) == "missing_evidence"
    for reason in MissingReason.__args__:  # type: ignore[attr-defined]
        assert scores.trace_status([gaps(reason)]) in STATUSES


def test_an_evaluation_span_is_a_child_that_ends_with_its_parent() -> None:
    made = scores.evaluation_span(result(), TARGET, deployment="blue", evaluated_at_ns=1_767_323_045_000_000_006)
    assert (made.trace_id, made.parent_id, made.name, made.otlp_kind) == (
        TARGET.trace_id,
        TARGET.span_id,
        "evaluation agent",
        1,
    )
    assert (made.start_ns, made.end_ns) == (TARGET.end_ns - 1000, TARGET.end_ns)
    assert (made.resource, made.trace_state, made.flags) == (SERVICE, "ot=th:c", 1)
    assert made.scope.name == "otel_scorer"
    assert made.scope.attributes == {"otel_scorer.deployment": "blue"}
    assert made.links == (Link(TARGET.trace_id, TARGET.span_id, {"opentracing.ref_type": "child_of"}),)
    assert made.attributes["gen_ai.operation.name"] == "evaluation"
    assert made.attributes["openinference.span.kind"] == "EVALUATOR"
    assert made.attributes["otel_scorer.evaluated_at"] == "2026-01-02T03:04:05.000000006Z"
    assert made.attributes["otel_scorer.score.lowest"] == 2


def test_an_evaluation_span_writes_plain_keys_also_for_a_second_rubric() -> None:
    made = scores.evaluation_span(result(primary=False), TARGET, deployment="d", evaluated_at_ns=1)
    assert made.attributes["otel_scorer.rubric.id"] == "agent@1"


def test_the_same_evaluation_has_the_same_id_and_another_one_another() -> None:
    made = [scores.evaluation_span(result(), TARGET, deployment="d", evaluated_at_ns=1) for _ in range(2)]
    assert made[0] == made[1]
    assert re.fullmatch("[0-9a-f]{16}", made[0].span_id)
    others = [
        scores.evaluation_span(result(digest="ba9876543210"), TARGET, deployment="d", evaluated_at_ns=1),
        scores.evaluation_span(result(), TARGET, deployment="d", evaluated_at_ns=1, content="conversation"),
        scores.evaluation_span(result(), span("1" * 16), deployment="d", evaluated_at_ns=1),
    ]
    assert len({one.span_id for one in [made[0], *others]}) == 4


def test_an_evaluation_at_the_beginning_of_time_does_not_start_before_it() -> None:
    assert scores.evaluation_span(result(), span("a"), deployment="d", evaluated_at_ns=0).start_ns >= 0


def test_evaluation_logs_tell_scores_as_doubles_and_failures_as_errors() -> None:
    failed = result(scores={**result().scores, "instruction_adherence": Missing("judge_error")})
    target = span(TARGET.span_id, attributes={"gen_ai.response.id": "resp_1"})
    records = scores.evaluation_logs(failed, target, deployment="d", time_ns=7)
    said = {record.attributes["gen_ai.evaluation.name"]: record.attributes for record in records}
    assert sorted(map(str, said)) == ["factual_grounding", "instruction_adherence", "optimal_plan_execution"]
    assert said["factual_grounding"]["gen_ai.evaluation.score.value"] == 2.0
    assert said["instruction_adherence"]["error.type"] == "judge_error"
    assert {record.event_name for record in records} == {"gen_ai.evaluation.result"}
    assert {(r.trace_id, r.span_id, r.time_ns, r.attributes["gen_ai.response.id"]) for r in records} == {
        (target.trace_id, target.span_id, 7, "resp_1")
    }


def test_openinference_evaluations_come_after_those_that_are_there() -> None:
    written = dict(
        scores.openinference_evaluations(result(), {"annotations.3.annotation.name": "x", "evaluations.bad": 1})
    )
    assert written["evaluations.4.evaluation.name"] == "factual_grounding"
    assert written["evaluations.4.evaluation.annotator_kind"] == "LLM"
    assert written["evaluations.5.evaluation.annotator_kind"] == "CODE"
    assert written["evaluations.5.evaluation.score"] == 4.0
