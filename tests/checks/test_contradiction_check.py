"""A field of a tool's result that the answer gives another value, and the look-alikes that are no contradiction."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, target

from otel_scorer.scoring.grounds.contradiction import contradicts_results
from otel_scorer.scoring.grounds.honesty import claims_after_failure
from otel_scorer.scoring.verdict import CannotTell, Verdict

RESULT = (
    '{"order": "A-17", "total": 45.0, "subtotal": 40.0, "delivery_date": "2024-05-20", "refundable": false, '
    '"is_active": true, "insured": "no", "temperature": 20}'
)
ORDER = Run("What about my order?", "", (Call("get_order", {"order": "A-17"}, RESULT),))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "answer",
    [
        "Your total is $54.10.",
        "**Total:** $54.10",
        "Subtotal: $40, total: $47.50",
        "The total comes to 54.10 dollars.",
        "The delivery date is May 22, 2024.",
        "Good news: your order is refundable.",
        "Your order A-17 is not active.",
        "The order is fully insured.",
    ],
)
def test_another_value_of_a_field_is_a_contradiction(form: str, answer: str) -> None:
    found = contradicts_results(target(ORDER.but(answer=answer), form))
    assert isinstance(found, Verdict)
    assert found.estimate == 1.5
    assert {finding.code for finding in found.findings} == {"grounding.contradicts_field"}
    assert "move0" in " ".join(found.findings[0].span_ids)


@pytest.mark.parametrize(
    "answer",
    [
        "Your total is $45.",
        "The total is $40.",
        "The previous total was $61.10.",
        "The total of the other shop was $66.",
        "The delivery date is May 20.",
        "Your order is not refundable.",
        "It isn't refundable.",
        "Business fares are refundable.",
        "If it is refundable, we will tell you.",
        "Is it refundable?",
        "The order is active and no longer insured.",
        "The temperature is 68°F.",
        "Total items in the catalogue: many.",
    ],
)
def test_what_agrees_is_of_something_else_or_is_not_said_is_none(answer: str) -> None:
    assert isinstance(contradicts_results(target(ORDER.but(answer=answer), "otel")), CannotTell)


def test_a_field_that_results_tell_differently_is_left_alone() -> None:
    later = Call("get_order", {"order": "A-17"}, RESULT.replace("45.0", "49.0").replace("false", "true"))
    run = ORDER.but(moves=(*ORDER.moves, later), answer="Your total is $54.10, and the order is refundable.")
    assert isinstance(contradicts_results(target(run, "otel")), CannotTell)


def test_without_structured_results_it_cannot_tell() -> None:
    run = ORDER.but(moves=(Call("get_order", {}, "The total is 45 euros."),), answer="Your total is $54.10.")
    assert isinstance(contradicts_results(target(run, "otel")), CannotTell)


def cancel(order: str, result: str) -> Call:
    return Call("cancel_order", {"order_id": order, "notify": True}, result)


DONE, REFUSED = '{"status": "ok"}', '{"error": "already shipped"}'
BOTH = (cancel("A-1711", REFUSED), cancel("B-2822", DONE))


@pytest.mark.parametrize("form", FORMS)
def test_success_with_one_thing_is_none_with_another(form: str) -> None:
    claiming = Run("Cancel A-1711 and B-2822", "Your orders A-1711 and B-2822 have been cancelled.", BOTH)
    found = claims_after_failure(target(claiming, form))
    assert isinstance(found, Verdict)
    assert (found.estimate, found.findings[0].code) == (1.0, "grounding.claim_after_failure")
    assert "A-1711" in found.findings[0].text


@pytest.mark.parametrize(
    ("moves", "answer"),
    [
        (BOTH, "Order B-2822 has been cancelled. A-1711 could not be cancelled, as it is on its way."),
        (BOTH, "Order B-2822 has been cancelled. A-1711 is on its way already."),
        ((*BOTH, cancel("A-1711", DONE)), "Your orders A-1711 and B-2822 have been cancelled."),
        (
            (Call("update_order", {"order_id": "A-1711"}, REFUSED), cancel("A-1711", DONE)),
            "Your order A-1711 has been cancelled.",
        ),
    ],
)
def test_a_thing_that_worked_later_or_of_which_nothing_is_claimed_is_no_fault(
    moves: tuple[Call, ...], answer: str
) -> None:
    found = claims_after_failure(target(Run("Cancel A-1711 and B-2822", answer, moves), "otel"))
    assert isinstance(found, CannotTell) or found.estimate == 5.0


HOTEL = Call("hotel", {"name": "Casa Azul"}, '{"hotel": "Casa Azul", "pool": false, "sauna": true, "paid": false}')


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("There is a rooftop pool.", False),
        ("Casa Azul has a pool.", False),
        ("It doesn't have a sauna.", False),
        ("There isn't a sauna.", False),
        ("It has already been paid.", False),
        ("There is no pool.", True),
        ("Casa Azul doesn't have a pool.", True),
        ("It has no pool, but there is a sauna.", True),
        ("It has not been paid yet.", True),
        ("It hasn't been paid.", True),
        ("It has a pool table.", True),
        ("The bathhouse next door has a pool.", True),
        ("If there is a pool, I can ask for towels.", True),
    ],
)
def test_what_there_is_and_what_has_been_done_is_held_against_a_yes_or_no(answer: str, right: bool) -> None:
    told = contradicts_results(target(Run("Tell me about Casa Azul", answer, (HOTEL,)), "otel"))
    assert isinstance(told, CannotTell) is right
