"""F1 of places found in texts, beside trivial finders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.quality.figures import DRAWS, Asking, Entry, Row
from otel_scorer.stats.bootstrap import bootstrap


class Place(NamedTuple):
    """Characters from `start` to `end` of a text."""

    start: int
    end: int


class Found(NamedTuple):
    """Of one text: labelled places, how many of them were touched; finds, how many of them touch a labelled place."""

    labelled: int
    reached: int
    finds: int
    right: int


Places = Mapping[str, Sequence[Place]]
"""Id of a text -> places in it."""


def finding_row(
    asking: Asking, groups: Mapping[str, str], gold: Places, own: Places | None, trivial: Mapping[str, Places]
) -> Row:
    """`groups` says which texts are drawn together. `own` None: nothing looks for these places."""
    counted = {name: _counts(gold, places) for name, places in trivial.items()}
    best = max(counted, key=lambda name: _f1([counted[name][one] for one in groups]) or 0.0)
    product = _counts(gold, own) if own is not None else None
    drawn_together: dict[str, list[str]] = {}
    for name, group in groups.items():
        drawn_together.setdefault(group, []).append(name)

    def figures(drawn: Sequence[Sequence[str]]) -> list[float | None]:
        ids = [one for group in drawn for one in group]
        base = _f1([counted[best][one] for one in ids])
        value = _f1([product[one] for one in ids]) if product is not None else None
        return [value, base, None if value is None or base is None else value - base]

    units = list(drawn_together.values())
    value, base, difference = figures(units)
    intervals = bootstrap(units, figures, draws=DRAWS)
    labelled = sum(map(len, gold.values()))
    return Row(
        data=asking.data,
        question=asking.question,
        by=asking.by,
        measure="F1",
        cases=f"{labelled} / {len(groups)} texts",
        value=value,
        interval=intervals[0],
        baseline=best,
        baseline_value=base,
        baseline_interval=intervals[1],
        difference=difference,
        difference_interval=intervals[2],
        aim=asking.aim,
        misses=tuple(_misses(gold, own)) if own is not None else (),
    )


def _counts(gold: Places, found: Places) -> dict[str, Found]:
    return {
        name: Found(
            len(labelled),
            sum(any(_touch(place, find) for find in found[name]) for place in labelled),
            len(found[name]),
            sum(any(_touch(place, find) for place in labelled) for find in found[name]),
        )
        for name, labelled in gold.items()
    }


def _touch(one: Place, other: Place) -> bool:
    return one.start < other.end and other.start < one.end


def _f1(counts: Sequence[Found]) -> float | None:
    """Of recall over labelled places and precision over finds. None without labelled places."""
    labelled, reached, finds, right = (sum(column) for column in zip(*counts, strict=True))
    if not labelled:
        return None
    recall, precision = reached / labelled, right / finds if finds else 0.0
    return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def _misses(gold: Places, own: Places) -> list[Entry]:
    missed = []
    for name, labelled in gold.items():
        lost = [place for place in labelled if not any(_touch(place, find) for find in own[name])]
        wrong = [find for find in own[name] if not any(_touch(place, find) for place in labelled)]
        if lost or wrong:
            reason = f"not found: {[tuple(place) for place in lost]}; wrong: {[tuple(find) for find in wrong]}"
            missed.append(Entry(name, name, bool(lost), 0.0, bool(wrong), True, {}, reason=reason))
    return missed
