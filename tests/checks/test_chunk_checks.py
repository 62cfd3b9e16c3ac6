"""Chunks: their use is measured, the order of a reranker judged; what was not captured is never held against them."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Fetch, Run, step, target

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Span, Trace
from otel_scorer.scoring.checks.chunks import best_on_top, chunk_use
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

RETURNS = "Returns are accepted within thirty days of delivery with the original receipt."
PARKING = "Visitors park behind the northern warehouse beside the loading ramp."
RUN = Run(
    "How long can I send something back?",
    "Returns are accepted within thirty days of delivery.",
    (Fetch("return period", (RETURNS, PARKING)),),
)


@pytest.mark.parametrize("form", FORMS)
def test_a_chunk_that_the_answer_draws_on_counts_and_one_beside_it_does_not(form: str) -> None:
    for one in (target(RUN, form), step(RUN, form, "move0")):
        told = chunk_use(one)
        assert isinstance(told, CannotTell)
        assert told.metrics["chunk_attribution"] == 0.5
        assert 0.3 < told.metrics["chunk_utilisation"] < 0.8


@pytest.mark.parametrize("form", FORMS)
def test_more_chunks_drawn_on_never_measure_less(form: str) -> None:
    fuller = RUN.but(answer=f"{RUN.answer} {PARKING}")
    less, more = (chunk_use(target(run, form)).metrics for run in (RUN, fuller))
    assert all(more[name] >= less[name] for name in less)
    assert more["chunk_attribution"] == 1.0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("run", "missing"),
    [
        (RUN.but(answer=None), True),
        (RUN.but(moves=(Fetch("q", None),)), True),
        (RUN.but(moves=(Fetch("q", ()),)), False),
        (RUN.but(moves=()), False),
    ],
)
def test_use_of_chunks_cannot_be_told_without_answer_and_chunks(run: Run, missing: bool, form: str) -> None:
    told = chunk_use(target(run, form))
    assert not told.metrics
    assert told.missing_evidence is missing


def reranking(kept: list[str] | None, given: list[str], query: str | None = "return period receipt") -> Target:
    attributes: dict[str, object] = {"openinference.span.kind": "RERANKER"}
    if query is not None:
        attributes["reranker.query"] = query
    for name, texts in (("input", given), ("output", kept or [])):
        for number, text in enumerate(texts):
            attributes[f"reranker.{name}_documents.{number}.document.content"] = text
    spans = (
        Span("ab" * 16, "a" * 16, "", "agent", attributes={"openinference.span.kind": "AGENT"}),
        Span("ab" * 16, "b" * 16, "a" * 16, "rerank", attributes=attributes),  # type: ignore[arg-type]
    )
    seen = view(Trace("default", "ab" * 16, spans))
    return Target(seen, seen.steps[1])


BEST = "The return period ends when the receipt is lost."


@pytest.mark.parametrize(
    ("kept", "estimate", "code"),
    [
        ([BEST, PARKING], 5.0, ""),
        ([PARKING, BEST], 4.0, "reranker.best_not_on_top"),
        ([PARKING, "Lunch is at noon.", BEST], 3.0, "reranker.best_not_on_top"),
        ([PARKING], 2.0, "reranker.dropped_best"),
    ],
)
def test_a_reranker_is_judged_by_where_the_best_chunk_ended(kept: list[str], estimate: float, code: str) -> None:
    verdict = best_on_top(reranking(kept, [PARKING, BEST]))
    assert isinstance(verdict, Verdict)
    assert verdict.estimate == estimate
    assert [finding.code for finding in verdict.findings] == ([code] if code else [])
    assert verdict.evidence == ("b" * 16,)


def test_a_reranker_without_query_or_shared_words_cannot_be_told() -> None:
    assert isinstance(best_on_top(reranking([PARKING], [PARKING])), CannotTell)
    hidden = best_on_top(reranking([BEST], [BEST], query=None))
    assert isinstance(hidden, CannotTell)
    assert hidden.missing_evidence
