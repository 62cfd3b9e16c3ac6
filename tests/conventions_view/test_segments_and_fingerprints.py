from __future__ import annotations

import json
import re

import pytest
from spans_by_hand import LLM_FORMS, kind, otel_llm, span, tool, trace

from otel_scorer.conventions.segments import FINGERPRINTS, SEGMENT_KEYS, fingerprints, input_length, segments
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Head, Span, Value

FORMS = pytest.mark.parametrize("form", ["otel", "openinference"])
SALT = b"tenant"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def offered(form: str, *names: str, schema: object = SCHEMA) -> dict[str, Value]:
    tools = [{"type": "function", "name": name, "description": "d", "parameters": schema} for name in names]
    if form == "otel":
        return {"gen_ai.tool.definitions": json.dumps(tools)}
    return {f"llm.tools.{index}.tool.json_schema": json.dumps(one) for index, one in enumerate(tools)}


def seen(*spans: Span, **root: Value) -> TraceView:
    return view(trace(span("agent", at=(0, 100), attributes=kind("AGENT", **root)), *spans))


@FORMS
def test_a_trace_is_told_apart_by_what_it_says(form: str) -> None:
    conversation = [("system", "Be kind."), ("user", "One?"), ("assistant", "1"), ("user", "Two?")]
    llm = LLM_FORMS[form](conversation, [("assistant", "2")], **offered(form, "b", "a"))
    retrieved = kind(
        "RETRIEVER", **{"retrieval.documents.0.document.content": "x", "retrieval.documents.0.document.score": 0.83}
    )
    found = seen(
        span("r", "agent", (1, 2), retrieved),
        span("llm", "agent", (3, 4), llm),
        **{"agent.name": "clerk", "metadata": '{"task_type": "refund"}', "plan": "gold"},
    )
    assert segments(found, ["plan", "service.name", "nowhere"]) == {
        "service": "orders",
        "version": "1.4.2",
        "agent": "clerk",
        "model": "gpt-4o",
        "task_type": "refund",
        "retrieval": "on",
        "tool_set": "a,b",
        "tool_schema": segments(found)["tool_schema"],
        "truncated": "false",
        "retrieval_confidence": "0.8-1.0",
        "conversation_length": "2-3",
        "budget_constrained": "false",
        "attribute.plan": "gold",
        "attribute.service.name": "orders",
    }


def test_what_is_unknown_is_left_out() -> None:
    found = seen(span("llm", "agent", (1, 2), kind("LLM")))
    assert set(segments(found)) == {"service", "version", "agent", "retrieval", "truncated", "budget_constrained"}
    assert fingerprints(found, SALT) == {}
    assert input_length(found) is None
    assert set(segments(view(trace()))) <= set(SEGMENT_KEYS)


@FORMS
def test_the_tool_schema_version_changes_with_a_schema_and_not_with_the_order(form: str) -> None:
    def of(*names: str, schema: object = SCHEMA) -> tuple[str, str, str]:
        llm = LLM_FORMS[form]([("user", "x")], [], **offered(form, *names, schema=schema))
        found = seen(span("llm", "agent", (1, 2), llm))
        named = segments(found)
        return named["tool_set"], named["tool_schema"], fingerprints(found, SALT)["tool_schemas"]

    assert of("a", "b") == of("b", "a")
    assert of("a", schema={"type": "object"})[0] == of("a")[0]
    assert of("a", schema={"type": "object"})[1:] != of("a")[1:]


def test_the_two_forms_of_the_same_tools_are_one_tool_set() -> None:
    both = [
        seen(span("llm", "agent", (1, 2), make([("user", "x")], [], **offered(form, "a", "b"))))
        for form, make in LLM_FORMS.items()
    ]
    assert fingerprints(both[0], SALT)["tool_schemas"] == fingerprints(both[1], SALT)["tool_schemas"]


def test_many_tools_are_shown_by_number_and_hash() -> None:
    names = [f"a_tool_with_a_long_name_{index}" for index in range(30)]
    found = segments(seen(span("llm", "agent", (1, 2), otel_llm([], [], **offered("otel", *names)))))
    assert re.fullmatch(r"30 tools [0-9a-f]{8}", found["tool_set"])


@pytest.mark.parametrize(
    ("turns", "name"), [(1, "1"), (2, "2-3"), (3, "2-3"), (4, "4-7"), (15, "8-15"), (16, "16+"), (90, "16+")]
)
@FORMS
def test_conversations_are_binned_by_their_user_turns(form: str, turns: int, name: str) -> None:
    llm = LLM_FORMS[form]([("user", f'say "role": "user" {n}') for n in range(turns)], [])
    assert segments(seen(span("llm", "agent", (1, 2), llm)))["conversation_length"] == name


