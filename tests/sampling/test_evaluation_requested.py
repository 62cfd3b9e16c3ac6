"""Traces that ask for evaluations: chosen by a rule like any other, with the rubrics that they name."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from sampled_traces import agent, llm, tool, trace_of

from otel_scorer.conventions.eval_tags import REQUESTED
from otel_scorer.conventions.trace_view import TraceView
from otel_scorer.model import RubricRef
from otel_scorer.sampling.decide import decide
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.sampling.signals.requests import EvaluationRequestedSignal

AGENT, DEEP = RubricRef("agent", 1, "a" * 12), RubricRef("deep", 2, "b" * 12)


def asking(*names: str, status: int = 0, trace_id: str = "1" * 32) -> TraceView:
    tags = [{"eval_name": name, "value": "LLM"} for name in names]
    resource = {"service.name": "shop", **({"eval_tags": json.dumps(tags)} if names else {})}
    return trace_of(agent(resource=resource), llm(resource=resource), tool("c", status=status), trace_id=trace_id)


def refs(view: TraceView, names: Sequence[str] | None) -> tuple[RubricRef, ...]:
    """`deep` is the only evaluation that is known."""
    if names == REQUESTED:
        return (DEEP,) if EvaluationRequestedSignal(names=("deep",)).holds(view) else ()
    return (AGENT,)


def settings(**more: object) -> SamplingSettings:
    return SamplingSettings.model_validate({"floor": 0.0, **more})


def test_by_default_a_trace_that_asks_is_scored_by_what_it_asks_for() -> None:
    decision = decide(asking("deep"), settings(), refs)
    assert (decision.status, decision.rule, decision.probability) == (None, "requested", 1.0)
    assert decision.rubrics == (DEEP,)
    assert decision.signals == ("evaluation_requested",)


def test_the_rate_of_the_rule_is_the_probability_that_is_recorded() -> None:
    rule = {"name": "asked", "when": ["evaluation_requested"], "rate": 0.25, "rubrics": "requested"}
    chosen = settings(rules=[rule])
    decisions = [decide(asking("deep", trace_id=f"{n:032x}"), chosen, refs) for n in range(1, 801)]
    assert {(each.rule, each.probability) for each in decisions} == {("asked", 0.25)}
    assert sum(each.status is None for each in decisions) == pytest.approx(200, abs=50)


def test_what_nothing_answers_changes_no_chance() -> None:
    decision = decide(asking("unheard of"), settings(floor=0.5), refs)
    assert (decision.rule, decision.probability) == ("floor", 0.5)
    assert decision.signals == ("evaluation_requested",)
    assert decide(asking(), settings(floor=0.5), refs).rule == "floor"


def test_other_rules_bring_their_own_rubrics_beside() -> None:
    decision = decide(asking("deep", status=2), settings(), refs)
    assert decision.rule == "failed"
    assert set(decision.rubrics) == {AGENT, DEEP}


def test_the_signal_can_look_for_some_evaluations_only() -> None:
    assert EvaluationRequestedSignal().holds(asking("tone"))
    assert not EvaluationRequestedSignal().holds(asking())
    assert EvaluationRequestedSignal(names=("tone", "pii")).holds(asking("pii"))
    assert not EvaluationRequestedSignal(names=("tone",)).holds(asking("pii"))
