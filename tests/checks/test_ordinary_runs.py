"""No ordinary run that went right is faulted; those that went wrong are, and no secret is told of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ordinary_runs import RIGHT, WRONG, Ordinary

from otel_scorer.conventions.trace_view import view
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.rubrics.applies import targets
from otel_scorer.scoring.rubrics.binding import load_function
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.settings import DEFAULT_BY_KIND
from otel_scorer.scoring.verdict import Verdict

RUBRICS = RubricSet.load([shipped_rubrics()])
LEAST = {"plan:tool_errors": 4.0, "tool:tool_failed": 1.0}
"""What a tool that was out of order may cost a run that got on with it, and the tool's own step."""


def verdicts(run: Ordinary) -> Iterator[tuple[str, Verdict]]:
    seen, once = view(run.trace), Once()
    for rubric in map(RUBRICS.get, ("agent", "llm", "tool")):
        for _, _, target in targets(rubric, seen, DEFAULT_BY_KIND, once=once):
            for use in (use for rules in rubric.dimensions.values() for use in rules.checks):
                answer = load_function(use.use)(target, **use.options)
                if isinstance(answer, Verdict):
                    yield use.use.rpartition("checks.")[2], answer


@pytest.mark.parametrize("run", RIGHT, ids=lambda run: run.name)
def test_a_run_that_went_right_is_not_faulted(run: Ordinary) -> None:
    faults = [(check, told.estimate, told.reason) for check, told in verdicts(run) if told.estimate < 4.5]
    doubts = {(check, told.estimate, told.reason) for check, told in verdicts(run) if told.doubtful}
    assert [fault for fault in faults if fault[1] < LEAST.get(fault[0], 4.5) and fault not in doubts] == []
    assert all(told.estimate > 2.5 and not told.findings for _, told in verdicts(run) if told.doubtful)


@pytest.mark.parametrize("run", WRONG, ids=lambda run: run.name)
def test_a_run_that_went_wrong_is_faulted(run: Ordinary) -> None:
    assert any(told.estimate < 4.5 and told.findings for check, told in verdicts(run) if check not in LEAST)


@pytest.mark.parametrize("run", WRONG, ids=lambda run: run.name)
def test_what_is_told_repeats_no_secret_and_no_personal_data(run: Ordinary) -> None:
    told = "\n".join(finding.text for _, verdict in verdicts(run) for finding in verdict.findings)
    assert not [
        private for private in ("AKIAIOSFODNN7", "wJalrXUtn", "20 12 34 56", "attacker.example") if private in told
    ]
    assert all(len(finding.text) <= 1024 for _, verdict in verdicts(run) for finding in verdict.findings)
