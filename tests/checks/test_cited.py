"""Quotes, citations and sources by name, each with its look-alikes; and what a call was told is no invention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agent_runs import Call, Fetch, Run, target, trace

from otel_scorer.conventions.trace_view import view
from otel_scorer.scoring.checks import grounding
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

PAGES = (
    "You can return a lamp within 30 days of delivery, and the shop pays for it.",
    "Lamps & shades are made by hand in a small workshop near the river.",
    "A lamp that broke on its way is replaced at once.",
)
LAMPS = Run("What about lamps?", "", (Fetch("lamps", PAGES),))


def codes(run: Run) -> set[str]:
    found = grounding.entities(target(run, "otel"))
    return {finding.code for finding in found.findings} if isinstance(found, Verdict) else set()


@pytest.mark.parametrize(
    "answer",
    [
        'The page says "you can return a lamp within 30 days".',
        'It says "lamps and shades are made by hand".',
        'It says "You can return a lamp ... and the shop pays for it".',
        'It says "You can return [it] within 30 days of delivery".',
    ],
)
def test_a_quote_may_leave_out_and_spell_small_words_otherwise(answer: str) -> None:
    assert not codes(LAMPS.but(answer=answer))
    found = grounding.entities(target(LAMPS.but(answer=answer), "otel"))
    assert isinstance(found, Verdict)


@pytest.mark.parametrize(
    "answer",
    [
        'You could say "I would like a new lamp today".',
        'A good title is "A lamp for every winter night".',
        'For example, write "please send me another lamp" to the shop.',
        'I will search for "cheap lamps near the river".',
    ],
)
def test_a_quote_that_nobody_is_said_to_have_said_is_left_alone(answer: str) -> None:
    assert not codes(LAMPS.but(answer=answer))


def test_a_quote_of_what_nobody_said_is_found() -> None:
    invented = 'The page says "lamps may never be returned ... after delivery".'
    assert codes(LAMPS.but(answer=invented)) == {"grounding.unsupported_quote"}


@pytest.mark.parametrize(
    "answer",
    ["Return it [4].", "Return it [1, 7].", "Return it 【9†source】.", "See [Document 5].", "See it (Source 6)."],
)
def test_a_number_beyond_the_sources_cites_nothing(answer: str) -> None:
    assert codes(LAMPS.but(answer=answer)) == {"grounding.unsupported_citation"}


@pytest.mark.parametrize(
    "answer",
    [
        "Return it [1][3].",
        "Return it [2-3].",
        "Use `lamps[7]` or array[9] in code.",
        "```\nlamps[8]\n```",
        "See [9](https://example.org).",
        "As known [7].\n\n[7]: Handbook of lamps",
        "Return it within [30] days.",
    ],
)
def test_what_only_looks_like_a_citation_of_nothing_is_none(answer: str) -> None:
    pages = ("It is within [30] days.", *PAGES)
    assert "grounding.unsupported_citation" not in codes(LAMPS.but(answer=answer, moves=(Fetch("lamps", pages),)))


def test_a_list_of_results_can_be_cited_and_a_page_of_them_cannot_be_counted() -> None:
    listed = Call("search", {}, '{"results": [{"t": "lamp"}, {"t": "shade"}]}')
    assert codes(LAMPS.but(answer="See [5].", moves=(listed,))) == {"grounding.unsupported_citation"}
    assert not codes(LAMPS.but(answer="See [5].", moves=(listed, Call("fetch", {}, "A page with many notes."))))


def with_names(run: Run, names: tuple[str, ...]) -> Target:
    """The same run with a file name beside each document."""
    seen = trace(run, "openinference")
    spans = []
    for span in seen.spans:
        attributes: dict[str, Any] = dict(span.attributes)
        if attributes.get("openinference.span.kind") == "RETRIEVER":
            for number, name in enumerate(names):
                attributes[f"retrieval.documents.{number}.document.metadata"] = f'{{"source": "{name}"}}'
        spans.append(replace(span, attributes=attributes))
    return Target(view(replace(seen, spans=tuple(spans))))


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        ("Return it in 30 days (Source: returns.pdf).", True),
        ("Return it in 30 days [Source: returns.pdf, workshop.md].", True),
        ("Return it in 30 days.\nSource: Returns", True),
        ("Return it in 30 days (Source: provided documents).", True),
        ("Return it in 30 days (Source: warranty_terms.pdf).", False),
        ("Return it in 30 days.\n**Source:** Consumer Rights Handbook", False),
    ],
)
def test_a_source_by_name_must_be_one_that_came_back(answer: str, known: bool) -> None:
    found = grounding.entities(with_names(LAMPS.but(answer=answer), ("returns.pdf", "workshop.md", "broken.md")))
    cited = {f.code for f in found.findings} if isinstance(found, Verdict) else set()
    assert ("grounding.unsupported_citation" in cited) is not known


def test_a_source_by_name_is_left_alone_where_the_documents_have_no_names() -> None:
    assert not codes(LAMPS.but(answer="Return it in 30 days.\nSource: consumer rights handbook"))


def test_what_the_agent_told_a_tool_it_may_repeat() -> None:
    mail = {"to": "lena@example.org", "subject": "See you on Tuesday", "amount": 275.5}
    run = Run(
        "Write to Lena",
        'I wrote "See you on Tuesday" to lena@example.org about the 275.5 euros.',
        (Call("send_email", mail, '{"status": "sent"}'),),
    )
    assert not codes(run)
    assert isinstance(grounding.numbers(target(run, "otel")), CannotTell)
    failed = run.but(
        moves=(Call("send_email", mail, None, error="no such address"), Call("look", {}, "a page of words"))
    )
    assert "grounding.unsupported_email" in codes(failed)


@pytest.mark.parametrize(
    ("result", "answer", "supported"),
    [
        ("Price range: 500.0 - 1000.0", "It costs 500-1000.", True),
        ("Price range: 500.0 - 1000.0", "It costs 500-1300.", False),
        ("code 463820 and 21", "1. 463820 2.", True),
        ("It is 20 degrees.", "It is 68°F.", True),
        ("It is 20 degrees.", "It is 75°F.", False),
        ("costs: 12.5, 17.25, 31.4, 44.1, 58.9, 61.3, 70.2", "The total of three is 118.33.", True),
        ("costs: 12.5, 17.25, 31.4, 44.1, 58.9, 61.3, 70.2", "The lamp costs 118.33.", False),
        ("We use LLMs daily.", "They speak of Large Language Models there.", True),
        ("We use paper daily.", "They speak of Large Language Models there.", False),
    ],
)
def test_ranges_units_totals_and_names_written_out_are_no_inventions(result: str, answer: str, supported: bool) -> None:
    at = target(Run("What is it?", answer, (Call("look", {}, result),)), "otel")
    verdicts = [found for found in (grounding.numbers(at), grounding.entities(at)) if isinstance(found, Verdict)]
    assert all(found.estimate == 5.0 for found in verdicts) is supported


def test_abbreviations_are_common_knowledge_and_a_single_name_costs_less_than_a_whole_one() -> None:
    assert not codes(LAMPS.but(answer="The shop sends the IDs and URLs at noon PM EST to the CEO."))
    one, whole = (
        grounding.entities(target(LAMPS.but(answer=f"The lamp is made by {name} these days."), "otel"))
        for name in ("Brandt", "Oscar Brandt")
    )
    assert isinstance(one, Verdict)
    assert isinstance(whole, Verdict)
    assert (one.estimate, whole.estimate) == (3.0, 2.0)


def test_a_result_as_python_writes_it_is_data_and_not_empty() -> None:
    result = "{'name': 'Hello', 'updated': '2022-02-22:11:30:00', 'text': '" + "word " * 40 + "'}"
    run = Run("What of it?", "It was changed on 2022-02-22 at 11:30:00 by hand.", (Call("look", {}, result),))
    at = target(run, "otel")
    assert isinstance(grounding.empty_retrieval(at), CannotTell)
    assert isinstance(grounding.statements(at), CannotTell)
    numbers = grounding.numbers(at)
    assert isinstance(numbers, Verdict)
    assert numbers.estimate == 5.0
