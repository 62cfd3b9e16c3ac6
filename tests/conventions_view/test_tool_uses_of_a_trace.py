from __future__ import annotations

import json

import pytest
from spans_by_hand import LLM_FORMS, kind, otel_llm, span, tool, trace

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Event, Span

FORMS = pytest.mark.parametrize("form", ["otel", "openinference"])
ASK = [("system", "Be kind."), ("user", "Weather in Paris?")]
PARIS = {"city": "Paris"}


def run(form: str, *tools: Span, call_id: str = "call_1", result: str = "sunny", second: bool = True) -> TraceView:
    """An agent, a model call that asks for get_weather(Paris), `tools`, and the model call that answers."""
    llm = LLM_FORMS[form]
    asked = ("assistant", "", [(call_id, "get_weather", PARIS)])
    spans = [
        span("agent", at=(0, 100), attributes=kind("AGENT")),
        span("llm1", "agent", at=(1, 10), attributes=llm(ASK, [asked])),
        *tools,
    ]
    if second:
        given = [*ASK, asked, ("tool", call_id, result)]
        spans.append(span("llm2", "agent", at=(50, 60), attributes=llm(given, [("assistant", "Sunny.")])))
    return view(trace(*spans))


@FORMS
def test_call_span_and_message_with_one_id_are_one_use(form: str) -> None:
    (use,) = run(form, span("t", "agent", (20, 30), tool(form, "get_weather", PARIS, "sunny", "call_1"))).tool_uses
    assert (use.name, use.id, use.arguments, use.result, use.error) == ("get_weather", "call_1", PARIS, "sunny", "")
    assert (use.span_id, use.requested_by, use.executed) == ("t", "llm1", True)
    assert (use.start_ns, use.end_ns) == (20_000_000, 30_000_000)


@FORMS
def test_without_ids_name_and_arguments_join(form: str) -> None:
    lookups = [
        span("t1", "agent", (20, 30), tool(form, "get_weather", {"city": "Rome"}, "rain")),
        span("t2", "agent", (21, 30), tool(form, "get_weather", PARIS, "sunny")),
    ]
    uses = {use.span_id: use for use in run(form, *lookups, call_id="").tool_uses}
    assert uses["t2"].requested_by == "llm1"
    assert uses["t1"].requested_by == ""
    assert len(uses) == 2


@FORMS
def test_a_result_that_only_the_next_model_call_holds_is_found(form: str) -> None:
    (use,) = run(form).tool_uses
    assert (use.result, use.result_captured, use.executed) == ("sunny", True, False)
    assert (use.span_id, use.requested_by) == ("llm1", "llm1")


@FORMS
def test_a_span_without_result_takes_that_of_the_message(form: str) -> None:
    (use,) = run(form, span("t", "agent", (20, 30), tool(form, "get_weather", PARIS, None, "call_1"))).tool_uses
    assert (use.span_id, use.result) == ("t", "sunny")


@FORMS
def test_a_call_that_nobody_answers_stays_without_result(form: str) -> None:
    (use,) = run(form, second=False).tool_uses
    assert not use.result_captured
    assert use.result_text is None


def test_mcp_client_and_server_below_the_tool_span_are_the_same_use() -> None:
    outer = span("t", "agent", (20, 40), tool("otel", "get_weather", PARIS, None, "call_1"))
    mcp = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "mcp__sky__get_weather", "jsonrpc.request.id": "7"}
    client = span("c", "t", (21, 39), mcp, otlp_kind=3)
    server = span("s", "c", (22, 38), {**mcp, "gen_ai.tool.call.result": "from the server"}, otlp_kind=2)
    (use,) = run("otel", outer, client, server, second=False).tool_uses
    assert (use.span_id, use.name, use.id, use.result) == ("t", "get_weather", "call_1", "from the server")


def test_an_error_of_the_server_span_is_the_uses_error() -> None:
    outer = span("t", "agent", (20, 40), tool("otel", "get_weather", PARIS, None, "call_1"))
    server = span(
        "s",
        "t",
        (22, 38),
        {"mcp.method.name": "tools/call", "gen_ai.tool.name": "get_weather", "error.type": "tool_error"},
    )
    (use,) = run("otel", outer, server).tool_uses
    assert use.error == "tool_error"


def test_another_tool_below_a_tool_is_a_use_of_its_own() -> None:
    outer = span("t", "agent", (20, 40), tool("otel", "get_weather", PARIS, "sunny", "call_1"))
    inner = span("i", "t", (21, 30), tool("otel", "geocode", PARIS, "48.8"))
    assert [use.name for use in run("otel", outer, inner).tool_uses] == ["get_weather", "geocode"]


