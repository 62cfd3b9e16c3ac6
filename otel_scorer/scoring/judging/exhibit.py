"""What of a trace is put before the judge, before scrubbing and reduction: plain data, steps numbered s1, s2, ….

Step numbers instead of span ids keep the text the same wherever the same run is scored. Histories that every model call
repeats are shown once; what was not captured is null.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_scorer.model import Document, GenAI, Message, ToolCall, ToolDefinition, Value
from otel_scorer.scoring.clean import clip, visible
from otel_scorer.scoring.judging.pointing import pointing
from otel_scorer.scoring.judging.tracebacks import without_frames
from otel_scorer.scoring.verdict import Target

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, ToolUse, TraceView

MAX_FIELD = 20_000
"""Characters of one text that are looked at any further: twice what the widest reduction shows."""
MAX_STEPS = 2_000


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`facts` stand apart (task, answer), `steps` are what happened, in order; `aliases` are step number -> span id."""

    facts: dict[str, Value]
    steps: tuple[dict[str, Value], ...]
    aliases: Mapping[str, str]
    important: frozenset[str]
    """Step numbers that are left out last: those that failed."""
    repeated: int = 0
    """Messages that model calls got and that are not shown with them, because they stand elsewhere in the exhibit."""


def exhibit(target: Target) -> Exhibit:
    """The evidence of a trace, or of one step of it."""
    return _of_step(target.view, target.step) if target.step else _of_trace(target.view)


def _of_trace(view: TraceView) -> Exhibit:
    steps = view.steps[:MAX_STEPS]
    numbers = {step.span.span_id: f"s{index}" for index, step in enumerate(steps, 1)}
    uses = _uses_by_span(view)
    errors = dict(view.errors)
    heard = _Heard(view)
    shown = tuple(
        _step(step, numbers[step.span.span_id], uses.get(step.span.span_id, ()), errors, heard.new_to(step.genai))
        for step in steps
    )
    facts: dict[str, Value] = {
        "system_prompt": _text(view.system),
        "task": _text(view.task),
        "user_messages": _text(view.user_text),
        "tools_offered": _definitions(view),
        "final_answer": _text(view.final_answer),
    }
    if view.user_text == view.task:
        del facts["user_messages"]
    shown = tuple(pointing(shown, facts))
    failed = frozenset(
        numbers[step.span.span_id]
        for step in steps
        if step.span.span_id in errors or any(use.error for use in uses.get(step.span.span_id, ()))
    )
    aliases = {number: span_id for span_id, number in numbers.items()}
    return Exhibit(facts, shown, aliases, failed, heard.repeated)


class _Heard:
    """What has been shown so far of a trace: each model call gets the whole conversation again, the judge only what is
    new in it (another agent's instructions, earlier turns, tool results that no span tells of).
    """

    def __init__(self, view: TraceView) -> None:
        self.repeated = 0
        self._facts = {text.strip() for text in (view.system, view.task, view.user_text) if text}
        self._asked = view.user_text or ""
        self._seen: set[Hashable] = set()
        self._results = {_key(use.result) for use in view.tool_uses if use.result_captured}

    def new_to(self, genai: GenAI) -> list[Value]:
        """Messages of the call's input that stand nowhere yet; its output counts as shown from now on."""
        if genai.kind != "LLM":
            return []
        new: list[Value] = []
        for message in (genai.input_messages or ())[-_MAX_MESSAGES:]:
            if self._is_known(message):
                self.repeated += 1
            else:
                new.append(_message(message))
        self._seen.update(_identity(message) for message in genai.output_messages or ())
        return new

    def _is_known(self, message: Message) -> bool:
        identity = _identity(message)
        known = identity in self._seen
        self._seen.add(identity)
        return known or self._stands_elsewhere(message)

    def _stands_elsewhere(self, message: Message) -> bool:
        text = message.text.strip()
        if message.tool_calls or message.media:
            return False
        if message.tool_results:
            return all(_key(result.content) in self._results for result in message.tool_results)
        return not text or text in self._facts or (message.role == "user" and text in self._asked)


_MAX_MESSAGES = 500


def _identity(message: Message) -> Hashable:
    """Role and content: instrumentations give the same message other ids in every call."""
    calls = tuple((call.name, _key(call.arguments)) for call in message.tool_calls)
    results = tuple(_key(result.content) for result in message.tool_results)
    return message.role, message.text.strip(), calls, results, message.media


def _key(value: Value) -> str:
    """The same text for a value whether it came as JSON text or parsed."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return str(value).strip()
    return json.dumps(value, sort_keys=True, default=_plain)


def _uses_by_span(view: TraceView) -> dict[str, list[ToolUse]]:
    found: dict[str, list[ToolUse]] = {}
    for use in view.tool_uses:
        found.setdefault(use.span_id, []).append(use)
    return found


def _definitions(view: TraceView) -> Value:
    if view.tool_definitions is None:
        return None
    used = {use.name for use in view.tool_uses}
    tools = list(view.tool_definitions.values())[:100]
    return [_definition(tool, _USED_CHARS if tool.name in used else _UNUSED_CHARS) for tool in tools]


_USED_CHARS, _UNUSED_CHARS = 500, 200
"""Characters of a tool's description: of one that was called, and of one that was only on offer."""


