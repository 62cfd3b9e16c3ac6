"""When a trace is complete: each wait of design 2.3."""

from __future__ import annotations

import pytest

from otel_scorer.model import Head, Kind
from otel_scorer.online.complete import completeness, open_ends, under_pressure
from otel_scorer.online.pipeline_settings import CompleteSettings

SETTINGS = CompleteSettings()
REMOTE, LOCAL, UNKNOWN = 0x300, 0x100, 0x0


def heads(*made: Head) -> dict[str, Head]:
    return {head.span_id: head for head in made}


def agent(span_id: str, parent_id: str = "", flags: int = LOCAL) -> Head:
    return Head(span_id, parent_id, flags, agent=True)


def other(span_id: str, parent_id: str = "", flags: int = LOCAL) -> Head:
    return Head(span_id, parent_id, flags, agent=False)


def wait_s(found: dict[str, Head], settings: CompleteSettings = SETTINGS, kind: Kind = "AGENT") -> float:
    return (completeness(found, 0, 1000, settings, lambda _: kind).seal_at_ms - 1000) / 1000


def test_a_closed_chain_waits_for_quiet_only() -> None:
    assert wait_s(heads(agent("a"), agent("b", "a"))) == SETTINGS.quiet_s


def test_a_chain_that_ends_in_a_non_agent_root_is_closed() -> None:
    assert wait_s(heads(agent("a", "w"), other("w"))) == SETTINGS.quiet_s


def test_an_unseen_remote_parent_waits_longer() -> None:
    assert wait_s(heads(agent("a", "unseen", REMOTE))) == SETTINGS.remote_parent_s


def test_an_unseen_remote_parent_of_a_web_span_above_the_agent_counts_too() -> None:
    assert wait_s(heads(agent("a", "w"), other("w", "gateway", REMOTE))) == SETTINGS.remote_parent_s


@pytest.mark.parametrize("flags", [LOCAL, UNKNOWN])
def test_an_unseen_local_or_unknown_parent_is_most_likely_still_running(flags: int) -> None:
    assert wait_s(heads(agent("a", "unseen", flags))) == SETTINGS.local_parent_s


def test_the_longest_wait_of_all_open_ends_counts() -> None:
    found = heads(agent("a", "gateway", REMOTE), agent("b", "unseen", LOCAL))
    assert wait_s(found) == SETTINGS.local_parent_s


def test_agent_spans_only_lets_an_agent_wait_less_for_its_parent_and_a_tool_as_long_as_ever() -> None:
    only = SETTINGS.model_copy(update={"agent_spans_only": True})
    found = heads(agent("a", "unseen", LOCAL))
    assert wait_s(found, only) == SETTINGS.agent_parent_s
    assert wait_s(found, only, "TOOL") == SETTINGS.local_parent_s


def test_no_wait_goes_beyond_the_longest_age() -> None:
    found = heads(agent("a", "unseen", LOCAL))
    late = completeness(found, 0, 890_000, SETTINGS)
    assert late.seal_at_ms == 900_000


def test_parents_that_nobody_has_seen_are_wanted() -> None:
    found = heads(agent("a", "x"), agent("b", "a"), other("lonely", "y"))
    assert completeness(found, 0, 0, SETTINGS).wanted == ("x",), "a non-agent span outside an agent's chain is not ours"


def test_cycles_and_self_parents_end() -> None:
    assert open_ends(heads(agent("a", "b"), agent("b", "a"), agent("c", "c"))) == ()


def test_under_pressure_every_wait_is_quiet() -> None:
    short = under_pressure(SETTINGS)
    assert wait_s(heads(agent("a", "unseen", LOCAL)), short) == SETTINGS.quiet_s
