"""Dialects without a recording, from spans written by hand after their sources (reference/conventions.md)."""

from __future__ import annotations

import json

from spans_by_key import event, log, span

from otel_scorer.conventions.read import evidence, finish_reasons_of, usage_of
from otel_scorer.model import Message, ToolCall, ToolResult, Value


def test_vercel_up_to_6() -> None:
    genai = evidence(
        span(
            **{
                "ai.operationId": "ai.generateText.doGenerate",
                "ai.model.id": "gpt-4o",
                "ai.model.provider": "openai.chat",
                "ai.prompt.messages": json.dumps(
                    [
                        {"role": "system", "content": "Be brief."},
                        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
                        {
                            "role": "assistant",
                            "content": [
                                {"type": "tool-call", "toolCallId": "c1", "toolName": "w", "input": {"city": "Rome"}}
                            ],
                        },
                        {
                            "role": "tool",
                            "content": [
                                {
                                    "type": "tool-result",
                                    "toolCallId": "c1",
                                    "toolName": "w",
                                    "output": {"type": "json", "value": {"t": 20}},
                                }
                            ],
                        },
                    ]
                ),
                "ai.prompt.tools": ['{"type":"function","name":"w","description":"d","inputSchema":{"type":"object"}}'],
                "ai.response.text": "20 degrees",
                "ai.response.toolCalls": '[{"toolCallId":"c2","toolName":"w","args":"{\\"city\\":\\"Pisa\\"}"}]',
                "ai.response.finishReason": "tool-calls",
                "ai.usage.inputTokens": 10,
                "ai.usage.outputTokens": 3,
                "ai.settings.maxOutputTokens": 100,
                "ai.telemetry.metadata.sessionId": "s1",
                "ai.telemetry.metadata.userId": "u1",
            }
        )
    )
    assert (genai.kind, genai.dialect, genai.provider, genai.request_model) == ("LLM", "vercel", "openai", "gpt-4o")
    assert genai.system_instructions == "Be brief."
    assert genai.input_messages is not None
    assert genai.input_messages[2].tool_calls == (ToolCall("w", "c1", {"city": "Rome"}),)
    assert genai.input_messages[3].tool_results == (ToolResult("c1", "w", {"t": 20}),)
    assert genai.output_messages == (
        Message("assistant", "20 degrees", (ToolCall("w", "c2", {"city": "Pisa"}),), finish_reason="tool_call"),
    )
    assert genai.tool_definitions is not None
    assert genai.tool_definitions[0].parameters == {"type": "object"}
    assert genai.finish_reasons == ("tool_call",)
    assert (genai.usage.input, genai.usage.output) == (10, 3)
    assert genai.parameters["max_tokens"] == 100
    assert (genai.conversation_id, genai.user_id) == ("s1", "u1")


def test_a_vercel_tool_call() -> None:
    attributes: dict[str, Value] = {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "w",
        "ai.toolCall.id": "c1",
        "ai.toolCall.args": '{"city":"Rome"}',
        "ai.toolCall.result": '"sunny"',
    }
    genai = evidence(span(**attributes))
    assert (genai.tool_name, genai.tool_call_id) == ("w", "c1")
    assert (genai.tool_arguments, genai.tool_result) == ({"city": "Rome"}, "sunny")


def test_langfuse() -> None:
    genai = evidence(
        span(
            **{
                "langfuse.observation.type": "generation",
                "langfuse.observation.model.name": "claude-4",
                "langfuse.observation.input": '{"messages":[{"role":"user","content":"hi"}]}',
                "langfuse.observation.output": '{"role":"assistant","content":"hello"}',
                "langfuse.observation.usage_details": '{"input":5,"input_cached_tokens":7,"output":2,"total":14}',
                "langfuse.observation.prompt.name": "greet",
                "langfuse.observation.prompt.version": 3,
                "langfuse.observation.metadata.team": '"red"',
                "langfuse.trace.tags": ["a", "b"],
                "session.id": "s",
            }
        )
    )
    assert (genai.kind, genai.request_model) == ("LLM", "claude-4")
    assert genai.input_messages == (Message("user", "hi"),)
    assert genai.output_messages == (Message("assistant", "hello"),)
    assert (genai.usage.input, genai.usage.output, genai.usage.cache_read) == (12, 2, 7)
    assert (genai.prompt_name, genai.prompt_version) == ("greet", "3")
    assert genai.metadata == {"team": "red"}
    assert genai.tags == ("a", "b")


