"""One trace as a tree for people: each span with what it did, what it cost, and its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.inspect.span_line import span_lines
from otel_scorer.inspect.span_scores import SpanScores, TalkScores, scores_by_span, split_own, talks_of
from otel_scorer.inspect.wording import counted, duration_text, printable
from otel_scorer.model import Trace

__all__ = ["duration_text", "printable", "render"]

_DEEPEST = 12
"""Deeper spans are shown side by side, each with its depth: no terminal is wide enough for a tree of them."""
_NOTEWORTHY, _HIGHEST = 3, 5
"""Of spans inside a trace, scores up to the first are shown with their reasons."""

_SCORE_STYLES = {1: "bold red", 2: "red", 3: "yellow", 4: "green", 5: "bold green"}
_LABEL_STYLES = {"pass": "green", "fail": "bold red"}


def render(
    trace: Trace,
    *,
    content: bool = True,
    scores: Mapping[str, SpanScores] | None = None,
    talks: Sequence[TalkScores] | None = None,
) -> RenderableType:
    """The trace as a rich tree, each span with its scores: `scores` by span id, or what stands on the spans.

    `talks`: what was said of its conversation, else what evaluation spans in it say. `content=False` leaves the texts
    out.
    """
    plain, _ = split_own(trace)
    scores = scores_by_span(trace) if scores is None else scores
    seen = view(plain)
    tree = Tree(_headline(seen), guide_style="dim")
    nodes: dict[str, Tree] = {}
    for step in seen.steps:
        above = nodes.get(step.parent_id, tree)
        deep = step.depth >= _DEEPEST
        node = above.add(span_lines(step, content=content, depth=step.depth if deep else None))
        if step.span.span_id in scores:
            _add_scores(node, scores[step.span.span_id], whole=step.depth == 0)
        nodes[step.span.span_id] = above if deep else node
    for talk in talks_of(trace) if talks is None else talks:
        _add_scores(tree.add(_talk_line(talk, trace)), talk.scores, whole=True)
    return tree


# ---- lines -----------------------------------------------------------------------------------------------------------


def _headline(seen: TraceView) -> Text:
    line = Text("trace ").append(seen.trace.trace_id, style="bold")
    line.append(f"  {printable(seen.service, 60)}" if seen.service else "")
    line.append(f"  {counted(len(seen.steps), 'agent span')}  {duration_text(seen.duration_s)}", style="dim")
    if seen.incomplete:
        line.append("  incomplete: the agent's own span is not here", style="yellow")
    return line


def _talk_line(talk: TalkScores, trace: Trace) -> Text:
    line = Text("conversation ").append(printable(talk.conversation_id, 60), style="bold")
    elsewhere = talk.last_trace_id not in ("", trace.trace_id)
    traces = counted(max(talk.traces, talk.known_traces), "trace")
    gaps = talk.known_traces > talk.traces
    line.append(f"  {talk.traces} of {traces} read" if gaps else f"  {traces}", style="yellow" if gaps else "dim")
    return line.append(f", its result is in trace {talk.last_trace_id}" if elsewhere else "", style="dim")


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
