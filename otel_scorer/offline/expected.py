"""Reads what cases expect: JSON lines, one case each, by trace id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from otel_scorer.errors import UserError
from otel_scorer.scoring.reference import Expected


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: str = ""
    exact: str | None = None
    rules: dict[str, Any] | None = Field(default=None, alias="schema")
    facts: tuple[str, ...] = ()

    @field_validator("facts")
    @classmethod
    def _say_something(cls, facts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(fact.strip() for fact in facts):
            raise ValueError("an empty fact is always there; remove it")
        return facts


class _Case(BaseModel):
    """One line: `{"trace_id": "...", "expected": {"answer": ..., "exact": ..., "schema": ..., "facts": [...]}}`."""

    model_config = ConfigDict(extra="forbid")

    trace_id: str = Field(pattern=r"^[0-9a-fA-F]{32}$")
    expected: _Said


def read_expected(file: Path) -> dict[str, Expected]:
    """Trace id -> what is expected of the run. Raises UserError naming file, line, field, value and remedy."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read ({error})") from error
    found: dict[str, Expected] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        case = _read(file, number, line)
        if case.trace_id.lower() in found:
            raise UserError(
                f"{file}: line {number}: trace_id is {case.trace_id!r}, which came before; keep one of them"
            )
        said = case.expected
        found[case.trace_id.lower()] = Expected(said.answer, said.exact, said.rules, said.facts)
    return found


def _read(file: Path, number: int, line: str) -> _Case:
    try:
        return _Case.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        told = f"{field} is {str(first['input'])[:60]!r}: " if field else ""
        raise UserError(
            f'{file}: line {number}: {told}{message}; a case is {{"trace_id": 32 hex digits, "expected": '
            '{"answer" | "exact" | "schema" | "facts": ...}}'
        ) from error
