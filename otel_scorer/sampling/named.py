"""Rubrics that rules and strata name: looked up when a process starts, not when the first trace matches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from otel_scorer.conventions.eval_tags import REQUESTED
from otel_scorer.errors import UserError
from otel_scorer.sampling.settings import SamplingSettings


def refuse_unknown_rubrics(settings: SamplingSettings, choose: Callable[[Sequence[str]], object]) -> None:
    """Raises UserError, with the place in the settings, where `choose` does not take the rubrics named there."""
    named = [(f"rules[{at}]", rule.name, rule.rubrics) for at, rule in enumerate(settings.rules)]
    named += [(f"strata[{at}]", stratum.name, stratum.rubrics) for at, stratum in enumerate(settings.strata)]
    for place, name, rubrics in named:
        if rubrics is None or rubrics == REQUESTED:
            continue
        try:
            choose(rubrics)
        except UserError as error:
            raise UserError(f"sampling.{place}.rubrics ({name}): {error}") from error
