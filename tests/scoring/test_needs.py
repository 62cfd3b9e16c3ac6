"""What counts as captured: empty is, names and ids without content are not."""

from __future__ import annotations

import json

import pytest

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Span, Trace, Value
from otel_scorer.scoring.evidence import lacking
from otel_scorer.scoring.verdict import Target

CALL = {"type": "tool_call", "id": "c1", "name": "get_weather"}
RETRIEVER: dict[str, Value] = {"openinference.span.kind": "RETRIEVER"}


def lacks(need: str, attributes: dict[str, Value]) -> bool:
    span = Span("a" * 32, "b" * 16, "", "chat m", attributes=attributes)
    seen = view(Trace("default", "a" * 32, (span,)))
    return bool(lacking(Target(seen, seen.steps[0]), [need]))


def said(*parts: dict[str, object]) -> dict[str, Value]:
    messages = json.dumps([{"role": "assistant", "parts": list(parts)}])
    return {"gen_ai.operation.name": "chat", "gen_ai.output.messages": messages}


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ({"gen_ai.operation.name": "chat"}, True),
        (said(CALL), True),  # what is left of a call when content is not captured
        (said({**CALL, "arguments": {}}), False),
        (said({**CALL, "arguments": {"city": "Paris"}}), False),
        (said({"type": "text", "content": ""}), False),
        (said({"type": "text", "content": "18 degrees"}, CALL), False),
        ({"gen_ai.operation.name": "chat", "gen_ai.output.messages": "[]"}, False),
    ],
)
def test_names_of_called_tools_are_no_output(attributes: dict[str, Value], missing: bool) -> None:
    assert lacks("output", attributes) is missing


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ({}, True),
        ({"retrieval.documents.0.document.id": "7", "retrieval.documents.0.document.score": 0.4}, True),
        ({"retrieval.documents.0.document.id": "7", "retrieval.documents.0.document.content": "Rome"}, False),
        ({"retrieval.documents.0.document.id": "7", "retrieval.documents.0.document.content": ""}, False),
    ],
)
def test_ids_and_scores_are_no_documents(attributes: dict[str, Value], missing: bool) -> None:
    assert lacks("documents", {**RETRIEVER, **attributes}) is missing
