"""What answered in an object that a graph of steps hands on."""

from __future__ import annotations

import json

import pytest

from otel_scorer.conventions.dialogue import Run, final_answer, task
from otel_scorer.conventions.read import read
from otel_scorer.conventions.state import gained, only_ids, prints_object, same_object
from otel_scorer.conventions.steps import Evidence, Step
from otel_scorer.model import Span, Value


@pytest.mark.parametrize(
    ("given", "state", "answer"),
    [
        ({"request": "5 + 5?"}, {"request": "5 + 5?", "result": "10"}, "10"),
        ("5 + 5?", {"request": "5 + 5?", "result": "10"}, "10"),
        ({"counter": 3, "result": ""}, {"counter": 4, "result": "done"}, "done"),
        ({"value": "test"}, {"value": "test"}, "test"),
        ({"title": "t"}, {"synopsis": "a", "review": "b"}, None),
        ("Name a city as JSON", {"city": "Paris"}, None),
        ("Name a city as JSON", {"city": "Paris", "people": 2}, None),
        (None, {"city": "Paris"}, None),
        ({"a": "b"}, ["Paris"], None),
        ({"a": "b"}, {"a": "b", "done": True}, None),
    ],
)
def test_the_one_text_that_a_state_gained(given: Value, state: Value, answer: str | None) -> None:
    asked = given if isinstance(given, str) or given is None else json.dumps(given)
    assert gained(json.dumps(state), asked) == answer


def test_ids_alone_ask_nothing() -> None:
    assert only_ids('{"id": "dd3e"}')
    assert only_ids('{"run_id": "1", "thread.id": "2"}')
    assert not only_ids('{"id": "1", "topic": "socks"}')
    assert not only_ids('{"idea": "socks"}')
    assert not only_ids("{}")


def test_a_printed_model_is_the_object_that_it_was_made_of() -> None:
    assert prints_object("name='Avocado' healthy=True", '{"name": "Avocado", "healthy": true}')
    assert not prints_object("name='Avocado'", '{"name": "Avocado", "healthy": true}')
    assert not prints_object("The name=x", '{"name": "x"}')
    assert same_object('{"a": 1}', '{"a":1}')
    assert not same_object("plain", "plain")


def _chain(**keys: str) -> Step:
    span = Span("1" * 32, "2" * 16, "", "chain", attributes={"openinference.span.kind": "CHAIN", **keys})
    return Step(span, "CHAIN", 0, "", Evidence({span.span_id: span}, read))


def test_a_state_s_answer_is_the_run_s() -> None:
    root = _chain(**{"input.value": '{"question": "5 + 5?"}', "output.value": '{"question": "5 + 5?", "sum": "10"}'})
    found = final_answer(Run(root, (), ()))
    assert found is not None
    assert found.text == "10"


def test_an_id_is_no_task_and_the_one_input_of_a_program_is() -> None:
    assert task(Run(_chain(**{"input.value": '{"id": "dd3ef1e6"}'}), (), ())) is None
    assert task(Run(_chain(**{"input.value": '{"product": "socks"}'}), (), ())) == "socks"
