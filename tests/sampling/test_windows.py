"""Strata and thinning: numbers aimed at, one factor for a window, and estimates that stay unbiased."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sampled_traces import agent, span, trace_of

from otel_scorer.conventions.trace_view import TraceView
from otel_scorer.model import Decision, RubricRef, Span
from otel_scorer.sampling.decide import conclude, look
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.sampling.windows import (
    HEADROOM,
    LEAST,
    Limits,
    MemoryCounts,
    Of,
    Standing,
    Tally,
    Wanted,
    Windows,
    demanded,
    of_stratum,
    thinning,
)

AGENT = RubricRef("agent", 1, "a" * 12)
MINUTE_MS = 60_000
EVENING_MS = 23 * 3_600_000
"""An hour before a day ends."""


def refs(_view: TraceView, _names: Sequence[str] | None) -> tuple[RubricRef, ...]:
    return (AGENT,)


def chosen(**more: object) -> SamplingSettings:
    return SamplingSettings.model_validate({"rules": (), "floor": 0.0, **more})


def named(name: str, **more: object) -> Span:
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
    return span("a", f"invoke_agent {name}", attributes, **more)  # type: ignore[arg-type]


PER_AGENT = {"name": "per_agent", "by": ["agent"], "target": 10}


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        return self.ms


def windows(limits: Limits, clock: Clock, spent: float = 0.0) -> Windows:
    return Windows(MemoryCounts(limits, clock, lambda: spent), limits)


async def decided(
    traces: Sequence[TraceView], settings: SamplingSettings, counted: Windows, salt: bytes = b"salt"
) -> list[Decision]:
    looked = [look(trace, settings, refs) for trace in traces]
    standing = await counted.standing([one.wanted for one in looked if one.wanted is not None])
    return [conclude(one, each, settings, salt=salt) for one, each in zip(looked, standing, strict=True)]


async def test_a_stratum_aims_at_its_number_whatever_a_segment_has() -> None:
    clock, settings = Clock(), chosen(strata=[PER_AGENT])
    counted = windows(Limits(), clock)
    traces = [trace_of(named("busy"), trace_id=f"{n:032x}") for n in range(1000)]
    traces += [trace_of(named("quiet"), trace_id=f"{n:032x}") for n in range(1000, 1005)]
    first = await decided(traces, settings, counted)
    assert {(one.rule, one.probability) for one in first} == {("per_agent", 1.0)}
    clock.ms = MINUTE_MS
    second = await decided(traces, settings, counted)
    assert {one.probability for one in second[:1000]} == {0.01}
    assert sum(one.status is None for one in second[:1000]) == pytest.approx(10, abs=9)
    assert [one.status for one in second[1000:]] == [None] * 5


async def test_the_largest_of_rules_floor_and_strata_counts_and_names_itself() -> None:
    clock = Clock()
    settings = chosen(rules=[{"name": "failed", "when": ["error"], "rate": 0.5}], floor=0.02, strata=[PER_AGENT])
    counted = windows(Limits(), clock)
    traces = [trace_of(named("busy", status=2 * (n % 2)), trace_id=f"{n:032x}") for n in range(100)]
    await decided(traces, settings, counted)
    clock.ms = MINUTE_MS
    again = await decided(traces, settings, counted)
    assert {(one.rule, one.probability) for one in again} == {("failed", 0.5), ("per_agent", 0.1)}


async def test_a_budget_thins_by_one_factor_for_a_whole_window() -> None:
    clock, settings = Clock(), chosen(floor=0.5)
    counted = windows(Limits(traces_per_minute=50), clock)
    traces = [trace_of(agent(), trace_id=f"{n:032x}") for n in range(1000)]
    assert {one.probability for one in await decided(traces, settings, counted)} == {0.5}
    clock.ms = MINUTE_MS
    second = await decided(traces[:10], settings, counted)
    clock.ms += 1000
    second += await decided(traces[10:], settings, counted)
    factor = 50 * (1 - HEADROOM) / 500
    assert {one.probability for one in second} == {0.5 * factor}
    assert sum(one.status is None for one in second) == pytest.approx(47, abs=25)
    clock.ms = 2 * MINUTE_MS
    third = await decided(traces, settings, counted)
    assert third[0].probability == 0.5 * factor  # the demand before thinning counts, so that it does not swing


def tally(demand: float = 0.0, spent: float = 0.0, lately: tuple[float, float] = (0.0, 0.0), now_ms: int = 0) -> Tally:
    return Tally(0, now_ms, Of(demand, spent), {}, (), *lately)


def test_money_left_is_spread_over_the_rest_of_the_day_by_what_a_trace_costs() -> None:
    limits = Limits(money_per_day=10.0)
    # 60 windows and 6 of 10 are left: 0.1 a window, where 40 traces at 0.01 would cost 0.4
    asked = tally(demand=40, spent=4.0, lately=(8.0, 800.0), now_ms=EVENING_MS)
    assert thinning(limits, asked, Of()) == pytest.approx(0.25)
    assert thinning(limits, tally(demand=40, spent=10.0, lately=(8.0, 800.0)), Of()) == LEAST
    assert thinning(limits, tally(demand=40, spent=4.0, lately=(8.0, 3.0)), Of()) == 1.0


def test_one_tenant_is_thinned_to_its_share_before_all_are() -> None:
    limits = Limits(traces_per_minute=100, tenant_share=0.5)
    assert thinning(limits, tally(demand=95), Of(demand=95)) == pytest.approx(0.5)
    assert thinning(limits, tally(demand=95), Of(demand=10)) == 1.0


@settings(max_examples=200)
@given(
    st.integers(1, 10**6),
    st.lists(st.integers(0, 10**6), max_size=4),
    st.floats(0, 1),
    st.floats(0, 10**9),
    st.floats(0.001, 10**6),
)
def test_probabilities_and_factors_stay_what_they_are(
    target: int, counts: list[int], rate: float, demand: float, rate_limit: float
) -> None:
    one = Wanted("a", rate, tuple((str(at), target) for at in range(len(counts))))
    assert rate <= demanded(one, tuple(counts)) <= 1.0
    assert all(0 < of_stratum(target, count) <= 1 for count in counts)
    factor = thinning(Limits(traces_per_minute=rate_limit), tally(demand=demand), Of(demand=demand))
    assert LEAST <= factor <= 1.0
    assert factor * demand <= max(rate_limit, LEAST * demand) + 1e-6


async def test_weighted_by_the_recorded_probability_the_scored_traces_tell_of_all() -> None:
    """A known population, drawn many times: the mean of the estimates is the truth, within its standard error."""
    spread = random.Random(7)
    sizes = {"busy": 600, "middling": 150, "quiet": 12}
    traces, values = [], []
    for name, size in sizes.items():
        for _ in range(size):
            traces.append(trace_of(named(name), trace_id=f"{len(traces):032x}"))
            values.append(spread.gauss({"busy": 4.0, "middling": 3.0, "quiet": 1.5}[name], 0.5))
    settings = chosen(floor=0.05, strata=[{**PER_AGENT, "target": 40}])
    clock = Clock()
    counted = windows(Limits(traces_per_minute=70), clock)
    await decided(traces, settings, counted)
    looked = [look(trace, settings, refs) for trace in traces]
    clock.ms = MINUTE_MS
    standing = await counted.standing([one.wanted for one in looked if one.wanted is not None])
    assert {round(each.factor, 3) for each in standing} == {round(70 * 0.95 / (600 + 150 + 12), 3)}
    estimates, taken = [], []
    for number in range(400):
        drawn = [
            conclude(one, each, settings, salt=number.to_bytes(8, "big"))
            for one, each in zip(looked, standing, strict=True)
        ]
        taken.append(sum(one.status is None for one in drawn))
        estimates.append(
            sum(value / one.probability for value, one in zip(values, drawn, strict=True) if one.status is None)
        )
    error = statistics.stdev(estimates) / math.sqrt(len(estimates))
    assert abs(statistics.mean(estimates) - sum(values)) < 4 * error
    expected = sum(each.factor * demanded(one.wanted, each.counts) for one, each in zip(looked, standing, strict=True))  # type: ignore[arg-type]
    assert statistics.mean(taken) == pytest.approx(expected, rel=0.1)


async def test_an_evaluation_and_what_no_rubric_fits_are_not_counted() -> None:
    own = trace_of(span("a", "evaluation", {"openinference.span.kind": "EVALUATOR"}))
    settings = chosen(strata=[PER_AGENT])
    assert look(own, settings, refs).wanted is None
    assert look(trace_of(agent()), settings, lambda _view, _names: ()).wanted is None
    assert conclude(look(own, settings, refs), Standing(), settings).status == "own"


def test_segments_are_told_apart_by_tenant_stratum_and_values() -> None:
    settings = chosen(strata=[PER_AGENT, {**PER_AGENT, "name": "by_tag", "by": ["attribute.tag"]}])
    first, second = (look(trace_of(named(name)), settings, refs) for name in ("one", "two"))
    assert first.strata[0][1] != second.strata[0][1]
    assert first.strata[1][1] == second.strata[1][1]
    assert len({first.strata[0][1], first.strata[1][1]}) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"strata": [{**PER_AGENT, "by": ["agnet"]}]}, "no segment key: write one of service, version, agent"),
        ({"strata": [{**PER_AGENT, "by": ["attribute."]}]}, "no segment key"),
        ({"strata": [{**PER_AGENT, "target": 0}]}, "greater than or equal to 1"),
        ({"strata": [PER_AGENT, PER_AGENT]}, "called `per_agent`"),
        ({"strata": [{**PER_AGENT, "name": "floor"}]}, "a word of otel_scorer's own"),
        ({"rules": [{"name": "per_agent"}], "strata": [PER_AGENT]}, "called `per_agent`"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_what_would(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        chosen(**wrong)
