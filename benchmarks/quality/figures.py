"""One row: a measure of the product beside the best trivial baseline, with intervals from the same draws.

All baselines are computed, and the one with the best figure stands in the row. Each is helped where it can be: of two
directions it gets the better one, and where it needs a threshold the best one for these very cases. What is measured of
the product has no such help: its thresholds are those of the rubric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from otel_scorer.stats.bootstrap import bootstrap
from otel_scorer.stats.discrimination import Decisions, auc, balanced_accuracy, decisions, stratified_auc
from otel_scorer.stats.intervals import Interval, wilson

ALWAYS = "always one answer"
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One case of a row. `value`: higher is worse; `flagged`: called bad; `told`: the product had an answer at all."""

    id: str
    group: str
    bad: bool
    value: float
    flagged: bool
    told: bool
    facts: Mapping[str, float]
    stratum: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`value` None: nothing was measured, since there is no check (`by` says so). Baseline None: none makes sense."""

    data: str
    question: str
    by: str
    measure: str
    cases: str
    told: float | None = None
    value: float | None = None
    interval: Interval | None = None
    baseline: str = ""
    baseline_value: float | None = None
    baseline_interval: Interval | None = None
    difference: float | None = None
    difference_interval: Interval | None = None
    aim: float | None = None
    lower_is_better: bool = False
    misses: tuple[Entry, ...] = ()

    @property
    def counts(self) -> bool:
        """The product is clearly better than the best trivial baseline."""
        return self.difference_interval is not None and self.difference_interval.low > 0

    @property
    def met(self) -> bool | None:
        """Whether the aim was reached; None without an aim."""
        if self.aim is None:
            return None
        if self.value is None:
            return False
        return self.value <= self.aim if self.lower_is_better else self.value >= self.aim


@dataclass(frozen=True, slots=True)
class Asking:
    """What a row is about."""

    data: str
    question: str
    by: str
    aim: float | None = None


def unanswered(row: Row) -> Row:
    """A question that no shipped check answers: the best trivial baseline alone."""
    return replace(
        row,
        by="no check",
        told=None,
        value=None,
        interval=None,
        difference=None,
        difference_interval=None,
        misses=(),
    )


Measured = Callable[[Sequence[Entry]], float | None]


def auc_row(asking: Asking, entries: Sequence[Entry], *, matched: bool = False) -> Row:
    """AUC of `value`; `matched`: over pairs of the same stratum, of the strata that hold bad and good cases."""
    if matched:
        entries = _comparable(entries)

    def of(read: Callable[[Entry], float]) -> Measured:
        if matched:
            return lambda drawn: stratified_auc((one.stratum, one.bad, read(one)) for one in drawn)
        return lambda drawn: auc([read(e) for e in drawn if e.bad], [read(e) for e in drawn if not e.bad])

    trivial: dict[str, Measured] = {ALWAYS: of(lambda _: 0.0)}
    for fact in _facts(entries):
        rising, falling = of(_reading(fact, 1)), of(_reading(fact, -1))
        more = (rising(entries) or 0.0) >= (falling(entries) or 0.0)
        trivial[_named(fact, 1 if more else -1)] = rising if more else falling
    measure = "AUC, matched" if matched else "AUC"
    return _compared(asking, measure, entries, of(lambda one: one.value), trivial, _misranked(entries))


def balanced_row(asking: Asking, entries: Sequence[Entry]) -> Row:
    """Balanced accuracy of `flagged`; baselines are features with the threshold that suits them best."""
    return decided_row(asking, "balanced accuracy", entries, balanced_accuracy)


def decided_row(
    asking: Asking, measure: str, entries: Sequence[Entry], figure: Callable[[Decisions], float | None]
) -> Row:
    """Any figure of decisions: that of `flagged` against those of thresholds on trivial features."""

    def of(call: Callable[[Entry], bool]) -> Measured:
        return lambda drawn: figure(decisions((one.bad, call(one)) for one in drawn))

    trivial = {f"{ALWAYS}: bad": of(lambda _: True), f"{ALWAYS}: good": of(lambda _: False)}
    for fact in _facts(entries):
        name, call = _best_threshold(fact, entries, figure)
        trivial[name] = of(call)
    misses = [one for one in entries if one.flagged != one.bad]
    return _compared(asking, measure, entries, of(lambda one: one.flagged), trivial, misses)


def false_alarm_row(asking: Asking, entries: Sequence[Entry]) -> Row:
    """Share of good cases that are flagged; baselines flag by a threshold that catches as many bad cases."""
    bad = [one for one in entries if one.bad]
    caught = sum(one.flagged for one in bad)

    def of(call: Callable[[Entry], bool]) -> Measured:
        return lambda drawn: _share([call(one) for one in drawn if not one.bad])

    trivial: dict[str, Measured] = {f"{ALWAYS}: bad": of(lambda _: True)}
    for fact in _facts(entries):
        for sign in (1, -1):
            ranked = sorted(map(_reading(fact, sign), bad), reverse=True)
            mark = ranked[max(0, caught - 1)] if ranked else 0.0
            trivial[_named(fact, sign)] = of(_reaching(fact, sign, mark))
    misses = [one for one in entries if not one.bad and one.flagged]
    recall = f", while {caught} of {len(bad)} bad are caught"
    row = _compared(
        asking, f"false alarms{recall}", entries, of(lambda one: one.flagged), trivial, misses, lower_is_better=True
    )
    good = [one.flagged for one in entries if not one.bad]
    return _with_interval(row, wilson(sum(good), len(good)))


def share_row(asking: Asking, measure: str, done: int, of: int, cases: str) -> Row:
    """A plain share with Wilson's interval, for which no baseline makes sense."""
    value = done / of if of else None
    return Row(asking.data, asking.question, asking.by, measure, cases, None, value, wilson(done, of), aim=asking.aim)


