"""What came of a run: completion and configured outcomes, left out where they cannot be told."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, target

from otel_scorer.errors import UserError
from otel_scorer.scoring.checks.outcomes import Reached, reached, task_completion
from otel_scorer.scoring.rubrics.binding import bind

REACHED = "otel_scorer.scoring.checks.outcomes:reached"
BOOK = Call("book_table", {"at": "19:00"}, '{"booked": true}')
RUN = Run("Book a table for seven.", "Your table is booked for seven.", (BOOK,))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("run", "wanted"),
    [
        (RUN, 1.0),
        (RUN.but(answer="I cannot book tables."), 0.0),
        (RUN.but(answer=""), 0.0),
        (RUN.but(moves=(Call("book_table", {}, error="no table left"),)), 0.25),
        (RUN.but(answer="Which day do you mean? Please tell me the date.", moves=()), 0.5),
        (RUN.but(answer=None), None),
    ],
)
def test_completion_is_how_the_run_ended(run: Run, wanted: float | None, form: str) -> None:
    assert task_completion(target(run, form)).metrics.get("task_completion") == wanted


@pytest.mark.parametrize("form", FORMS)
def test_an_outcome_shows_in_a_tool_that_worked_or_in_the_answer(form: str) -> None:
    outcomes = {"booked": Reached(tools=("book_*",)), "said": Reached(answer_says=("is  BOOKED",))}
    assert reached(target(RUN, form), outcomes=outcomes).metrics == {"outcome_booked": 1.0, "outcome_said": 1.0}
    failed = RUN.but(moves=(Call("book_table", {}, error="full"),), answer="Sorry.")
    assert reached(target(failed, form), outcomes=outcomes).metrics == {"outcome_booked": 0.0, "outcome_said": 0.0}


@pytest.mark.parametrize("form", FORMS)
def test_an_outcome_that_cannot_be_told_is_left_out(form: str) -> None:
    outcomes = {"said": Reached(answer_says=("booked",)), "resolved": Reached(attributes={"ticket.status": "resolved"})}
    assert reached(target(RUN.but(answer=None), form), outcomes=outcomes).metrics == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "with.outcomes is missing"),
        ({"outcomes": {"booked": {}}}, "with.outcomes.booked is .*give tools, attributes or answer_says"),
        ({"outcomes": {"booked": {"tool": ["a"]}}}, r"with\.outcomes\.booked\.tool"),
        ({"outcome": {}}, "with.outcome is no option .* its options are: outcomes"),
    ],
)
def test_wrong_options_are_refused_when_they_are_bound(options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        bind(REACHED, options)
