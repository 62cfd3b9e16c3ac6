"""LangSmith writes `{}` in place of inputs and outputs that it was told to hide."""

from __future__ import annotations

import pytest
from spans_by_key import span

from otel_scorer.conventions.read import evidence, tool_call_of

HIDDEN = {"gen_ai.prompt": "{}", "gen_ai.completion": "{}"}


@pytest.mark.parametrize("kind", ["chain", "llm", "retriever", "tool"])
def test_it_is_not_captured(kind: str) -> None:
    found = evidence(span("run", **{"langsmith.span.kind": kind, **HIDDEN}))
    assert (found.input_text, found.output_text, found.query, found.documents) == (None, None, None, None)
    assert (found.input_messages, found.output_messages) == (None, None)
    assert not found.tool_arguments_captured
    assert not found.tool_result_captured


def test_a_look_at_the_call_finds_no_arguments() -> None:
    call = tool_call_of(span("lookup", **{"langsmith.span.kind": "tool", **HIDDEN}))
    assert call is not None
    assert call.arguments is None
