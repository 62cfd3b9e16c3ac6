"""Results as JSON text and back. One text for one value, so that online and offline runs compare byte by byte."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from otel_scorer.errors import UserError
from otel_scorer.model import Finding, JudgeUse, Missing, Result, RubricId, Score


def dump(results: Sequence[Result]) -> str:
    """Canonical JSON: one array, sorted keys, no spaces, characters as they are."""
    return _CANONICAL.encode(list(results))


def _by_field(noun: Any) -> dict[str, Any]:
    kind: Any = type(noun)
    return {name: getattr(noun, name) for name in _field_names(kind)}


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_by_field
)


def load(text: str) -> tuple[Result, ...]:
    """What `dump` wrote. Raises UserError for anything else."""
    try:
        return tuple(_result(item) for item in json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"these are no results of otel-scorer ({type(error).__name__}: {error})") from error


def _result(item: dict[str, Any]) -> Result:
    fields = {
        **item,
        "rubric": RubricId(**item["rubric"]),
        "scores": {name: _outcome(outcome) for name, outcome in item["scores"].items()},
        "findings": tuple(_finding(finding) for finding in item["findings"]),
        "judge_use": JudgeUse(**item["judge_use"]),
    }
    return Result(**fields)


def _outcome(item: dict[str, Any]) -> Score | Missing:
    if "why" in item:
        return Missing(**item)
    return Score(**{**item, "evidence": tuple(item["evidence"])})


def _finding(item: dict[str, Any]) -> Finding:
    return Finding(**{**item, "span_ids": tuple(item["span_ids"])})
