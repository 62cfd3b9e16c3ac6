"""Which agent spans stand on which, and which of them is the trace's own (design 2.3).

Parents are followed through agent spans and through the heads of the others (a database call under an agent, a web
request above it), so a tool that an HTTP client span separates from its agent is still the agent's. A span that
names itself as its parent has none; a longer cycle of parents has no end, so none of its members is a root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from otel_scorer.conventions.faults import without_echoes
from otel_scorer.conventions.kinds import kind_of
from otel_scorer.model import ROOT_KINDS, Head, Kind, Span, Trace

KindOf = Mapping[str, Kind]
BY_START = attrgetter("start_ns", "span_id")
_STEPS: frozenset[Kind] = ROOT_KINDS | {"LLM", "TOOL", "RETRIEVER"}


class Node(NamedTuple):
    """A span in the tree. `parent` is the nearest agent ancestor's id, "" for a root and where a cycle is cut."""

    span: Span
    parent: str
    depth: int
    root: bool


def spans_by_id(trace: Trace) -> dict[str, Span]:
    """The spans by id, in order of start. Of two with one id (a client and its server, as Zipkin writes them) the first
    to start stands for both.
    """
    spans: dict[str, Span] = {}
    for span in sorted(without_echoes(trace.spans), key=BY_START):
        spans.setdefault(span.span_id, span)
    return spans


def tree(
    spans: Mapping[str, Span], heads: Mapping[str, Head], repeated: Mapping[str, str] | None = None
) -> tuple[Node, ...]:
    """Every agent span once, depth first, siblings in order of start; members of parent cycles last, at depth 0.

    `spans` are those of `spans_by_id`, `heads` those of all spans of the trace, `repeated` those of `repeated_calls`.
    """
    parents = {span_id: _agent_parent(span, spans, heads) for span_id, span in spans.items()}
    parents.update(repeated or {})
    children: dict[str, list[Span]] = {}
    for span_id, span in spans.items():
        children.setdefault(parents[span_id] or "", []).append(span)
    nodes: dict[str, Node] = {}
    for span in children.get("", ()):
        _walk(Node(span, "", 0, parents[span.span_id] == ""), children, nodes)
    if len(nodes) < len(spans):
        for span_id, span in spans.items():
            if span_id not in nodes:
                _walk(Node(span, "", 0, False), children, nodes)
    return tuple(nodes.values())


def unnamed_steps(spans: Mapping[str, Span], kinds: KindOf) -> dict[str, Kind]:
    """CHAIN for spans at the top that say nothing of their kind and have a step of an agent right below them: what a
    dialect that we do not know calls its agent.
    """
    above = {span.parent_id for span_id, span in spans.items() if kinds[span_id] in _STEPS}
    return {
        span_id: "CHAIN"
        for span_id, span in spans.items()
        if kinds[span_id] == "UNKNOWN" and span_id in above and span.parent_id not in spans
    }


def choose_root(roots: Sequence[Span], kinds: KindOf) -> Span | None:
    """Of `roots`, in order of start: the first AGENT, WORKFLOW or CHAIN, one that says so itself before one that
    `unnamed_steps` takes for it; a lone root of any kind; else None.
    """
    runs = [span for span in roots if kinds[span.span_id] in ROOT_KINDS]
    for span in runs:
        if kind_of(span)[0] in ROOT_KINDS:
            return span
    if runs:
        return runs[0]
    return roots[0] if len(roots) == 1 else None


def _agent_parent(span: Span, spans: Mapping[str, Span], heads: Mapping[str, Head]) -> str | None:
    """Id of the nearest agent ancestor that is here, "" for a root.

    None for a span without one that is no root either: below an agent span which did not decode or fell to a
    limit, or in a cycle of parents.
    """
    parent = span.parent_id
    if not parent or parent == span.span_id:
        return ""
    if parent in spans:
        return parent
    seen, lost = {span.span_id}, False
    while parent and parent not in spans:
        head = heads.get(parent)
        if parent in seen or head is None:
            lost = lost or parent in seen
            break
        seen.add(parent)
        lost = lost or head.agent
        parent = head.parent_id
    if parent in spans and parent != span.span_id:
        return parent
    return None if lost or parent in spans else ""


def _walk(top: Node, children: Mapping[str, Sequence[Span]], nodes: dict[str, Node]) -> None:
    """Adds `top` and all below it to `nodes`, in order; no recursion, a trace can be thousands of spans deep."""
    stack = [top]
    while stack:
        node = stack.pop()
        span_id, depth = node.span.span_id, node.depth + 1
        if span_id in nodes:
            continue
        nodes[span_id] = node
        below = children.get(span_id)
        if below:
            stack += [Node(span, span_id, depth, False) for span in reversed(below)]
