"""What a score means: the share of good cases among those that have it, beside a trivial feature cut so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.quality.figures import Entry
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.stats.discrimination import auc
from otel_scorer.stats.intervals import wilson

_SCORES = (5, 4, 3, 2, 1)


def score_of(entry: Entry) -> int | None:
    """The score that the estimate behind `value` comes to; None where there was no verdict."""
    return nearest_anchor(5.0 - entry.value) if entry.told else None


def called_fine(entries: Sequence[Entry]) -> list[Entry]:
    """The cases turned round, for a row of false alarms: `bad` are the good ones, `flagged` who has a five."""
    return [replace(one, bad=not one.bad, flagged=score_of(one) == 5) for one in entries]


def under_five(entries: Sequence[Entry]) -> list[Entry]:
    """The cases flagged where they have less than a five, or nothing."""
    return [replace(one, flagged=score_of(one) != 5) for one in entries]


def table(title: str, good: str, entries: Sequence[Entry]) -> list[str]:
    """Markdown: for each score, and for none, how many cases have it and the share of good ones among them.

    The last column cuts the feature that alone tells them apart best into parts of the same sizes.
    """
    if not entries:
        return []
    fact, sign = _best_fact(entries)
    told = [one for one in entries if one.told]
    by_fact = sorted(told, key=lambda one: sign * one.facts[fact])
    cut: dict[int, list[Entry]] = {}
    for score in _SCORES:
        count = sum(score_of(one) == score for one in told)
        cut[score], by_fact = by_fact[:count], by_fact[count:]
    trivial = f"the same by {'low' if sign > 0 else 'high'} {fact}, cut to as many each"
    lines = [
        f"**{title}**",
        "",
        f"| score | cases | {good} among them | {trivial} |",
        "|---|---:|---|---|",
    ]
    for score in _SCORES:
        held = [one for one in told if score_of(one) == score]
        if held:
            lines.append(f"| {score} | {len(held)} | {_share(held)} | {_share(cut[score])} |")
    silent = [one for one in entries if not one.told]
    if silent:
        lines.append(f"| none (cannot tell) | {len(silent)} | {_share(silent)} | |")
    return lines


def _best_fact(entries: Sequence[Entry]) -> tuple[str, int]:
    """The feature, and 1 where good cases have less of it."""
    told = [one for one in entries if one.told] or list(entries)

    def separates(fact: str) -> float:
        return auc([e.facts[fact] for e in told if e.bad], [e.facts[fact] for e in told if not e.bad]) or 0.5

    best = max(told[0].facts, key=lambda fact: abs(separates(fact) - 0.5))
    return best, 1 if separates(best) >= 0.5 else -1


def _share(held: Sequence[Entry]) -> str:
    good = sum(not one.bad for one in held)
    interval = wilson(good, len(held))
    shown = f"{good / len(held):.0%}" if held else ""
    return shown if interval is None else f"{shown} [{interval.low:.0%}, {interval.high:.0%}]"