def test_mlflow_encodes_every_value_twice() -> None:
    retriever = evidence(
        span(
            **{
                "mlflow.spanType": '"RETRIEVER"',
                "mlflow.spanInputs": '{"query":"capital of Italy"}',
                "mlflow.spanOutputs": '[{"page_content":"Rome is","metadata":{"doc":1},"id":"d1"}]',
                "mlflow.trace.session": '"s9"',
            }
        )
    )
    assert retriever.query == "capital of Italy"
    assert retriever.documents is not None
    assert (retriever.documents[0].id, retriever.documents[0].text) == ("d1", "Rome is")
    assert retriever.conversation_id == "s9"
    model = evidence(
        span(
            **{
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.spanInputs": '{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}',
                "mlflow.spanOutputs": json.dumps(
                    {"choices": [{"message": {"role": "assistant", "content": "yo"}, "finish_reason": "length"}]}
                ),
                "mlflow.chat.tokenUsage": '{"input_tokens":3,"output_tokens":1,"total_tokens":4}',
                "mlflow.chat.tools": '[{"type":"function","function":{"name":"f"}}]',
            }
        )
    )
    assert model.output_messages == (Message("assistant", "yo", finish_reason="length"),)
    assert model.finish_reasons == ("length",)
    assert model.usage.total == 4
    assert model.tool_definitions is not None


def test_langsmith() -> None:
    prompt = {
        "messages": [[{"lc": 1, "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": "q"}}]]
    }
    answer = {"generations": [[{"text": "a", "message": {"id": ["x", "AIMessage"], "kwargs": {"content": "a"}}}]]}
    attributes: dict[str, Value] = {
        "langsmith.span.kind": "llm",
        "gen_ai.prompt": json.dumps(prompt),
        "gen_ai.completion": json.dumps(answer),
        "langsmith.metadata.thread_id": "t",
        "langsmith.span.tags": "x, y",
    }
    genai = evidence(span(**attributes))
    assert genai.input_messages == (Message("user", "q"),)
    assert genai.output_messages == (Message("assistant", "a"),)
    assert (genai.conversation_id, genai.tags) == ("t", ("x", "y"))


def test_strands_writes_bedrock_blocks_into_span_events() -> None:
    call = {"toolUse": {"toolUseId": "t1", "name": "calc", "input": {"x": 1}}}
    result = {"toolResult": {"toolUseId": "t1", "status": "error", "content": [{"text": "boom"}]}}
    genai = evidence(
        span(
            "chat",
            (
                event("gen_ai.user.message", content='[{"text":"add"}]'),
                event("gen_ai.assistant.message", content=json.dumps([call])),
                event("gen_ai.tool.message", content=json.dumps([result])),
                event("gen_ai.choice", message='[{"text":"2"}]', finish_reason="end_turn"),
            ),
            **{"gen_ai.operation.name": "chat", "gen_ai.system": "strands-agents"},
        )
    )
    assert genai.provider == ""
    assert genai.input_messages == (
        Message("user", "add"),
        Message("assistant", tool_calls=(ToolCall("calc", "t1", {"x": 1}),)),
        Message("tool", tool_results=(ToolResult("t1", "", "boom", is_error=True),)),
    )
    assert genai.output_messages == (Message("assistant", "2", finish_reason="stop"),)
    assert genai.finish_reasons == ("stop",)


