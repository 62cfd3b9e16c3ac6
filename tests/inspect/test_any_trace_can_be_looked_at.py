"""However strange a trace is, its tree fits the terminal, its form is JSON and the doctor says something."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_spans import span, trace
from rich.console import Console

from otel_scorer.inspect.doctor import diagnose
from otel_scorer.inspect.doctor_report import render as render_diagnosis
from otel_scorer.inspect.doctor_report import to_plain
from otel_scorer.inspect.normalised import to_json
from otel_scorer.inspect.view import render
from otel_scorer.model import Span, Trace
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet

RUBRICS = list(RubricSet.load([shipped_rubrics()]))
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "{", '{"a": "\\ud800"}', "\x1b[2J", "[bold]x[/", "null", "NaN", "y" * 900, "\ud83d", "‮x"]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "openinference.span.kind",
        "gen_ai.operation.name",
        "input.value",
        "output.value",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.tool.definitions",
        "gen_ai.tool.name",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "llm.output_messages.0.message.content",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments",
        "retrieval.documents.0.document.content",
        "retrieval.documents.0.document.score",
        "gen_ai.usage.input_tokens",
        "gen_ai.request.model",
        "error.type",
        "metadata",
        "otel_scorer.score.factual_grounding",
        "otel_scorer.reason.factual_grounding",
        "otel_scorer.signals",
    ]
)
KINDS = st.sampled_from(["AGENT", "LLM", "TOOL", "RETRIEVER", "EMBEDDING", "EVALUATOR", "?"])


@st.composite
def spans(draw: st.DrawFn) -> Span:
    attributes: dict[str, Any] = {"openinference.span.kind": draw(KINDS)}
    attributes |= draw(st.dictionaries(KEYS, VALUES, max_size=6))
    made = span(draw(st.sampled_from("abcdef")), draw(st.sampled_from(["", *"abcdef"])), attributes=attributes)
    return replace(made, name=draw(TEXTS), start_ns=draw(st.integers(0, 9)), status_code=draw(st.integers(0, 3)))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(spans(), max_size=6), st.sampled_from([20, 80, 200]))
def test_nothing_is_too_strange_to_be_shown(made: list[Span], width: int) -> None:
    each = trace(*made)
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(render(each))
    shown = capture.get()
    assert shown.encode()
    assert not {"\x1b", "‮"} & set(shown)
    text = to_json(each)
    assert text.encode()
    form = json.loads(text, parse_constant=_refused)
    assert len(form["steps"]) <= len(made)
    diagnosis = diagnose([each], RUBRICS)
    assert json.dumps(to_plain(diagnosis), allow_nan=False).encode()
    with console.capture():
        console.print(render_diagnosis(diagnosis))


def test_a_trace_without_spans_is_shown_too() -> None:
    empty = Trace("default", "0" * 32, ())
    assert json.loads(to_json(empty))["steps"] == []
    console = Console(width=80)
    with console.capture() as capture:
        console.print(render(empty))
    assert "0 agent spans" in capture.get()


def _refused(word: str) -> Any:
    raise AssertionError(f"{word} is not JSON")