def _definition(tool: ToolDefinition, chars: int) -> dict[str, Value]:
    name, description = visible(tool.name)[:200], clip(visible(tool.description), chars)
    return {"name": name, "description": description} if description else {"name": name}


def _step(
    step: Step, number: str, uses: Sequence[ToolUse], errors: Mapping[str, str], told: Sequence[Value] = ()
) -> dict[str, Value]:
    genai = step.genai
    shown: dict[str, Value] = {"id": number, "kind": genai.kind, "name": _name(step), "told": [*told]}
    shown.update(_CONTENT.get(genai.kind, _of_other)(genai))
    if uses:
        shown["tool_runs"] = [_use(use) for use in uses[:200]]
    error = errors.get(step.span.span_id, "")
    if error:
        shown["error"] = without_frames(clip(visible(error), MAX_FIELD))
    return {key: value for key, value in shown.items() if value not in ("", [], {})}


def _name(step: Step) -> str:
    genai = step.genai
    return visible(genai.agent_name or genai.tool_name or genai.request_model or step.span.name)[:200]


def _use(use: ToolUse) -> dict[str, Value]:
    shown: dict[str, Value] = {
        "tool": visible(use.name)[:200],
        "arguments": _value(use.arguments) if use.arguments_captured else None,
        "result": _value(use.result) if use.result_captured else None,
    }
    if use.error:
        shown["error"] = without_frames(clip(visible(use.error), MAX_FIELD))
    return shown


def _of_llm(genai: GenAI) -> dict[str, Value]:
    """Only what the model said: what it was told are the facts and the steps before."""
    if genai.output_messages is None:
        return {"says": _text(genai.output_text)}
    calls: list[Value] = [_call(call) for message in genai.output_messages for call in message.tool_calls]
    return {
        "says": _text("\n".join(message.text for message in genai.output_messages if message.text)),
        "asks_for": calls[:200],
        "finish": [reason for reason in genai.finish_reasons if reason.lower() not in _ORDINARY_ENDS],
    }


_ORDINARY_ENDS = frozenset({"stop", "end_turn", "tool_call", "tool_calls", "tool_use", "function_call", "completed"})


def _of_retrieval(genai: GenAI) -> dict[str, Value]:
    documents = genai.reranked if genai.reranked is not None else genai.documents
    if documents is None:
        return {"query": _text(genai.query), "documents": None}
    shown: list[Value] = [_document(document) for document in documents[:50]]
    return {"query": _text(genai.query), "documents": shown}


def _document(document: Document) -> dict[str, Value]:
    text = _text(document.text)
    return {"text": text} if document.score is None else {"text": text, "score": document.score}


def _of_agent(genai: GenAI) -> dict[str, Value]:
    return {"input": _text(genai.input_text), "output": _text(genai.output_text)}


def _of_guardrail(genai: GenAI) -> dict[str, Value]:
    shown: list[Value] = [
        {"name": one.name, "blocked": one.blocked, "reason": _text(one.reason)} for one in genai.guardrails[:50]
    ]
    return {"decisions": shown}


def _of_other(_genai: GenAI) -> dict[str, Value]:
    return {}


_CONTENT: Mapping[str, Any] = {
    "LLM": _of_llm,
    "RETRIEVER": _of_retrieval,
    "RERANKER": _of_retrieval,
    "VECTOR_DB": _of_retrieval,
    "AGENT": _of_agent,
    "A2A_CLIENT": _of_agent,
    "A2A_SERVER": _of_agent,
    "GUARDRAIL": _of_guardrail,
}


def _of_step(view: TraceView, step: Step) -> Exhibit:
    genai = step.genai
    uses = [use for use in view.tool_uses if use.span_id == step.span.span_id]
    shown = _step(step, "s1", uses, dict(view.errors))
    facts: dict[str, Value] = {"system_prompt": _text(genai.system_instructions)}
    if genai.input_messages is not None:
        facts["messages"] = [_message(message) for message in genai.input_messages[-200:]]
    elif genai.input_text is not None:
        facts["input"] = _text(genai.input_text)
    if genai.output_messages is None and genai.kind != "LLM":
        facts["output"] = _text(genai.output_text)
    return Exhibit(facts, (shown,), {"s1": step.span.span_id}, frozenset({"s1"}))


def _message(message: Message) -> dict[str, Value]:
    shown: dict[str, Value] = {
        "role": message.role,
        "text": _text(message.text),
        "asks_for": [_call(call) for call in message.tool_calls],
        "tool_results": [_value(result.content) for result in message.tool_results],
        "media": [*message.media],
    }
    return {key: value for key, value in shown.items() if value not in ("", [])}


def _call(call: ToolCall) -> dict[str, Value]:
    return {"tool": visible(call.name)[:200], "arguments": _value(call.arguments)}


def _text(text: str | None) -> str | None:
    return None if text is None else clip(visible(text), MAX_FIELD)


def _value(value: Value) -> Value:
    """Structured values stay structured while they are short."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return _text(value)
    text = visible(json.dumps(value, ensure_ascii=False, default=_plain, sort_keys=True))
    try:
        return json.loads(text) if len(text) <= MAX_FIELD else clip(text, MAX_FIELD)
    except ValueError:
        return text


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
