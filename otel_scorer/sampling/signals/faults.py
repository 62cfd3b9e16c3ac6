"""Signals of things that went wrong: errors, failing tools, answers that were cut off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from otel_scorer.conventions.faults import is_limited
from otel_scorer.conventions.steps import TOOL_KINDS
from otel_scorer.conventions.values import string
from otel_scorer.sampling.signals.calls import IN_MESSAGES
from otel_scorer.sampling.signals.signal import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_scorer.conventions.trace_view import TraceView

_TIMED_OUT = re.compile(
    r"time[ds]?[ _-]?out|deadline[ _-]?exceeded|took too long|\bETIMEDOUT\b|\b(?:504|408)\b", re.IGNORECASE
)
_LOOK_AT = 2000
"""Characters of an error's text that are searched."""


class ErrorSignal(Signal):
    """A span ended with an error status or an unhandled exception."""

    signal: Literal["error"] = "error"
    where: Literal["any", "root"] = Field(default="any", description="`any` span of the trace, or the `root` alone.")

    def holds(self, view: TraceView) -> bool:
        if self.where == "any":
            return bool(view.errors)
        return view.root is not None and any(span_id == view.root.span_id for span_id, _ in view.errors)


class ToolErrorSignal(Signal):
    """A tool failed."""

    signal: Literal["tool_error"] = "tool_error"
    in_messages: bool = Field(default=False, description=IN_MESSAGES)

    def holds(self, view: TraceView) -> bool:
        if any(view.kinds[span_id] in TOOL_KINDS for span_id, _ in view.errors):
            return True
        return self.in_messages and any(use.error for use in view.tool_uses)


class ToolTimeoutSignal(Signal):
    """A tool ran into a time-out, or took longer than it may."""

    signal: Literal["tool_timeout"] = "tool_timeout"
    over_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="A tool that took longer than this counts too; left out: only errors that tell of a time-out.",
    )
    in_messages: bool = Field(default=False, description=IN_MESSAGES)

    def holds(self, view: TraceView) -> bool:
        limit = self.over_s
        if limit is not None and any(span.duration_s > limit for span in view.spans_of(TOOL_KINDS)):
            return True
        if any(_TIMED_OUT.search(text[:_LOOK_AT]) for text in _tool_error_texts(view)):
            return True
        return self.in_messages and any(_TIMED_OUT.search(use.error[:_LOOK_AT]) for use in view.tool_uses)


class RateLimitedSignal(Signal):
    """An error tells of a rate limit, a quota or a budget."""

    signal: Literal["rate_limited"] = "rate_limited"

    def holds(self, view: TraceView) -> bool:
        return any(is_limited(text) for _, text in view.errors)


class FinishReasonSignal(Signal):
    """A model call stopped for a reason that leaves its answer cut off or withheld."""

    signal: Literal["finish_reason"] = "finish_reason"
    among: tuple[str, ...] = Field(
        default=("length", "content_filter"),
        alias="in",
        min_length=1,
        description="Reasons to look for: stop, length, content_filter, tool_call, error, or a provider's own word.",
    )

    def holds(self, view: TraceView) -> bool:
        return not {reason.lower() for reason in self.among}.isdisjoint(view.finish_reasons)


class TruncationSignal(Signal):
    """Evidence is missing: spans over our limits, or attributes that the SDK dropped."""

    signal: Literal["truncation"] = "truncation"

    def holds(self, view: TraceView) -> bool:
        return view.trace.truncated or any(span.dropped_attributes for span in view.trace.spans)


def _tool_error_texts(view: TraceView) -> Iterator[str]:
    failed = dict(view.errors)
    if not failed:
        return
    for span in view.spans_of(TOOL_KINDS):
        if span.span_id in failed:
            # The type stands in no text where the status has a message of its own.
            yield f"{failed[span.span_id]} {string(span.attributes.get('error.type'))}"
