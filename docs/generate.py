"""Writes the reference pages that list what the program knows; `make docs` runs it, a test compares.

python docs/generate.py           writes docs/*.md
python docs/generate.py --check   exits with 1 when a page is not what the program says
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.update(COLUMNS="110", TERM="dumb", NO_COLOR="1")

from typer.main import get_command
from typer.testing import CliRunner

from otel_scorer.cli import app
from otel_scorer.config import describe_settings
from otel_scorer.inspect.normalised import FIELDS, FORM
from otel_scorer.online.metrics_catalogue import METRICS
from otel_scorer.sampling.signals import SIGNALS
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric import CheckUse
from otel_scorer.scoring.rubrics.rubric_schema import SCHEMA_FILE, schema_text
from otel_scorer.scoring.rubrics.rubric_set import RubricSet

HERE = Path(__file__).parent
NOTE = "<!-- Made by `make docs` from the program: do not edit. -->\n"


SETTINGS_INTRO = (
    "One YAML file (`--config FILE` or `OTEL_SCORER_CONFIG`), `OTEL_SCORER_*` variables over it, options of the "
    "command line (`--set section.field=value` for any) over both. Unknown names are refused. "
    "`otel-scorer check --settings` shows what is in force."
)
NORMALISED_INTRO = (
    "What `otel-scorer view FILE --json` (or `view TRACE_ID --json`) prints: one JSON object a line, one line a trace, "
    "the same names whichever instrumentation wrote the spans. "
    f"This is form {FORM}; a field that goes or changes its meaning makes it another number, a new field does not.\n\n"
    "**What was not captured is left out. What was captured and is empty is there, and empty** "
    '(`"text": ""`, `[]`, `null` as a tool\'s result). '
    "`[]` in a path stands for each element of a list, `(any)` for a value of any JSON shape, as it was written; "
    "bytes are base64 text, and numbers that are none (`nan`, `inf`) are text."
)
METRICS_INTRO = (
    "On `http://127.0.0.1:4319/metrics` (Prometheus; counters end in `_total`, units are appended) and over OTLP "
    "where `telemetry.otlp_endpoint` is set, under the names below."
)


def cell(text: str) -> str:
    """One table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def settings_page() -> str:
    """Every setting, by section."""
    lines = [
        "# Settings",
        NOTE,
        SETTINGS_INTRO,
    ]
    section = None
    for line in describe_settings():
        head = line.path.partition(".")[0]
        if head != section:
            section = head
            lines += ["", f"## {head}", "", "| setting | type | default | what |", "|---|---|---|---|"]
        variable = f" <br> `{line.variable}`" if line.variable else ""
        default = cell(line.default) if len(line.default) < 120 else "see `otel-scorer check --settings`"
        lines.append(f"| `{line.path}`{variable} | {cell(line.type)} | `{default}` | {cell(line.description)} |")
    return "\n".join(lines) + "\n"


def signals_page() -> str:
    """Every signal with its settings."""
    lines = ["# Signals", NOTE, "What a sampling rule can look for. Write a name, or `{signal: name, setting: value}`."]
    for name, kind in SIGNALS.items():
        lines += ["", f"## `{name}`", "", " ".join((kind.__doc__ or "").split())]
        fields = {key: field for key, field in kind.model_fields.items() if key != "signal"}
        if fields:
            lines += ["", "| setting | default | what |", "|---|---|---|"]
        for key, field in fields.items():
            default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
            lines.append(f"| `{key}` | {cell(default)} | {cell(field.description or '')} |")
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Every metric of our own."""
    lines = [
        "# Metrics",
        NOTE,
        METRICS_INTRO,
        "",
        "| metric | kind | unit | attributes | what |",
        "|---|---|---|---|---|",
    ]
    for spec in METRICS:
        names = ", ".join(f"`{name}`" for name in spec.attributes)
        lines.append(f"| `otel_scorer.{spec.name}` | {spec.kind} | {spec.unit} | {names} | {cell(spec.description)} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """`--help` of every command."""
    lines = ["# Commands", NOTE]
    runner = CliRunner()
    for words in _commands(get_command(app)):
        shown = runner.invoke(app, [*words, "--help"], prog_name="otel-scorer").output
        text = "\n".join(line.rstrip() for line in shown.strip().splitlines())
        lines += ["", f"## `otel-scorer {' '.join(words)}`", "", "```text", text, "```"]
    return "\n".join(lines) + "\n"


def _commands(group: object, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group below, by the words that call it."""
    for name, command in sorted(getattr(group, "commands", {}).items()):
        yield (*above, name)
        yield from _commands(command, (*above, name))


def rubrics_page() -> str:
    """The shipped rubrics: dimensions, checks, anchors."""
    lines = ["# Shipped rubrics", NOTE, "`otel-scorer check` shows those in force, with digests."]
    for rubric in RubricSet.load([shipped_rubrics()]):
        kinds = ", ".join(rubric.applies.kinds)
        lines += ["", f"## `{rubric.id}` ({rubric.level} level; {kinds})", "", rubric.description]
        for name, dimension in rubric.dimensions.items():
            lines += ["", f"**{name}** (weight {dimension.weight:g}). Checks: {_places(dimension.checks)}", ""]
            lines += [f"- {value}: {' '.join(text.split())}" for value, text in sorted(dimension.anchors.items())]
            lines += ["", *dimension.guidance] if dimension.guidance else []
        if rubric.measures:
            lines += ["", f"Measures: {_places(rubric.measures)}"]
    return "\n".join(lines) + "\n"


def _places(uses: Sequence[CheckUse]) -> str:
    return ", ".join(f"`{use.use.rpartition('checks.')[2]}`" for use in uses)


def normalised_page() -> str:
    """Every field of the normalised form."""
    lines = ["# The normalised form of a trace", NOTE, NORMALISED_INTRO, "", "| field | what |", "|---|---|"]
    lines += [f"| `{path}` | {cell(text)} |" for path, text in FIELDS.items()]
    return "\n".join(lines) + "\n"


PAGES = {
    "normalised.md": normalised_page,
    "settings.md": settings_page,
    "signals.md": signals_page,
    "metrics.md": metrics_page,
    "commands.md": commands_page,
    "rubrics.md": rubrics_page,
    f"../rubrics/{SCHEMA_FILE}": schema_text,
}


def main(check: bool) -> int:
    """Writes the pages, or says which are not what they should be."""
    stale = []
    for name, make in PAGES.items():
        path, text = HERE / name, make()
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, "utf-8")
    if check and stale:
        print(f"docs/{', docs/'.join(stale)}: not what the program says; run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
