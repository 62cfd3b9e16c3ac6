"""Judge money: what a call may cost is reserved before it and settled after it, fleet-wide.

Reserved is what the call costs at most, so that calls in flight together stay within the budget; settled is what its
tokens cost. A call whose end is not known (its process died, it was cut off) stays reserved until the reservation
expires, and then counts as spent: it may have been.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from otel_scorer.errors import LedgerError
from otel_scorer.model import JudgeUse
from otel_scorer.scoring.judging.judge import (
    Judge,
    JudgeAnswer,
    JudgeError,
    JudgeFailure,
    JudgeOverBudget,
    JudgeTimeout,
    Prompt,
)
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.price import most_cost

log = logging.getLogger(__name__)


class Purse(Protocol):
    """The money of all workers together. Both may raise LedgerError."""

    async def reserve(self, tenant: str, money: float, for_s: float) -> str | None:
        """The name of a reservation, None where it would go beyond the budget."""
        ...

    async def settle(self, reservation: str, money: float) -> None:
        """What the call cost in the end. A reservation that is settled or has expired is left as it is."""
        ...


class BudgetedJudge:
    """`judge`, asked only while `purse` has the money for it."""

    def __init__(self, judge: Judge, settings: JudgeSettings, purse: Purse) -> None:
        self._judge = judge
        self._settings = settings
        self._purse = purse

    @property
    def name(self) -> str:
        return self._judge.name

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        """Raises JudgeOverBudget where the money is used up, JudgeError where that cannot be asked."""
        money = most_cost(self._settings, prompt)
        reservation = await self._reserve(prompt.tenant, money)
        try:
            answer = await self._judge(prompt, schema, deadline)
        except JudgeFailure as error:
            cost = _cost_of_failure(error, money)
            await self._settle(reservation, cost)
            raise
        await self._settle(reservation, answer.cost if answer.input_tokens and answer.cost is not None else money)
        return answer

    async def _reserve(self, tenant: str, money: float) -> str:
        try:
            reservation = await self._purse.reserve(tenant, money, 2 * self._settings.timeout_s + _GRACE_S)
        except LedgerError as error:
            raise JudgeError("the ledger could not be asked what is left of the budget", JudgeUse()) from error
        if reservation is None:
            raise JudgeOverBudget("the money for judge calls of this day is used up")
        return reservation

    async def _settle(self, reservation: str, money: float) -> None:
        try:
            await self._purse.settle(reservation, money)
        except LedgerError as error:
            log.warning("a judge call could not be settled and counts as what was reserved: %s", type(error).__name__)


_GRACE_S = 30.0


def _cost_of_failure(error: JudgeFailure, most: float) -> float:
    """A useless answer cost its tokens, one that did not come may have cost everything, an error nothing."""
    if error.use.cost is not None and error.use.input_tokens:
        return error.use.cost
    return most if isinstance(error, JudgeTimeout) and error.use.calls else 0.0
