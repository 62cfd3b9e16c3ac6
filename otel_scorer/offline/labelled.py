"""Labels joined with the traces that they are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from otel_scorer.errors import UserError
from otel_scorer.model import Dimension, Trace
from otel_scorer.offline.labels import Label
from otel_scorer.otlp import read_traces


@dataclass(frozen=True, slots=True)
class Labelled:
    """One rated thing: a trace, or with `span_id` one span of it, and all labels of it."""

    trace: Trace
    span_id: str
    labels: tuple[Label, ...]

    @property
    def place(self) -> str:
        """Where its first label stands."""
        return self.labels[0].place

    @property
    def segment(self) -> str:
        return next((label.segment for label in self.labels if label.segment), "")

    def ratings(self, dimension: Dimension) -> tuple[int, ...]:
        """What its raters said, in the order of the file; empty where nobody rated the dimension."""
        return tuple(label.scores[dimension] for label in self.labels if dimension in label.scores)


def join(labels: Sequence[Label], files: Sequence[Path], kept: Callable[[str], Trace | None]) -> list[Labelled]:
    """Every rated thing with its trace, in the order of the labels.

    A label's own file is looked in first; without one all of `files`; without any, what `kept` finds for the id.
    Raises UserError for a trace that is nowhere.
    """
    in_file = cache(lambda file: {trace.trace_id: trace for trace in read_traces([file])})
    at_hand = {trace.trace_id: trace for trace in read_traces(files)} if files else {}
    in_store = cache(kept)
    grouped: dict[tuple[Path | None, str, str], list[Label]] = {}
    for label in labels:
        grouped.setdefault(label.target, []).append(label)
    found = []
    for (file, trace_id, span_id), group in grouped.items():
        if file is not None:
            trace = in_file(file).get(trace_id)
        else:
            trace = at_hand.get(trace_id) if files else in_store(trace_id)
        if trace is None:
            raise UserError(_nowhere(group[0], files))
        found.append(Labelled(trace, span_id, tuple(group)))
    return found


def _nowhere(label: Label, files: Sequence[Path]) -> str:
    start = f"{label.place}: trace_id is {label.trace_id}, which "
    if label.file is not None:
        return start + f"is not in {label.file}; mend `file` or the id"
    if files:
        return start + f"is in none of {', '.join(map(str, files[:5]))}; give its file with --traces too"
    return start + "is not kept; give the file that holds it with --traces, or as `file` of the label"