def test_a_cut_answer_a_limit_and_lost_attributes_are_truncation() -> None:
    cut = span("llm", "agent", (1, 2), otel_llm([], [], **{"gen_ai.response.finish_reasons": ["length"]}))
    assert segments(seen(cut))["truncated"] == "true"
    assert segments(seen(span("x", "agent", dropped_attributes=3)))["truncated"] == "true"
    assert segments(view(trace(span("a", attributes=kind("AGENT")), truncated=True)))["truncated"] == "true"


def test_scores_that_are_no_share_have_no_confidence() -> None:
    retrieved = kind("RETRIEVER", **{"retrieval.documents.0.document.score": 17.2})
    assert "retrieval_confidence" not in segments(seen(span("r", "agent", (1, 2), retrieved)))


def test_guardrails_block_or_pass() -> None:
    guard = kind("GUARDRAIL", **{"gen_ai.guardrail.name": "pii", "gen_ai.guardrail.status": "PASSED"})
    assert segments(seen(span("g", "agent", (1, 2), guard)))["guardrail"] == "passed"
    guard["gen_ai.guardrail.status"] = "FAILED"
    assert segments(seen(span("g", "agent", (1, 2), guard)))["guardrail"] == "blocked"
    filtered = otel_llm([], [], **{"gen_ai.response.finish_reasons": ["content_filter"]})
    assert segments(seen(span("l", "agent", (1, 2), filtered)))["guardrail"] == "blocked"


def test_a_rate_limit_is_a_constrained_budget() -> None:
    limited = span("l", "agent", (1, 2), kind("LLM"), status_code=2, status_message="RateLimitError: slow down")
    assert segments(seen(limited))["budget_constrained"] == "true"


def test_every_fingerprint_of_the_design_can_be_made() -> None:
    llm = otel_llm([("system", "Be kind.")], [], **offered("otel", "look"), **{"gen_ai.request.temperature": 0.2})
    found = seen(
        span("e", "agent", (1, 2), kind("EMBEDDING", **{"embedding.model_name": "ada"})),
        span("r", "agent", (2, 3), kind("RETRIEVER", **{"gen_ai.retrieval.top_k": 5})),
        span("llm", "agent", (3, 4), llm),
        span("t", "agent", (5, 6), tool("otel", "look", {"q": 1}, "x")),
    )
    made = fingerprints(found, SALT)
    assert tuple(made) == FINGERPRINTS
    assert all(re.fullmatch("[0-9a-f]{16}", value) for value in made.values())


@FORMS
def test_a_prompts_numbers_do_not_change_its_fingerprint_and_its_words_do(form: str) -> None:
    def of(system: str) -> str:
        llm = LLM_FORMS[form]([("system", system), ("user", "x")], [])
        return fingerprints(seen(span("llm", "agent", (1, 2), llm)), SALT)["prompt_template"]

    assert of("Today is 2026-01-02.\nBe kind.") == of("Today is 2026-11-30. Be kind.")
    assert of("Be kind.") != of("Be brief.")


def test_a_template_version_outweighs_the_filled_in_prompt() -> None:
    def of(system: str, version: str) -> str:
        llm = otel_llm([("system", system)], [], **{"gen_ai.prompt.name": "p", "gen_ai.prompt.version": version})
        return fingerprints(seen(span("llm", "agent", (1, 2), llm)), SALT)["prompt_template"]

    assert of("for Ann", "3") == of("for Bob", "3") != of("for Ann", "4")


def test_fingerprints_depend_on_the_salt() -> None:
    found = seen(span("t", "agent", (5, 6), tool("otel", "look", {"q": 1}, "x")))
    salts = [b"", b"a", b"b", b"a" * 500]
    assert len({fingerprints(found, salt)["tool_arguments"] for salt in salts}) == len(salts)


def test_parameters_are_the_same_in_whichever_key() -> None:
    def of(**attributes: Value) -> str:
        return fingerprints(seen(span("l", "agent", (1, 2), kind("LLM", **attributes))), SALT)["decoding_parameters"]

    dotted = of(**{"gen_ai.request.temperature": 0.5, "gen_ai.request.max_tokens": 10, "gen_ai.request.model": "m"})
    assert dotted == of(**{"llm.invocation_parameters": '{"temperature": 0.5, "max_tokens": 10, "tools": [1]}'})


@FORMS
def test_input_length_is_that_of_the_request(form: str) -> None:
    llm = LLM_FORMS[form]([("user", "One?"), ("assistant", "1"), ("user", "Three!")], [])
    assert input_length(seen(span("llm", "agent", (1, 2), llm))) == len("Three!")
    assert input_length(seen(span("llm", "agent", (1, 2), llm), **{"input.value": '{"input": "Hi"}'})) == 2


def test_heads_alone_do_not_matter() -> None:
    agent = span("agent", "web", attributes=kind("AGENT"))
    assert segments(view(trace(agent, heads=[Head("web", "")])))["service"] == "orders"
