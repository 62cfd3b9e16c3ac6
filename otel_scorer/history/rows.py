"""Records and kept content as rows: the columns that queries use in the tables' order, and the whole as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from otel_scorer.history.kept import Kept
from otel_scorer.history.record import Outcome, Record
from otel_scorer.model import DIMENSIONS

Row: TypeAlias = tuple[Any, ...]
"""Values for all columns of a table, in their order."""

Written: TypeAlias = tuple[Record, str]
"""A record and its JSON: what came as text is stored as it came, also with fields that a newer version wrote."""


def record_rows(written: Iterable[Written]) -> list[Row]:
    """Rows for `tables.records` in order of key, each key once, with its highest revision.

    PostgreSQL locks rows in that order, so writers cannot deadlock; and neighbours in an index are written together.
    """
    latest: dict[tuple[str, str, str], Written] = {}
    for each in written:
        record = each[0]
        key = (record.trace_id, record.tenant, record.kind)
        known = latest.setdefault(key, each)
        if record.revision > known[0].revision:
            latest[key] = each
    return [_record_row(*latest[key]) for key in sorted(latest)]


def kept_rows(kept: Iterable[Kept]) -> list[Row]:
    """Rows for `tables.kept` in order of key, each key once, with the content stored last."""
    latest: dict[tuple[str, str], Kept] = {}
    for content in kept:
        known = latest.setdefault((content.trace_id, content.tenant), content)
        if content.stored_at_ms > known.stored_at_ms:
            latest[content.trace_id, content.tenant] = content
    return [_kept_row(latest[key]) for key in sorted(latest)]


def conversation_rows(kept: Iterable[Kept]) -> list[Row]:
    """Rows for `tables.conversations`: of which conversations content came, and when the last of it ended.

    `kept` is content that was not there before: what comes twice is nothing to wait for.
    """
    latest: dict[tuple[str, str], int] = {}
    for content in kept:
        if content.conversation_id:
            key = (content.conversation_id, content.tenant)
            latest[key] = max(content.stored_at_ms, latest.get(key, 0))
    return [(*key, latest[key], latest[key]) for key in sorted(latest)]


def _record_row(record: Record, text: str) -> Row:
    segment = record.segments.get
    return (
        record.trace_id,
        record.tenant,
        record.kind,
        record.revision,
        record.ended_at_ms,
        record.status,
        record.label,
        record.rule,
        record.probability,
        segment("service", ""),
        segment("agent", ""),
        segment("model", ""),
        record.conversation_id,
        record.response_id,
        record.user_hash,
        *(_NO_SCORES if not record.outcomes else _scores(record.main)),
        record.latency_s,
        record.tokens.total,
        text,
    )


def _scores(outcome: Outcome | None) -> Row:
    """Rubric, its digest, evaluator, the dimensions, composite, coverage: of the trace's main outcome."""
    if outcome is None:
        return _NO_SCORES
    verdicts = [outcome.scores.get(name) for name in DIMENSIONS]
    return (
        f"{outcome.rubric}@{outcome.version}",
        outcome.digest,
        outcome.evaluator,
        *(verdict.value if verdict is not None else None for verdict in verdicts),
        outcome.composite,
        outcome.coverage,
    )


_NO_SCORES: Row = ("", "", "", *(None for _ in DIMENSIONS), None, None)


def _kept_row(kept: Kept) -> Row:
    return (
        kept.trace_id,
        kept.tenant,
        kept.stored_at_ms,
        len(kept.packed),
        kept.user_hash,
        kept.conversation_id,
        kept.packed,
    )
