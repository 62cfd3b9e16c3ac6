"""What a view asks of a trace's keys at once must be what asking each span tells."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from spans_by_hand import otel_llm, span, trace

from otel_scorer.conventions.faults import error_of
from otel_scorer.conventions.feedback import feedback_of, guardrails_of
from otel_scorer.conventions.first_look import offered_tools, system_texts
from otel_scorer.conventions.identity import conversation_of, user_of
from otel_scorer.conventions.kinds import kind_of
from otel_scorer.conventions.read import read
from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Event, LogRecord, Span, Value

TELLING: dict[str, list[Value]] = {
    "openinference.span.kind": ["AGENT", "LLM", "TOOL", "GUARDRAIL", "EVALUATOR"],
    "error.type": ["TimeoutError", ""],
    "langfuse.observation.level": ["ERROR", "DEFAULT"],
    "gen_ai.tool.status": ["error", "ok"],
    "error": [True, "oh no", False],
    "success": [False, True],
    "span.type": ["tool"],
    "annotations.0.annotation.name": ["liked"],
    "session.evaluations.0.evaluation.name": ["good"],
    "gen_ai.evaluation.name": ["fit"],
    "logfire.feedback.name": ["stars"],
    "guardrail.status": ["blocked", "passed"],
    "rail.stop": [True],
    "gen_ai.tool.definitions": ['[{"name": "look"}]', "[]", "{"],
    "llm.tools.0.tool.json_schema": ['{"function": {"name": "find"}}'],
    "llm.request.functions.0.name": ["seek"],
    "session.id": ["s1"],
    "langfuse.session.id": ["s2"],
    "enduser.id": ["u1"],
    "user.id": ["u2", ""],
}
EVENTS = [
    Event("exception", 0, {"exception.message": "broke"}),
    Event("gen_ai.evaluation.result", 0, {"gen_ai.evaluation.name": "told beside"}),
    Event("guard.evaluation", 0, {"guard.name": "pii", "guard.action": "deny"}),
]
LOG = LogRecord("t", "s", "gen_ai.evaluation.result", attributes={"gen_ai.evaluation.name": "told in a log"})


@st.composite
def one_span(draw: st.DrawFn) -> Span:
    keys = draw(st.sets(st.sampled_from(sorted(TELLING)), max_size=4))
    return span(
        draw(st.sampled_from("abcdef")),
        draw(st.sampled_from(["", "a", "b"])),
        (draw(st.integers(0, 5)), 9),
        {key: draw(st.sampled_from(TELLING[key])) for key in sorted(keys)},
        status_code=draw(st.sampled_from([0, 0, 1, 2])),
        events=tuple(draw(st.sampled_from([[], [], EVENTS[:1], EVENTS[1:2], EVENTS[2:]]))),
        logs=draw(st.sampled_from([(), (), (LOG,)])),
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(one_span(), max_size=5))
@example([span("a", attributes={"success": False, "span.type": "tool"})])
@example([span("a", logs=(LOG,))])
def test_no_telling_is_lost_by_looking_at_all_keys_at_once(spans: list[Span]) -> None:
    seen = view(trace(*spans))
    tree = [step.span for step in seen.steps]
    assert seen.errors == tuple((one.span_id, text) for one in tree if (text := error_of(one)) is not None)
    assert seen.feedback == tuple(one for each in seen.trace.spans for one in feedback_of(each))
    assert seen.guardrails == tuple(one for each in seen.trace.spans for one in guardrails_of(each))
    calls = [one for one in tree if kind_of(one)[0] == "LLM"]
    assert (seen.offered_tools is None) == all(offered_tools(one) is None for one in calls)
    assert bool(seen.conversation_id) == any(map(conversation_of, tree))
    assert bool(seen.user_id) == any(map(user_of, tree))


def test_kinds_that_are_there_are_found_in_order_of_start() -> None:
    spans = [
        span("late", at=(5, 6), attributes={"openinference.span.kind": "LLM"}),
        span("tool", at=(3, 4), attributes={"openinference.span.kind": "TOOL"}),
        span("early", at=(1, 2), attributes={"openinference.span.kind": "LLM"}),
    ]
    seen = view(trace(*spans))
    assert seen.present_kinds == {"LLM", "TOOL"}
    assert [one.span_id for one in seen.spans_of(frozenset({"LLM"}))] == ["early", "late"]
    assert [one.span_id for one in seen.spans_of(frozenset({"LLM", "TOOL"}))] == ["early", "tool", "late"]
    assert seen.spans_of(frozenset({"RETRIEVER"})) == ()


def test_calls_that_begin_otherwise_have_their_own_system_prompt() -> None:
    conversations = [
        [("system", "Be kind."), ("user", "one")],
        [("system", "Be kind."), ("user", "one"), ("assistant", "two"), ("user", "three")],
        [("system", "Be kind. Be brief."), ("user", "one")],
        [("user", "Be kind.")],
        [("system", "Be kind."), ("user", "four")],
        [],
    ]
    calls = [span(str(n), attributes=otel_llm(said, [])) for n, said in enumerate(conversations)]
    broken = span("cut", attributes={"gen_ai.input.messages": '[{"role": "system", "parts": [{"ty'})
    apart = span("apart", attributes={**otel_llm(conversations[0], []), "gen_ai.system_instructions": "Be bold."})
    assert system_texts([*calls, broken, calls[0], apart], read) == [
        "Be kind.",
        "Be kind.",
        "Be kind. Be brief.",
        None,
        "Be kind.",
        None,
        None,
        "Be kind.",
        "Be bold.",
    ]
