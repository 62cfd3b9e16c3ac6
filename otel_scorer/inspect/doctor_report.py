"""A diagnosis for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from otel_scorer.inspect.coverage import TRACE, Coverage
from otel_scorer.inspect.doctor import Advice, Diagnosis, Missing
from otel_scorer.inspect.wording import counted, printable

_SHOWN = {
    "factual_grounding": "grounding",
    "privacy_and_safety": "safety",
    "instruction_adherence": "instruction",
    "optimal_plan_execution": "plan",
}


def render(diagnosis: Diagnosis) -> RenderableType:
    """Tables and sentences for a terminal."""
    if not diagnosis.traces:
        return Text("No agent spans were seen: nothing to say. Is the exporter pointed here, and did the agent run?")
    headline = f"{counted(diagnosis.traces, 'trace')}, {counted(diagnosis.spans, 'agent span')}"
    lines: list[RenderableType] = [Text(f"• {sentence}") for sentence in diagnosis.notices]
    for advice in diagnosis.advice:
        lines += _advice_lines(advice)
    if not diagnosis.advice:
        lines.append(Text("• All evidence that the rubrics ask for is captured.", style="green"))
    return Group(Text(headline, style="bold"), _table(diagnosis), *lines)


def to_plain(diagnosis: Diagnosis) -> dict[str, object]:
    """The diagnosis as JSON-ready values."""
    return {
        "traces": diagnosis.traces,
        "spans": diagnosis.spans,
        "places": [
            {
                "service": place.writer.service,
                "scope": place.writer.scope,
                "dialects": list(diagnosis.dialects.get(place.writer, ())),
                "level": place.level,
                "seen": coverage.seen,
                "supported": dict(coverage.supported),
                "lacking": {name: dict(missing) for name, missing in coverage.lacking.items() if missing},
            }
            for place, coverage in diagnosis.places.items()
        ],
        "advice": [_plain_advice(advice) for advice in diagnosis.advice],
        "notices": list(diagnosis.notices),
    }


def _plain_advice(advice: Advice) -> dict[str, object]:
    missing = [
        {
            "need": each.need,
            "level": each.level,
            "lacking": each.lacking,
            "seen": each.seen,
            "dimensions": list(each.dimensions),
            "attribute": each.attribute,
            "switch": each.switch or None,
        }
        for each in advice.missing
    ]
    head = {"service": advice.service, "scope": advice.scope, "dialect": advice.dialect}
    return {**head, "switches": list(advice.switches), "missing": missing}


def _advice_lines(advice: Advice) -> Iterator[RenderableType]:
    place = f"{printable(advice.service, 60)} / {printable(advice.scope, 60)}"
    yield Text(f"• {place} ({advice.dialect})", style="bold")
    lines = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        lines.add_column(overflow="fold")
    for switch in advice.switches:
        lines.add_row("  →", Text(switch, style="yellow"))
    yield lines
    yield _missing_table(advice.missing)


def _missing_table(missing: Sequence[Missing]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("    not captured", "in", "needed for", "attribute"):
        table.add_column(column, overflow="fold", header_style="dim")
    for each in missing:
        subjects = "traces" if each.level == TRACE else f"{each.level} spans"
        dimensions = ", ".join(_SHOWN.get(name, name) for name in each.dimensions)
        count = f"{each.lacking} of {each.seen} {subjects}"
        table.add_row(f"    {each.need.replace('_', ' ')}", count, dimensions, each.attribute)
    return table


def _table(diagnosis: Diagnosis) -> Table:
    table = Table(title="What the spans can be scored in (supported / seen)", title_justify="left")
    for column in ("service", "scope", "dialect", "judged", *_SHOWN.values()):
        table.add_column(column, overflow="fold")
    for place, coverage in diagnosis.places.items():
        dialects = ", ".join(diagnosis.dialects.get(place.writer, ()))
        texts = [printable(place.writer.service, 40), printable(place.writer.scope, 50), dialects, place.level]
        table.add_row(*texts, *(_cell(coverage, name) for name in _SHOWN))
    return table


def _cell(coverage: Coverage, dimension: str) -> Text:
    if dimension not in coverage.lacking:
        return Text("-", style="dim")
    count = coverage.supported[dimension]
    return Text(f"{count}/{coverage.seen}", style="green" if count == coverage.seen else "yellow" if count else "red")
