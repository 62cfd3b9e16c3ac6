"""Boards and alert rules: as their code makes them, about metrics that there are, and firing when they should."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence

import pytest
from boards.board_files import BOARDS, GRAFANA, RULES, generated, queries, rules

from otel_scorer.online.metrics_catalogue import METRICS, MetricSpec
from otel_scorer.online.telemetry import Metrics, Telemetry
from otel_scorer.online.telemetry_settings import TelemetrySettings

_UNITS = {"s": "_seconds", "By": ""}
_SELECTOR = re.compile(r"(otel_scorer_\w+)(?:\{([^}]*)\})?")
_BY = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def told_as(spec: MetricSpec) -> tuple[str, ...]:
    """Names that Prometheus has for a metric."""
    name = f"otel_scorer_{spec.name}{_UNITS.get(spec.unit, '')}"
    if spec.kind == "histogram":
        return tuple(f"{name}_{part}" for part in ("bucket", "sum", "count"))
    return (f"{name}_total",) if spec.kind == "counter" else (name,)


KNOWN = {name: spec for spec in METRICS for name in told_as(spec)}
EXPRESSIONS = [*queries("expr"), *((str(rule.get("alert", rule.get("record"))), rule["expr"]) for rule in rules())]


def test_the_committed_boards_are_what_their_code_makes() -> None:
    assert {name: (GRAFANA / name).read_text("utf-8") for name in BOARDS} == generated()


def test_there_is_something_in_them() -> None:
    assert len(list(queries("expr"))) > 40
    assert len(list(queries("query"))) == 3


@pytest.mark.parametrize(
    ("title", "expr"), EXPRESSIONS, ids=[f"{n} {title}" for n, (title, _) in enumerate(EXPRESSIONS)]
)
def test_an_expression_speaks_of_metrics_and_labels_that_there_are(title: str, expr: str) -> None:
    found = _SELECTOR.findall(expr)
    assert found or "otel_scorer:" in expr
    labels: set[str] = set()
    for name, selector in found:
        assert name in KNOWN, f"{title}: no metric is told as {name}"
        labels |= {*KNOWN[name].attributes, "le", "job", "instance"}
        assert set(re.findall(r"(\w+)[=!]", selector)) <= labels
    used = {label.strip() for group in _BY.findall(expr) for label in group.split(",")}
    assert used <= labels or not found


def promtool(*arguments: str) -> Sequence[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("skipped: no promtool (Debian package prometheus)")
    return [program, *arguments]


@pytest.mark.parametrize(
    "what", [("check", "rules", RULES.name), ("test", "rules", "alerts_test.yaml")], ids=lambda what: what[0]
)
def test_promtool_finds_the_rules_right(what: Sequence[str]) -> None:
    done = subprocess.run(promtool(*what), cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_that_names_it() -> None:
    tested = (RULES.parent / "alerts_test.yaml").read_text("utf-8")
    alerts = [rule["alert"] for rule in rules() if "alert" in rule]
    assert alerts
    assert [name for name in alerts if name not in tested] == []
    for rule in rules():
        if "alert" in rule:
            assert {*rule["annotations"]} == {"summary", "description"}


def test_promtool_finds_our_metrics_well_named() -> None:
    metrics = Metrics()
    telemetry = Telemetry(TelemetrySettings(), metrics)
    for spec in METRICS:
        tell = {"counter": metrics.add, "gauge": metrics.set, "histogram": metrics.observe}[spec.kind]
        tell(spec.name, 1, **dict.fromkeys(spec.attributes, "a"))
    told = telemetry.prometheus_text()
    telemetry.close()
    done = subprocess.run(promtool("check", "metrics"), input=told, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
