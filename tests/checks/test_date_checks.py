"""Dates: wrapped, without a day, following from "tomorrow"; and a weekday that does not belong to its date."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, target

from otel_scorer.scoring.checks import grounding
from otel_scorer.scoring.grounds.dates import dates_agree
from otel_scorer.scoring.verdict import CannotTell, Verdict

RESULT = '{"delivery": "2024-05-20", "placed": "2024-05-15"}'
ORDER = Run("Where is it?", "", (Call("get_order", {}, RESULT),), system="Today's date is 2024-05-15.")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "answer",
    [
        "It arrives on Friday, May 20, 2024.",
        "It arrives on **Friday**, May 20.",
        "It arrives on May 20 (Tuesday).",
        "It arrives on 2024-05-20, a Sunday.",
        "It arrives tomorrow, May 20.",
    ],
)
def test_a_weekday_or_tomorrow_must_belong_to_the_date_beside_it(form: str, answer: str) -> None:
    found = dates_agree(target(ORDER.but(answer=answer), form))
    assert isinstance(found, Verdict)
    assert (found.estimate, found.findings[0].code) == (3.0, "grounding.wrong_weekday")


@pytest.mark.parametrize(
    "answer",
    [
        "It arrives on Monday, May 20.",
        "It arrives on Mon, 20 May 2024.",
        "It was placed today, May 15.",
        "It arrives on Sunday 05/06/2024.",
        "On Friday we ask, and on May 24 it may come.",
        "It arrives on Friday, May 24.",
        "It arrives on May 20.",
    ],
)
def test_a_right_weekday_or_a_year_that_is_not_known_is_no_fault(answer: str) -> None:
    assert isinstance(dates_agree(target(ORDER.but(answer=answer), "otel")), CannotTell)


def test_what_was_read_so_is_no_fault_of_the_answer() -> None:
    run = ORDER.but(moves=(Call("get_order", {}, "Delivery: Friday, May 20, 2024"),), answer="On Friday, May 20, 2024.")
    assert isinstance(dates_agree(target(run, "otel")), CannotTell)


@pytest.mark.parametrize(
    ("result", "answer", "supported"),
    [
        ("The reunion is on June\n    10th 2024.", "It is on 2024-06-10.", True),
        ("The reunion is on June\n    10th 2024.", "It is on 2024-06-11.", False),
        ('{"from": "2024-05-20"}', "It was in May 2024.", True),
        ('{"month": "2024-05"}', "It was in May 2024.", True),
        ('{"from": "2024-05-20"}', "It was in June 2024.", False),
        ('{"from": "2024-05-20"}', "It was in May 2023.", False),
    ],
)
def test_dates_are_read_across_lines_and_as_months(result: str, answer: str, supported: bool) -> None:
    found = grounding.numbers(target(Run("When?", answer, (Call("look", {}, result),)), "otel"))
    assert isinstance(found, Verdict)
    assert (found.estimate == 5.0) is supported
    assert {finding.code for finding in found.findings} == (set() if supported else {"grounding.unsupported_date"})


@pytest.mark.parametrize(
    ("told", "answer", "may_be"),
    [
        ("Today is 2024-05-15. It comes in two days.", "It comes on May 17.", True),
        ("Today is 2024-05-15. I need it tomorrow.", "It comes on May 16.", True),
        ("Today is 2024-05-15. I need it by Friday.", "It comes on May 24.", True),
        ("Today is 2024-05-15. Three business days.", "It comes on May 18.", True),
        ("Today is 2024-05-15. Let us meet next month.", "It is on June 2.", True),
        ("Today is 2024-05-15.", "It comes on May 17.", False),
        ("Today is 2024-05-15. It comes in two days.", "It comes on May 29.", False),
    ],
)
def test_a_date_that_follows_from_a_relative_one_is_no_invention(told: str, answer: str, may_be: bool) -> None:
    run = Run("When?", answer, (Call("look", {}, "The shop is open."),), system=told)
    assert isinstance(grounding.numbers(target(run, "otel")), CannotTell) is may_be
