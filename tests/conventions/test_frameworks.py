"""Frameworks' and gateways' own ways, from spans written by hand after their sources (reference/conventions.md)."""

from __future__ import annotations

import json

from spans_by_key import event, span

from otel_scorer.conventions.read import evidence
from otel_scorer.model import Message, Value


def test_strands_tells_an_agent_s_tools_by_name() -> None:
    genai = evidence(span(**{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.tools": '["calc", "search"]'}))
    assert genai.tool_definitions is not None
    assert [tool.name for tool in genai.tool_definitions] == ["calc", "search"]


def test_openlit_writes_a_prompt_in_lines_and_guards_in_events() -> None:
    found = evidence(
        span(
            "chat",
            (
                event("gen_ai.content.prompt", **{"gen_ai.prompt": "system: Be brief.\nuser: one\ntwo\nassistant: ok"}),
                event("gen_ai.content.completion", **{"gen_ai.completion": "yo"}),
                event("guard.evaluation", **{"guard.name": "pii", "guard.action": "deny", "guard.explanation": "iban"}),
            ),
            **{"gen_ai.operation.name": "chat", "telemetry.sdk.name": "openlit"},
        )
    )
    assert found.input_messages == (
        Message("system", "Be brief."),
        Message("user", "one\ntwo"),
        Message("assistant", "ok"),
    )
    assert found.output_messages == (Message("assistant", "yo"),)
    assert [(guard.name, guard.blocked, guard.reason) for guard in found.guardrails] == [("pii", True, "iban")]


def test_litellm_writes_two_conventions_on_one_span() -> None:
    attributes: dict[str, Value] = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o",
        "llm.token_count.prompt": 10,
        "llm.token_count.completion": 3,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "hi",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "hi",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "yo",
        "gen_ai.completion.0.finish_reason": "stop",
        "litellm.metadata.session_id": "s",
        "metadata.user_api_key_alias": "team",
    }
    genai = evidence(span("litellm_request", **attributes))
    assert (genai.input_messages, genai.output_messages) == (
        (Message("user", "hi"),),
        (Message("assistant", "yo", finish_reason="stop"),),
    )
    assert (genai.usage.input, genai.usage.output, genai.usage.total) == (10, 3, 13)
    assert (genai.conversation_id, genai.metadata["user_api_key_alias"]) == ("s", "team")


def test_litellm_s_guardrail() -> None:
    attributes: dict[str, Value] = {
        "guardrail_name": "presidio",
        "guardrail_status": "guardrail_intervened",
        "litellm.guardrail.violation_categories": ["pii", "iban"],
    }
    (decision,) = evidence(span("guardrail", **attributes)).guardrails
    assert (decision.name, decision.blocked, decision.reason) == ("presidio", True, "pii, iban")


def test_google_adk_hides_content_as_empty_objects() -> None:
    hidden = evidence(
        span(
            "execute_tool w",
            **{
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "w",
                "gcp.vertex.agent.llm_request": "{}",
                "gcp.vertex.agent.llm_response": "{}",
                "gcp.vertex.agent.tool_call_args": "{}",
                "gcp.vertex.agent.tool_response": "{}",
            },
        )
    )
    assert not hidden.tool_arguments_captured
    assert not hidden.tool_result_captured
    assert (hidden.input_messages, hidden.output_messages) == (None, None)
    assert not hidden.truncated


def test_an_a2a_call_of_traceai() -> None:
    attributes: dict[str, Value] = {
        "gen_ai.span.kind": "A2A_CLIENT",
        "gen_ai.a2a.task.id": "t1",
        "gen_ai.a2a.agent.card.name": "billing",
        "gen_ai.conversation.id": "c",
        "input.value": "What do I owe?",
        "output.value": "12 euros",
    }
    genai = evidence(span("message/send", **attributes))
    assert (genai.kind, genai.conversation_id) == ("A2A_CLIENT", "c")
    assert (genai.input_text, genai.output_text) == ("What do I owe?", "12 euros")


def test_a_failed_mcp_call_has_an_error_and_no_result() -> None:
    attributes: dict[str, Value] = {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "search",
        "gen_ai.tool.call.arguments": '{"q": "x"}',
        "error.type": "tool_error",
    }
    genai = evidence(span("tools/call search", **attributes))
    assert (genai.tool_arguments, genai.tool_result_captured, genai.error_type) == ({"q": "x"}, False, "tool_error")


def test_a_crew_is_asked_by_its_tasks() -> None:
    tasks = json.dumps([{"description": "Find socks."}, {"description": "Rank them."}])
    crew: dict[str, Value] = {"openinference.span.kind": "CHAIN", "crew_tasks": tasks}
    by_id = evidence(span("Crew.kickoff", **crew, **{"input.value": '{"id": "dd3e"}'}))
    filled = evidence(span("Crew.kickoff", **crew, **{"input.value": '{"id": "dd3e", "topic": "wool"}'}))
    hidden = evidence(span("Crew.kickoff", **crew, **{"input.value": "__REDACTED__"}))
    assert by_id.input_text == "Find socks.\nRank them."
    assert filled.input_text == 'Find socks.\nRank them.\n{"topic":"wool"}'
    assert hidden.input_text is None


def test_a_handoff_is_a_step_of_the_program() -> None:
    genai = evidence(span("Triage -> Billing", **{"gen_ai.operation.name": "handoff"}))
    assert (genai.kind, genai.raw_kind) == ("CHAIN", "handoff")
