"""Every fault has a finding with code, stage and spans, whoever found it; the reason is made from them."""

from __future__ import annotations

from scored_runs import ScriptedJudge, check, dimension, opinion, rubric, run, soon

from otel_scorer.model import Finding, Result, Score
from otel_scorer.scoring.findings import reason_of
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.verdict import Verdict

GROUNDING = "factual_grounding"
ROOT = f"{1:016x}"


async def scored(judge: ScriptedJudge | None = None, **options: object) -> Result:
    uses = [check("says", **options)] if judge is None else [check("shrugs")]
    (result,) = await score_trace(run(), [rubric({GROUNDING: dimension(*uses)})], judge, deadline=soon())
    return result


async def test_a_fault_without_a_finding_gets_one_named_after_its_check() -> None:
    (found,) = (await scored(estimate=2.0, reason="one figure is invented")).findings
    assert found == Finding("stand_in_checks.says", GROUNDING, "one figure is invented", "AGENT", (ROOT,))
    assert (await scored(estimate=5.0)).findings == ()


async def test_a_findings_own_words_and_stage_stay() -> None:
    (found,) = (await scored(estimate=2.0, code="mine.code", reason="seen")).findings
    assert (found.code, found.stage, found.text) == ("mine.code", "LLM", "seen")


async def test_what_the_judge_found_is_a_finding_too() -> None:
    result = await scored(ScriptedJudge({GROUNDING: opinion(2, ["s3"], "The date is invented.")}))
    (found,) = result.findings
    assert found == Finding("judge.fault", GROUNDING, "The date is invented.", "TOOL", (f"{3:016x}",))
    assert not (await scored(ScriptedJudge({GROUNDING: opinion(5)}))).findings


def test_a_reason_tells_the_first_findings_and_how_many_more_there_are() -> None:
    findings = tuple(Finding("c", GROUNDING, f"fault {number}") for number in range(6))
    assert reason_of(Verdict(1.0, "its own words", findings)) == "fault 0; fault 1; fault 2; fault 3 and 2 more"
    assert reason_of(Verdict(1.0, "its own words", findings[:1] * 3)) == "fault 0"
    assert reason_of(Verdict(5.0, "its own words")) == "its own words"


async def test_the_reason_of_a_score_is_made_from_its_findings() -> None:
    result = await scored(estimate=2.0, reason="one figure is invented")
    score = result.scores[GROUNDING]
    assert isinstance(score, Score)
    assert score.reason == "; ".join(finding.text for finding in result.findings)
