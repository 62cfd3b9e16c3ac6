"""Evaluations that traces ask for and that nothing answers: counted, and each name logged once."""

from __future__ import annotations

import logging

from otel_scorer.online.telemetry import Metrics

log = logging.getLogger(__name__)
MOST_NAMES = 100
"""Names come from strangers: after so many the log keeps quiet, the metric goes on."""


class UnknownEvaluations:
    """Told the name each time a trace asks for it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._logged: set[str] = set()

    def __call__(self, name: str) -> None:
        shown = name[:100]
        self._metrics.add("unknown_evaluations", 1, evaluation=shown)
        if shown in self._logged or len(self._logged) >= MOST_NAMES:
            return
        self._logged.add(shown)
        log.warning("traces ask for the evaluation %r, which nothing answers: name a rubric in scoring.requests", shown)
