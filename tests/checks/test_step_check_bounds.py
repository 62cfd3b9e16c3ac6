"""Hostile input for the checks of single steps and the measures: none raises, and what each reads is bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from agent_runs import Call, Fetch, Run, Tool, trace
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import STATUS_ERROR, Span
from otel_scorer.scoring.checks import call, chunks, guardrail, outcomes, stage
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

CHECKS: list[Callable[[Target], Verdict | CannotTell]] = [
    *(call.result_used, call.repeats_earlier, call.secrets_handed_on),
    *(chunks.chunk_use, chunks.best_on_top),
    *(guardrail.decided, guardrail.let_through, guardrail.heeded),
    *(stage.failed, stage.got_over, stage.gave_output, stage.task_state),
    outcomes.task_completion,
]
KINDS = ("CHAIN", "GUARDRAIL", "RERANKER", "MCP", "TOOL")


def targets(text: str) -> list[Target]:
    """The whole run and every step of it, with one more span of each kind that holds the text wherever it can."""
    moves = (Call("lookup", {"q": text}, text), Call("lookup", {"q": text}, text), Fetch(text, (text, text)))
    made = trace(
        Run(text, text, moves, system=text, tools=(Tool("lookup", text, {"type": "object"}),)), "openinference"
    )
    held = {"input.value": text, "output.value": text, "guardrail.status": text, "a2a.task.state": text}
    more = [
        Span(
            made.trace_id,
            f"{kind:0<16}",
            made.spans[0].span_id,
            text[:50],
            start_ns=made.spans[0].start_ns + number,
            end_ns=made.spans[0].end_ns,
            attributes={"openinference.span.kind": kind, **held},
            status_code=STATUS_ERROR * (number % 2),
            status_message=text,
        )
        for number, kind in enumerate(KINDS)
    ]
    seen = view(replace(made, spans=(*made.spans, *more)))
    return [Target(seen), *(Target(seen, step) for step in seen.steps)]


@settings(max_examples=30, deadline=None)
@given(st.one_of(st.text(max_size=300), st.sampled_from(['{"error": {"a": 1}}', '{"result": {"status": []}}', "[]"])))
def test_no_text_makes_a_check_raise_or_leave_the_scale(text: str) -> None:
    for at in targets(text):
        for check in CHECKS:
            answer = check(at)
            assert isinstance(answer, CannotTell) or 1.0 <= answer.estimate <= 5.0


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_says_what_it_can_tell(check: Callable[[Target], Verdict | CannotTell]) -> None:
    assert len(check.__doc__ or "") > 80


def test_words_beyond_the_cap_are_not_read() -> None:
    run = Run(
        "What came?", "It came from the Lima depot.", (Fetch("q", ("word " * 20_000 + " came from the Lima depot",)),)
    )
    told = chunks.chunk_use(Target(view(trace(run, "otel"))))
    assert told.metrics["chunk_attribution"] == 1.0, "head and tail are read"
    hidden = run.but(moves=(Fetch("q", ("word " * 20_000 + "It came from the Lima depot." + " word" * 20_000,)),))
    assert chunks.chunk_use(Target(view(trace(hidden, "otel")))).metrics["chunk_attribution"] == 0.0
