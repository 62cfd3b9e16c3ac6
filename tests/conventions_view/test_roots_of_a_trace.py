from __future__ import annotations

from spans_by_hand import kind, otel_llm, span, trace

from otel_scorer.conventions.trace_view import view
from otel_scorer.model import Head, Scope, Span


def root_id(*spans: Span, **more: object) -> str | None:
    root = view(trace(*spans, **more)).root  # type: ignore[arg-type]
    return root and root.span_id


def test_a_trace_without_spans_has_no_root_and_is_incomplete() -> None:
    seen = view(trace())
    assert (seen.root, seen.roots, seen.incomplete, seen.own) == (None, (), True, False)
    assert (seen.steps, seen.duration_s, seen.task, seen.final_answer, seen.turns) == ((), 0.0, None, None, None)


def test_a_lone_root_of_any_kind_is_the_root() -> None:
    assert root_id(span("t", "gone", attributes=kind("TOOL"))) == "t"


def test_of_several_roots_the_first_agent_workflow_or_chain_to_start_is_the_root() -> None:
    llm = span("llm", at=(0, 1), attributes=kind("LLM"))
    chain = span("chain", at=(1, 2), attributes=kind("CHAIN"))
    agent = span("agent", at=(2, 3), attributes=kind("AGENT"))
    seen = view(trace(llm, chain, agent))
    assert seen.root is chain
    assert [one.span_id for one in seen.roots] == ["llm", "chain", "agent"]


def test_several_roots_without_an_agent_are_incomplete() -> None:
    seen = view(trace(span("a", "gone", attributes=kind("LLM")), span("b", "gone", attributes=kind("TOOL"))))
    assert seen.root is None
    assert seen.incomplete


def test_a_parent_is_followed_through_spans_that_are_no_agents() -> None:
    agent = span("agent", "web", attributes=kind("AGENT"))
    tool = span("tool", "http", at=(1, 2), attributes=kind("TOOL"))
    seen = view(trace(agent, tool, heads=[Head("web", ""), Head("http", "agent")]))
    assert seen.root is agent
    assert [(step.span_id, step.depth, step.parent_id) for step in seen.steps] == [
        ("agent", 0, ""),
        ("tool", 1, "agent"),
    ]


def test_a_span_below_an_agent_span_that_is_not_here_is_no_root() -> None:
    tools = [span(name, "lost", attributes=kind("TOOL")) for name in ("a", "b")]
    seen = view(trace(*tools, heads=[Head("lost", "", agent=True)]))
    assert seen.roots == ()
    assert seen.incomplete
    assert [step.span_id for step in seen.steps] == ["a", "b"]


def test_a_lost_agent_span_in_between_does_not_cut_the_chain() -> None:
    agent, tool = span("agent", attributes=kind("AGENT")), span("tool", "lost", at=(1, 2), attributes=kind("TOOL"))
    seen = view(trace(agent, tool, heads=[Head("lost", "agent", agent=True)]))
    assert seen.roots == (agent,)
    assert seen.by_id["tool"].parent_id == "agent"


def test_a_span_that_is_its_own_parent_is_a_root() -> None:
    assert root_id(span("a", "a", attributes=kind("AGENT"))) == "a"


def test_cycles_of_parents_end_and_hold_no_root() -> None:
    cycle = [span("a", "b", attributes=kind("AGENT")), span("b", "a", at=(1, 2), attributes=kind("LLM"))]
    seen = view(trace(*cycle))
    assert seen.incomplete
    assert sorted(step.span_id for step in seen.steps) == ["a", "b"]
    by_heads = view(trace(span("x", "h1", attributes=kind("AGENT")), heads=[Head("h1", "h2"), Head("h2", "h1")]))
    assert by_heads.incomplete


def test_a_root_beside_a_cycle_is_still_found() -> None:
    cycle = [span("a", "b", attributes=kind("AGENT")), span("b", "a", attributes=kind("AGENT"))]
    assert root_id(span("r", at=(5, 6), attributes=kind("AGENT")), *cycle) == "r"


def test_an_evaluation_trace_is_own() -> None:
    for evaluation in (
        span("e", attributes=kind("EVALUATOR")),
        span("e", attributes={"gen_ai.operation.name": "evaluation"}),
        span("e", attributes=kind("CHAIN"), scope=Scope("otel_scorer")),
    ):
        assert view(trace(evaluation, span("judge", "e", attributes=kind("LLM")))).own


def test_an_agent_with_an_evaluation_beside_or_below_it_is_not_own() -> None:
    agent = span("agent", at=(5, 9), attributes=kind("AGENT"))
    beside = span("e", "elsewhere", at=(1, 2), attributes=kind("EVALUATOR"))
    below = span("f", "agent", at=(6, 7), attributes=kind("EVALUATOR"))
    seen = view(trace(agent, beside, below))
    assert not seen.own
    assert seen.root is agent


def test_an_evaluation_does_not_make_a_lone_model_call_incomplete() -> None:
    call = span("llm", attributes=kind("LLM"))
    assert root_id(call, span("e", at=(1, 2), attributes=kind("EVALUATOR"))) == "llm"


def test_of_two_spans_with_one_id_the_first_is_seen() -> None:
    client = span("x", attributes=kind("TOOL"), otlp_kind=3)
    server = span("x", at=(1, 2), attributes=kind("TOOL"), otlp_kind=2)
    assert [step.span for step in view(trace(client, server)).steps] == [client]


def test_steps_are_depth_first_in_order_of_start_also_in_very_deep_traces() -> None:
    chain = [span(str(n), str(n - 1) if n else "", at=(n, 9999), attributes=kind("CHAIN")) for n in range(3000)]
    seen = view(trace(*chain))
    assert [step.depth for step in seen.steps] == list(range(3000))
    agent = span("a", attributes=kind("AGENT"))
    late, early = span("l", "a", at=(5, 6)), span("e", "a", at=(1, 4))
    leaf = span("x", "e", at=(7, 8))
    assert [step.span_id for step in view(trace(agent, late, early, leaf)).steps] == ["a", "e", "x", "l"]


def test_root_status_and_usage_read_no_messages() -> None:
    agent = span("agent", attributes=kind("AGENT"))
    seen = view(trace(agent, span("llm", "agent", at=(1, 2), attributes=kind("LLM"))))
    _ = seen.root, seen.own, seen.incomplete, seen.duration_s, seen.errors, seen.usage, seen.models, seen.finish_reasons
    assert "genai" not in vars(seen)
    assert "steps" not in vars(seen)


def test_a_span_of_no_known_kind_over_an_agent_s_steps_is_a_step_of_the_program() -> None:
    unnamed = span("top", "", (0, 100), {"newagent.step": "x"})
    seen = view(trace(unnamed, span("model", "top", (1, 2), otel_llm([("user", "hi")], [("assistant", "yo")]))))
    assert seen.root is not None
    assert (seen.root.span_id, seen.kinds["top"], seen.by_id["top"].kind) == ("top", "CHAIN", "CHAIN")
    assert (seen.task, seen.final_answer) == ("hi", "yo")


def test_a_span_of_no_known_kind_that_stands_alone_or_within_stays_so() -> None:
    seen = view(
        trace(
            span("top", "", (0, 100), kind("AGENT")),
            span("inner", "top", (1, 50), {"newagent.step": "x"}),
            span("tool", "inner", (2, 3), kind("TOOL")),
            span("other", "", (60, 70), {"newagent.step": "x"}),
        )
    )
    assert (seen.kinds["inner"], seen.kinds["other"]) == ("UNKNOWN", "UNKNOWN")
