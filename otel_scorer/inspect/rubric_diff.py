"""What changed from one rubric to another, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from otel_scorer.scoring.rubrics.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Change:
    """One field. `before` or `after` is None where it is not there."""

    field: str
    before: str | None
    after: str | None


def diff(before: Rubric, after: Rubric) -> list[Change]:
    """Every field that differs, in the order of the format. Lists are compared by what they hold, not by place."""
    return list(_changes("", _content(before), _content(after)))


def _content(rubric: Rubric) -> dict[str, Any]:
    return rubric.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _changes(field: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    either = [value for value in (before, after) if value is not None]
    if all(isinstance(value, Mapping) for value in either):
        inside, outside = before or {}, after or {}
        for key in dict.fromkeys([*inside, *outside]):
            yield from _changes(f"{field}.{key}" if field else str(key), inside.get(key), outside.get(key))
    elif all(isinstance(value, list) for value in either):
        yield from _items(field, before or [], after or [])
    else:
        yield Change(field, _shown(before), _shown(after))


def _items(field: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    yield from (Change(field, _shown(item), None) for item in before if item not in after)
    yield from (Change(field, None, _shown(item)) for item in after if item not in before)


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def table(before: Rubric, after: Rubric, changes: list[Change]) -> Table:
    """For a terminal."""
    shown = Table(
        title=f"{before} ({before.digest}) to {after} ({after.digest}): {len(changes)} changes", title_justify="left"
    )
    shown.add_column("field", overflow="fold", ratio=2)
    shown.add_column(str(before), overflow="fold", ratio=4)
    shown.add_column(str(after), overflow="fold", ratio=4)
    for change in changes:
        shown.add_row(change.field, Text(change.before or "", "red"), Text(change.after or "", "green"))
    return shown
