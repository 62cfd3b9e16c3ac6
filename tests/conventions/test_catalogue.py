"""One look at a span's keys says who reads what, in which order, and which keys are lists flattened."""

from __future__ import annotations

import pytest

from otel_scorer.conventions.catalogue import Catalogue
from otel_scorer.conventions.found import EVENTS, Reads, text
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.unflatten import grouped
from otel_scorer.model import Event, Span, Value


def source(*reads: Reads, events: tuple[Event, ...] = (), **attributes: Value) -> Source:
    return Source(Span("", "", "", "s", attributes=attributes, events=events), "LLM", Catalogue(reads))


def says(value: object, *keys: str) -> Reads:
    return Reads("tags", keys, lambda _source: value)


def test_the_first_that_says_something_wins_then_the_first_that_says_it_is_empty() -> None:
    assert source(says(None, "a"), says((), "a"), says(("x",), "a"), says(("y",), "a"), a=1).first("tags") == ("x",)
    assert source(says(None, "a"), says((), "a"), says(None, "a"), a=1).first("tags") == ()
    assert source(says(None, "a"), a=1).first("tags") is None
    assert source(says(None, "a"), a=1).found() == {}


def test_only_those_are_asked_whose_keys_are_there() -> None:
    reads = says(("a",), "a"), says(("b",), "b"), says(("rest",), "b.rest."), says(("event",), EVENTS)
    assert source(*reads, a=1).first("tags") == ("a",)
    assert source(*reads, b=1).first("tags") == ("b",)
    assert source(*reads, **{"b.0.x": 1}).first("tags") == ("b",)
    assert source(*reads, **{"b.rest.x": 1}).first("tags") == ("rest",)
    assert source(*reads, **{"b.other": 1, "ab": 1}).first("tags") is None
    assert source(*reads, events=(Event("gen_ai.choice"),)).first("tags") == ("event",)
    assert source(*reads, events=(Event("exception"),)).first("tags") is None


def test_flattened_lists_keep_their_order_by_number_and_may_have_holes() -> None:
    told: dict[str, Value] = {
        "m.10.x": "c",
        "m.2.x": "b",
        "m.2.y.1": "q",
        "m.2.y.0": "p",
        "m.0": "a",
        "n.1234567.x": "no",
    }
    assert source(**told).rows("m") == ["a", {"x": "b", "y": ["p", "q"]}, {"x": "c"}]
    assert source(**told).rows("n") == []
    assert grouped(told)["m"] == source(**told).rows("m")


def test_a_key_that_is_a_value_and_a_prefix_keeps_its_value() -> None:
    for told in ({"m.0.c": "v", "m.0.c.0.t": "p"}, {"m.0.c.0.t": "p", "m.0.c": "v"}):
        assert source(**told).rows("m") == [{"c": {"": "v", "0": {"t": "p"}}}]


def test_keys_that_begin_alike_are_found_by_how_they_do() -> None:
    found = source(says((), "gen_ai.request."), **{"gen_ai.request.seed": 1, "gen_ai.requested": 2, "x": 3})
    assert found.starting("gen_ai.request.") == ["gen_ai.request.seed"]
    assert found.starting("other.") == []


@pytest.mark.parametrize("key", ["a" * 5000, "a." * 3000, ".0", "0", "", "a..0", "a.0." * 500])
def test_odd_keys_are_looked_at_like_others(key: str) -> None:
    assert source(text("input_text", "a"), **{key: "x"}).found() in ({}, {"input_text": "x"})


def test_a_text_is_parsed_once_and_only_where_it_is_json() -> None:
    made = source(text("input_text", "a"), a='{"b": [1]}', b="plain", c="null", d='{"b": ')
    assert made.json("a") == {"b": [1]}
    assert made.json("a") is made.json("a")
    assert (made.json("b"), made.json("c"), made.cut) == ("plain", None, False)
    assert made.json("d") == '{"b": '
    assert made.cut
    assert made.is_cut(made.attributes["d"])
    assert not made.is_cut(made.attributes["a"])
