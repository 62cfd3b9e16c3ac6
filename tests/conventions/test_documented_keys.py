"""Every key that the reference page on conventions names for a field is read into that field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from spans_by_key import event, span

from otel_scorer.conventions.read import evidence
from otel_scorer.model import Document, Message, ToolCall, ToolDefinition, ToolResult, Value

J = json.dumps
LLM: dict[str, Value] = {"openinference.span.kind": "LLM"}
CHAT: dict[str, Value] = {"gen_ai.operation.name": "chat"}
TOOL: dict[str, Value] = {"gen_ai.operation.name": "execute_tool"}
AGENT: dict[str, Value] = {"openinference.span.kind": "AGENT"}
USER, ASSISTANT = (Message("user", "hi"),), (Message("assistant", "yo"),)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = (ToolDefinition("w", "d", SCHEMA),)
CALL = (ToolCall("w", "c1", {"city": "Rome"}),)
ARGUMENTS = '{"city": "Rome"}'
OPENAI_TOOL = {"type": "function", "function": {"name": "w", "description": "d", "parameters": SCHEMA}}
LC_HUMAN = {"lc": 1, "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": "hi"}}

INPUT: list[dict[str, Value]] = [
    {**CHAT, "gen_ai.input.messages": J([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}])},
    {**CHAT, "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]},
    {**CHAT, "gen_ai.input.messages": J([{"role": "user", "content": "hi"}])},
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

TOOLS: list[dict[str, Value]] = [
    {
        **CHAT,
        "gen_ai.tool.definitions": J([{"type": "function", "name": "w", "description": "d", "parameters": SCHEMA}]),
    },
    {**CHAT, "gen_ai.tool.definitions": [{"type": "function", "name": "w", "description": "d", "parameters": SCHEMA}]},
    {**CHAT, "gen_ai.tool.definitions": J([OPENAI_TOOL])},
    {**CHAT, "gen_ai.tool.definitions.0.tool.json_schema": J(OPENAI_TOOL)},
    {**LLM, "llm.tools.0.tool.json_schema": J(OPENAI_TOOL)},
    {**LLM, "llm.tools.0.tool.json_schema": J({"name": "w", "description": "d", "input_schema": SCHEMA})},
    {
        **LLM,
        "llm.tools.0.tool.name": "w",
        "llm.tools.0.tool.description": "d",
        "llm.tools.0.tool.json_schema": J(SCHEMA),
    },
    {**LLM, "llm.invocation_parameters": J({"tools": [OPENAI_TOOL]})},
    {**LLM, "llm.invocation_parameters": J({"functions": [OPENAI_TOOL["function"]]})},
    {"gen_ai.span.kind": "LLM", "gen_ai.request.parameters": J({"tools": [OPENAI_TOOL]})},
    {
        **CHAT,
        "llm.request.functions.0.name": "w",
        "llm.request.functions.0.description": "d",
        "llm.request.functions.0.parameters": J(SCHEMA),
    },
    {
        **CHAT,
        "llm.request.functions.0.name": "w",
        "llm.request.functions.0.description": "d",
        "llm.request.functions.0.input_schema": J(SCHEMA),
    },
    {"mlflow.spanType": '"LLM"', "mlflow.chat.tools": J([OPENAI_TOOL])},
    {
        **CHAT,
        "model_request_parameters": J(
            {"function_tools": [{"name": "w", "description": "d", "parameters_json_schema": SCHEMA}]}
        ),
    },
    {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.prompt.tools": [J({"type": "function", "name": "w", "description": "d", "inputSchema": SCHEMA})],
    },
    {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.prompt.tools": [J({"type": "function", "name": "w", "description": "d", "parameters": SCHEMA})],
    },
    {
        **CHAT,
        "gcp.vertex.agent.llm_request": J(
            {
                "config": {
                    "tools": [{"function_declarations": [{"name": "w", "description": "d", "parameters": SCHEMA}]}]
                }
            }
        ),
    },
    {
        "langfuse.observation.type": "generation",
        "langfuse.observation.input": J({"messages": [{"role": "user", "content": "hi"}], "tools": [OPENAI_TOOL]}),
    },
    {
        "langsmith.span.kind": "llm",
        "gen_ai.prompt": J({"messages": [[LC_HUMAN]], "tools": [OPENAI_TOOL]}),
    },
]

CALLS: list[dict[str, Value]] = [
    {
        **CHAT,
        "gen_ai.output.messages": J(
            [
                {
                    "role": "assistant",
                    "parts": [{"type": "tool_call", "id": "c1", "name": "w", "arguments": {"city": "Rome"}}],
                }
            ]
        ),
    },
    {
        **CHAT,
        "gen_ai.output.messages": J(
            [{"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "w", "arguments": ARGUMENTS}}]}]
        ),
    },
    {
        **CHAT,
        "gen_ai.output.messages.0.tool_calls.0.id": "c1",
        "gen_ai.output.messages.0.tool_calls.0.function.name": "w",
        "gen_ai.output.messages.0.tool_calls.0.function.arguments": ARGUMENTS,
    },
    {
        **LLM,
        "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "w",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": ARGUMENTS,
    },
    {
        **CHAT,
        "gen_ai.completion.0.tool_calls.0.id": "c1",
        "gen_ai.completion.0.tool_calls.0.name": "w",
        "gen_ai.completion.0.tool_calls.0.arguments": ARGUMENTS,
    },
    {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.response.toolCalls": J([{"toolCallId": "c1", "toolName": "w", "input": {"city": "Rome"}}]),
    },
    {
        **CHAT,
        "gcp.vertex.agent.llm_response": J(
            {"content": {"parts": [{"function_call": {"name": "w", "id": "c1", "args": {"city": "Rome"}}}]}}
        ),
    },
    {
        "langfuse.observation.type": "generation",
        "langfuse.observation.output": J(
            {"role": "assistant", "tool_calls": [{"name": "w", "args": {"city": "Rome"}, "id": "c1"}]}
        ),
    },
    {
        "mlflow.spanType": '"LLM"',
        "mlflow.spanOutputs": J(
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "w", "input": {"city": "Rome"}}],
            }
        ),
    },
    {
        "langsmith.span.kind": "llm",
        "gen_ai.completion": J(
            {
                "generations": [
                    [
                        {
                            "message": {
                                "id": ["AIMessage"],
                                "kwargs": {
                                    "content": "",
                                    "tool_calls": [{"name": "w", "args": {"city": "Rome"}, "id": "c1"}],
                                },
                            }
                        }
                    ]
                ]
            }
        ),
    },
    {
        **LLM,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.contents.0.message_content.type": "tool_use",
        "llm.output_messages.0.message.contents.0.message_content.id": "c1",
        "llm.output_messages.0.message.contents.0.message_content.name": "w",
        "llm.output_messages.0.message.contents.0.message_content.input": ARGUMENTS,
    },
]

EXECUTIONS: list[dict[str, Value]] = [
    {
        **TOOL,
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.call.arguments": ARGUMENTS,
        "gen_ai.tool.call.result": J({"t": 20}),
    },
    {
        **TOOL,
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.call.arguments": {"city": "Rome"},
        "gen_ai.tool.call.result": {"t": 20},
    },
    {
        "openinference.span.kind": "TOOL",
        "tool.name": "w",
        "tool.id": "c1",
        "input.value": ARGUMENTS,
        "output.value": J({"t": 20}),
    },
    {
        "openinference.span.kind": "TOOL",
        "tool.name": "w",
        "tool_call.id": "c1",
        "tool.parameters": ARGUMENTS,
        "output.value": J({"t": 20}),
    },
    {
        "fi.span.kind": "TOOL",
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.parameters": ARGUMENTS,
        "output.value": J({"t": 20}),
    },
    {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "w",
        "jsonrpc.request.id": "c1",
        "mcp.request.argument": ARGUMENTS,
        "mcp.response.value": J({"t": 20}),
    },
    {
        **TOOL,
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "tool_arguments": ARGUMENTS,
        "tool_response": J({"t": 20}),
    },
    {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "w",
        "ai.toolCall.id": "c1",
        "ai.toolCall.args": ARGUMENTS,
        "ai.toolCall.result": J({"t": 20}),
    },
    {
        **TOOL,
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "gcp.vertex.agent.tool_call_args": ARGUMENTS,
        "gcp.vertex.agent.tool_response": J({"t": 20}),
    },
    {
        **TOOL,
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.args": ARGUMENTS,
        "gen_ai.tool.output": J({"t": 20}),
    },
    {
        **TOOL,
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.input": ARGUMENTS,
        "gen_ai.tool.result": J({"t": 20}),
    },
    {
        **TOOL,
        "gen_ai.tool.name": "w",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.arguments": ARGUMENTS,
        "gen_ai.tool.message": J({"t": 20}),
    },
]

WITHOUT_ID: list[dict[str, Value]] = [
    {
        "traceloop.span.kind": "tool",
        "traceloop.entity.name": "w",
        "traceloop.entity.input": J({"args": [], "kwargs": {"city": "Rome"}}),
        "traceloop.entity.output": J({"t": 20}),
    },
    {
        "langfuse.observation.type": "tool",
        "langfuse.observation.input": ARGUMENTS,
        "langfuse.observation.output": J({"t": 20}),
    },
    {"mlflow.spanType": '"TOOL"', "mlflow.spanInputs": ARGUMENTS, "mlflow.spanOutputs": J({"t": 20})},
    {"langsmith.span.kind": "tool", "gen_ai.prompt": ARGUMENTS, "gen_ai.completion": J({"t": 20})},
]


@pytest.mark.parametrize("attributes", INPUT, ids=lambda keys: " ".join(list(keys)[-1:]))
def test_input_messages(attributes: dict[str, Value]) -> None:
    assert evidence(span(**attributes)).input_messages == USER


@pytest.mark.parametrize("attributes", OUTPUT, ids=lambda keys: " ".join(list(keys)[-1:]))
def test_output_messages(attributes: dict[str, Value]) -> None:
    assert evidence(span(**attributes)).output_messages == ASSISTANT


@pytest.mark.parametrize("attributes", TOOLS, ids=lambda keys: " ".join(list(keys)[-1:]))
def test_tool_definitions(attributes: dict[str, Value]) -> None:
    assert evidence(span(**attributes)).tool_definitions == WEATHER


@pytest.mark.parametrize("attributes", CALLS, ids=lambda keys: " ".join(list(keys)[-1:]))
def test_tool_calls(attributes: dict[str, Value]) -> None:
    messages = evidence(span(**attributes)).output_messages
    assert messages is not None
    assert [(message.role, message.text, message.tool_calls) for message in messages] == [("assistant", "", CALL)]


@pytest.mark.parametrize("attributes", EXECUTIONS, ids=lambda keys: " ".join(list(keys)[-2:]))
def test_executed_tools(attributes: dict[str, Value]) -> None:
    genai = evidence(span("s", **attributes))
    assert (genai.kind, genai.tool_name, genai.tool_call_id) == ("TOOL", "w", "c1")
    assert (genai.tool_arguments, genai.tool_result) == ({"city": "Rome"}, {"t": 20})
    assert genai.tool_arguments_captured
    assert genai.tool_result_captured


@pytest.mark.parametrize("attributes", WITHOUT_ID, ids=lambda keys: " ".join(list(keys)[-2:]))
def test_executed_tools_that_are_told_without_an_id(attributes: dict[str, Value]) -> None:
    genai = evidence(span("w", **attributes))
    assert (genai.kind, genai.tool_name, genai.tool_call_id) == ("TOOL", "w", "")
    assert (genai.tool_arguments, genai.tool_result) == ({"city": "Rome"}, {"t": 20})


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


RETRIEVER: dict[str, Value] = {"openinference.span.kind": "RETRIEVER"}
RETRIEVED: list[dict[str, Value]] = [
    {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.retrieval.query.text": "q",
        "gen_ai.retrieval.documents": J([{"id": "d", "score": 0.5, "content": "t"}]),
    },
    {
        **RETRIEVER,
        "input.value": "q",
        "retrieval.documents.0.document.id": "d",
        "retrieval.documents.0.document.content": "t",
        "retrieval.documents.0.document.score": 0.5,
    },
    {
        "gen_ai.span.kind": "RETRIEVER",
        "gen_ai.retrieval.query": "q",
        "gen_ai.retrieval.documents.0.document.id": "d",
        "gen_ai.retrieval.documents.0.document.content": "t",
        "gen_ai.retrieval.documents.0.document.score": 0.5,
    },
    {
        "langfuse.observation.type": "retriever",
        "langfuse.observation.input": "q",
        "langfuse.observation.output": J([{"id": "d", "text": "t", "score": 0.5}]),
    },
    {
        "mlflow.spanType": '"RETRIEVER"',
        "mlflow.spanInputs": J({"query": "q"}),
        "mlflow.spanOutputs": J([{"id": "d", "page_content": "t", "score": 0.5}]),
    },
    {
        "langsmith.span.kind": "retriever",
        "gen_ai.prompt": J({"query": "q"}),
        "gen_ai.completion": J({"documents": [{"id": "d", "page_content": "t", "score": 0.5}]}),
    },
    {
        "gen_ai.operation.name": "search_memory",
        "gen_ai.memory.query.text": "q",
        "gen_ai.memory.records": J([{"id": "d", "content": "t", "score": 0.5}]),
    },
]


@pytest.mark.parametrize("attributes", RETRIEVED, ids=lambda keys: " ".join(list(keys)[1:2]))
def test_retrieved_documents(attributes: dict[str, Value]) -> None:
    genai = evidence(span(**attributes))
    assert (genai.kind, genai.query, genai.documents) == ("RETRIEVER", "q", (Document("d", "t", 0.5),))


def test_a_vector_store_of_traceai_tells_ids_and_scores() -> None:
    attributes: dict[str, Value] = {
        "gen_ai.span.kind": "VECTOR_DB",
        "db.vector.results.ids": '["d1", "d2"]',
        "db.vector.results.scores": "[0.5, 0.25]",
        "db.vector.results.count": 2,
    }
    assert evidence(span(**attributes)).documents == (Document("d1", None, 0.5), Document("d2", None, 0.25))


RERANKED: list[dict[str, Value]] = [
    {
        f"{prefix}.query": "q",
        f"{prefix}.input_documents.0.document.id": "d",
        f"{prefix}.input_documents.0.document.content": "t",
        f"{prefix}.output_documents.0.document.id": "d",
        f"{prefix}.output_documents.0.document.content": "t",
        f"{prefix}.output_documents.0.document.score": 0.5,
    }
    for prefix in ("reranker", "gen_ai.reranker")
]


@pytest.mark.parametrize("attributes", RERANKED, ids=lambda keys: next(iter(keys)))
def test_reranked_documents(attributes: dict[str, Value]) -> None:
    genai = evidence(span(**{"gen_ai.span.kind": "RERANKER", **attributes}))
    assert (genai.query, genai.documents, genai.reranked) == ("q", (Document("d", "t"),), (Document("d", "t", 0.5),))


PROMPTS: list[dict[str, Value]] = [
    {"gen_ai.prompt.name": "greet", "gen_ai.prompt.version": "3"},
    {"gen_ai.prompt.template.name": "greet", "gen_ai.prompt.template.version": "3"},
    {"langfuse.observation.prompt.name": "greet", "langfuse.observation.prompt.version": 3},
    {"traceloop.prompt.key": "greet", "traceloop.prompt.version": 3},
    {"prompt.id": "greet", "llm.prompt_template.version": "3"},
    {"llm.prompt_template.name": "greet", "llm.prompt_template.version": "3"},
    {"mlflow.linkedPrompts": J([{"name": "greet", "version": "3"}])},
]


@pytest.mark.parametrize("attributes", PROMPTS, ids=lambda keys: next(iter(keys)))
def test_prompt_name_and_version(attributes: dict[str, Value]) -> None:
    genai = evidence(span(**{**CHAT, **attributes}))
    assert (genai.prompt_name, genai.prompt_version) == ("greet", "3")


PARAMETERS: list[dict[str, Value]] = [
    {"gen_ai.request.temperature": 0.5, "gen_ai.request.top_p": 0.9, "gen_ai.request.max_tokens": 10},
    {"llm.invocation_parameters": J({"temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 10})},
    {"gen_ai.request.parameters": J({"temperature": 0.5, "top_p": 0.9, "max_tokens": 10})},
    {"langfuse.observation.model.parameters": J({"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 10})},
    {"ai.settings.temperature": 0.5, "ai.settings.topP": 0.9, "ai.settings.maxOutputTokens": 10},
    {
        "gcp.vertex.agent.llm_request": J(
            {"contents": [], "config": {"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 10}}
        )
    },
    {"mlflow.spanInputs": J({"messages": [], "temperature": 0.5, "top_p": 0.9, "max_tokens": 10})},
]


@pytest.mark.parametrize("attributes", PARAMETERS, ids=lambda keys: next(iter(keys)))
def test_decoding_parameters(attributes: dict[str, Value]) -> None:
    found = evidence(span(**{**CHAT, **attributes})).parameters
    assert {name: found.get(name) for name in ("temperature", "top_p", "max_tokens")} == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 10,
    }


def test_older_names_of_openllmetry_s_parameters() -> None:
    attributes: dict[str, Value] = {
        "llm.request.type": "chat",
        "llm.top_k": 5,
        "llm.frequency_penalty": 0.1,
        "llm.presence_penalty": 0.2,
        "llm.chat.stop_sequences": ["x"],
    }
    assert evidence(span(**attributes)).parameters == {
        "top_k": 5,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "stop_sequences": ["x"],
    }


def test_claude_code_s_tool_output_is_an_event() -> None:
    for key in ("output", "content", "diff"):
        found = evidence(span("claude_code.tool", (event("tool.output", **{key: "a.txt"}),), tool_name="Bash"))
        assert (found.kind, found.tool_name, found.tool_result) == ("TOOL", "Bash", "a.txt")
