"""How well a number, or a yes or no, tells bad cases from good ones. "Bad" is always what is looked for.

What a set of cases cannot have (no bad case, or no good one) is None.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple


def auc(bad: Sequence[float], good: Sequence[float]) -> float | None:
    """Chance that a bad case has a higher value than a good one; ties count half. 0.5 is a coin.

    The Mann-Whitney statistic, O(n log n).
    Source: J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a ROC curve", Radiology 143 (1982).
    """
    if not bad or not good:
        return None
    return _wins(bad, good) / (len(bad) * len(good))


def stratified_auc(cases: Iterable[tuple[Hashable, bool, float]]) -> float | None:
    """AUC over pairs of a bad and a good case of the same stratum only; a case is (stratum, is it bad, value).

    What defines the strata cannot help: within one it is the same for all. Each pair counts alike. None where no
    stratum has both kinds.
    Source: H. Janes and M. S. Pepe, "Adjusting for covariate effects on classification accuracy using the
    covariate-adjusted receiver operating characteristic curve", Biometrika 96 (2009).
    """
    strata: dict[Hashable, tuple[list[float], list[float]]] = {}
    for stratum, is_bad, value in cases:
        strata.setdefault(stratum, ([], []))[not is_bad].append(value)
    pairs = sum(len(bad) * len(good) for bad, good in strata.values())
    if not pairs:
        return None
    return sum(_wins(bad, good) for bad, good in strata.values() if bad and good) / pairs


class Decisions(NamedTuple):
    """How many bad and good cases were called bad, and how many not."""

    caught: int = 0
    missed: int = 0
    false_alarms: int = 0
    let_pass: int = 0


def decisions(cases: Iterable[tuple[bool, bool]]) -> Decisions:
    """Counts pairs of (is it bad, was it called bad)."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for case in cases:
        counts[case] += 1
    return Decisions(*counts.values())


def balanced_accuracy(told: Decisions) -> float | None:
    """Mean of the share of bad cases called bad and that of good cases not called bad; 0.5 for always one answer.

    Source: K. H. Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR (2010).
    """
    bad, good = told.caught + told.missed, told.false_alarms + told.let_pass
    return (told.caught / bad + told.let_pass / good) / 2 if bad and good else None


def f1(told: Decisions) -> float | None:
    """Harmonic mean of precision and recall of the bad cases; 0 where none was caught. None without bad cases.

    Source: C. J. van Rijsbergen, "Information Retrieval", 2nd ed., chapter 7 (1979).
    """
    if not told.caught + told.missed:
        return None
    return 2 * told.caught / (2 * told.caught + told.missed + told.false_alarms)


def accuracy(told: Decisions) -> float | None:
    """Share of cases that were called what they are."""
    whole = sum(told)
    return (told.caught + told.let_pass) / whole if whole else None


def _wins(bad: Sequence[float], good: Sequence[float]) -> float:
    """Pairs in which the bad one is higher, ties half: by the ranks of the bad ones among all."""
    ranked = sorted([(value, True) for value in bad] + [(value, False) for value in good])
    total, start = 0.0, 0
    while start < len(ranked):
        end = start
        tied_bad = 0
        while end < len(ranked) and ranked[end][0] == ranked[start][0]:
            tied_bad += ranked[end][1]
            end += 1
        total += tied_bad * (start + end + 1) / 2
        start = end
    return total - len(bad) * (len(bad) + 1) / 2
