"""One trace as a tree for people, and its normalised form as JSON for programs.

Texts of spans are shown short and without control characters: what an attacker wrote must not drive the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_jsonable_python
from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from otel_scorer.conventions.trace_view import Step, TraceView, view
from otel_scorer.inspect.span_scores import SpanScores, scores_by_span, split_own
from otel_scorer.model import STATUS_ERROR, GenAI, Message, Trace, Value

CONTENT_LIMIT = 100
"""Characters of content shown beside a span."""

_NOTEWORTHY, _HIGHEST = 3, 5
"""Of spans inside a trace, scores up to the first are shown with their reasons."""

_SCORE_STYLES = {1: "bold red", 2: "red", 3: "yellow", 4: "green", 5: "bold green"}
_LABEL_STYLES = {"pass": "green", "fail": "bold red"}


def render(trace: Trace, *, content: bool = True, scores: Mapping[str, SpanScores] | None = None) -> RenderableType:
    """The trace as a rich tree, each span with its scores: `scores` by span id, or what stands on the spans.

    `content=False` leaves the texts out.
    """
    plain, _ = split_own(trace)
    scores = scores_by_span(trace) if scores is None else scores
    seen = view(plain)
    tree = Tree(_headline(seen), guide_style="dim")
    nodes: dict[str, Tree] = {}
    for step in seen.steps:
        above = nodes.get(step.parent_id, tree)
        node = above.add(step_line(step, content=content))
        if step.span.span_id in scores:
            _add_scores(node, scores[step.span.span_id], whole=step.depth == 0)
        nodes[step.span.span_id] = node
    return tree


def step_line(step: Step, *, content: bool = True) -> Text:
    """`LLM chat gpt-5  1.2 s  512 in, 34 out  -> "..."` in one line."""
    line = Text(no_wrap=False)
    line.append(step.genai.kind, style="bold cyan").append(" ").append(printable(step.span.name, 60))
    line.append(f"  {duration_text(step.span.duration_s)}", style="dim")
    usage = step.genai.usage
    if usage.input is not None or usage.output is not None:
        line.append(f"  {usage.input or 0} in, {usage.output or 0} out tokens", style="dim")
    if step.span.status_code == STATUS_ERROR or step.genai.error_message:
        told = step.genai.error_message or step.span.status_message or step.genai.error_type or "error"
        line.append(f"  {printable(told, 80)}", style="red")
    told = content_line(step.genai) if content else ""
    if told:
        line.append(f"\n  {told}", style="italic dim")
    return line


def to_json(trace: Trace, *, scores: Mapping[str, SpanScores] | None = None) -> str:
    """The normalised form: what checks and judges see of the trace, indented JSON."""
    plain, _ = split_own(trace)
    seen = view(plain)
    form = {
        "trace_id": trace.trace_id,
        "tenant": trace.tenant,
        "truncated": trace.truncated,
        "incomplete": seen.incomplete,
        "root": seen.root.span_id if seen.root else None,
        "service": seen.service,
        "task": seen.task,
        "system": seen.system,
        "final_answer": seen.final_answer,
        "usage": seen.usage,
        "steps": [_step_form(step) for step in seen.steps],
        "tool_uses": seen.tool_uses,
        "contexts": seen.contexts,
        "scores": scores_by_span(trace) if scores is None else scores,
    }
    return json.dumps(to_jsonable_python(form, bytes_mode="base64"), ensure_ascii=False, indent=2)


def printable(text: str, limit: int) -> str:
    """One line of at most `limit` characters, white space folded, control and direction characters left out."""
    folded = " ".join(text[: limit * 4].split())
    shown = "".join(char for char in folded if char.isprintable())
    return shown if len(shown) <= limit and len(text) <= limit * 4 else shown[: limit - 1] + "…"


def duration_text(seconds: float) -> str:
    """`12 ms`, `1.2 s`, `3 min 5 s`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


# ---- lines -----------------------------------------------------------------------------------------------------------


def _headline(seen: TraceView) -> Text:
    line = Text("trace ").append(seen.trace.trace_id, style="bold")
    line.append(f"  {printable(seen.service, 60)}" if seen.service else "")
    line.append(f"  {len(seen.steps)} agent spans  {duration_text(seen.duration_s)}", style="dim")
    if seen.incomplete:
        line.append("  incomplete: the agent's own span is not here", style="yellow")
    return line


