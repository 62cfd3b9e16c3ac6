"""A value that is said of another thing than the one that it was read of; and all the ways in which none is."""

from __future__ import annotations

import json

import pytest
from agent_runs import FORMS, Call, Run, target

from otel_scorer.scoring.checks.grounding import mixed_up
from otel_scorer.scoring.verdict import CannotTell, Verdict

TRAINS = Call(
    "timetable",
    {"to": "Munich"},
    json.dumps(
        {
            "station": "Berlin",
            "trains": [
                {"train": "ICE 579", "departs": "08:30", "arrives": "12:28", "price": 89.9},
                {"train": "ICE 1007", "departs": "10:05", "arrives": "14:01", "price": 64.5},
                {"train": "RE 3", "departs": "09:12", "arrives": "15:40", "price": 41.0},
            ],
        }
    ),
)
STOCK = Call("stock", {"sku": "L4"}, json.dumps({"sku": "L4", "stock": {"Lyon": 14, "Lille": 57, "Nice": 23}}))
ROOMS = Call("rooms", {}, json.dumps({"Oak": {"seats": 12, "floor": 31}, "Elm": {"seats": 48, "floor": 27}}))


def asked(answer: str, call: Call, form: str = "otel") -> Verdict | CannotTell:
    return mixed_up(target(Run("What do you have?", answer, (call,)), form))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("answer", "call"),
    [
        ("ICE 579 departs at 10:05.", TRAINS),
        ("- **ICE 579**: 08:30, €64.50\n- **ICE 1007**: 10:05, €89.90", TRAINS),
        ("Lyon has 57 pieces.", STOCK),
        ("Oak seats 48 people.", ROOMS),
    ],
)
def test_a_value_of_another_thing_is_found(answer: str, call: Call, form: str) -> None:
    told = asked(answer, call, form)
    assert isinstance(told, Verdict)
    assert told.estimate == 2.0
    assert {finding.code for finding in told.findings} == {"grounding.of_another_thing"}
    assert all(len(finding.span_ids) == 2 for finding in told.findings)


@pytest.mark.parametrize(
    ("answer", "call"),
    [
        ("ICE 579 departs at 8:30 and arrives at 12:28.", TRAINS),
        ("ICE 579 departs at 8:30, the other one at 10:05.", TRAINS),
        ("ICE 579 is €25.40 more than ICE 1007.", TRAINS),
        ("ICE 579 takes 3 hours and 58 minutes.", TRAINS),
        ("The first train leaves at 8:30 am, the last one arrives at 3:40 pm.", TRAINS),
        ("Lyon has 14 pieces, Lille 57 and Nice 23.", STOCK),
        ("Lyon has 43 fewer than Lille.", STOCK),
        ("In all there are 94 pieces.", STOCK),
        ("Lille has the most (57), Lyon the least (14).", STOCK),
        ("Oak seats 12 people and is on floor 31.", ROOMS),
        ("For 48 people take Elm.", ROOMS),
        ("There are three trains.", TRAINS),
    ],
)
def test_values_of_their_own_comparisons_and_sums_are_none(answer: str, call: Call) -> None:
    assert isinstance(asked(answer, call), CannotTell)


def test_what_the_user_said_or_another_result_holds_is_none() -> None:
    run = Run("I need 57 pieces. What about Lyon?", "Lyon does not have 57 pieces.", (STOCK,))
    assert isinstance(mixed_up(target(run, "otel")), CannotTell)
    more = Call("incoming", {}, '{"Lyon": {"arriving": 57}}')
    assert isinstance(mixed_up(target(run.but(task="And Lyon?", moves=(STOCK, more)), "otel")), CannotTell)


def test_things_without_a_name_of_their_own_cannot_be_told_apart() -> None:
    same = Call("list", {}, '[{"kind": "lamp", "price": 10.5}, {"kind": "lamp", "price": 99.5}]')
    assert isinstance(asked("The lamp is 99.50.", same), CannotTell)
    assert isinstance(asked("ICE 579 departs at 10:05.", Call("t", {}, "ICE 579 08:30, ICE 1007 10:05")), CannotTell)


@pytest.mark.parametrize(
    "answer", ["Alpha is rated 15, against 12 for the runner-up.", "Alpha: 15 stars (the cheapest has 12)."]
)
def test_what_may_speak_of_two_things_is_a_doubtful_fault_at_most(answer: str) -> None:
    hotels = Call("hotels", {}, json.dumps([{"name": "Alpha", "rating": 15}, {"name": "Beta", "rating": 12}]))
    told = mixed_up(target(Run("Which hotel is best?", answer, moves=(hotels,)), "otel"))
    assert isinstance(told, CannotTell) or told.doubtful or told.estimate == 5
