"""What all workers together may use: judge money of a day, traces in a minute. Counted in one store, by its clock.

Money is kept in millionths of the currency. It is reserved before a call and settled after it: when a call begins, what
is spent and reserved together does not pass the limit, so the day's cost passes it by no more than calls in flight cost
beyond what they reserved. A reservation that is never settled expires and counts as spent. A call belongs to the day it
was reserved in.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass

from otel_scorer.ledger.client import Argument, StoreClient
from otel_scorer.ledger.keys import Keys, Member

MILLION = 1_000_000
_DAY_MS = 86_400_000
_NO_LIMIT = 2**53
"""Lua counts in doubles."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Of the running day, in the currency of the prices."""

    settled: float
    reserved: float


class LedgerBudget:
    """The budget in one store; both limits None where there is none. Raises LedgerError everywhere."""

    def __init__(
        self,
        client: StoreClient,
        keys: Keys,
        *,
        money_per_day: float | None = None,
        traces_per_minute: int | None = None,
        tenant_share: float = 1.0,
    ) -> None:
        self._client = client
        self._keys = keys
        self._money = _NO_LIMIT if money_per_day is None else int(money_per_day * MILLION)
        self._money_of_one = _NO_LIMIT if money_per_day is None else int(money_per_day * MILLION * tenant_share)
        self._traces = _NO_LIMIT if traces_per_minute is None else traces_per_minute
        self._traces_of_one = _NO_LIMIT if traces_per_minute is None else max(1, int(traces_per_minute * tenant_share))
        self._limits_traces = traces_per_minute is not None

    async def reserve(self, tenant: str, money: float, for_s: float) -> str | None:
        """The name of a reservation over `money`, None where it would go beyond the day's limit."""
        name = secrets.token_hex(8)
        amount = math.ceil(money * MILLION)
        arguments: list[Argument] = [name, tenant, amount, int(for_s * 1000), self._money, self._money_of_one]
        return name if await self._client.run(("budget_reserve", self._money_keys, arguments)) else None

    async def settle(self, reservation: str, money: float) -> None:
        """What the call cost. A reservation that is settled or has expired is left as it is."""
        await self._client.run(("budget_settle", self._money_keys, [reservation, math.ceil(money * MILLION)]))

    async def admit(self, member: Member) -> bool:
        """Whether the trace may be scored now; the same answer when the same trace is asked about again."""
        if not self._limits_traces:
            return True
        keys = [self._keys.named("budget:traces"), self._keys.named(f"budget:traces:{member.tenant}")]
        return bool(await self._client.run(("budget_admit", keys, [str(member), self._traces, self._traces_of_one])))

    async def spent(self, tenant: str | None = None) -> Spent:
        """What this day's calls have cost so far, of one tenant or of all."""
        of = "" if tenant is None else f"/{tenant}"
        seconds, _ = await self._client.guard(self._client.redis.time())
        day = self._keys.named(f"budget:day:{int(seconds) * 1000 // _DAY_MS}")
        settled, reserved = await self._client.guard(self._client.redis.hmget(day, [f"s{of}", f"r{of}"]))
        return Spent(int(settled or 0) / MILLION, int(reserved or 0) / MILLION)

    @property
    def _money_keys(self) -> list[str]:
        return [self._keys.named(name) for name in ("budget:until", "budget:reserved", "budget:day:")]
