"""What a full ledger leaves out, in which order, and that it comes back."""

from __future__ import annotations

from otel_scorer.online.load import Pressure, pressure_of

CALM = Pressure()


def test_scoring_is_shed_first_then_waits_are_shortened_then_senders_are_told_to_retry() -> None:
    assert pressure_of(0.69, CALM, queue_full=False) == CALM
    assert pressure_of(0.70, CALM, queue_full=False) == Pressure(shed=True)
    assert pressure_of(0.80, CALM, queue_full=False) == Pressure(shed=True, shorten_waits=True)
    assert pressure_of(0.90, CALM, queue_full=False) == Pressure(shed=True, shorten_waits=True, refuse=True)


def test_a_level_is_left_only_a_little_below_where_it_was_entered() -> None:
    full = Pressure(shed=True, shorten_waits=True, refuse=True)
    assert pressure_of(0.86, full, queue_full=False) == full
    assert pressure_of(0.10, full, queue_full=False) == CALM


def test_a_full_queue_sheds_and_ends_with_the_queue() -> None:
    shed = pressure_of(0.0, CALM, queue_full=True)
    assert shed == Pressure(shed=True)
    assert pressure_of(0.0, pressure_of(0.0, shed, queue_full=False), queue_full=False) == CALM


def test_a_store_that_refuses_by_itself_is_asked_so_that_its_refusal_opens_the_breaker() -> None:
    assert not pressure_of(1.2, CALM, queue_full=False, store_refuses=True).refuse
