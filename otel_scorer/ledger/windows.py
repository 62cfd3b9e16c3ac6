"""The counts behind strata and thinning (`sampling/windows`), in one store and by its clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from otel_scorer.ledger.budget import MILLION
from otel_scorer.ledger.client import Argument, StoreClient
from otel_scorer.ledger.keys import Keys
from otel_scorer.sampling.windows import MOST_SEGMENTS, Of, Tally, Wanted

_KEPT_WINDOWS = 3


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """One script call for each batch, and one more for the first batch of a window. Raises LedgerError."""

    client: StoreClient
    keys: Keys
    window_s: float

    async def count(self, wanted: Sequence[Wanted], taken: float) -> Tally:
        """Counts the batch in the running window; what is answered of the last one is the same for everybody."""
        tenants = list(dict.fromkeys(one.tenant for one in wanted))
        numbers = {tenant: number for number, tenant in enumerate(tenants, 1)}
        arguments: list[Argument] = [self._window_ms, MOST_SEGMENTS, repr(taken), len(tenants), *tenants]
        for one in wanted:
            arguments += (numbers[one.tenant], repr(one.probability), len(one.strata))
            arguments += (part for stratum in one.strata for part in stratum)
        keys = [self.keys.named("window:"), self.keys.named("budget:day:")]
        window, now_ms, *numbers_told, told, counts = await self.client.run(("window_count", keys, arguments))
        spent, spent_lately, taken_lately, demand = map(float, numbers_told)
        return Tally(
            int(window),
            int(now_ms),
            Of(demand, spent / MILLION),
            {tenant: _of(told[3 * at : 3 * at + 3]) for at, tenant in enumerate(tenants)},
            _by_trace(counts, wanted),
            spent_lately / MILLION,
            taken_lately,
        )

    async def freeze(self, window: int, factors: Mapping[str, float]) -> Mapping[str, float]:
        """The first factor that anybody told holds for the whole window."""
        told: list[Argument] = [
            _KEPT_WINDOWS * self._window_ms,
            *(part for tenant, factor in factors.items() for part in (tenant, repr(factor))),
        ]
        held = await self.client.run(("window_freeze", [self.keys.named(f"window:{window}")], told))
        return dict(zip(factors, map(float, held), strict=True))

    @property
    def _window_ms(self) -> int:
        return int(self.window_s * 1000)


def _of(told: Sequence[bytes]) -> Of:
    factor, demand, spent = told
    return Of(float(demand), float(spent) / MILLION, float(factor) if factor else None)


def _by_trace(counts: Sequence[int], wanted: Sequence[Wanted]) -> list[tuple[int, ...]]:
    flat = iter(counts)
    return [tuple(int(next(flat)) for _ in one.strata) for one in wanted]
