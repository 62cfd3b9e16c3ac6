"""Every key that the reference page names for tools is read: definitions, requested calls, executions."""

from __future__ import annotations

import json

import pytest
from spans_by_key import event, span

from otel_scorer.conventions.read import evidence
from otel_scorer.model import ToolCall, ToolDefinition, Value

J = json.dumps
LLM: dict[str, Value] = {"openinference.span.kind": "LLM"}
CHAT: dict[str, Value] = {"gen_ai.operation.name": "chat"}
TOOL: dict[str, Value] = {"gen_ai.operation.name": "execute_tool"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = (ToolDefinition("w", "d", SCHEMA),)
CALL = (ToolCall("w", "c1", {"city": "Rome"}),)
ARGUMENTS = '{"city": "Rome"}'
OPENAI_TOOL = {"type": "function", "function": {"name": "w", "description": "d", "parameters": SCHEMA}}
LC_HUMAN = {"lc": 1, "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": "hi"}}

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


def test_claude_code_s_tool_output_is_an_event() -> None:
    for key in ("output", "content", "diff"):
        found = evidence(span("claude_code.tool", (event("tool.output", **{key: "a.txt"}),), tool_name="Bash"))
        assert (found.kind, found.tool_name, found.tool_result) == ("TOOL", "Bash", "a.txt")
