"""The content-free record that every trace leaves behind (design 2.8): what it is, and its one form as JSON.

No text of a span, no reason, no argument: ids, names, numbers and hashes only.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal, TypeAlias

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from otel_scorer.model import Kind, MissingReason, Status

LONGEST_NAME = 256
_MAX_INT = 2**63 - 1


def _name(value: Any) -> Any:
    """Text from outside as every database takes it: no NUL, no half of a surrogate pair, not too long for an index."""
    if not isinstance(value, str):
        return value
    return value[:LONGEST_NAME].replace("\0", "").encode("utf-8", "replace").decode()


def _finite(value: Any) -> Any:
    return value if not isinstance(value, float) or math.isfinite(value) else None


def _count(value: Any) -> Any:
    """Counts from outside, within what a database column holds."""
    return max(-_MAX_INT, min(value, _MAX_INT)) if isinstance(value, int) else value


Name: TypeAlias = Annotated[str, BeforeValidator(_name)]
Number: TypeAlias = Annotated[float | None, BeforeValidator(_finite)]
Count: TypeAlias = Annotated[int, BeforeValidator(_count)]


class Part(BaseModel):
    """Frozen; fields that a newer version wrote are passed over, so that versions can run side by side."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Verdict(Part):
    """One dimension of one result: a score, or why there is none."""

    value: int | None = None
    estimate: Number = None
    missing: MissingReason | None = None
    by: Name = ""
    evidence: tuple[Name, ...] = ()
    """Span ids."""


class FindingMark(Part):
    """A finding without its text."""

    code: Name
    dimension: Name
    stage: Name = ""
    span_ids: tuple[Name, ...] = ()


class Outcome(Part):
    """What one rubric said of one span."""

    rubric: Name
    version: int
    digest: Name
    target_span_id: Name
    primary: bool = True
    evaluator: Name = ""
    scores: dict[Name, Verdict] = Field(default_factory=dict)
    composite: Number = None
    coverage: Number = None
    label: Literal["pass", "fail", ""] = ""
    metrics: dict[Name, Number] = Field(default_factory=dict)
    findings: tuple[FindingMark, ...] = ()
    judge_calls: Count = 0
    judge_input_tokens: Count = 0
    judge_output_tokens: Count = 0


class Pinned(Part):
    """A rubric as the decision pinned it."""

    name: Name
    version: int
    digest: Name


class Tokens(Part):
    """None: not told."""

    input: Count | None = None
    output: Count | None = None
    total: Count | None = None


class Times(Part):
    """Milliseconds since the epoch on the store's clock, None for what did not happen."""

    first_seen_ms: int | None = None
    last_seen_ms: int | None = None
    sealed_ms: int | None = None
    scored_ms: int | None = None
    exported_ms: int | None = None


class Record(Part):
    """One trace's ending. Tenant, trace id and kind are its key; of several with one key the highest revision counts.

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
    segments: dict[Name, Name] = Field(default_factory=dict)
    fingerprints: dict[Name, Name] = Field(default_factory=dict)
    conversation_id: Name = ""
    response_id: Name = ""
    user_hash: Name = ""
    root_span_id: Name = ""
    input_length: Count | None = None
    language: Name | None = None
    latency_s: Number = None
    latency_by_kind_s: dict[Kind, float] = Field(default_factory=dict)
    """Seconds during which at least one span of the kind was running."""
    tokens: Tokens = Tokens()
    tokens_by_kind: dict[Kind, Tokens] = Field(default_factory=dict)
    cost: Number = None
    """None: no prices known."""
    received_spans: Count = 0
    exported_spans: Count = 0
    attempts: Count = 0
    sealed_before_root: bool = False
    times: Times = Times()

    def to_json(self) -> str:
        """Canonical: equal records are equal text, ASCII only, keys sorted; what has its default value is left out."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """What `to_json` wrote, of this version or another. Raises ValueError."""
        try:
            return cls.model_validate_json(text)
        except pydantic.ValidationError as error:
            # Not chained: pydantic's message quotes the input.
            raise ValueError(f"not a record: {error.error_count()} fields are wrong") from None

    @property
    def main(self) -> Outcome | None:
        """The primary outcome of the root, else the first primary one: the trace's own scores."""
        primary = [outcome for outcome in self.outcomes if outcome.primary]
        at_root = [outcome for outcome in primary if outcome.target_span_id == self.root_span_id]
        return next(iter(at_root or primary), None)
