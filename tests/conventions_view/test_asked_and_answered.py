from __future__ import annotations

import json

import pytest
from spans_by_hand import LLM_FORMS, kind, otel_llm, span, tool, trace

from otel_scorer.conventions.envelopes import words
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Span, Value

FORMS = pytest.mark.parametrize("form", ["otel", "openinference"])
SYSTEM, HELLO = ("system", "Be kind."), ("user", "Hello?")


def agent(**attributes: Value) -> Span:
    return span("agent", at=(0, 100), attributes=kind("AGENT", **attributes))


def seen(*spans: Span) -> TraceView:
    return view(trace(*spans))


@FORMS
def test_without_the_roots_output_the_last_model_text_is_the_answer(form: str) -> None:
    llm = LLM_FORMS[form]
    found = seen(
        agent(),
        span("llm1", "agent", (1, 10), llm([SYSTEM, HELLO], [("assistant", "Let me see.", [("c", "look", {})])])),
        span("llm2", "agent", (20, 30), llm([SYSTEM, HELLO], [("assistant", "Hello!")])),
    )
    assert (found.final_answer, found.final_answer_span) == ("Hello!", "llm2")
    assert (found.task, found.system, found.user_text) == ("Hello?", "Be kind.", "Hello?")


@FORMS
def test_the_roots_own_output_comes_first(form: str) -> None:
    found = seen(
        agent(**{"input.value": "Hi there", "output.value": "Checked: hello!"}),
        span("llm", "agent", (1, 10), LLM_FORMS[form]([HELLO], [("assistant", "hello")])),
    )
    assert (found.final_answer, found.final_answer_span, found.task) == ("Checked: hello!", "agent", "Hi there")


def test_nothing_captured_is_none_and_captured_and_empty_is_empty() -> None:
    found = seen(agent(), span("llm", "agent", (1, 2), kind("LLM")))
    assert (found.task, found.final_answer, found.final_answer_span) == (None, None, "")
    assert (found.system, found.user_text, found.turns, found.contexts) == (None, None, None, ())
    nothing = '[{"role": "assistant", "parts": [{"type": "text", "content": ""}]}]'
    llm = {**otel_llm([HELLO], []), "gen_ai.output.messages": nothing}
    empty = seen(agent(), span("llm", "agent", (1, 2), llm))
    assert (empty.final_answer, empty.final_answer_span) == ("", "llm")


def test_a_redacted_output_was_not_captured() -> None:
    assert seen(agent(**{"output.value": "__REDACTED__", "input.value": "__REDACTED__"})).final_answer is None


def test_a_run_that_ends_in_a_tool_call_has_no_answer() -> None:
    llm = otel_llm([HELLO], [("assistant", "Let me look.", [("c", "look", {})])])
    assert seen(agent(), span("llm", "agent", (1, 2), llm)).final_answer is None


def test_an_answer_that_is_handed_over_by_a_tool_is_the_answer_and_no_context() -> None:
    handed = ("assistant", "", [("c", "final_answer", {"answer": "42"})])
    found = seen(
        agent(),
        span("llm", "agent", (1, 2), otel_llm([HELLO], [handed])),
        span("t", "agent", (3, 4), tool("otel", "final_answer", {"answer": "42"}, "42", "c")),
    )
    assert found.final_answer == "42"
    assert [context.source for context in found.contexts] == ["user"]
    assert [use.is_answer for use in found.tool_uses] == [True]


@FORMS
def test_in_a_conversation_the_last_request_is_the_task(form: str) -> None:
    history = [SYSTEM, ("user", "One?"), ("assistant", "1"), ("user", "Two?")]
    nudged = [*history, ("assistant", "", [("c", "look", {})]), ("tool", "c", "2"), ("user", "Answer now.")]
    llm = LLM_FORMS[form]
    found = seen(
        agent(),
        span("llm1", "agent", (1, 10), llm(history, [("assistant", "", [("c", "look", {})])])),
        span("llm2", "agent", (20, 30), llm(nudged, [("assistant", "It is 2.")])),
    )
    assert found.task == "Two?"
    assert found.user_text == "One?\n\nTwo?\n\nAnswer now."
    assert found.turns is not None
    assert [message.role for message in found.turns] == [
        *("system", "user", "assistant", "user", "assistant", "tool", "user", "assistant"),
    ]
    assert found.turns[-1].text == "It is 2."


def test_a_guardrails_or_tools_model_does_not_speak_for_the_agent() -> None:
    found = seen(
        agent(),
        span("guard", "agent", (0, 5), kind("GUARDRAIL")),
        span("g", "guard", (1, 4), otel_llm([("user", "Is this safe: Hello?")], [("assistant", "safe")])),
        span("llm", "agent", (10, 20), otel_llm([HELLO], [("assistant", "Hello!")])),
        span("t", "agent", (30, 50), tool("otel", "log", {}, "ok")),
        span("s", "t", (31, 49), otel_llm([("user", "Summarise")], [("assistant", "A greeting.")])),
    )
    assert (found.task, found.final_answer) == ("Hello?", "Hello!")


def test_another_root_is_another_run() -> None:
    found = seen(
        agent(),
        span("llm", "agent", (1, 2), otel_llm([HELLO], [("assistant", "Hello!")])),
        span("later", "gone", (200, 300), kind("AGENT")),
        span("x", "later", (201, 202), otel_llm([("user", "Other?")], [("assistant", "Other.")])),
    )
    assert (found.final_answer, found.task) == ("Hello!", "Hello?")
    assert {context.text for context in found.contexts} == {"Hello?"}


