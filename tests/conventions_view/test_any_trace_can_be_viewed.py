from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from spans_by_hand import TRACE_ID, otel_llm, tool

from otel_scorer.conventions.segments import fingerprints, input_length, segments
from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Head, Span, Trace, Value

IDS = st.sampled_from(["a", "b", "c", "d", "e", "f", ""])
KINDS = st.sampled_from(
    ["AGENT", "LLM", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "GUARDRAIL", "MCP", "A2A_CLIENT", "nonsense"]
)
WORDS = st.sampled_from(
    ["", "x", "{", '{"input": 1}', '{"messages": [1, {"role": 3}]}', "[[]]", '"', "null", "7", "\ud83d"]
)
CALLS = st.lists(
    st.tuples(st.sampled_from(["", "c1", "c2"]), st.sampled_from(["look", "find"]), st.just({"q": 1})), max_size=2
)
SAID = st.one_of(
    st.tuples(st.sampled_from(["user", "assistant", "system"]), WORDS),
    st.tuples(st.just("assistant"), WORDS, CALLS),
    st.tuples(st.just("tool"), st.sampled_from(["", "c1", "c9"]), WORDS),
)


@st.composite
def attributes(draw: st.DrawFn) -> dict[str, Value]:
    form = draw(st.integers(0, 3))
    if form == 0:
        return otel_llm(draw(st.lists(SAID, max_size=5)), draw(st.lists(SAID, max_size=2)))
    if form == 1:
        return tool(
            "otel",
            draw(st.sampled_from(["look", "find", ""])),
            {"q": 1},
            draw(WORDS),
            draw(st.sampled_from(["", "c1"])),
        )
    return {"openinference.span.kind": draw(KINDS), "input.value": draw(WORDS), "output.value": draw(WORDS)}


@st.composite
def one_span(draw: st.DrawFn) -> Span:
    start, end = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    span_id = draw(IDS.filter(bool))  # a span without an id is refused at the door
    return Span(TRACE_ID, span_id, draw(IDS), "n", start_ns=start, end_ns=end, attributes=draw(attributes()))


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    spans = [draw(one_span()) for _ in range(draw(st.integers(0, 7)))]
    heads = [Head(draw(IDS), draw(IDS), agent=draw(st.booleans())) for _ in range(draw(st.integers(0, 4)))]
    return Trace("default", TRACE_ID, tuple(spans), {head.span_id: head for head in heads}, draw(st.booleans()))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(traces())
def test_no_trace_is_too_strange(trace: Trace) -> None:
    seen = view(trace)
    ids = [step.span_id for step in seen.steps]
    assert sorted(ids) == sorted({span.span_id for span in trace.spans})
    assert seen.incomplete == (seen.root is None)
    assert seen.root is None or seen.root in seen.roots
    assert all(step.parent_id in ("", *ids) for step in seen.steps)
    starts = [use.start_ns for use in seen.tool_uses]
    assert starts == sorted(starts)
    assert {use.span_id for use in seen.tool_uses} <= set(ids)
    _ = seen.contexts, seen.turns, seen.task, seen.final_answer, seen.user_text, seen.system, seen.usage, seen.errors
    _ = segments(seen), fingerprints(seen, b"s"), input_length(seen), seen.agent_name, seen.duration_s