def test_a_strands_tool_span() -> None:
    genai = evidence(
        span(
            "execute_tool calc",
            (
                event("gen_ai.tool.message", role="tool", content='{"x": 1}', id="t1"),
                event("gen_ai.choice", message='[{"text": "2"}]', id="t1"),
            ),
            **{
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "calc",
                "gen_ai.tool.call.id": "t1",
                "gen_ai.tool.status": "error",
            },
        )
    )
    assert genai.tool_arguments == {"x": 1}
    assert genai.tool_result == "2"
    assert genai.error_type


def test_operation_details_travel_in_a_log_record() -> None:
    genai = evidence(
        span(
            "chat",
            (),
            (
                log(
                    "gen_ai.client.inference.operation.details",
                    None,
                    **{
                        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
                        "gen_ai.output.messages": [
                            {
                                "role": "assistant",
                                "parts": [
                                    {"type": "thinking", "content": "hm"},
                                    {"type": "text", "content": "yo"},
                                    {"type": "tool_call_response", "id": "1", "result": "r"},
                                ],
                                "finish_reason": "stop",
                            }
                        ],
                        "gen_ai.system_instructions": [{"type": "text", "content": "sys"}],
                    },
                ),
            ),
            **{"gen_ai.operation.name": "chat"},
        )
    )
    assert genai.system_instructions == "sys"
    assert genai.input_messages == (Message("user", "hi"),)
    assert genai.output_messages == (
        Message("assistant", "yo", tool_results=(ToolResult("1", "", "r"),), reasoning="hm", finish_reason="stop"),
    )


def test_pydantic_ai_version_1() -> None:
    events = [
        {"event.name": "gen_ai.system.message", "content": "sys", "role": "system"},
        {"event.name": "gen_ai.user.message", "content": "hi", "role": "user"},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "yo"}},
    ]
    genai = evidence(span("chat m", **{"gen_ai.operation.name": "chat", "events": json.dumps(events)}))
    assert genai.system_instructions == "sys"
    assert genai.output_messages == (Message("assistant", "yo"),)


def test_claude_code() -> None:
    model = span(
        "claude_code.llm_request",
        **{
            "span.type": "llm_request",
            "model": "claude-opus",
            "input_tokens": 10,
            "output_tokens": 2,
            "cache_read_tokens": 100,
            "new_context": "<REDACTED>",
            "response.model_output": "done",
            "stop_reason": "end_turn",
        },
    )
    genai = evidence(model)
    assert genai.input_messages is None
    assert genai.output_messages == (Message("assistant", "done", finish_reason="stop"),)
    assert (usage_of(model).input, usage_of(model).cache_read) == (110, 100)
    assert finish_reasons_of(model) == ("stop",)
    assert genai.request_model == "claude-opus"
    tool = evidence(
        span(
            "claude_code.tool",
            (event("tool.output", output="a.txt"),),
            **{"span.type": "tool", "tool_name": "Bash", "tool_use_id": "t", "full_command": "ls", "success": False},
        )
    )
    assert (tool.tool_name, tool.tool_call_id) == ("Bash", "t")
    assert (tool.tool_arguments, tool.tool_result) == ({"full_command": "ls"}, "a.txt")
    assert tool.error_type == "_OTHER"


def test_google_adk_by_itself() -> None:
    asked = {
        "model": "gemini",
        "config": {"system_instruction": "sys", "tools": [{"function_declarations": [{"name": "w"}]}]},
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}]},
            {"role": "model", "parts": [{"function_call": {"name": "w", "args": {"c": 1}}}]},
            {"role": "user", "parts": [{"function_response": {"name": "w", "response": {"t": 2}}}]},
        ],
    }
    told = {"content": {"role": "model", "parts": [{"text": "yo"}]}, "finish_reason": "MAX_TOKENS"}
    genai = evidence(
        span(
            "call_llm",
            **{
                "gcp.vertex.agent.llm_request": json.dumps(asked),
                "gcp.vertex.agent.llm_response": json.dumps(told),
                "gen_ai.system": "gcp.vertex.agent",
                "gcp.vertex.agent.session_id": "s",
            },
        )
    )
    assert (genai.kind, genai.provider, genai.system_instructions) == ("LLM", "", "sys")
    assert genai.input_messages == (
        Message("user", "hi"),
        Message("assistant", tool_calls=(ToolCall("w", "", {"c": 1}),)),
        Message("tool", tool_results=(ToolResult("", "w", {"t": 2}),)),
    )
    assert genai.output_messages == (Message("assistant", "yo", finish_reason="length"),)
    assert genai.finish_reasons == ("length",)
    assert genai.tool_definitions is not None


