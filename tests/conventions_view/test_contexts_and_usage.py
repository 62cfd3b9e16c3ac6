from __future__ import annotations

from spans_by_hand import kind, openinference_llm, otel_llm, span, tool, trace

from otel_scorer.conventions.faults import error_of, is_limited
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Event, Span, Usage, Value


def seen(*spans: Span) -> TraceView:
    return view(trace(span("agent", at=(0, 100), attributes=kind("AGENT")), *spans))


def documents(prefix: str, *texts: str) -> dict[str, Value]:
    return {f"{prefix}.{index}.document.content": text for index, text in enumerate(texts)}


def test_contexts_name_their_source_and_hold_each_text_once() -> None:
    found = seen(
        span("r", "agent", (1, 2), kind("RETRIEVER", **documents("retrieval.documents", "Doc A", "Doc B"))),
        span("k", "agent", (3, 4), kind("RERANKER", **documents("reranker.output_documents", "Doc B"))),
        span("t", "agent", (5, 6), tool("otel", "look", {}, '{"price": 3}', "c")),
        span(
            "llm",
            "agent",
            (7, 8),
            otel_llm(
                [
                    ("system", "Be kind."),
                    ("user", "Price?"),
                    ("assistant", "", [("c", "look", {})]),
                    ("tool", "c", '{"price":3}'),
                ],
                [("assistant", "3")],
            ),
        ),
    )
    assert [(context.source, context.text, context.span_id) for context in found.contexts] == [
        ("retrieval", "Doc A", "r"),
        ("retrieval", "Doc B", "r"),
        ("tool", '{"price":3}', "t"),
        ("system", "Be kind.", "llm"),
        ("user", "Price?", "llm"),
    ]


def test_a_tool_as_root_asks_nothing_of_a_user() -> None:
    found = view(trace(span("t", attributes=tool("openinference", "look", {"q": 1}, "found"))))
    assert [context.source for context in found.contexts] == ["tool"]


def llm(span_id: str, parent: str, at: int, tokens: tuple[int, int] | None) -> Span:
    counts: dict[str, Value] = {}
    if tokens:
        counts = {"llm.token_count.prompt": tokens[0], "llm.token_count.completion": tokens[1]}
    return span(span_id, parent, (at, at + 1), openinference_llm([], [], **counts))


def test_model_calls_are_summed_and_an_agents_own_sum_is_left_out() -> None:
    agent = span("a", "agent", (1, 50), kind("AGENT", **{"llm.token_count.prompt": 999}))
    assert seen(agent, llm("x", "a", 2, (10, 1)), llm("y", "a", 4, (20, 2))).usage == Usage(30, 3, 33)


def test_an_agents_own_sum_counts_where_no_model_call_tells() -> None:
    agent = span("a", "agent", (1, 50), kind("AGENT", **{"llm.token_count.prompt": 999}))
    assert seen(agent, span("t", "a", (2, 3), kind("TOOL"))).usage.input == 999


def test_a_model_span_in_a_model_span_is_counted_once() -> None:
    assert seen(llm("x", "agent", 1, (10, 2)), llm("y", "x", 1, (10, 3))).usage == Usage(10, 3, 13)
    assert seen(llm("x", "agent", 1, None), llm("y", "x", 1, (10, 3))).usage == Usage(10, 3, 13)


def test_a_model_call_of_an_agent_below_a_model_span_is_counted_too() -> None:
    sub = span("sub", "x", (2, 9), kind("AGENT"))
    assert seen(llm("x", "agent", 1, (10, 1)), sub, llm("y", "sub", 3, (5, 1))).usage == Usage(15, 2, 17)


def test_untold_usage_is_none() -> None:
    assert seen(llm("x", "agent", 1, None)).usage == Usage()


def test_ids_models_and_names_come_from_the_root_first() -> None:
    root = span(
        "agent",
        at=(0, 100),
        attributes={
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "clerk",
            "gen_ai.conversation.id": "conv-1",
            "user.id": "u-1",
        },
    )
    first = span("x", "agent", (1, 2), otel_llm([], [], **{"gen_ai.response.model": "small", "session.id": "other"}))
    last = span("y", "agent", (3, 4), otel_llm([], [], **{"gen_ai.response.id": "resp-2"}))
    found = view(trace(root, first, last))
    assert (found.agent_name, found.conversation_id, found.user_id) == ("clerk", "conv-1", "u-1")
    assert (found.models, found.response_id) == (("small", "gpt-4o"), "resp-2")
    assert (found.service, found.service_version, found.duration_s) == ("orders", "1.4.2", 0.1)


def test_errors_are_told_with_their_spans() -> None:
    failed = span("x", "agent", (1, 2), kind("LLM"), status_code=2, status_message="429 Too Many Requests")
    assert seen(failed).errors == (("x", "429 Too Many Requests"),)


def test_what_counts_as_an_error() -> None:
    raised = Event("exception", attributes={"exception.type": "ValueError", "exception.message": "bad"})
    assert error_of(span("x")) is None
    assert error_of(span("x", status_code=2)) == "error"
    assert error_of(span("x", events=(raised,))) == "ValueError: bad"
    assert error_of(span("x", events=(raised,), status_code=1)) is None
    assert error_of(span("x", status_code=2, attributes={"error.type": "timeout"})) == "timeout"
    assert error_of(span("x", attributes={"error.type": "tool_error"})) == "tool_error"
    assert error_of(span("x", attributes={"gen_ai.tool.status": "error", "error.message": "no city"})) == "no city"
    assert error_of(span("x", attributes={"langfuse.observation.level": "ERROR"})) == "error"
    assert error_of(span("x", attributes={"success": False})) is None
    assert error_of(span("x", attributes={"success": False, "span.type": "tool", "error": "denied"})) == "denied"
    assert error_of(span("x", attributes={"error": False})) is None


def test_limits_are_known_by_their_words() -> None:
    for text in (
        "RateLimitError",
        "rate_limit_exceeded",
        "HTTP 429",
        "insufficient_quota",
        "ResourceExhausted",
        "Throttling",
    ):
        assert is_limited(text), text
    for text in ("BudgetExceededError: over", "budget has been exceeded"):
        assert is_limited(text) == ("Exceeded" in text)
    assert not is_limited("no such city 14290")