def test_a_tool_of_an_agent_below_a_tool_is_a_use_of_its_own() -> None:
    outer = span("t", "agent", (20, 40), tool("otel", "get_weather", PARIS, "sunny", "call_1"))
    sub = span("sub", "t", (21, 39), kind("AGENT"))
    inner = span("i", "sub", (22, 30), tool("otel", "get_weather", PARIS, "sunny"))
    assert len(run("otel", outer, sub, inner).tool_uses) == 2


@FORMS
def test_calls_of_earlier_turns_are_no_uses_of_this_run(form: str) -> None:
    llm = LLM_FORMS[form]
    history = [("user", "And Rome?"), ("assistant", "", [("call_0", "get_weather", {"city": "Rome"})])]
    history += [("tool", "call_0", "rain"), ("assistant", "Rain."), ("user", "Paris?")]
    asked = ("assistant", "", [("call_1", "get_weather", PARIS)])
    seen = view(
        trace(
            span("agent", at=(0, 100), attributes=kind("AGENT")),
            span("llm1", "agent", (1, 10), llm(history, [asked])),
            span("llm2", "agent", (20, 30), llm([*history, asked, ("tool", "call_1", "sun")], [("assistant", "Sun.")])),
        )
    )
    assert [(use.id, use.result) for use in seen.tool_uses] == [("call_1", "sun")]
    assert [context.text for context in seen.contexts if context.source == "tool"] == ["sun", "rain"]


@FORMS
def test_user_messages_that_a_framework_adds_later_do_not_make_calls_history(form: str) -> None:
    llm = LLM_FORMS[form]
    asked = ("assistant", "", [("", "get_weather", PARIS)])
    later = [*ASK, asked, ("tool", "", "sunny"), ("user", "Now give your final answer.")]
    seen = view(
        trace(
            span("agent", at=(0, 100), attributes=kind("AGENT")),
            span("llm1", "agent", (1, 10), llm(ASK, [asked])),
            span("llm2", "agent", (20, 30), llm(later, [("assistant", "Sun.")])),
        )
    )
    assert [(use.name, use.result) for use in seen.tool_uses] == [("get_weather", "sunny")]


@FORMS
def test_the_same_call_twice_is_two_uses_each_with_its_result(form: str) -> None:
    llm = LLM_FORMS[form]
    first = ("assistant", "", [("", "get_weather", PARIS)])
    spans = [
        span("agent", at=(0, 100), attributes=kind("AGENT")),
        span("llm1", "agent", (1, 10), llm(ASK, [first])),
        span("t1", "agent", (11, 12), tool(form, "get_weather", PARIS, None)),
        span("llm2", "agent", (20, 30), llm([*ASK, first, ("tool", "", "time-out")], [first])),
        span("t2", "agent", (31, 32), tool(form, "get_weather", PARIS, None)),
        span(
            "llm3",
            "agent",
            (40, 50),
            llm([*ASK, first, ("tool", "", "time-out"), first, ("tool", "", "sunny")], [("assistant", "Sun.")]),
        ),
    ]
    uses = view(trace(*spans)).tool_uses
    assert [(use.span_id, use.result, use.requested_by) for use in uses] == [
        ("t1", "time-out", "llm1"),
        ("t2", "sunny", "llm2"),
    ]


def test_a_tool_that_runs_inside_the_models_span_is_joined() -> None:
    inside = span("t", "llm1", (5, 8), tool("otel", "get_weather", PARIS, "sunny", "adk-1"))
    (use,) = run("otel", inside, call_id="").tool_uses
    assert (use.span_id, use.requested_by) == ("t", "llm1")


def test_ids_of_two_makers_do_not_make_two_uses() -> None:
    asked = ("assistant", "", [("fc_689f", "get_weather", PARIS)])
    told = ("assistant", "", [("call_pv9q", "get_weather", PARIS)])
    given = [*ASK, told, ("tool", "call_pv9q", "sunny")]
    seen = view(
        trace(
            span("agent", at=(0, 100), attributes=kind("AGENT")),
            span("llm1", "agent", (1, 10), otel_llm(ASK, [asked])),
            span("llm2", "agent", (20, 30), otel_llm(given, [("assistant", "Sun.")])),
        )
    )
    assert [(use.id, use.result) for use in seen.tool_uses] == [("call_pv9q", "sunny")]


def test_two_model_spans_on_one_call_tell_of_one_use() -> None:
    inner = span("inner", "llm1", (2, 9), otel_llm(ASK, [("assistant", "", [("call_1", "get_weather", PARIS)])]))
    assert len(run("otel", inner).tool_uses) == 1


def test_positional_arguments_give_way_to_those_of_the_model() -> None:
    positional = span(
        "t",
        "agent",
        (20, 30),
        kind("TOOL", **{"tool.name": "get_weather", "input.value": "Paris", "output.value": "sunny"}),
    )
    (use,) = run("openinference", positional).tool_uses
    assert use.arguments == PARIS


