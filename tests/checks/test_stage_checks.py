"""Stages of a run and tasks of other agents: how they ended, by their spans and the protocol's own words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import STATUS_ERROR, Span, Trace
from otel_scorer.scoring.checks.stage import failed, gave_output, got_over, task_state
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict


def span(number: int, parent: int, kind: str, name: str, error: str = "", **attributes: str) -> Span:
    told = {"openinference.span.kind": kind, **{key.replace("__", "."): value for key, value in attributes.items()}}
    return Span(
        "ab" * 16, f"{number:016x}", f"{parent:016x}" if parent else "", name, 1, number, 100 - number, told,
        status_code=STATUS_ERROR if error else 0, status_message=error,
    )  # fmt: skip


def stage(*below: Span, error: str = "", output: str = "done", root_error: str = "") -> Target:
    """A root, a chain in it, and what runs below the chain."""
    chain = span(2, 1, "CHAIN", "work", error, **({"output__value": output} if output else {}))
    seen = view(Trace("default", "ab" * 16, (span(1, 0, "AGENT", "agent", root_error), chain, *below)))
    return Target(seen, seen.by_id[f"{2:016x}"])


FINE = (span(3, 2, "TOOL", "look"), span(4, 2, "TOOL", "count"))
BROKEN = span(3, 2, "TOOL", "look", "timed out")


def estimate(told: Verdict | CannotTell) -> float | None:
    return told.estimate if isinstance(told, Verdict) else None


def test_a_stage_that_failed_costs_more_when_the_run_failed_with_it() -> None:
    assert estimate(failed(stage(*FINE))) == 5.0
    assert estimate(failed(stage(*FINE, error="boom"))) == 2.0
    assert estimate(failed(stage(*FINE, error="boom", root_error="boom"))) == 1.0
    assert failed(stage()) == CannotTell("nothing runs below this step, and nothing failed", not_applicable=True)


@pytest.mark.parametrize(
    ("below", "output", "wanted"),
    [
        (FINE, "done", 5.0),
        ((BROKEN, span(4, 2, "TOOL", "look")), "done", 4.0),
        ((span(3, 2, "TOOL", "count"), replace(BROKEN, span_id=f"{4:016x}", start_ns=4)), "done", 3.0),
        ((span(3, 2, "TOOL", "count"), replace(BROKEN, span_id=f"{4:016x}", start_ns=4)), "", 2.0),
    ],
)
def test_what_failed_below_costs_by_what_became_of_it(below: tuple[Span, ...], output: str, wanted: float) -> None:
    told = got_over(stage(*below, output=output))
    assert estimate(told) == wanted
    assert isinstance(told, Verdict)
    assert bool(told.findings) == (wanted < 5)
    assert told.metrics["step_success_rate"] == (1.0 if wanted == 5 else 0.5)


def test_a_stage_that_gave_nothing_is_a_fault_and_one_that_hides_it_is_none() -> None:
    assert estimate(gave_output(stage(*FINE))) == 5.0
    assert estimate(gave_output(stage(*FINE, output="{}"))) == 2.0
    hidden = gave_output(stage(*FINE, output=""))
    assert isinstance(hidden, CannotTell)
    assert hidden.missing_evidence


def remote(**attributes: str) -> Target:
    told = {"gen_ai.span.kind": "A2A_CLIENT", **{key.replace("__", "."): value for key, value in attributes.items()}}
    call = Span("ab" * 16, f"{2:016x}", f"{1:016x}", "message/send", 3, 2, 9, told)
    seen = view(Trace("default", "ab" * 16, (span(1, 0, "AGENT", "agent"), call)))
    return Target(seen, seen.by_id[f"{2:016x}"])


@pytest.mark.parametrize(
    ("attributes", "wanted", "code"),
    [
        ({"a2a__task__state": "TASK_STATE_COMPLETED"}, 5.0, ""),
        ({"gen_ai__a2a__task__state": "input-required"}, 4.0, "a2a.input_required"),
        ({"output__value": '{"result": {"status": {"state": "failed"}}}'}, 1.5, "a2a.failed"),
        ({"output__value": '{"status": {"state": "canceled"}}'}, 2.0, "a2a.canceled"),
        ({"output__value": '{"error": {"code": -32001, "message": "no such task"}}'}, 1.0, "a2a.error"),
        ({"output__value": "Hello"}, None, ""),
    ],
)
def test_the_state_of_a_task_decides(attributes: dict[str, str], wanted: float | None, code: str) -> None:
    told = task_state(remote(**attributes))
    assert estimate(told) == wanted
    assert [finding.code for finding in getattr(told, "findings", ())] == ([code] if code else [])
