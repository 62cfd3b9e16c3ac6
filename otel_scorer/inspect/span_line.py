"""One span in two lines: kind, name, duration, tokens, error; and the one thing to know of its content.

Texts of spans are shown short and without control characters: what an attacker wrote must not drive the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from otel_scorer.conventions.envelopes import words
from otel_scorer.conventions.trace_view import Step
from otel_scorer.inspect.json_values import dump
from otel_scorer.inspect.wording import counted, duration_text, printable, tokens_text
from otel_scorer.model import ROOT_KINDS, STATUS_ERROR, GenAI, Kind, Message, ToolCall, Value

CONTENT_LIMIT = 100
"""Characters of the one text shown of a span."""
PART_LIMIT = 60
"""Characters of each, where two are shown."""

_ARROW = " → "
_UNUSUAL_ENDS = frozenset({"length", "content_filter", "error"})
_RETRIEVING: frozenset[Kind] = frozenset({"RETRIEVER", "RERANKER", "VECTOR_DB"})


def span_lines(step: Step, *, content: bool = True, depth: int | None = None) -> RenderableType:
    """`LLM chat gpt-5  1.2 s  512 in, 34 out tokens`, and below it its content, cut to the width that there is.

    `depth` is told where the place in the tree does not show it.
    """
    headline = Text("" if depth is None else f"(depth {depth}) ", style="dim").append_text(_headline(step))
    told = content_line(step.genai) if content else ""
    if not told:
        return headline
    return Group(headline, Text(f"  {told}", style="italic dim", no_wrap=True, overflow="ellipsis"))


def content_line(genai: GenAI) -> str:
    """The one thing to know of a span's content, "" when there is nothing to say."""
    if genai.kind == "TOOL" or genai.tool_name:
        return _tool_content(genai)
    if genai.kind in _RETRIEVING:
        return _retrieval_content(genai)
    told = _asked_and_answered(genai) if genai.output_messages is None else _message_content(genai.output_messages)
    if told or genai.kind != "LLM" or _failed(genai):
        return told
    return "output not captured" if genai.output_messages is None and genai.output_text is None else "empty output"


def _headline(step: Step) -> Text:
    genai = step.genai
    line = Text(no_wrap=False)
    line.append(genai.kind, style="bold cyan").append(" ").append(printable(step.span.name, 60))
    if (model := _unnamed_model(step)) != "":
        line.append(f"  {printable(model, 40)}")
    line.append(f"  {duration_text(step.span.duration_s)}", style="dim")
    if (tokens := tokens_text(genai.usage)) != "":
        line.append(f"  {tokens}", style="dim")
    unusual = [reason for reason in genai.finish_reasons if reason in _UNUSUAL_ENDS]
    if unusual:
        line.append(f"  ended by {', '.join(dict.fromkeys(unusual))}", style="yellow")
    if step.span.status_code == STATUS_ERROR or _failed(genai):
        told = genai.error_message or step.span.status_message or genai.error_type or "error"
        line.append(f"  {printable(told, 80)}", style="red")
    return line


def _unnamed_model(step: Step) -> str:
    """The model of a call whose span name does not tell it."""
    genai = step.genai
    if genai.kind not in ("LLM", "EMBEDDING", "RERANKER"):
        return ""
    names = [genai.request_model, genai.response_model]
    return "" if any(name and name in step.span.name for name in names) else next(filter(None, reversed(names)), "")


def _tool_content(genai: GenAI) -> str:
    arguments = _value_text(genai.tool_arguments) if genai.tool_arguments_captured else "arguments not captured"
    lost = "no result" if _failed(genai) else "result not captured"
    result = _value_text(genai.tool_result) if genai.tool_result_captured else lost
    return f"{printable(genai.tool_name or 'tool', 40)}({arguments}){_ARROW}{result}"


def _retrieval_content(genai: GenAI) -> str:
    documents = genai.reranked if genai.reranked is not None else genai.documents
    found = "documents not captured" if documents is None else counted(len(documents), "document")
    query = genai.query or genai.input_text
    return f"{_quoted(query, PART_LIMIT) if query else 'query not captured'}{_ARROW}{found}"


def _message_content(messages: Sequence[Message]) -> str:
    calls = [call for message in messages for call in message.tool_calls]
    text = " ".join(message.text for message in messages if message.text)
    said = [_quoted(text, PART_LIMIT if calls else CONTENT_LIMIT)] if text else []
    asked = ["asks for " + ", ".join(map(_call_text, calls[:4]))] if calls else []
    return "; ".join([*said, *asked])


def _call_text(call: ToolCall) -> str:
    arguments = "arguments not captured" if call.arguments is None else _value_text(call.arguments)
    return f"{printable(call.name, 40)}({arguments})"


def _asked_and_answered(genai: GenAI) -> str:
    """Input and output of a span that is no chat; of JSON that a framework wraps around words, the words."""
    asked = genai.input_text and ((genai.kind in ROOT_KINDS and words(genai.input_text, "asked")) or genai.input_text)
    answered = genai.output_text and (words(genai.output_text, "answered") or genai.output_text)
    limit = PART_LIMIT if asked and answered else CONTENT_LIMIT
    return _ARROW.join(_quoted(text, limit) for text in (asked, answered) if text)


def _failed(genai: GenAI) -> bool:
    return bool(genai.error_type or genai.error_message)


def _value_text(value: Value) -> str:
    if isinstance(value, str):
        return printable(value, PART_LIMIT)
    return printable(dump(value), PART_LIMIT)


def _quoted(text: str, limit: int) -> str:
    return f"“{printable(text, limit)}”"
