"""The content-free record that every trace leaves behind (design 2.8): what it is, and its one form as JSON.

No text of a span, no reason, no argument: ids, names, numbers and hashes only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

import pydantic
from pydantic import Field, StringConstraints, TypeAdapter

from otel_scorer.history.storable import LARGEST_COUNT, LONGEST_NAME, storable
from otel_scorer.model import Kind, MissingReason, Status

Name: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
Number: TypeAlias = Annotated[float | None, Field(allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=-LARGEST_COUNT, le=LARGEST_COUNT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One dimension of one result: a score, or why there is none."""

    value: int | None = None
    estimate: Number = None
    missing: MissingReason | None = None
    by: Name = ""
    evidence: tuple[Name, ...] = ()
    """Span ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMark:
    """A finding without its text."""

    code: Name
    dimension: Name
    stage: Name = ""
    span_ids: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rubric said of one span."""

    rubric: Name
    version: int
    digest: Name
    target_span_id: Name
    primary: bool = True
    evaluator: Name = ""
    scores: dict[Name, Verdict] = field(default_factory=dict)
    composite: Number = None
    coverage: Number = None
    label: Literal["pass", "fail", ""] = ""
    metrics: dict[Name, Number] = field(default_factory=dict)
    findings: tuple[FindingMark, ...] = ()
    judge_calls: Count = 0
    judge_input_tokens: Count = 0
    judge_output_tokens: Count = 0
    judge_cost: Number = None
    """None: no prices known."""
    judge_cache_hits: Count = 0
    judge_seconds: Number = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A rubric as the decision pinned it."""

    name: Name
    version: int
    digest: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """None: not told."""

    input: Count | None = None
    output: Count | None = None
    total: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds since the epoch on the store's clock, None for what did not happen."""

    first_seen_ms: int | None = None
    last_seen_ms: int | None = None
    sealed_ms: int | None = None
    scored_ms: int | None = None
    exported_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a conversation was when it was scored (records of kind `conversation`)."""

    trace_ids: tuple[Name, ...] = ()
    """Of the traces that were read, in order of start; the result lies in the last one."""
    known_traces: Count = 0
    """All that it is known to have, also those that were not kept."""
    turns: Count = 0
    not_told: Count = 0
    """Traces whose turns nobody tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One trace's ending. Tenant, trace id and kind are its key; of several with one key the highest revision counts.

    It holds what every database takes: who makes one from what spans say cuts that first (`storable`).
    A trace of which nothing but its id is known (bypassed, say) has a record of key, time and status.
    """

    tenant: Name
    trace_id: Name
    kind: Name = "trace"
    revision: Count = 0
    ended_at_ms: Count
    """When the status was fixed, on the store's clock: what retention and queries by time go by."""
    started_at_ms: Count | None = None
    """Start of the root by its own clock, which may be wrong."""
    status: Status
    label: Literal["pass", "fail", ""] = ""
    """`fail` when a primary result failed, else `pass` when one passed."""
    rule: Name = ""
    probability: Number = None
    """Inclusion probability of the trace; None where it was never decided on."""
    upstream_probability: Number = None
    """Of a sampler before us; None where `tracestate` does not tell."""
    rubrics: tuple[Pinned, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    signals: tuple[Name, ...] = ()
    segments: dict[Name, Name] = field(default_factory=dict)
    fingerprints: dict[Name, Name] = field(default_factory=dict)
    conversation_id: Name = ""
    response_id: Name = ""
    user_hash: Name = ""
    root_span_id: Name = ""
    input_length: Count | None = None
    language: Name | None = None
    latency_s: Number = None
    latency_by_kind_s: dict[Kind, float] = field(default_factory=dict)
    """Seconds during which at least one span of the kind was running."""
    spans_by_kind: dict[Kind, Count] = field(default_factory=dict)
    errors_by_kind: dict[Kind, Count] = field(default_factory=dict)
    """Spans with an error status, of the kinds that have any."""
    tokens: Tokens = Tokens()
    tokens_by_kind: dict[Kind, Tokens] = field(default_factory=dict)
    cost: Number = None
    """None: no prices known."""
    received_spans: Count = 0
    exported_spans: Count = 0
    attempts: Count = 0
    sealed_before_root: bool = False
    times: Times = Times()
    course: Course | None = None
    """Of a conversation; its `trace_id` is `conversation_key`, and its `root_span_id` is in the last trace."""

    def to_json(self) -> str:
        """Always the same text for it: ASCII, fields in their order; what has its default value is left out."""
        return _FORM.dump_json(self, exclude_defaults=True, ensure_ascii=True).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """What `to_json` wrote, of this version or another: fields that a newer one added are passed over, what no
        database takes is cut. Raises ValueError, which quotes nothing.
        """
        said = text if isinstance(text, str) else text.decode(errors="replace")
        try:
            return _FORM.validate_json(said, strict=True) if "\\u0000" not in said else _mended(said)
        except pydantic.ValidationError:
            return _mended(said)

    @property
    def main(self) -> Outcome | None:
        """The primary outcome of the root, else the first primary one: the trace's own scores."""
        primary = [outcome for outcome in self.outcomes if outcome.primary]
        at_root = [outcome for outcome in primary if outcome.target_span_id == self.root_span_id]
        return next(iter(at_root or primary), None)


_FORM = TypeAdapter(Record)


def _mended(text: str) -> Record:
    """A record that holds more than a database takes, cut to that. Raises ValueError."""
    try:
        return _FORM.validate_json(json.dumps(storable(json.loads(text))), strict=True)
    except pydantic.ValidationError as error:
        # Not chained: pydantic's message quotes the input.
        raise ValueError(f"not a record: {error.error_count()} fields are wrong") from None
    except (ValueError, RecursionError):
        raise ValueError("not a record: no JSON") from None