def _add_scores(node: Tree, scores: SpanScores, *, whole: bool) -> None:
    """All of a trace's own scores; of a span's inside it what stands out, and one line for the rest."""
    for name in scores.dimensions:
        if whole or scores.scores.get(name, _HIGHEST) <= _NOTEWORTHY:
            node.add(_dimension_line(scores, name))
    if whole or scores.scores:
        node.add(_summary_line(scores, short=not whole))


def _dimension_line(scores: SpanScores, name: str) -> Text:
    line = Text("★ ", style="yellow")
    if name in scores.scores:
        value = scores.scores[name]
        line.append(f"{name} ").append(str(value), style=_SCORE_STYLES.get(value, ""))
        reason = scores.reasons.get(name, "")
    else:
        line.append(f"{name} ").append("-", style="dim")
        reason = f"no score: {scores.missing[name]}"
    told = "; ".join(filter(None, map(str.strip, reason.splitlines())))
    return line.append(f"  {printable(told, 240)}", style="default not bold")


def _summary_line(scores: SpanScores, *, short: bool) -> Text:
    line = Text("★ ", style="yellow")
    if short:
        high = [(name, value) for name, value in scores.scores.items() if value > _NOTEWORTHY]
        line.append("".join(f"{name} {value}  " for name, value in high), style="default not bold")
    composite = "-" if scores.composite is None else f"{scores.composite:.2f}"
    line.append("composite ").append(composite, style="bold")
    line.append("  label ").append(scores.label or "-", style=_LABEL_STYLES.get(scores.label, ""))
    if scores.status:
        line.append(f"  status {scores.status}")
    coverage = None if scores.coverage is None else f"{scores.coverage:.2f}"
    if short:
        return line.append(f"  ({scores.rubric})", style="dim")
    told = {"coverage": coverage, "rubric": scores.rubric, "by": scores.evaluator, "rule": scores.rule}
    details = [f"{word} {value}" for word, value in told.items() if value not in ("", None)]
    return line.append(f"  ({printable(', '.join(details), 120)})" if details else "", style="dim")


def content_line(genai: GenAI) -> str:
    """The one thing to know of a span's content, in at most CONTENT_LIMIT characters a part."""
    if genai.kind == "TOOL" or genai.tool_name:
        return _tool_content(genai)
    if genai.kind in ("RETRIEVER", "RERANKER", "VECTOR_DB"):
        return _retrieval_content(genai)
    if genai.output_messages is not None:
        return _message_content(genai.output_messages)
    parts = [_quoted(text) for text in (genai.input_text, genai.output_text) if text]
    return " → ".join(parts)


def _tool_content(genai: GenAI) -> str:
    arguments = _value_text(genai.tool_arguments) if genai.tool_arguments_captured else "arguments not captured"
    lost = "no result" if genai.error_type or genai.error_message else "result not captured"
    result = _value_text(genai.tool_result) if genai.tool_result_captured else lost
    return f"{printable(genai.tool_name or 'tool', 40)}({arguments}) → {result}"


def _retrieval_content(genai: GenAI) -> str:
    documents = genai.reranked if genai.reranked is not None else genai.documents
    found = "documents not captured" if documents is None else _documents_text(len(documents))
    return f"{_quoted(genai.query or genai.input_text or 'query not captured')} → {found}"


def _documents_text(number: int) -> str:
    return "1 document" if number == 1 else f"{number} documents"


def _message_content(messages: Sequence[Message]) -> str:
    calls = [call for message in messages for call in message.tool_calls]
    text = " ".join(message.text for message in messages if message.text)
    asked = [f"asks for {printable(call.name, 40)}({_value_text(call.arguments)})" for call in calls[:4]]
    return "; ".join([*([_quoted(text)] if text else []), *asked])


def _value_text(value: Value) -> str:
    if isinstance(value, str):
        return printable(value, CONTENT_LIMIT)
    return printable(json.dumps(to_jsonable_python(value, bytes_mode="base64"), ensure_ascii=False), CONTENT_LIMIT)


def _quoted(text: str) -> str:
    return f"“{printable(text, CONTENT_LIMIT)}”"


def _step_form(step: Step) -> Mapping[str, Any]:
    told = to_jsonable_python(step.genai, bytes_mode="base64")
    return {
        "span_id": step.span.span_id,
        "parent_id": step.parent_id,
        "depth": step.depth,
        "name": step.span.name,
        "kind": step.genai.kind,
        "start_ns": step.span.start_ns,
        "duration_s": step.span.duration_s,
        "scope": step.span.scope.name,
        "evidence": {name: value for name, value in told.items() if value not in (None, "", (), [], {})},
    }
