"""The draw is uniform, keyed and independent of the trace id's own randomness; tracestate is read as specified."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sampled_traces import agent, llm, trace_of

from otel_scorer.sampling.draw import draw, draw_conversation
from otel_scorer.sampling.upstream import upstream_probability, upstream_probability_of


def test_draws_are_spread_evenly_over_trace_ids() -> None:
    rng = random.Random(7)
    drawn = [draw(f"{rng.getrandbits(128):032x}", b"salt") for _ in range(20_000)]
    tenths = [sum(int(value * 10) == tenth for value in drawn) for tenth in range(10)]
    assert all(count == pytest.approx(2000, abs=200) for count in tenths)


def test_a_head_sampler_before_us_leaves_the_draw_uniform() -> None:
    """OpenTelemetry's sampler keeps the ids whose last 56 bits are large: our floor must not follow it."""
    rng = random.Random(7)
    ids = [f"{rng.getrandbits(128):032x}" for _ in range(40_000)]
    kept = [trace_id for trace_id in ids if int(trace_id[-14:], 16) >= 0.9 * (1 << 56)]
    assert sum(draw(trace_id, b"salt") < 0.02 for trace_id in kept) == pytest.approx(0.02 * len(kept), abs=35)


def test_two_salts_draw_independently() -> None:
    ids = [f"{n:032x}" for n in range(10_000)]
    both = sum(draw(i, b"one") < 0.5 and draw(i, b"two") < 0.5 for i in ids)
    assert both == pytest.approx(2500, abs=200)


def test_the_draw_is_a_fixed_function() -> None:
    assert draw("0AF7651916CD43DD8448EB211C80319C", b"k") == draw("0af7651916cd43dd8448eb211c80319c", b"k")
    assert draw("0af7651916cd43dd8448eb211c80319c", b"k") == 0.7132797803556329


@given(st.text(), st.binary(max_size=200))
def test_any_id_and_salt_draw_below_one(trace_id: str, salt: bytes) -> None:
    assert 0 <= draw(trace_id, salt) < 1


def test_conversations_are_drawn_evenly_and_apart_from_other_tenants_traces_and_salts() -> None:
    drawn = [draw_conversation("t", f"user-{n}", b"salt") for n in range(20_000)]
    tenths = [sum(int(value * 10) == tenth for value in drawn) for tenth in range(10)]
    assert all(count == pytest.approx(2000, abs=200) for count in tenths)
    others = (
        [draw_conversation("u", f"user-{n}", b"salt") for n in range(20_000)],
        [draw_conversation("t", f"user-{n}", b"other") for n in range(20_000)],
        [draw(f"user-{n}", b"salt") for n in range(20_000)],
    )
    for other in others:
        both = sum(one < 0.5 and two < 0.5 for one, two in zip(drawn, other, strict=True))
        assert both == pytest.approx(5000, abs=300)


def test_the_draw_of_a_conversation_is_a_fixed_function() -> None:
    assert draw_conversation("t", "talk", b"k") == 0.7554594104122547
    assert draw_conversation("t", "Talk", b"k") != draw_conversation("t", "talk", b"k")


@given(st.text(), st.text(), st.text(), st.text(), st.binary(max_size=100))
def test_no_two_conversations_share_what_is_hashed(a: str, b: str, c: str, d: str, salt: bytes) -> None:
    one, other = draw_conversation(a, b, salt), draw_conversation(c, d, salt)
    assert 0 <= one < 1
    assert (one == other) == ((a, b) == (c, d))


@pytest.mark.parametrize(
    ("state", "probability"),
    [
        ("ot=th:0", 1.0),
        ("ot=th:8", 0.5),
        ("ot=th:c", 0.25),
        ("rojo=00f067aa0ba902b7, ot=rv:6e6d1a75832a2f;th:fd70a3d70a3d7", 1 - 0xFD70A3D70A3D70 / 2**56),
        ("ot=p:3;r:10", 0.125),
        ("ot=p:0", 1.0),
        ("ot=p:63", 0.0),
        ("ot=p:3;th:8", 0.5),
        ("ot=p:64", None),
        ("ot=th:", None),
        ("ot=th:8x", None),
        ("ot=th:123456789abcdef", None),
        ("other=th:8", None),
        ("ot", None),
        ("", None),
    ],
)
def test_the_upstream_probability_is_read_from_tracestate(state: str, probability: float | None) -> None:
    assert upstream_probability(state) == probability


@given(st.text(max_size=50))
def test_no_tracestate_raises_or_leaves_the_unit_interval(rest: str) -> None:
    for state in (rest, f"ot={rest}", f"ot=th:{rest}", f"ot=p:{rest}"):
        probability = upstream_probability(state)
        assert probability is None or 0 <= probability <= 1


def test_the_root_tells_the_upstream_probability_first() -> None:
    assert upstream_probability_of(trace_of(llm(trace_state="ot=th:c"), agent(trace_state="ot=th:8"))) == 0.5
    assert upstream_probability_of(trace_of(llm(trace_state="ot=th:c"), agent())) == 0.25
    assert upstream_probability_of(trace_of(agent())) is None
