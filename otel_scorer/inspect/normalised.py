"""A trace's normalised form as JSON, for programs: what checks and judges see, whichever instrumentation wrote it.

One rule holds everywhere: what was not captured is left out; what was captured and is empty is there, and empty.
`FIELDS` is the form's documentation and the list of its names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from otel_scorer.conventions.tool_use import ToolUse
from otel_scorer.conventions.trace_view import Context, Step, TraceView, view
from otel_scorer.inspect.json_values import dump
from otel_scorer.inspect.span_scores import SpanScores, scores_by_span, split_own
from otel_scorer.model import (
    STATUS_ERROR,
    STATUS_OK,
    Document,
    Feedback,
    GenAI,
    GuardrailDecision,
    Message,
    ToolCall,
    ToolDefinition,
    ToolResult,
    Trace,
    Usage,
)

FORM = 1
"""Grows when a field goes or changes its meaning, not when one comes."""

_MESSAGE = {
    "role": "system, user, assistant, tool or other",
    "text": 'its text; "" where it has none',
    "reasoning": "what the model thought before it answered",
    "media[]": "pictures, sounds and files: a URL, a file id or a media type",
    "finish_reason": "why this choice ended",
    "name": "who speaks",
    "tool_calls[].name": "tool that the model asks for",
    "tool_calls[].id": "id of the call",
    "tool_calls[].arguments": "JSON where it parses, else the text (any)",
    "tool_results[].id": "id of the call that it answers",
    "tool_results[].name": "tool",
    "tool_results[].content": "what came back (any)",
    "tool_results[].is_error": "whether the tool says that it failed",
}
_USAGE = {
    "input": "tokens in, cached ones included",
    "output": "tokens out",
    "total": "tokens, as told",
    "cache_read": "tokens in that came from the cache",
    "cache_write": "tokens in that were put into the cache",
    "reasoning": "tokens out that were reasoning",
}
_DOCUMENT = {
    "id": "the store's id",
    "text": "its content",
    "score": "as told: not comparable between stores",
    "metadata": "what was told beside (any)",
}
_EVIDENCE = {
    "dialect": "the convention that the span speaks",
    "raw_kind": "the kind in the instrumentation's own words",
    "system_instructions": "system prompt",
    **{f"input_messages[].{name}": text for name, text in _MESSAGE.items()},
    **{f"output_messages[].{name}": text for name, text in _MESSAGE.items()},
    "input_text": "input of a span that is no chat: text or JSON text",
    "output_text": "output of a span that is no chat: text or JSON text",
    "tool_definitions[].name": "tool that the model was offered",
    "tool_definitions[].description": "what it is said to do",
    "tool_definitions[].parameters": "JSON Schema of its arguments (any)",
    "tool_name": "the executed tool",
    "tool_call_id": "id of the call",
    "tool_arguments": "arguments of the executed tool: JSON where it parses (any)",
    "tool_result": "result of the executed tool (any)",
    "query": "what was searched for",
    **{f"documents[].{name}": f"found: {text}" for name, text in _DOCUMENT.items()},
    **{f"reranked[].{name}": f"reranked: {text}" for name, text in _DOCUMENT.items()},
    "request_model": "model that was asked for",
    "response_model": "model that answered",
    "provider": "openai, anthropic, ...",
    "parameters": "sampling parameters of the request by name (any)",
    "prompt_name": "prompt template",
    "prompt_version": "version of the prompt template",
    "prompt_template": "text of the prompt template",
    **{f"usage.{name}": text for name, text in _USAGE.items()},
    "finish_reasons[]": "stop, length, content_filter, tool_call, error, else the provider's own word",
    "error_type": "class or code of the error",
    "error_message": "its message",
    "conversation_id": "conversation, session or thread",
    "response_id": "the provider's id of the response",
    "user_id": "as the instrumentation gives it",
    "agent_name": "agent",
    "agent_version": "version of the agent",
    "tags[]": "tags",
    "metadata": "what the application adds (any)",
    "guardrails[].name": "guardrail that decided",
    "guardrails[].blocked": "whether it blocked",
    "guardrails[].reason": "why",
    "feedback[].name": "evaluation or feedback that is already on the span, never ours",
    "feedback[].score": "its number",
    "feedback[].label": "its word",
    "feedback[].explanation": "its reason",
    "feedback[].by_human": "true when a person gave it",
    "truncated": "true when content was cut off, so that evidence may be missing",
}
_SCORES = {
    "scores": "score by dimension, 1 to 5 (any)",
    "reasons": "why, by dimension (any)",
    "missing": "why there is no score, by dimension (any)",
    "metrics": "finer measures by name (any)",
    "composite": "weighted mean",
    "coverage": "share of the rubric's weight that was scored",
    "label": "pass or fail",
    "status": "how the trace ended",
    "rubric": "name@version",
    "evaluator": "checks, or the judge's model",
    "rule": "sampling rule",
    "signals[]": "signals that held",
}

FIELDS: Mapping[str, str] = {
    "form": "number of this form; another one when a field goes or changes its meaning",
    "trace_id": "32 hex digits",
    "tenant": "whose trace it is",
    "truncated": "true when spans are missing because a limit of otel_scorer was passed",
    "incomplete": "true when the agent's own span is not here",
    "root": "span id of the agent's own span",
    "service": "service.name of the root",
    "service_version": "service.version of the root",
    "agent": "name of the root's agent",
    "conversation_id": "conversation, session or thread",
    "user_id": "as the instrumentation gives it",
    "models[]": "models in order of first use",
    "duration_s": "seconds from the root's start to its end",
    **{f"usage.{name}": f"of the whole trace: {text}" for name, text in _USAGE.items()},
    "task": "the user's last request, which this run answers",
    "system": "system prompt that the agent worked under",
    "final_answer": "what the user got",
    **{f"turns[].{name}": f"the conversation: {text}" for name, text in _MESSAGE.items()},
    "steps[].span_id": "16 hex digits; steps are in the order of the tree",
    "steps[].parent_id": 'nearest agent span above, "" for a root',
    "steps[].depth": "0 for a root",
    "steps[].name": "span name",
    "steps[].kind": "AGENT, LLM, TOOL, RETRIEVER, ...",
    "steps[].scope": "instrumentation scope",
    "steps[].start_ns": "nanoseconds since 1970",
    "steps[].duration_s": "seconds",
    "steps[].status": "ok or error, where the span says so",
    **{f"steps[].evidence.{name}": text for name, text in _EVIDENCE.items()},
    "tool_uses[].name": "each use of a tool once, whether a span or only messages tell of it",
    "tool_uses[].id": "id of the call",
    "tool_uses[].arguments": "what it was called with (any)",
    "tool_uses[].result": "what it gave back (any)",
    "tool_uses[].error": "how it failed",
    "tool_uses[].span_id": "the tool's span, else that of the model call that tells of it",
    "tool_uses[].requested_by": "span of the model call that asked for it",
    "tool_uses[].start_ns": "nanoseconds since 1970",
    "tool_uses[].end_ns": "nanoseconds since 1970",
    "tool_uses[].executed": "true when a span tells that it ran",
    "contexts[].span_id": "span where the text was first seen",
    "contexts[].source": "retrieval, tool, system or user",
    "contexts[].text": "what the answer could draw on",
    **{f"scores.<span id>.{name}": text for name, text in _SCORES.items()},
}
"""Every field by its path: `[]` stands for each element of a list; (any) marks values of any JSON shape."""

_STATUS = {STATUS_OK: "ok", STATUS_ERROR: "error"}
_BESIDE_EVIDENCE = frozenset(
    {"kind", "tool_arguments", "tool_result", "tool_arguments_captured", "tool_result_captured"}
)
_RECORDS = (Document, Feedback, GuardrailDecision, Message, SpanScores, ToolCall, ToolDefinition, ToolResult, Usage)


def to_json(trace: Trace, *, scores: Mapping[str, SpanScores] | None = None) -> str:
    """The normalised form in one line: `scores` by span id, or what stands on the spans."""
    return dump(normalised(trace, scores=scores))


def normalised(trace: Trace, *, scores: Mapping[str, SpanScores] | None = None) -> dict[str, Any]:
    """The form as `FIELDS` describes it; its free values (any) may still be what JSON does not know."""
    seen = view(split_own(trace)[0])
    written = scores_by_span(trace) if scores is None else scores
    return {
        "form": FORM,
        "trace_id": trace.trace_id,
        "tenant": trace.tenant,
        "truncated": trace.truncated,
        "incomplete": seen.incomplete,
        **_told(_head(seen)),
        "duration_s": seen.duration_s,
        "usage": _record(seen.usage),
        **{name: text for name, text in _dialogue(seen).items() if text is not None},
        "steps": [_step(step) for step in seen.steps],
        "tool_uses": [_tool_use(use) for use in seen.tool_uses],
        "contexts": [_context(context) for context in seen.contexts],
        "scores": {span_id: _record(each) for span_id, each in written.items()},
    }


def _head(seen: TraceView) -> dict[str, Any]:
    return {
        "root": seen.root.span_id if seen.root else None,
        "service": seen.service,
        "service_version": seen.service_version,
        "agent": seen.agent_name,
        "conversation_id": seen.conversation_id,
        "user_id": seen.user_id,
        "models": seen.models,
    }


def _dialogue(seen: TraceView) -> dict[str, Any]:
    """None where it was not captured."""
    turns = None if seen.turns is None else [_record(message) for message in seen.turns]
    return {"task": seen.task, "system": seen.system, "final_answer": seen.final_answer, "turns": turns}


def _step(step: Step) -> dict[str, Any]:
    span = step.span
    head = {"span_id": span.span_id, "parent_id": step.parent_id, "depth": step.depth, "name": span.name}
    told = _told({"scope": span.scope.name, "status": _STATUS.get(span.status_code)})
    times = {"start_ns": span.start_ns, "duration_s": span.duration_s}
    evidence = _evidence(step.genai)
    return {**head, "kind": step.genai.kind, **times, **told, "evidence": evidence}


def _evidence(genai: GenAI) -> dict[str, Any]:
    found = {name: value for name, value in _record(genai).items() if name not in _BESIDE_EVIDENCE}
    if genai.tool_arguments_captured:
        found["tool_arguments"] = genai.tool_arguments
    if genai.tool_result_captured:
        found["tool_result"] = genai.tool_result
    return found


def _tool_use(use: ToolUse) -> dict[str, Any]:
    told = {"id": use.id, "error": use.error, "span_id": use.span_id, "requested_by": use.requested_by}
    found = {"name": use.name, **_told(told), "start_ns": use.start_ns, "end_ns": use.end_ns, "executed": use.executed}
    if use.arguments_captured:
        found["arguments"] = use.arguments
    if use.result_captured:
        found["result"] = use.result
    return found


def _context(context: Context) -> dict[str, Any]:
    return {"span_id": context.span_id, "source": context.source, "text": context.text}


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the names, ids and lists that nobody told."""
    return {name: value for name, value in values.items() if value not in (None, "", ())}


def _record(record: Any) -> dict[str, Any]:
    """A record of the model by field names."""
    told = ((each.name, getattr(record, each.name)) for each in fields(record) if _is_told(each, record))
    return {name: _plain(value) for name, value in told}


def _is_told(each: Field[Any], record: Any) -> bool:
    """Fields that default to None tell "empty" from "not captured"; the other optional ones are unknown when empty."""
    value = getattr(record, each.name)
    required = each.default is MISSING and each.default_factory is MISSING
    if value is None or value == Usage():
        return False
    return bool(value) or required or each.default is None or each.name == "text"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return _record(value) if isinstance(value, _RECORDS) else value
