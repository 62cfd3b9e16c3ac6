"""What a sampler before us said of a trace, from W3C `tracestate` (OpenTelemetry's member `ot`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_THRESHOLD = re.compile(r"[0-9a-f]{1,14}", re.ASCII)
_P_VALUE = re.compile(r"[0-9]{1,2}", re.ASCII)
_NEVER = 63
"""The p-value that says: probability zero (recorded although the sampler did not take it)."""


def upstream_probability(trace_state: str) -> float | None:
    """The probability in [0, 1] with which an earlier sampler took the trace; None where nothing (readable) is said.

    `ot=th:c` is the rejection threshold in 56 bits, trailing zeros left out: taken with 1 - 0xc0...0 / 2**56 = 0.25.
    `ot=p:3` is the older form: taken with 2**-3. Where both stand, the threshold counts.
    """
    fields = _ot_fields(trace_state)
    threshold, p_value = fields.get("th", ""), fields.get("p", "")
    if _THRESHOLD.fullmatch(threshold):
        return 1.0 - int(threshold.ljust(14, "0"), 16) / (1 << 56)
    if _P_VALUE.fullmatch(p_value) and int(p_value) <= _NEVER:
        return 0.0 if int(p_value) == _NEVER else 2.0 ** -int(p_value)
    return None


def upstream_probability_of(view: TraceView) -> float | None:
    """Of a whole trace: what its root says, else the first span that says something."""
    spans = [view.root, *view.trace.spans] if view.root is not None else view.trace.spans
    told = (upstream_probability(span.trace_state) for span in spans if span.trace_state)
    return next((probability for probability in told if probability is not None), None)


def _ot_fields(trace_state: str) -> dict[str, str]:
    for member in trace_state.split(","):
        vendor, _, value = member.strip().partition("=")
        if vendor == "ot":
            pairs = (field.partition(":") for field in value.split(";"))
            return {name: text for name, _, text in pairs}
    return {}