def chosen_row(
    asking: Asking, measure: str, entries: Sequence[Entry], trivial: Mapping[str, Mapping[str, float]]
) -> Row:
    """Mean of `value` (1 right, 0 wrong, between for ties) against that of trivial choices: name -> id -> value."""
    chosen = {name: _mean_of(_looked_up(values)) for name, values in trivial.items()}
    misses = [one for one in entries if one.value < 0.5]
    row = _compared(asking, measure, entries, _mean_of(lambda one: one.value), chosen, misses)
    return replace(row, cases=str(len(entries)))


def counts_of(entries: Iterable[Entry]) -> str:
    """As `n bad / n good`."""
    marks = [one.bad for one in entries]
    return f"{sum(marks)} / {len(marks) - sum(marks)}"


def _looked_up(values: Mapping[str, float]) -> Callable[[Entry], float]:
    return lambda one: values[one.id]


def _mean_of(read: Callable[[Entry], float]) -> Measured:
    return lambda drawn: sum(map(read, drawn)) / len(drawn) if drawn else None


def _compared(
    asking: Asking,
    measure: str,
    entries: Sequence[Entry],
    own: Measured,
    trivial: Mapping[str, Measured],
    misses: Sequence[Entry],
    *,
    lower_is_better: bool = False,
) -> Row:
    sign = -1 if lower_is_better else 1
    best = max(trivial, key=lambda name: sign * (_or(trivial[name](entries), -sign * 9.0)))

    def figures(drawn: Sequence[Sequence[Entry]]) -> list[float | None]:
        flat = [one for group in drawn for one in group]
        value, base = own(flat), trivial[best](flat)
        return [value, base, None if value is None or base is None else sign * (value - base)]

    groups = _groups(entries)
    value, base, difference = figures(groups)
    intervals = bootstrap(groups, figures, draws=DRAWS)
    return Row(
        data=asking.data,
        question=asking.question,
        by=asking.by,
        measure=measure,
        cases=counts_of(entries),
        told=_share([one.told for one in entries]),
        value=value,
        interval=intervals[0],
        baseline=best,
        baseline_value=base,
        baseline_interval=intervals[1],
        difference=difference,
        difference_interval=intervals[2],
        aim=asking.aim,
        lower_is_better=lower_is_better,
        misses=tuple(misses),
    )


def _groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in entries:
        found.setdefault(one.group, []).append(one)
    return list(found.values())


def _comparable(entries: Sequence[Entry]) -> list[Entry]:
    both = {one.stratum for one in entries if one.bad} & {one.stratum for one in entries if not one.bad}
    return [one for one in entries if one.stratum in both]


def _facts(entries: Sequence[Entry]) -> list[str]:
    return list(entries[0].facts) if entries else []


def _best_threshold(
    fact: str, entries: Sequence[Entry], figure: Callable[[Decisions], float | None]
) -> tuple[str, Callable[[Entry], bool]]:
    """The threshold and direction by which this feature alone does best on these cases."""
    bad, good = sum(one.bad for one in entries), sum(not one.bad for one in entries)
    best, name = -1.0, fact
    call: Callable[[Entry], bool] = _never
    for sign in (1, -1):
        ordered = sorted(entries, key=_reading(fact, -sign))
        caught = alarms = 0
        for at, one in enumerate(ordered):
            caught, alarms = caught + one.bad, alarms + (not one.bad)
            if at + 1 < len(ordered) and ordered[at + 1].facts[fact] == one.facts[fact]:
                continue
            value = _or(figure(Decisions(caught, bad - caught, alarms, good - alarms)), -1.0)
            if value > best:
                best, name, call = value, _named(fact, sign), _reaching(fact, sign, sign * one.facts[fact])
    return name, call


def _never(_: Entry) -> bool:
    return False


def _reading(fact: str, sign: int) -> Callable[[Entry], float]:
    return lambda one: sign * one.facts[fact]


def _reaching(fact: str, sign: int, mark: float) -> Callable[[Entry], bool]:
    return lambda one: sign * one.facts[fact] >= mark


def _named(fact: str, sign: int) -> str:
    return f"{'high' if sign > 0 else 'low'} {fact}"


def _misranked(entries: Sequence[Entry]) -> list[Entry]:
    """Bad cases with no better value than the median good one, and the good ones with the highest values."""
    good = sorted(one.value for one in entries if not one.bad)
    if not good:
        return []
    middle, high = good[len(good) // 2], good[int(0.9 * len(good))]
    return [one for one in entries if (one.value <= middle if one.bad else one.value > max(high, 0.0))]


def _share(marks: Sequence[bool]) -> float | None:
    return sum(marks) / len(marks) if marks else None


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _with_interval(row: Row, interval: Interval | None) -> Row:
    return replace(row, interval=interval)
