"""A step's whole input and output, turned into what its kind means by them."""

from __future__ import annotations

from typing import TypeVar

from otel_scorer.conventions import documents as docs
from otel_scorer.conventions import exchange
from otel_scorer.conventions import messages as shapes
from otel_scorer.conventions.finish import finish_reasons_of
from otel_scorer.conventions.found import Captured, Found
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.tool_span import answered_call, arguments_in, parameters_of, result_of
from otel_scorer.conventions.values import unquoted
from otel_scorer.model import STATUS_ERROR, Message

_T = TypeVar("_T")


def by_kind(source: Source, found: Found) -> Found:
    """`found`, completed: tool arguments and result, query and documents, messages out of a raw request and
    response.
    """
    asked, told = found.get("input_text"), found.get("output_text")
    if asked is not None:
        found["input_text"] = unquoted(asked)
    if told is not None:
        found["output_text"] = unquoted(told)
    if source.kind == "TOOL":
        _tool(source, found)
    elif source.kind in ("RETRIEVER", "RERANKER", "VECTOR_DB"):
        _retrieval(source, found)
    elif source.kind == "LLM":
        _model_call(source, found)
    elif source.kind != "EMBEDDING":
        _step(source, found)
    if source.kind != "LLM":
        found["finish_reasons"] = finish_reasons_of(source.span) or found.get("finish_reasons", ())
    return found


def _tool(source: Source, found: Found) -> None:
    asked, told = found.get("input_text"), found.get("output_text")
    if "tool_arguments" not in found and asked is not None:
        found["tool_arguments"] = arguments_in(source, asked)
    elif "tool_arguments" not in found and (told_apart := parameters_of(source)) is not None:
        found["tool_arguments"] = told_apart
    if "tool_result" not in found and told is not None:
        value = source.reparsed(told)
        result = result_of(value)
        # LangSmith writes an empty object where a tool failed: what the model got instead is told by its next input
        if result or source.span.status_code != STATUS_ERROR:
            found["tool_result"] = Captured(result)
        found["answered_call"] = answered_call(value)


def _retrieval(source: Source, found: Found) -> None:
    told = found.get("output_text")
    read = docs.documents(source.reparsed(told)) if told is not None else None
    if source.kind == "RERANKER":
        found["reranked"] = _or(found.get("reranked"), read)
    else:
        found["documents"] = _or(found.get("documents"), read)
    if found.get("query") is None:
        found["query"] = docs.query_of(found.get("input_text"))


def _model_call(source: Source, found: Found) -> None:
    """A model's input and output: what no attribute tells is looked for in the provider's own request and response."""
    asked, told = found.pop("input_text", None), found.pop("output_text", None)
    raw_asked, raw_told = source.text("raw.input", "fi.raw_input") or asked, source.text("raw.output", "fi.raw_output")
    if found.get("input_messages") is None and raw_asked is not None:
        _add_request(source, found, exchange.request(source.reparsed(raw_asked)))
    reasons, cut = finish_reasons_of(source.span), source.cut
    answers = found.get("output_messages")
    if answers and told is not None and not any(map(shapes.has_content, answers)):
        _fill_in(source, found, told)
    known = answers is not None and bool(reasons)
    for text in (told, raw_told):
        if text is not None:
            _add_response(found, exchange.response(source.reparsed(text), about_only=known))
    if known:
        source.cut = cut  # a response that was cut takes nothing away from what stands beside it
    if found.get("input_messages") is None:
        found["input_messages"] = _plain(asked, "user")
        found["input_text"] = asked if found["input_messages"] is None else None
    if found.get("output_messages") is None:
        found["output_messages"] = _plain(told, "assistant")
        found["output_text"] = told if found["output_messages"] is None else None
    found["input_messages"] = shapes.joined(found["input_messages"])
    found["output_messages"] = shapes.joined(found["output_messages"])
    _add_finish_reasons(found, reasons)
    _add_system(found)


def _fill_in(source: Source, found: Found, told: str) -> None:
    """The answer out of the whole response, where the messages beside it lost what it says (calls of tools)."""
    answers = exchange.response(source.reparsed(told)).messages
    if answers and any(map(shapes.has_content, answers)):
        found["output_messages"] = answers


def _step(source: Source, found: Found) -> None:
    """An agent, workflow or chain: its text stays, and is read as a chat where it is one."""
    asked, told = found.get("input_text"), found.get("output_text")
    if found.get("input_messages") is None and asked is not None:
        _add_request(source, found, exchange.request(source.reparsed(asked)))
    if found.get("output_messages") is None and told is not None:
        found["output_messages"] = exchange.response(source.reparsed(told)).messages
    _add_system(found)


def _add_request(source: Source, found: Found, asked: exchange.Request) -> None:
    source.cut = source.cut or asked.hidden
    found["input_messages"] = asked.messages
    found["system_instructions"] = _or(found.get("system_instructions"), asked.system)
    found["tool_definitions"] = _or(found.get("tool_definitions"), asked.tools)


def _add_response(found: Found, told: exchange.Response) -> None:
    found["output_messages"] = _or(found.get("output_messages"), told.messages)
    found["finish_reasons"] = found.get("finish_reasons") or told.finish_reasons
    found["response_id"] = found.get("response_id") or told.id
    found["response_model"] = found.get("response_model") or told.model
    if told.usage is not None:
        found.setdefault("usage", told.usage)


def _add_finish_reasons(found: Found, reasons: tuple[str, ...]) -> None:
    """The span's reasons and those of its answers, each out of the other."""
    answers = found.get("output_messages") or ()
    reasons = reasons or shapes.with_finish_reasons(answers) or found.get("finish_reasons", ())
    found["finish_reasons"] = reasons
    if answers and len(reasons) == len(answers) and not any(answer.finish_reason for answer in answers):
        told = zip(answers, reasons, strict=True)
        found["output_messages"] = tuple(_ended(answer, reason) for answer, reason in told)


def _ended(answer: Message, reason: str) -> Message:
    said = answer.text, answer.tool_calls, answer.tool_results, answer.reasoning, answer.media
    return Message(answer.role, *said, reason, answer.name)


def _add_system(found: Found) -> None:
    """Instructions that travel as system messages count as the span's instructions too."""
    asked = found.get("input_messages")
    if found.get("system_instructions") is None and asked:
        told = [message.text for message in asked if message.role == "system" and message.text]
        found["system_instructions"] = "\n".join(told) if told else None


def _plain(text: str | None, role: str) -> tuple[Message, ...] | None:
    """A model's text input or output as its one message; JSON, whole or cut, is none."""
    if text is None or text.lstrip()[:1] in ("{", "["):
        return None
    return (Message(role, text=text),)


def _or(first: _T | None, second: _T | None) -> _T | None:
    return first if first is not None else second
