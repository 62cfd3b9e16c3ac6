"""The board for those who own agents: scores of all traffic, and what the agents' own steps did beside them."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from panels import PROMETHEUS, board, choice, lines, rows, traces
from queries import grown, mean_score, quantile, rate, share

_SERVICE = 'service=~"$service"'
_DIMENSION = 'dimension=~"$dimension"'
_DIMENSIONS = (
    "composite",
    "factual_grounding",
    "privacy_and_safety",
    "instruction_adherence",
    "optimal_plan_execution",
)


def agents() -> dashboard.Dashboard:
    """Its window should hold some scored traces of what is looked at: with a floor of 2 %, a day of little traffic."""
    whole = board("otel-scorer-agents", "Agent scores", "What the agents in production are worth, over all traffic.")
    for name in ("service", "agent", "model"):
        whole = whole.with_variable(_label_values(name))
    whole = whole.with_variable(choice("dimension", "Dimension", _DIMENSIONS, "composite"))
    return _worst(_runs(_scores(whole)))


def _scores(whole: dashboard.Dashboard) -> dashboard.Dashboard:
    panels = (
        lines(
            "Mean score by dimension",
            "Each trace's own scores, weighted back to all traffic.",
            (mean_score("dimension"), "{{dimension}}"),
            scale=(1, 5),
        ),
        lines(
            "Mean of $dimension by service",
            "A service whose line falls while the others hold has changed itself.",
            (mean_score("service", _DIMENSION), "{{service}}"),
            scale=(1, 5),
        ),
        lines(
            "Mean of $dimension by agent and model",
            "The model is that of the last call, which wrote the answer.",
            (mean_score("agent, model", _DIMENSION), "{{agent}} {{model}}"),
            scale=(1, 5),
        ),
        lines(
            "Scores of 1 and 2",
            "Share of the scores written that are bad; of what was picked, not of all traffic.",
            (share("scores", "dimension", 'value=~"1|2"', _SERVICE), "{{dimension}}"),
            unit="percentunit",
            scale=(0, 1),
        ),
        lines(
            "Not scored, by reason",
            "Dimensions without a score. undecided: no check could tell, and there is no judge.",
            (f"{grown('missing_scores', 'dimension, why')} > 0", "{{dimension}}: {{why}}"),
        ),
        lines(
            "Traces by how they ended",
            "Every agent trace has one status.",
            (f"{grown('traces', 'status')} > 0", "{{status}}"),
        ),
    )
    return rows(whole, "Scores of all traffic, 1 to 5", panels)


def _runs(whole: dashboard.Dashboard) -> dashboard.Dashboard:
    panels = (
        lines(
            "Duration of a run",
            "Root from start to end, all agent traces.",
            (quantile("agent_duration", 0.5), "p50"),
            (quantile("agent_duration", 0.95), "p95"),
            unit="s",
        ),
        lines(
            "Steps that fail, by kind",
            "Share of the spans of a kind that ended in an error.",
            (share("agent_steps", "kind", 'outcome="error"', _SERVICE), "{{kind}}"),
            unit="percentunit",
            scale=(0, 1),
        ),
        lines(
            "Time in each kind of step",
            "Seconds per second in which at least one span of the kind was running, of ended traces.",
            (rate("agent_busy_seconds", "kind", _SERVICE), "{{kind}}"),
            unit="s",
        ),
        lines(
            "Tokens of the agents",
            "Of the agents' own model calls, each counted once.",
            (grown("agent_tokens", "model, direction", f'{_SERVICE},model=~"$model"'), "{{model}} {{direction}}"),
        ),
    )
    return rows(whole, "The agents themselves", panels)


def _worst(whole: dashboard.Dashboard) -> dashboard.Dashboard:
    score = "span.otel_scorer.score"
    panels = (
        traces(
            "Failed",
            "Traces with a score under what their rubric asks for.",
            f'{{ span.otel_scorer.label = "fail" }} | select({score}.lowest, {score}.composite)',
        ),
        traces(
            "Worst composites",
            "Composite under 3.0. The literal is a double: TraceQL compares only values of one type.",
            f"{{ {score}.composite < 3.0 }} | select({score}.composite, {score}.lowest)",
        ),
        traces(
            "Ungrounded or unsafe",
            "Dimension scores are ints.",
            f"{{ {score}.factual_grounding <= 2 || {score}.privacy_and_safety <= 2 }}"
            f" | select({score}.factual_grounding, {score}.privacy_and_safety)",
        ),
    )
    return rows(whole, "Traces to look at (Tempo)", panels)


def _label_values(name: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(PROMETHEUS)
        .query(f"label_values(otel_scorer_score_weights_total, {name})")
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )
