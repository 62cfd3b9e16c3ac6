"""The steps of a run: agent spans in the order of the tree, each with its evidence, read when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from otel_scorer.model import GenAI, Kind, Span

TOOL_KINDS: frozenset[Kind] = frozenset({"TOOL", "MCP"})
RETRIEVAL_KINDS: frozenset[Kind] = frozenset({"RETRIEVER", "RERANKER", "VECTOR_DB"})


class Evidence(Mapping[str, GenAI]):
    """`GenAI` by span id; a span is read when it is first looked up, and once."""

    def __init__(self, spans: Mapping[str, Span], read: Callable[[Span], GenAI]) -> None:
        self._spans = spans
        self._read = read
        self._done: dict[str, GenAI] = {}

    def __getitem__(self, span_id: str) -> GenAI:
        found = self._done.get(span_id)
        if found is None:
            found = self._done[span_id] = self._read(self._spans[span_id])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


@dataclass(frozen=True)
class Step:
    """One agent span in its place. `parent_id` is the nearest agent ancestor's id or ""; `depth` is 0 for a root."""

    span: Span
    kind: Kind
    depth: int
    parent_id: str
    evidence: Mapping[str, GenAI] = field(repr=False, compare=False)

    @property
    def span_id(self) -> str:
        return self.span.span_id

    @property
    def genai(self) -> GenAI:
        """What the span says; reading it costs, so it is left until somebody asks."""
        return self.evidence[self.span.span_id]


def ancestors(step: Step, by_id: Mapping[str, Step]) -> Iterator[Step]:
    """The agent ancestors of a step, nearest first. Ends: steps come from a tree, in which cycles are cut."""
    while step.parent_id:
        step = by_id[step.parent_id]
        yield step
