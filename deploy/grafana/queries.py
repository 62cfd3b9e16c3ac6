"""PromQL out of a few forms, so that each panel says only what it counts. `$window` is chosen on the board."""

from __future__ import annotations

_SELECTED = 'service=~"$service",agent=~"$agent",model=~"$model"'


def grown(metric: str, by: str = "", where: str = "") -> str:
    """By how much a counter grew in `$window`, summed over processes; `by` labels are kept."""
    labels = f" by ({by})" if by else ""
    selector = f"{{{where}}}" if where else ""
    return f"sum{labels} (increase(otel_scorer_{metric}_total{selector}[$window]))"


def rate(metric: str, by: str = "", where: str = "") -> str:
    """The same per second."""
    return grown(metric, by, where).replace("increase(", "rate(")


def share(metric: str, by: str, part: str, where: str = "") -> str:
    """Which share of a counter's growth has the labels `part`, 0 to 1; no line where it did not grow."""
    both = f"{where},{part}" if where else part
    return f"{grown(metric, by, both)} / ({grown(metric, by, where)} > 0)"


def quantile(metric: str, quantile_of: float) -> str:
    """Quantile of a histogram over `$window`, in its unit."""
    return f"histogram_quantile({quantile_of}, sum by (le) (increase(otel_scorer_{metric}_seconds_bucket[$window])))"


def mean_score(by: str, where: str = "") -> str:
    """Mean score of all traffic by labels: each score counts 1 / p times (otel_scorer.online.counting)."""
    chosen = f"{_SELECTED},{where}" if where else _SELECTED
    return f"{grown('weighted_scores', by, chosen)} / ({grown('score_weights', by, chosen)} > 0)"


def now(metric: str) -> str:
    """A gauge's largest value: each process tells what it sees of the one ledger."""
    return f"max(otel_scorer_{metric})"