def test_an_agent_without_model_spans_tells_its_uses_itself() -> None:
    asked = ("assistant", "", [("call_1", "get_weather", PARIS)])
    messages = otel_llm([*ASK, asked, ("tool", "call_1", "sunny")], [("assistant", "Sun.")])
    agent = span("agent", attributes={**messages, "gen_ai.operation.name": "invoke_agent"})
    (use,) = view(trace(agent)).tool_uses
    assert (use.name, use.result, use.span_id, use.requested_by) == ("get_weather", "sunny", "agent", "")


@FORMS
def test_errors_come_from_status_exception_or_flag_never_from_text(form: str) -> None:
    attributes = tool(form, "get_weather", PARIS, "Error: no such city", "call_1")
    (quiet,) = run(form, span("t", "agent", (20, 30), attributes)).tool_uses
    assert quiet.error == ""
    (failed,) = run(form, span("t", "agent", (20, 30), attributes, status_code=2, status_message="boom")).tool_uses
    assert failed.error == "boom"
    event = Event("exception", attributes={"exception.type": "KeyError", "exception.message": "'city'"})
    (raised,) = run(form, span("t", "agent", (20, 30), attributes, events=(event,))).tool_uses
    assert "KeyError" in raised.error


def test_definitions_are_attached_by_name() -> None:
    offered = '[{"type":"function","name":"get_weather","parameters":{"type":"object"}}]'
    llm = otel_llm(ASK, [("assistant", "", [("c", "get_weather", PARIS)])], **{"gen_ai.tool.definitions": offered})
    seen = view(trace(span("agent", attributes=kind("AGENT")), span("llm1", "agent", (1, 2), llm)))
    (use,) = seen.tool_uses
    assert use.definition is not None
    assert use.definition.parameters == {"type": "object"}
    assert run("otel").tool_definitions is None


def test_an_id_that_a_provider_uses_in_every_turn_does_not_bring_back_an_old_result() -> None:
    history = [("user", "Rome?"), ("assistant", "", [("call_0", "get_weather", {"city": "Rome"})])]
    history += [("tool", "call_0", "rain"), ("assistant", "Rain."), ("user", "Paris?")]
    asked = ("assistant", "", [("call_0", "get_weather", PARIS)])
    spans = [
        span("agent", at=(0, 100), attributes=kind("AGENT")),
        span("llm1", "agent", (1, 10), otel_llm(history, [asked])),
        span("t", "agent", (11, 12), tool("otel", "get_weather", PARIS, None, "call_0")),
        span(
            "llm2", "agent", (20, 30), otel_llm([*history, asked, ("tool", "call_0", "sun")], [("assistant", "Sun.")])
        ),
    ]
    assert [(use.span_id, use.arguments, use.result) for use in view(trace(*spans)).tool_uses] == [("t", PARIS, "sun")]


@FORMS
@pytest.mark.parametrize("ids", [True, False])
def test_in_a_long_run_every_use_gets_its_own_result(form: str, ids: bool) -> None:
    given, spans = list(ASK), [span("agent", at=(0, 9999), attributes=kind("AGENT"))]
    for turn in range(40):
        arguments, call_id = {"city": "Paris", "day": turn % 3}, f"c{turn}" if ids else ""
        asked = ("assistant", "", [(call_id, "get_weather", arguments)])
        at = turn * 20
        spans.append(span(f"llm{turn}", "agent", (at + 1, at + 5), LLM_FORMS[form](given, [asked])))
        spans.append(span(f"t{turn}", "agent", (at + 6, at + 9), tool(form, "get_weather", arguments, None, call_id)))
        given = [*given, asked, ("tool", call_id, f"result {turn}")]
    spans.append(span("last", "agent", (9000, 9001), LLM_FORMS[form](given, [("assistant", "Done.")])))
    uses = view(trace(*spans)).tool_uses
    assert [(use.span_id, use.requested_by, use.result) for use in uses] == [
        (f"t{turn}", f"llm{turn}", f"result {turn}") for turn in range(40)
    ]


def test_a_call_that_came_back_with_an_error_flag_failed() -> None:
    content = [{"type": "tool_result", "tool_use_id": "call_1", "content": "no such city", "is_error": True}]
    asked = {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "look", "input": {}}]}
    request = json.dumps({"messages": [{"role": "user", "content": "Go"}, asked, {"role": "user", "content": content}]})
    seen = view(
        trace(
            span("agent", at=(0, 100), attributes=kind("AGENT")),
            span("llm1", "agent", (1, 10), otel_llm([("user", "Go")], [("assistant", "", [("call_1", "look", {})])])),
            span("llm2", "agent", (20, 30), kind("LLM", **{"input.value": request})),
        )
    )
    assert [(use.error, use.result) for use in seen.tool_uses] == [("no such city", "no such city")]
