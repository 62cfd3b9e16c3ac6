"""Every key that the reference page names for messages is read into them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from spans_by_key import span

from otel_scorer.conventions.read import evidence
from otel_scorer.model import Message, ToolResult, Value

J = json.dumps
LLM: dict[str, Value] = {"openinference.span.kind": "LLM"}
CHAT: dict[str, Value] = {"gen_ai.operation.name": "chat"}
USER, ASSISTANT = (Message("user", "hi"),), (Message("assistant", "yo"),)
LC_HUMAN = {"lc": 1, "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": "hi"}}

INPUT: list[dict[str, Value]] = [
    {**CHAT, "gen_ai.input.messages": J([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}])},
    {**CHAT, "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]},
    {**CHAT, "gen_ai.input.messages": J([{"role": "user", "content": "hi"}])},
    {**CHAT, "gen_ai.input.messages": J([{"role": "user", "content": "hi", "tool_call_id": None}])},
    {**CHAT, "gen_ai.input.messages": J([{"role": "user", "parts": [{"text": "hi"}]}])},
    {**CHAT, "gen_ai.input.messages": "hi"},
    {**CHAT, "gen_ai.input.messages.0.message.role": "user", "gen_ai.input.messages.0.message.content": "hi"},
    {**CHAT, "gen_ai.input.messages.0.role": "user", "gen_ai.input.messages.0.content": "hi"},
    {**CHAT, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi"},
    {**CHAT, "gen_ai.prompt.0.user": "hi"},
    {**CHAT, "gen_ai.prompt": J([{"role": "user", "content": "hi"}])},
    {**CHAT, "gen_ai.prompt": "hi"},
    {**LLM, "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi"},
    {
        **LLM,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.type": "text",
        "llm.input_messages.0.message.contents.0.message_content.text": "hi",
    },
    {**LLM, "llm.prompts.0.prompt.text": "hi"},
    {**LLM, "llm.prompts": ["hi"]},
    {**LLM, "gen_ai.prompts": ["hi"]},
    {**LLM, "input.value": "hi"},
    {**LLM, "input.value": J({"messages": [{"role": "user", "content": "hi"}]})},
    {"fi.span.kind": "LLM", "raw.input": J({"messages": [{"role": "user", "content": "hi"}]})},
    {"fi.span.kind": "LLM", "fi.raw_input": J({"messages": [{"role": "user", "content": "hi"}]})},
    {"langfuse.observation.type": "generation", "langfuse.observation.input": J([{"role": "user", "content": "hi"}])},
    {"mlflow.spanType": '"LLM"', "mlflow.spanInputs": J({"messages": [{"role": "user", "content": "hi"}]})},
    {"langsmith.span.kind": "llm", "gen_ai.prompt": J({"messages": [[LC_HUMAN]]})},
    {**CHAT, "events": J([{"event.name": "gen_ai.user.message", "content": "hi", "role": "user"}])},
    {**CHAT, "request_data": J({"model": "m", "messages": [{"role": "user", "content": "hi"}]})},
    {"ai.operationId": "ai.generateText.doGenerate", "ai.prompt.messages": J([{"role": "user", "content": "hi"}])},
    {"ai.operationId": "ai.generateText.doGenerate", "ai.prompt": J({"prompt": "hi"})},
    {"gcp.vertex.agent.llm_request": J({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}), **CHAT},
    {"span.type": "llm_request", "new_context": "hi"},
    {
        "genkit:metadata:subtype": "model",
        "genkit:input": J({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}),
    },
    {"lmnr.span.type": "LLM", "lmnr.span.input": J([{"role": "user", "content": "hi"}])},
    {**LLM, "llm.messages": J([{"role": "user", "content": "hi"}])},
    {"gen_ai.operation.name": "llm_call", "gen_ai.input.messages": J([{"role": "user", "parts": [{"text": "hi"}]}])},
]

OUTPUT: list[dict[str, Value]] = [
    {**CHAT, "gen_ai.output.messages": J([{"role": "assistant", "parts": [{"type": "text", "content": "yo"}]}])},
    {**CHAT, "gen_ai.output.messages": J([{"role": "assistant", "content": "yo"}])},
    {**CHAT, "gen_ai.output.messages": "yo"},
    {**CHAT, "gen_ai.output.messages.0.message.role": "assistant", "gen_ai.output.messages.0.message.content": "yo"},
    {**CHAT, "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "yo"},
    {**CHAT, "gen_ai.completion.0.content": "yo"},
    {**CHAT, "gen_ai.completion": J([{"role": "assistant", "content": "yo"}])},
    {**LLM, "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "yo"},
    {**LLM, "llm.choices.0.completion.text": "yo"},
    {**LLM, "output.value": "yo"},
    {**LLM, "output.value": J({"choices": [{"message": {"role": "assistant", "content": "yo"}}]})},
    {"fi.span.kind": "LLM", "raw.output": J({"choices": [{"message": {"role": "assistant", "content": "yo"}}]})},
    {"fi.span.kind": "LLM", "fi.raw_output": J({"choices": [{"message": {"role": "assistant", "content": "yo"}}]})},
    {"langfuse.observation.type": "generation", "langfuse.observation.output": "yo"},
    {"mlflow.spanType": '"LLM"', "mlflow.spanOutputs": J({"choices": [{"message": {"content": "yo"}}]})},
    {"langsmith.span.kind": "llm", "gen_ai.completion": J({"generations": [[{"text": "yo"}]]})},
    {**CHAT, "response_data": J({"message": {"role": "assistant", "content": "yo"}})},
    {"ai.operationId": "ai.generateText.doGenerate", "ai.response.text": "yo"},
    {"ai.operationId": "ai.generateText.doGenerate", "ai.result.text": "yo"},
    {"gcp.vertex.agent.llm_response": J({"content": {"role": "model", "parts": [{"text": "yo"}]}}), **CHAT},
    {"span.type": "llm_request", "response.model_output": "yo"},
    {"lmnr.span.type": "LLM", "lmnr.span.output": J([{"role": "assistant", "content": "yo"}])},
]

RESULTS: list[Any] = [
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "20"}]},
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "result": "20"}]},
    {"role": "user", "parts": [{"type": "tool_call_response", "id": "c1", "result": "20"}]},
    {"role": "tool", "tool_call_id": "c1", "content": "20"},
    {"role": "tool", "id": "c1", "content": "20"},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "20"}]}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "20"}]},
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "20"}]}],
    },
    {
        "role": "tool",
        "content": [{"type": "tool-result", "toolCallId": "c1", "output": {"type": "text", "value": "20"}}],
    },
    {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "result": "20"}]},
    {"type": "function_call_output", "call_id": "c1", "output": "20"},
    {"message": {"role": "function"}, "function": [J({"name": "", "content": "20", "call_id": "c1"})]},
]


@pytest.mark.parametrize("attributes", INPUT, ids=lambda keys: " ".join(list(keys)[-1:]))
def test_input_messages(attributes: dict[str, Value]) -> None:
    assert evidence(span(**attributes)).input_messages == USER


@pytest.mark.parametrize("attributes", OUTPUT, ids=lambda keys: " ".join(list(keys)[-1:]))
def test_output_messages(attributes: dict[str, Value]) -> None:
    assert evidence(span(**attributes)).output_messages == ASSISTANT


@pytest.mark.parametrize("message", RESULTS, ids=J)
def test_tool_results_in_messages(message: Any) -> None:
    for told in (J([message]), [message]):
        (found,) = evidence(span(**{**CHAT, "gen_ai.input.messages": told})).input_messages or (None,)
        assert found is not None
        assert (found.role, found.text) == ("tool", "")
        assert [(result.id, str(result.content)) for result in found.tool_results] == [("c1", "20")]


def test_autogen_hands_results_back_as_json_beside_the_message() -> None:
    told = J({"name": "w", "content": "Sunny.", "call_id": "c1", "is_error": False})
    attributes: dict[str, Value] = {
        "llm.input_messages.0.message.role": "function",
        "llm.input_messages.0.function.0": told,
    }
    assert evidence(span(**{**LLM, **attributes})).input_messages == (
        Message("tool", tool_results=(ToolResult("c1", "w", "Sunny.", is_error=False),)),
    )
