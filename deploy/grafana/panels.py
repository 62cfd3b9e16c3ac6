"""How a board and a panel of ours look, so that the boards say only what is in them."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, table, tempo, timeseries
from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode, VariableOption

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${prometheus}")
TEMPO = DataSourceRef(type_val="tempo", uid="${tempo}")

WINDOWS = ("5m", "15m", "1h", "6h", "1d")


def board(uid: str, title: str, description: str) -> dashboard.Dashboard:
    """Empty; Grafana asks which data sources to use, and over how long each point looks back (`$window`)."""
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["otel_scorer"])
        .time("now-6h", "now")
        .refresh("1m")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("prometheus").label("Prometheus").type("prometheus"))
        .with_variable(dashboard.DatasourceVariable("tempo").label("Tempo").type("tempo"))
        .with_variable(choice("window", "Looking back", WINDOWS, "1h"))
    )


def rows(whole: dashboard.Dashboard, title: str, panels: Sequence[object]) -> dashboard.Dashboard:
    """A row with its panels, at the end of the board."""
    whole = whole.with_row(dashboard.Row(title))
    for panel in panels:
        whole = whole.with_panel(panel)
    return whole


def choice(name: str, label: str, values: Sequence[str], chosen: str) -> dashboard.CustomVariable:
    """A variable with fixed values."""
    options = [VariableOption(text=value, value=value, selected=value == chosen) for value in values]
    current = VariableOption(text=chosen, value=chosen, selected=True)
    return dashboard.CustomVariable(name).label(label).values(",".join(values)).options(options).current(current)


def lines(
    title: str,
    description: str,
    *queries: tuple[str, str],
    unit: str = "short",
    scale: tuple[float, float] | None = None,
) -> timeseries.Panel:
    """Lines over time: each query is PromQL and the legend of its series. `scale` fixes the axis."""
    legend = VizLegendOptions().display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.BOTTOM)
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .height(8)
        .span(8)
        .fill_opacity(5)
        .legend(legend.show_legend(True).calcs(["lastNotNull"]))
    )
    for place, (expr, shown) in enumerate(queries):
        panel = panel.with_target(_query(expr, place).legend_format(shown).range())
    return panel.min(scale[0]).max(scale[1]) if scale else panel.min(0)


def number(
    title: str, description: str, expr: str, *, unit: str = "short", worse_from: float | None = None
) -> stat.Panel:
    """One number, as it is now; red from `worse_from` on."""
    steps = [Threshold(value=None, color="green")]
    if worse_from is not None:
        steps.append(Threshold(value=worse_from, color="red"))
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .height(4)
        .span(4)
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
        .with_target(_query(expr, 0).instant())
    )


def traces(title: str, description: str, traceql: str) -> table.Panel:
    """A table of traces out of Tempo; Grafana makes their ids links to the trace."""
    query = tempo.TempoQuery().ref_id("A").datasource(TEMPO).query_type("traceql").query(traceql).limit(20)
    return table.Panel().title(title).description(description).datasource(TEMPO).height(9).span(8).with_target(query)


def _query(expr: str, place: int) -> prometheus.Dataquery:
    return prometheus.Dataquery().datasource(PROMETHEUS).expr(expr).ref_id(chr(ord("A") + place))
