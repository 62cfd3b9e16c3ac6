"""A calibration as tables for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from otel_scorer.offline.calibrate import Agreement, Calibration, DimensionReport, Figure, Part
from otel_scorer.offline.labels import SCALE

_FEW = 30
"""Cases under which an interval is so wide that it is said."""


def to_json(calibration: Calibration) -> str:
    """One object: all figures as {"value", "low", "high"}, null where undefined. Same input, same bytes."""
    return json.dumps(_plain(asdict(calibration)), indent=2) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Figure):
        low, high = value.interval or (None, None)
        return {"value": value.value, "low": low, "high": high}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def render(calibration: Calibration) -> Iterator[RenderableType]:
    """What is printed, from top to bottom."""
    by = ", ".join(calibration.evaluators) or "nothing"
    raters = _count(len(calibration.raters), "rater")
    yield Text(f"{calibration.rubric} ({calibration.digest}), scored by {by}, against {raters}")
    for part in calibration.parts:
        name = "hold-out: nothing may be tuned on these" if part.held_out else "without the hold-out"
        yield Text(f"\n{_count(part.cases, 'case')}, {name}", style="bold")
        yield _figures(part)
        for report in part.dimensions:
            if report.whole.cases:
                yield Text(f"{_name(report)}: labels (rows) against scores")
                yield _confusion(report)
            if report.segments:
                yield Text(f"{_name(report)}: by segment")
                yield _segments(report)
    if calibration.held_out and not any(part.held_out for part in calibration.parts):
        yield Text(
            f"{_count(calibration.held_out, 'case')} held out, always the same ones, and not shown: "
            "--holdout shows them apart. Look rarely: whoever mends a rubric by them has no hold-out any more."
        )
    for warning in calibration.warnings:
        yield Text(f"warning: {warning}", style="bold yellow")


def _figures(part: Part) -> Table:
    shown = Table(box=box.SIMPLE_HEAD)
    shown.add_column("dimension", min_width=13)
    for column in ("scored", "kappa", "raters' own", "Pearson", "Spearman", "MAE", "bias"):
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column("not scored", min_width=12)
    for report in part.dimensions:
        whole = report.whole
        figures = (whole.kappa, report.raters.own, whole.pearson, whole.spearman, whole.mae, whole.bias)
        shown.add_row(
            report.dimension.replace("_", " "),
            f"{whole.cases} of {report.labelled}\n{whole.cases / report.labelled:.0%}",
            *(_cell(figure).replace(" ", "\n", 1) for figure in figures),
            "\n".join(f"{why} {count}" for why, count in report.missing.items()),
        )
    few = [report for report in part.dimensions if 0 < report.whole.cases < _FEW]
    if few:
        shown.caption = f"Fewer than {_FEW} scored cases: read the intervals, not the figures."
        shown.caption_justify = "left"
    return shown


def _confusion(report: DimensionReport) -> Table:
    shown = Table()
    for column in ("label", *map(str, SCALE)):
        shown.add_column(column, justify="right")
    for label, row in zip(SCALE, report.confusion, strict=True):
        counts = zip(SCALE, row, strict=True)
        cells = (Text(str(count or "."), style="bold" if score == label else "") for score, count in counts)
        shown.add_row(str(label), *cells)
    return shown


def _segments(report: DimensionReport) -> Table:
    shown = Table()
    for column in ("segment", "value"):
        shown.add_column(column, overflow="fold")
    for column in ("scored", "kappa", "MAE", "bias"):
        shown.add_column(column, justify="right")
    for key, values in report.segments.items():
        for value, found in _largest_first(values):
            shown.add_row(key, _printable(value), str(found.cases), *map(_cell, (found.kappa, found.mae, found.bias)))
    return shown


def _largest_first(values: Mapping[str, Agreement]) -> list[tuple[str, Agreement]]:
    return sorted(values.items(), key=lambda item: -item[1].cases)


def _cell(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    if figure.interval is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} [{figure.interval.low:.2f}, {figure.interval.high:.2f}]"


def _name(report: DimensionReport) -> str:
    return report.dimension.replace("_", " ")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _printable(text: str) -> str:
    """A segment may hold anything; a terminal gets only what can be printed."""
    return "".join(char for char in text[:60] if char.isprintable())