def test_cohere_rerank_of_openllmetry() -> None:
    genai = evidence(
        span(
            **{
                "llm.request.type": "rerank",
                "gen_ai.prompt.0.role": "system",
                "gen_ai.prompt.0.content": "doc a",
                "gen_ai.prompt.1.role": "user",
                "gen_ai.prompt.1.content": "which?",
                "gen_ai.completion.0.content": "Doc 0, Score: 0.75\ndoc a",
            }
        )
    )
    assert genai.query == "which?"
    assert genai.documents is not None
    assert genai.reranked is not None
    assert (genai.reranked[0].id, genai.reranked[0].score, genai.reranked[0].text) == ("0", 0.75, "doc a")


def test_vector_database_hits_are_span_events() -> None:
    hit = {"db.query.result.id": "d1", "db.query.result.distance": 0.2, "db.query.result.document": "text"}
    genai = evidence(span("chroma.query", (event("db.query.result", **hit),), **{"db.system": "chroma"}))
    assert genai.kind == "VECTOR_DB"
    assert genai.documents is not None
    assert (genai.documents[0].text, genai.documents[0].score) == ("text", None)
    assert genai.documents[0].metadata == {"distance": 0.2}


def test_otel_retrieval_without_texts_has_documents_without_text() -> None:
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.retrieval.query.text": "q",
        "gen_ai.retrieval.documents": [{"id": "1", "score": 0.5}, {"id": "2", "content": "c"}],
    }
    genai = evidence(span(**attributes))
    assert genai.query == "q"
    assert genai.documents is not None
    assert [(one.id, one.score, one.text) for one in genai.documents] == [("1", 0.5, None), ("2", None, "c")]


def test_an_mcp_call() -> None:
    attributes: dict[str, Value] = {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "search",
        "jsonrpc.request.id": 7,
        "mcp.session.id": "transport",
        "gen_ai.tool.call.result": {"content": [{"type": "text", "text": "found"}]},
    }
    genai = evidence(span(**attributes))
    assert (genai.kind, genai.tool_name, genai.tool_call_id, genai.conversation_id) == ("TOOL", "search", "7", "")
    assert not genai.tool_arguments_captured
    assert genai.tool_result_captured


def test_anthropic_and_gemini_blocks() -> None:
    messages = [
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "42"}]}],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm"},
                {"type": "tool_use", "id": "u", "name": "f", "input": {}},
            ],
        },
        {"role": "model", "parts": [{"text": "t"}, {"inline_data": {"mime_type": "image/png", "data": "QUJD"}}]},
    ]
    attributes: dict[str, Value] = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(messages)}
    assert evidence(span(**attributes)).input_messages == (
        Message("tool", tool_results=(ToolResult("t", "", "42"),)),
        Message("assistant", tool_calls=(ToolCall("f", "u", {}),), reasoning="hm"),
        Message("assistant", "t", media=("image/png",)),
    )


def test_the_whole_prompt_in_one_event() -> None:
    genai = evidence(
        span(
            "chat",
            (
                event("gen_ai.content.prompt", **{"gen_ai.prompt": '[{"role":"user","content":"hi"}]'}),
                event("gen_ai.content.completion", **{"gen_ai.completion": "yo"}),
            ),
            **{"gen_ai.operation.name": "chat"},
        )
    )
    assert genai.input_messages == (Message("user", "hi"),)
    assert genai.output_messages == (Message("assistant", "yo"),)
