"""Which rubric answers an evaluation that code asks for; and the way from traceAI's tags to a score."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scored_runs import check, dimension, rubric, run

from otel_scorer.conventions.eval_tags import REQUESTED
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.errors import UserError
from otel_scorer.inspect.rubric_check import check_rubrics
from otel_scorer.model import Resource, Score, Trace
from otel_scorer.online.telemetry import Metrics
from otel_scorer.online.unknown_evaluations import MOST_NAMES, UnknownEvaluations
from otel_scorer.otlp import read_traces
from otel_scorer.sampling.decide import decide
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.requested import RequestedRubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import DEFAULT_BY_KIND

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "traces" / "agents" / "traceai_langchain"
SHIPPED = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)


def tag(name: str, kind: str = "AGENT", label: str = "") -> dict[str, Any]:
    """As traceAI's `EvalTag.to_dict` makes it."""
    head = {"type": "OBSERVATION_SPAN_TYPE", "value": kind, "eval_name": name, "custom_eval_name": label or name}
    return {**head, "config": {}, "mapping": {"output": "output.value"}, "model": "turing_small"}


def asking(*tags: dict[str, Any], trace: Trace | None = None) -> TraceView:
    trace = trace or run()
    resource = Resource({"service.name": "shop", "eval_tags": json.dumps(list(tags))})
    return view(replace(trace, spans=tuple(replace(span, resource=resource) for span in trace.spans)))


def answered(*tags: dict[str, Any], names: dict[str, str] | None = None) -> dict[str, str]:
    answers = RequestedRubrics(SHIPPED, names).answers(asking(*tags))
    return {answer.request.name: str(answer.rubric or "-") for answer in answers}


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        ("agent", "AGENT", "agent@3"),
        ("agent@1", "LLM", "agent@1"),
        ("privacy_and_safety", "AGENT", "agent@3"),
        ("privacy_and_safety", "LLM", "llm@3"),
        ("privacy_and_safety", "TOOL", "tool@3"),
        ("optimal_plan_execution", "LLM", "agent@3"),
        ("groundedness", "LLM", "llm@3"),
        ("pii", "UNKNOWN", "agent@3"),
        ("evaluate_function_calling", "AGENT", "agent@3"),
        ("Prompt Instruction-Adherence", "AGENT", "agent@3"),
        ("is_email", "AGENT", "-"),
        ("agent@7", "AGENT", "-"),
    ],
)
def test_rubrics_dimensions_and_evaluations_are_known_by_plain_name(name: str, kind: str, wanted: str) -> None:
    assert answered(tag(name, kind)) == {name: wanted}


def test_settings_map_names_first_also_those_that_users_gave() -> None:
    names = {"brand tone": "instruction_adherence", "agent": "tool@1", "is_email": ""}
    tags = (tag("tpl-1", label="Brand tone"), tag("agent"), tag("is_email"))
    assert answered(*tags, names=names) == {"tpl-1": "agent@3", "agent": "tool@1", "is_email": "-"}


def test_a_mapping_to_nothing_known_is_refused_with_what_there_is() -> None:
    with pytest.raises(UserError, match=r"scoring\.requests\.tone is 'tonne': name a rubric \(a2a@1, .*dimension"):
        check_rubrics([shipped_rubrics()], DEFAULT_BY_KIND, {"tone": "tonne"})


def test_the_rubrics_that_a_trace_asks_for_come_once_and_anything_else_as_it_would_without() -> None:
    requested = RequestedRubrics(SHIPPED)
    seen = asking(tag("pii"), tag("groundedness"), tag("toxicity", "LLM"), tag("is_email"))
    assert [str(ref) for ref in requested(seen, REQUESTED)] == ["agent@3", "llm@3"]
    assert requested(seen, None) == SHIPPED.refs(seen, None)
    assert requested(seen, ["tool@1"]) == SHIPPED.refs(seen, ["tool@1"])
    assert requested(view(run()), REQUESTED) == ()


def test_two_rubrics_that_cannot_score_one_trace_together_are_not_both_taken() -> None:
    mine = [rubric({"factual_grounding": dimension(check("says"))}, name="mine", version=n) for n in (1, 2)]
    found: list[str] = []
    requested = RequestedRubrics(RubricSet(mine), unknown=found.append)
    assert [str(ref) for ref in requested(asking(tag("mine@1"), tag("mine@2")), REQUESTED)] == ["mine@1"]
    assert found == ["mine@2"]


def test_what_is_unknown_is_told_and_what_settings_leave_out_is_not() -> None:
    found: list[str] = []
    requested = RequestedRubrics(SHIPPED, {"is_email": ""}, found.append)
    seen = asking(tag("tone"), tag("is_email"), tag("pii"))
    assert decide(seen, SamplingSettings(floor=0.0), requested).rule == "requested"
    assert found == ["tone"]


def test_unknown_evaluations_are_counted_and_each_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    unknown = UnknownEvaluations(metrics)
    for name in ("tone", "tone", "bias"):
        unknown(name)
    assert metrics.value("unknown_evaluations", evaluation="tone") == 2
    assert [record.getMessage().count("'tone'") for record in caplog.records] == [1, 0]
    for number in range(2 * MOST_NAMES):
        unknown(f"evaluation {number}")
    assert len(caplog.records) == MOST_NAMES


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded traces are not here (../shared/traces)")
async def test_tags_in_a_recorded_traceai_export_lead_to_the_score_of_the_rubric(tmp_path: Path) -> None:
    document = json.loads((RECORDED / "tests_test_agents.py_test_agents.json").read_text())
    tags = json.dumps([tag("data_privacy_compliance", "LLM", "our privacy"), tag("evaluate_function_calling", "TOOL")])
    for resource_spans in document["resourceSpans"]:
        attributes = resource_spans["resource"].setdefault("attributes", [])
        attributes.append({"key": "eval_tags", "value": {"stringValue": tags}})
    file = tmp_path / "traceai.json"
    file.write_text(json.dumps(document))
    trace = read_traces([file])[0]
    requested = RequestedRubrics(SHIPPED)
    decision = decide(view(trace), SamplingSettings(floor=0.0), requested)
    assert (decision.status, decision.rule, decision.probability) == (None, "requested", 1.0)
    rubrics = SHIPPED.resolve(decision.rubrics)
    assert rubrics is not None
    results = await score_trace(trace, rubrics, None, deadline=time.monotonic() + 10, by_kind=DEFAULT_BY_KIND)
    scored = {
        (result.rubric.name, name)
        for result in results
        for name, score in result.scores.items()
        if isinstance(score, Score)
    }
    assert ("llm", "privacy_and_safety") in scored
    assert ("tool", "optimal_plan_execution") in scored
