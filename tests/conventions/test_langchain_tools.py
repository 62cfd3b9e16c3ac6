"""What LangChain's tools were given and gave back, in the forms in which its callbacks hand them on."""

from __future__ import annotations

import json

import pytest
from spans_by_key import span

from otel_scorer.conventions.read import evidence
from otel_scorer.model import Value

MESSAGE = {"content": "18 degrees", "type": "tool", "name": "w", "tool_call_id": "c1"}
CLASS = ["langchain", "schema", "messages", "ToolMessage"]

FORMS: list[tuple[str, Value]] = [
    (json.dumps({"type": "tool", "data": MESSAGE}), "18 degrees"),
    (json.dumps({"lc": 1, "type": "constructor", "id": CLASS, "kwargs": MESSAGE}), "18 degrees"),
    (json.dumps({"output": {"lc": 1, "type": "constructor", "id": CLASS, "kwargs": MESSAGE}}), "18 degrees"),
    ("content='18 degrees' name='w' tool_call_id='c1'", "18 degrees"),
    ("content=\"it's 18\" name='w' tool_call_id='c1'", "it's 18"),
    ("content='a\\nb \\'c\\'' tool_call_id='c1'", "a\nb 'c'"),
    ("content='{\"degrees\": 18}' name='w' tool_call_id='c1'", {"degrees": 18}),
    (json.dumps({"type": "tool", "data": {**MESSAGE, "content": [{"type": "text", "text": "18"}]}}), "18"),
    # not a message of LangChain's: left as it is
    ("content='18 degrees' in the report", "content='18 degrees' in the report"),
    (json.dumps({"type": "tool", "data": {"content": "x"}}), {"type": "tool", "data": {"content": "x"}}),
]


@pytest.mark.parametrize(("written", "told"), FORMS)
@pytest.mark.parametrize("kind", ["openinference.span.kind", "fi.span.kind"])
def test_a_tool_message_is_what_it_holds(kind: str, written: str, told: Value) -> None:
    assert evidence(span(**{kind: "TOOL", "tool.name": "w", "output.value": written})).tool_result == told


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{'city': 'Rome', 'days': 3, 'now': True}", {"city": "Rome", "days": 3, "now": True}),
        ('{"city": "Rome"}', {"city": "Rome"}),
        ("{'city': Rome}", "{'city': Rome}"),
        ("Rome", "Rome"),
    ],
)
def test_a_printed_dict_is_the_arguments(written: str, told: Value) -> None:
    found = evidence(span(**{"openinference.span.kind": "TOOL", "tool.name": "w", "input.value": written}))
    assert found.tool_arguments == told
