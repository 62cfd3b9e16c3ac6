"""Human labels of traces, from a file: JSON lines, strictly read.

{"trace_id": "4bf9...", "rater": "ana", "scores": {"factual_grounding": 4, "privacy_and_safety": 5}}
{"trace_id": "4bf9...", "rater": "ben", "scores": {"factual_grounding": 3}, "segment": "refunds", "note": "..."}
{"file": "runs/7.json", "trace_id": "00f0...", "span_id": "a1b2c3d4e5f60718", "rater": "ana", "scores": {...}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from otel_scorer.errors import UserError
from otel_scorer.model import DIMENSIONS, Dimension

SCALE = (1, 2, 3, 4, 5)
_EXAMPLE = '{"trace_id": "<32 hex digits>", "rater": "ana", "scores": {"factual_grounding": 4}}'


@dataclass(frozen=True, slots=True)
class Label:
    """What one rater said of one trace, or of one span of it. `place` is where it stands, for errors."""

    place: str
    trace_id: str
    rater: str
    scores: Mapping[Dimension, int]
    span_id: str = ""
    """Set where a span-level rubric is meant and the trace has several spans that it judges."""
    file: Path | None = None
    """Where the trace lies, for ids that occur in several files; None: in any."""
    segment: str = ""

    @property
    def target(self) -> tuple[Path | None, str, str]:
        """What was rated: labels with one target are of several raters."""
        return self.file, self.trace_id, self.span_id


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    trace_id: str
    rater: Annotated[str, Field(min_length=1)]
    scores: Annotated[dict[Dimension, Annotated[int, Field(ge=1, le=5)]], Field(min_length=1)]
    span_id: str = ""
    file: str = ""
    segment: str = ""
    note: str = ""

    @field_validator("trace_id")
    @classmethod
    def _is_a_trace_id(cls, value: str) -> str:
        if not re.fullmatch(r"[0-9a-fA-F]{32}", value):
            raise ValueError("write the 32 hex digits of a trace id")
        return value.lower()

    @field_validator("span_id")
    @classmethod
    def _is_a_span_id(cls, value: str) -> str:
        if not re.fullmatch(r"(?:[0-9a-fA-F]{16})?", value):
            raise ValueError("write the 16 hex digits of a span id, or leave it out")
        return value.lower()


def read_labels(path: Path) -> tuple[Label, ...]:
    """The labels in the order of the file. `file` of a label is relative to the folder of `path`.

    Raises UserError that names file, line, field, value and remedy; so too where a rater labels a thing twice.
    """
    labels = [_label(path, number, line) for number, line in enumerate(_lines(path), 1) if line.strip()]
    if not labels:
        raise UserError(f"{path}: holds no label; write one object a line, such as {_EXAMPLE}")
    _refuse_repeated(labels)
    _refuse_two_segments(labels)
    return tuple(labels)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").split("\n")
    except FileNotFoundError:
        raise UserError(f"{path}: is not there; give the file that holds the labels") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); labels are JSON lines in UTF-8") from None


def _label(path: Path, number: int, text: str) -> Label:
    place = f"{path}, line {number}"
    try:
        line = _Line.model_validate(_object(place, text))
    except ValidationError as error:
        raise UserError(f"{place}: {_mistake(error)}") from None
    return Label(
        place=place,
        trace_id=line.trace_id,
        rater=line.rater,
        scores=line.scores,
        span_id=line.span_id,
        file=path.parent / line.file if line.file else None,
        segment=line.segment,
    )


def _object(place: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=lambda pairs: _without_repeats(place, pairs))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: is no JSON ({error}); write one object a line, such as {_EXAMPLE}") from None
    if not isinstance(found, dict):
        raise UserError(f"{place}: is {_short(found)}; write an object, such as {_EXAMPLE}")
    return found


def _without_repeats(place: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"{place}: {twice} stands there twice; keep one")
    return found


_REMEDIES = {
    "missing": "is missing; add it",
    "extra_forbidden": f"is no field of a label; there are: {', '.join(_Line.model_fields)}",
    "literal_error": f"is no dimension; there are: {', '.join(DIMENSIONS)}",
    "int_type": "write a whole number from 1 to 5, or leave the dimension out",
    "greater_than_equal": "write a whole number from 1 to 5, or leave the dimension out",
    "less_than_equal": "write a whole number from 1 to 5, or leave the dimension out",
    "too_short": "label at least one dimension",
    "string_too_short": "write who labelled it; any name will do",
    "string_type": "write text",
    "dict_type": "write an object with a score for each labelled dimension",
}


def _mistake(error: ValidationError) -> str:
    """The first mistake: field, value, remedy."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"] if part != "[key]")
    remedy = _REMEDIES.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    if first["type"] in ("missing", "extra_forbidden", "literal_error"):
        return f"{field} {remedy}"
    return f"{field} is {_short(first['input'])}: {remedy}"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse_repeated(labels: Sequence[Label]) -> None:
    seen: dict[tuple[object, ...], Label] = {}
    for label in labels:
        for dimension in label.scores:
            first = seen.setdefault((*label.target, label.rater, dimension), label)
            if first is not label:
                raise UserError(
                    f"{label.place}: rater is {_short(label.rater)}, who has already rated {dimension} of this trace "
                    f"({first.place}); keep one of the two"
                )


def _refuse_two_segments(labels: Sequence[Label]) -> None:
    told: dict[tuple[object, ...], Label] = {}
    for label in labels:
        first = told.setdefault(label.target, label) if label.segment else label
        if first.segment != label.segment:
            raise UserError(
                f"{label.place}: segment is {_short(label.segment)}, but {_short(first.segment)} for the same trace "
                f"({first.place}); make them agree"
            )