def test_a_structured_answer_stays_what_it_is() -> None:
    answer = '{"city": "Chicago", "answer": "yes"}'
    assert seen(agent(**{"output.value": answer})).final_answer == answer


def test_the_models_text_is_found_in_an_unknown_wrapping() -> None:
    wrapped = json.dumps({"weird": [{"thing": 'It is "7" – sure'}], "n": 3})
    llm = otel_llm([HELLO], [("assistant", 'It is "7" – sure')])
    found = seen(agent(**{"output.value": wrapped}), span("llm", "agent", (1, 2), llm))
    assert found.final_answer == 'It is "7" – sure'
    printed = "source='bot' content='It is\\n7' type='TextMessage'"
    llm = otel_llm([HELLO], [("assistant", "It is\n7")])
    assert seen(agent(**{"output.value": printed}), span("llm", "agent", (1, 2), llm)).final_answer == "It is\n7"


def test_the_answer_inside_a_printed_message_is_read_without_its_token_counts() -> None:
    printed = (
        "content='Paris. It\\'s big.' additional_kwargs={} response_metadata={'token_usage': {'total_tokens': 41}}"
    )
    assert seen(agent(**{"output.value": printed})).final_answer == "Paris. It's big."
    asked_only = "content='' additional_kwargs={'tool_calls': [{'id': 'c'}]} response_metadata={'total_tokens': 41}"
    llm = otel_llm([HELLO], [("assistant", "Paris.")])
    found = seen(agent(**{"output.value": asked_only}), span("llm", "agent", (1, 2), llm))
    assert found.final_answer == "Paris."


def test_the_request_is_put_into_a_conversation_that_leaves_it_out() -> None:
    llm = otel_llm([SYSTEM, ("tool", "c", "72")], [("assistant", "72 it is")])
    found = seen(agent(**{"input.value": "How warm?"}), span("llm", "agent", (1, 2), llm))
    assert found.turns is not None
    assert [(message.role, message.text) for message in found.turns][:2] == [
        ("system", "Be kind."),
        ("user", "How warm?"),
    ]


@pytest.mark.parametrize(
    ("raw", "side", "expected"),
    [
        ("plain text", "asked", "plain text"),
        ('"quoted"', "answered", "quoted"),
        ("{not json", "asked", "{not json"),
        ('{"input": "Hi", "chat_history": []}', "asked", "Hi"),
        ('{"task": "Hi", "stream": false}', "asked", "Hi"),
        ('{"inputs": {"input": "Hi"}, "tags": []}', "asked", "Hi"),
        ('{"new_message": {"parts": [{"text": "Hi"}], "role": "user"}, "user_id": "u"}', "asked", "Hi"),
        ('{"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "Hi"}]}', "asked", "Hi"),
        ('{"args": ["Hi"], "kwargs": {}}', "asked", "Hi"),
        ('{"topic": "cats"}', "asked", "cats"),
        ('{"run_id": "cats"}', "asked", None),
        ('{"topic": "cats"}', "answered", None),
        ('{"output": "Yes", "input": "Hi", "intermediate_steps": []}', "answered", "Yes"),
        ('{"return_values": {"output": "Yes"}, "type": "AgentFinish"}', "answered", "Yes"),
        ('{"content": {"parts": [{"text": "Yes"}], "role": "model"}, "usage_metadata": {}}', "answered", "Yes"),
        ('{"content":{"parts":[{"text":"Yes"},{"text":"hm","thought":true}],"role":"model"},"x":1}', "answered", "Yes"),
        (
            '{"messages": [{"type": "human", "content": "Hi"}, {"type": "ai", "content": [{"text": "Yes"}]}]}',
            "answered",
            "Yes",
        ),
        (
            '{"messages": [{"type": "constructor", "id": ["lc", "AIMessage"], "kwargs": {"content": "Yes"}}]}',
            "answered",
            "Yes",
        ),
        ('{"type": "AIMessageChunk", "data": {"content": "Yes"}}', "answered", "Yes"),
        ('{"generations": [[{"text": "Yes", "type": "ChatGeneration"}]], "llm_output": null}', "answered", "Yes"),
        (
            '{"choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes"}}], "model": "m"}',
            "answered",
            "Yes",
        ),
        (
            '{"raw": "Yes", "pydantic": null, "json_dict": null, "tasks_output": [], "token_usage": {}}',
            "answered",
            "Yes",
        ),
        (
            "content='Yes' additional_kwargs={} response_metadata={'token_usage': {'total': 9}} id='1'",
            "answered",
            "Yes",
        ),
        ('AIMessage(content="It\'s\\n7", additional_kwargs={}, response_metadata={})', "answered", "It's\n7"),
        ("content='' additional_kwargs={'tool_calls': []} response_metadata={}", "answered", None),
        ("content='x' is how Python writes it", "answered", "content='x' is how Python writes it"),
        ('{"answer": "Paris", "confidence": 0.9}', "answered", None),
        ("[1, 2]", "answered", None),
        ("[]", "asked", None),
        ("[" * 200 + '"x"' + "]" * 200, "asked", "[" * 200 + '"x"' + "]" * 200),
    ],
)
def test_known_wrappings_are_opened_and_others_are_not(raw: str, side: str, expected: str | None) -> None:
    assert words(raw, side) == expected  # type: ignore[arg-type]
