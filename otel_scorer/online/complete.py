"""Whether a trace is complete, and if not how long it may still be (design 2.3). Pure: times are the store's, handed
in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from otel_scorer.model import ROOT_KINDS, Head, Kind
from otel_scorer.online.pipeline_settings import CompleteSettings


@dataclass(frozen=True, slots=True)
class Completeness:
    """`seal_at_ms`: sealed once it is this late and nothing more came. `wanted`: ids of unseen parents."""

    seal_at_ms: int
    wanted: tuple[str, ...]


def completeness(
    heads: Mapping[str, Head],
    first_ms: int,
    last_ms: int,
    settings: CompleteSettings,
    kind_of: Callable[[str], Kind] | None = None,
) -> Completeness:
    """When the trace may be sealed, as far as is known now.

    `kind_of` tells the kind of an agent span by its id; it is asked only with `agent_spans_only`.
    """
    ends = open_ends(heads)
    waits = [_wait_s(end, settings, kind_of) for end in ends]
    quiet_ms = int(max([settings.quiet_s, *waits]) * 1000)
    max_age_ms = int(settings.max_age_s * 1000)
    return Completeness(min(last_ms + quiet_ms, first_ms + max_age_ms), tuple({end.parent_id for end in ends}))


def open_ends(heads: Mapping[str, Head]) -> tuple[Head, ...]:
    """The spans at the top of an agent span's chain of parents whose own parent has not been seen."""
    ends: dict[str, Head] = {}
    followed: set[str] = set()
    for head in heads.values():
        if not head.agent:
            continue
        top = head
        while top.span_id not in followed:
            followed.add(top.span_id)
            if not top.parent_id:
                break
            parent = heads.get(top.parent_id)
            if parent is None:
                ends[top.span_id] = top
                break
            top = parent
    return tuple(ends.values())


def _wait_s(end: Head, settings: CompleteSettings, kind_of: Callable[[str], Kind] | None) -> float:
    if end.parent_is_remote:
        return settings.remote_parent_s
    if settings.agent_spans_only and kind_of is not None and end.agent and kind_of(end.span_id) in ROOT_KINDS:
        return settings.agent_parent_s
    return settings.local_parent_s


def under_pressure(settings: CompleteSettings) -> CompleteSettings:
    """The waits while the ledger is nearly full: what can leave leaves sooner (design rule 8)."""
    shorter = {name: min(getattr(settings, name), settings.quiet_s) for name in _WAITS}
    return settings.model_copy(update=shorter)


_WAITS = ("remote_parent_s", "local_parent_s", "agent_parent_s")
