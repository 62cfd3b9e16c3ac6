"""What is the same for all traces of one window of time: how many came of each segment, and how far a budget thins.

Both rest on the window before, which nobody changes any more, and so every replica decides alike: a stratum takes a
segment's traces with min(1, target / traces of the segment in the last window), and a budget multiplies every
probability by one factor for each tenant, frozen when the window begins. Neither looks at the draw of any trace, so
estimates that are weighted by the recorded probability stay unbiased.

    traces   what is allowed in a window, less HEADROOM, by what the rules wanted in the last one (before thinning)
    money    what is left of the day, spread over the windows that are left, by what those traces would cost: the money
             of today and yesterday by the traces that were taken then

A segment or a time of which nothing is known is taken whole: the hard limits (`ledger/budget`) hold all the same, and
what they refuse ends `over_budget`.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

log = logging.getLogger(__name__)
DAY_MS = 86_400_000
HEADROOM = 0.05
"""Share of the traces allowed that is left free, as chance takes sometimes more, sometimes fewer."""
LEAST = 0.01
"""Nothing is thinned further: what is never taken has no weight, and checks cost no money."""
KNOWN_FROM = 20
"""Traces that must have been taken before it is known what one costs."""
_MOST_TOLD = 20
"""Tenants that are named in the log when a window begins."""
MOST_SEGMENTS = 10_000
"""Segments that are counted apart in one window; the rest are one segment."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One trace as it is counted: `probability` by the rules alone, `strata` as (segment, target)."""

    tenant: str
    probability: float
    strata: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is frozen for one trace: how many there were of each of its segments (none: it was not counted, and its
    strata do not take it), and the factor of its budget.
    """

    counts: tuple[int, ...] = ()
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Of:
    """The last window's demand (the sum of probabilities before thinning) and the day's money, of all or of a tenant.
    `factor`: what is frozen in the running window, None where nobody has yet.
    """

    demand: float = 0.0
    spent: float = 0.0
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What a counted batch was answered. `spent_lately` and `taken_lately` are of today and yesterday."""

    window: int
    now_ms: int
    all: Of
    of_tenant: Mapping[str, Of]
    counts: Sequence[tuple[int, ...]]
    spent_lately: float = 0.0
    taken_lately: float = 0.0


class Counts(Protocol):
    """Where all replicas count. Both may raise LedgerError."""

    async def count(self, wanted: Sequence[Wanted], taken: float) -> Tally:
        """Counts a batch in the running window; `taken` traces have been taken since the last batch."""
        ...

    async def freeze(self, window: int, factors: Mapping[str, float]) -> Mapping[str, float]:
        """The factors by tenant that hold in this window: these, or those of who was first."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a budget allows; None: no limit."""

    window_s: float = 60.0
    traces_per_minute: float | None = None
    money_per_day: float | None = None
    tenant_share: float = 1.0

    @property
    def any(self) -> bool:
        return self.traces_per_minute is not None or self.money_per_day is not None


@dataclass
class Windows:
    """Asked once for each batch of traces."""

    counts: Counts
    limits: Limits
    _taken: float = 0.0
    """The sum of probabilities since the last batch; told with the next one, as only its mean over days is used."""

    async def standing(self, wanted: Sequence[Wanted]) -> list[Standing]:
        """For each trace, in order. Raises LedgerError."""
        if not wanted:
            return []
        taken, self._taken = self._taken, 0.0  # others ask while this waits
        tally = await self.counts.count(wanted, taken)
        factors = await self._factors(tally) if self.limits.any else {}
        found = [
            Standing(counts, factors.get(one.tenant, 1.0)) for one, counts in zip(wanted, tally.counts, strict=True)
        ]
        self._taken += sum(each.factor * demanded(one, each.counts) for one, each in zip(wanted, found, strict=True))
        return found

    async def _factors(self, tally: Tally) -> Mapping[str, float]:
        frozen = {tenant: of.factor for tenant, of in tally.of_tenant.items() if of.factor is not None}
        new = {
            tenant: thinning(self.limits, tally, of) for tenant, of in tally.of_tenant.items() if tenant not in frozen
        }
        if not new:
            return frozen
        held = await self.counts.freeze(tally.window, new)
        thinned = sorted(tenant for tenant, factor in held.items() if factor < 1 and factor == new[tenant])
        for tenant in thinned[:_MOST_TOLD]:
            log.info("budget: of tenant %s %.3g of what rules choose is scored in this window", tenant, held[tenant])
        return {**frozen, **held}


def of_stratum(target: int, count: int) -> float:
    """Probability of a trace of a segment that had `count` traces in the last window."""
    return min(1.0, target / count) if count else 1.0


def demanded(one: Wanted, counts: Sequence[int]) -> float:
    """Probability of a trace before thinning: the largest of its rules' and its strata's."""
    strata = (of_stratum(target, count) for (_, target), count in zip(one.strata, counts, strict=True))
    return max((one.probability, *strata))


def thinning(limits: Limits, tally: Tally, tenant: Of) -> float:
    """The factor for a tenant's traces: what all may use and what one may use alone, of traces and of money."""
    parts = [1.0]
    for of, share in ((tally.all, 1.0), (tenant, limits.tenant_share)):
        if limits.traces_per_minute is not None:
            allowed = limits.traces_per_minute * share * limits.window_s / 60 * (1 - HEADROOM)
            parts.append(_part(allowed, of.demand))
        if limits.money_per_day is not None and tally.taken_lately >= KNOWN_FROM:
            each = tally.spent_lately / tally.taken_lately
            left = limits.money_per_day * share - of.spent
            windows = (DAY_MS - tally.now_ms % DAY_MS) / 1000 / limits.window_s
            parts.append(_part(left / max(1.0, windows), of.demand * each))
    return max(LEAST, min(parts))


def _part(allowed: float, demand: float) -> float:
    return allowed / demand if demand > 0 else 1.0


@dataclass
class MemoryCounts:
    """Counts of one process, for simulations; `now_ms` is its clock, `spent` the money of a day so far."""

    limits: Limits
    now_ms: Callable[[], int]
    spent: Callable[[], float] = lambda: 0.0
    _segments: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _demand: dict[int, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    _frozen: dict[int, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    _taken: float = 0.0

    async def count(self, wanted: Sequence[Wanted], taken: float) -> Tally:
        now = self.now_ms()
        window = now // int(self.limits.window_s * 1000)
        before, demand = self._segments[window - 1], self._demand[window - 1]
        counts = [tuple(before[segment] for segment, _ in one.strata) for one in wanted]
        self._taken += taken
        for one, found in zip(wanted, counts, strict=True):
            self._segments[window].update(segment for segment, _ in one.strata)
            self._demand[window][one.tenant] += demanded(one, found)
        frozen, spent = self._frozen[window], self.spent()
        tenants = {one.tenant: Of(demand[one.tenant], spent, frozen.get(one.tenant)) for one in wanted}
        return Tally(window, now, Of(sum(demand.values()), spent), tenants, counts, spent, self._taken)

    async def freeze(self, window: int, factors: Mapping[str, float]) -> Mapping[str, float]:
        return {tenant: self._frozen[window].setdefault(tenant, factor) for tenant, factor in factors.items()}
