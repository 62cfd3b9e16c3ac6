"""Minimal pairs for arguments: parameters that a tool has, and values that come from somewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from agent_runs import FORMS, Call, Run, Tool, step, target

from otel_scorer.scoring.checks import arguments, given
from otel_scorer.scoring.verdict import CannotTell, Verdict


def tool_of(name: str = "lookup_order", **properties: Any) -> Tool:
    return Tool(
        name, "Look something up", {"type": "object", "properties": properties, "required": list(properties)[:1]}
    )


TEXT = {"type": "string"}
ORDER = tool_of(order_id=TEXT)
TRACK = Run("What is the status of my order ORD-4711?", "It has shipped.", tools=(ORDER,))


def asked(run: Run, *moves: Call, tools: tuple[Tool, ...] | None = None) -> Run:
    return run.but(moves=moves, tools=run.tools if tools is None else tools)


def worst(answer: Verdict | CannotTell) -> tuple[float, str]:
    assert isinstance(answer, Verdict), answer
    return answer.estimate, answer.findings[0].code if answer.findings else ""


# ---- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("move", "estimate"),
    [
        (Call("lookup_order", {"order_id": "ORD-4711"}, "shipped"), 5.0),
        (Call("lookup_order", {"order_id": "ORD-4711", "verbose": True}, "shipped"), 4.0),
        (Call("lookup_order", {"order_id": "ORD-4711", "verbose": True}, ran=False), 3.0),
        (Call("lookup_order", {"order_id": "ORD-4711", "verbose": True}, error="unexpected keyword argument"), 2.0),
    ],
)
def test_a_parameter_that_the_tool_has_not_is_invented(form: str, move: Call, estimate: float) -> None:
    answer = arguments.known_parameters(target(asked(TRACK, move), form))
    assert worst(answer) == (estimate, "" if estimate == 5 else "plan.invented_argument")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "parameters",
    [
        None,
        {"type": "object"},
        {"type": "object", "properties": {"a": TEXT}, "additionalProperties": True},
        {"type": "object", "properties": {"a": TEXT}, "patternProperties": {"^x": TEXT}},
        {"$ref": "#/$defs/a", "properties": {"a": TEXT}},
    ],
)
def test_where_a_definition_leaves_room_nothing_is_invented(form: str, parameters: Any) -> None:
    run = asked(TRACK, Call("lookup_order", {"b": 1}, "x"), tools=(Tool("lookup_order", "", parameters),))
    assert isinstance(arguments.known_parameters(target(run, form)), CannotTell)


def test_what_the_framework_adds_when_it_runs_the_tool_is_no_invention() -> None:
    seen = target(asked(TRACK, Call("lookup_order", {"order_id": "ORD-4711"}, "shipped")), "otel")
    seen.view.tool_uses[0].arguments = {"order_id": "ORD-4711", "config": {}}
    assert worst(arguments.known_parameters(seen)) == (5.0, "")


# ---- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("order_id", "found"),
    [
        ("ORD-4711", (5.0, "")),
        ("ord4711", (5.0, "")),
        ("ORD-4712", (3.0, "plan.invented_value")),
        ("<order_id>", (2.0, "plan.placeholder_argument")),
        ("YOUR_ORDER_ID", (2.0, "plan.placeholder_argument")),
        ("4711", (5.0, "")),
        ("W-004711", (5.0, "")),
        ("<ORDER_ID>", (5.0, "")),  # made unreadable before it was written down
        ("[redacted]", (5.0, "")),
    ],
)
def test_an_identifier_stands_somewhere_or_is_invented(form: str, order_id: str, found: tuple[float, str]) -> None:
    run = asked(TRACK, Call("lookup_order", {"order_id": order_id}, f"order {order_id}: shipped"))
    assert worst(given.values_given(target(run, form))) == found


def test_an_identifier_from_an_earlier_result_has_an_origin_and_from_a_later_one_has_none() -> None:
    listed = Call("list_orders", {}, '{"orders": ["ORD-9001"]}')
    looked = Call("lookup_order", {"order_id": "ORD-9001"}, "shipped")
    run = TRACK.but(task="Where is my parcel?")
    assert worst(given.values_given(target(asked(run, listed, looked), "otel"))) == (5.0, "")
    assert worst(given.values_given(target(asked(run, looked, listed), "otel"))) == (3.0, "plan.invented_value")


def test_an_invented_identifier_weighs_more_where_something_was_done_with_it_or_it_failed() -> None:
    for move in (
        Call("cancel_order", {"order_id": "ORD-9001"}, "ok"),
        Call("lookup_order", {"order_id": "X-9001"}, error="no"),
    ):
        assert worst(given.values_given(target(asked(TRACK, move), "otel"))) == (2.0, "plan.invented_value")


def test_a_result_that_was_not_captured_may_hold_the_value() -> None:
    listed = Call("list_orders", {}, None)
    run = asked(
        TRACK.but(task="Where is my parcel?"), listed, Call("lookup_order", {"order_id": "ORD-9001"}, "shipped")
    )
    assert worst(given.values_given(target(run, "otel"))) == (5.0, "")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("create_order", {"order_id": "ORD-9001"}),
        ("lookup_order", {"request_id": "req-12345"}),
        ("lookup_order", {"query": "ORD-9001"}),
        ("lookup_order", {"zip_number": "60614"}),
    ],
)
def test_what_the_caller_may_make_up_is_no_invention(name: str, arguments: dict[str, str]) -> None:
    run = asked(TRACK, Call(name, arguments, "done"))
    assert worst(given.values_given(target(run, "otel"))) == (5.0, "")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("phone", "+15551234567", ""),
        ("phone", "+15559876543", "plan.invented_value"),
        ("email", "ann@fjord.example", ""),
        ("email", "bob@elsewhere.example", "plan.invented_value"),
        ("subject", "Your parcel has come", ""),
    ],
)
def test_addresses_may_be_put_together_of_what_is_known(name: str, value: str, code: str) -> None:
    run = Run(
        "Call 555-123-4567 and write to Ann of Fjord, please.", "Done.", (Call("tell_user", {name: value}, "ok"),)
    )
    assert worst(given.values_given(target(run, "otel")))[1] == code


def test_a_value_that_the_request_rules_out_is_not_asked_for() -> None:
    run = Run("Book no double in Chicago", None, (Call("book_room", {"kind": "single"}, ran=False),), tools=(BOOK,))
    assert worst(given.values_given(target(run, "otel"))) == (5.0, "")


def sized(**properties: Any) -> Tool:
    return tool_of("measure_area", **properties)


NUMBER = {"type": "number"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("task", "values", "estimate"),
    [
        ("What is the area of a wall of 30 feet by 12 feet?", {"a": 30, "b": 12}, 5.0),
        ("What is the area of a wall of 30 feet by 12 feet?", {"a": 30, "b": 19}, 2.5),
        ("What is the area of a wall of 30 feet by 12 feet?", {"a": 9.144, "b": 3.6576}, 5.0),  # in metres
        ("A person of 5 feet 10 inches and 80 kg", {"a": 177.8, "b": 80}, 5.0),
        ("What comes of $5000 at 5% in 3 years?", {"a": 5000, "b": 0.05, "c": 36}, 5.0),  # months
        ("What comes of $5000 at 5% in 3 years?", {"a": 5000, "b": 0.05, "c": 47}, 2.5),
        ("A room for two nights, please", {"a": 2}, 5.0),
        ("A room for two nights, please", {"a": 9}, 2.5),
        ("Give me the greatest divisor of two numbers, 12 and 15", {"a": 12, "b": 15}, 5.0),
        ("Some area, please", {"a": 30, "b": 19}, 5.0),  # nothing of the request is left over: a free choice
    ],
)
def test_a_number_is_given_or_worked_out_or_another_one_is_left_over(
    form: str, task: str, values: dict[str, float], estimate: float
) -> None:
    tool = sized(**dict.fromkeys(values, NUMBER))
    run = Run(task, None, (Call("measure_area", values, ran=False),), tools=(tool,))
    assert worst(given.values_given(target(run, form)))[0] == estimate


def test_a_number_after_a_result_may_be_worked_out_from_it() -> None:
    read = Call("read_bill", {}, "Total 480.17, of which 11 items")
    run = Run("Pay 30 of the bill, please", "Done.", (read, Call("measure_area", {"a": 43.65}, "ok")))
    assert worst(given.values_given(target(run, "otel"))) == (5.0, "")


BOOK = tool_of("book_room", city=TEXT, day=TEXT, kind={"type": "string", "enum": ["single", "double", "suite"]})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"city": "Chicago", "day": "2026-12-10", "kind": "double"}, (5.0, "")),
        ({"city": "Chicago", "day": "2026-12-10", "kind": "suite"}, (2.5, "plan.other_value")),
        ({"city": "Chicago", "day": "2026-03-14", "kind": "double"}, (2.5, "plan.other_value")),
        ({"city": "Lisbon", "day": "2026-12-10", "kind": "double"}, (4.0, "plan.odd_value")),
    ],
)
def test_the_request_says_another_value(form: str, values: dict[str, str], found: tuple[float, str]) -> None:
    run = Run(
        "Book a double in Chicago for December 10, 2026", None, (Call("book_room", values, ran=False),), tools=(BOOK,)
    )
    assert worst(given.values_given(target(run, form))) == found


@pytest.mark.parametrize("city", ["NYC", "NY", "New York", "York"])
def test_short_forms_of_a_name_are_the_name(city: str) -> None:
    run = Run(
        "Book a room in New York City please", None, (Call("book_room", {"city": city}, ran=False),), tools=(BOOK,)
    )
    assert worst(given.values_given(target(run, "otel"))) == (5.0, "")


def test_without_the_request_nothing_is_known_of_values() -> None:
    run = TRACK.but(moves=(Call("lookup_order", {"order_id": "ORD-1"}, "x"),), content=False)
    assert isinstance(given.values_given(target(run, "otel")), CannotTell)
    assert isinstance(given.values_given(target(TRACK, "otel")), CannotTell)


def test_optional_values_that_nobody_asked_for_are_measured_and_no_fault() -> None:
    move = Call("lookup_order", {"order_id": "ORD-4711", "limit": 25}, "shipped")
    run = asked(TRACK, move, tools=(tool_of(order_id=TEXT, limit=NUMBER),))
    answer = given.values_given(target(run, "otel"))
    assert worst(answer) == (5.0, "")
    assert answer.metrics["unasked_arguments_share"] == 1.0


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e300, float("inf")])
def test_numbers_beyond_any_quantity_are_let_be(value: float) -> None:
    run = Run("The area of 30 by 12", None, (Call("measure_area", {"a": 1}, ran=False),), tools=(sized(a=NUMBER),))
    seen = target(run, "otel")
    seen.view.tool_uses[0].arguments = {"a": value}
    assert isinstance(given.values_given(seen), Verdict)


@pytest.mark.parametrize("form", FORMS)
def test_one_call_is_judged_by_itself(form: str) -> None:
    moves = (Call("lookup_order", {"order_id": "ORD-4711"}, "a"), Call("lookup_order", {"order_id": "ORD-8888"}, "b"))
    run = asked(TRACK, *moves)
    assert worst(given.values_given(step(run, form, "move0"))) == (5.0, "")
    assert worst(given.values_given(step(run, form, "move1"))) == (3.0, "plan.invented_value")
    assert (
        worst(arguments.known_parameters(step(asked(run, replace(moves[0], arguments={"x": 1})), form, "move0")))[0]
        == 4.0
    )


@pytest.mark.parametrize(
    ("task", "title", "estimate"),
    [
        ("Give me a brief on the movie 'Interstellar'", "sunset", 4.0),  # what stands in quotes was meant literally
        ("Give me a brief on the movie 'Interstellar'", "interstellar", 5.0),
        ("Give me a brief on a movie set in Iceland", "sunset", 5.0),
    ],
)
def test_what_the_request_quotes_is_to_be_used(task: str, title: str, estimate: float) -> None:
    run = Run(task, None, (Call("get_brief", {"movie": title}, ran=False),), tools=(tool_of("get_brief", movie=TEXT),))
    assert worst(given.values_given(target(run, "otel")))[0] == estimate
