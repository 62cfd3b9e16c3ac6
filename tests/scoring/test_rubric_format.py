"""The rubric format: what the judge is shown of it, options bound at load, measures, prompt versions, its schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from scored_runs import ScriptedJudge, check, dimension, opinion, rubric, run, soon

from otel_scorer.errors import UserError
from otel_scorer.model import Missing, Score, Trace
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric import CheckUse, Rubric
from otel_scorer.scoring.rubrics.rubric_schema import SCHEMA_FILE, rubric_schema, schema_text
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace

GROUNDING = "factual_grounding"
SHIPPED = sorted(shipped_rubrics().glob("*/*.yaml"))
ALL = RubricSet.load([shipped_rubrics()])
NEWEST = [one for one in ALL if ALL.get(one.name) is one]


async def test_evidence_what_does_not_matter_and_edge_cases_reach_the_judge_in_this_order() -> None:
    told = dimension(check("shrugs"), evidence="Look  here.", ignore="Style.", edge_cases=["A refusal: 5.", "None: 1."])
    judge = ScriptedJudge({GROUNDING: opinion(4)})
    await score_trace(run(), [rubric({GROUNDING: told})], judge, deadline=soon())
    (prompt,) = judge.prompts
    lines = prompt.system.splitlines()
    at = lines.index("How is it?")
    assert lines[at + 1 : at + 5] == [
        "What counts as evidence: Look here.",
        "What does not matter: Style.",
        "- A refusal: 5.",
        "- None: 1.",
    ]
    assert lines[at + 5].startswith("1: ")


def test_what_is_not_said_leaves_the_prompt_and_the_digest_as_they_were() -> None:
    bare = rubric({GROUNDING: dimension(check("says"))})
    assert bare.dimensions["factual_grounding"].guidance == ()
    assert not {"evidence", "measures", "inner"} & set(json.dumps(bare.model_dump(exclude_unset=True)).split('"'))


@pytest.mark.parametrize("one", NEWEST, ids=str)
def test_every_shipped_dimension_can_be_judged_with_and_without_a_model_and_says_how(one: Rubric) -> None:
    for rules in one.dimensions.values():
        assert rules.checks
        assert rules.ask
        assert rules.evidence
        assert rules.ignore
        assert rules.edge_cases
        assert len(set(rules.anchors.values())) == 5


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_rubrics_are_what_the_schema_for_editors_allows(path: Path) -> None:
    content = yaml.safe_load(path.read_text("utf-8"))
    as_an_editor_sees_it = json.loads(json.dumps(content))
    assert list(Draft202012Validator(rubric_schema()).iter_errors(as_an_editor_sees_it)) == []


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"level": "tree"}, {"version": 0}, {"dimensions": {}}, {"applies": {"kinds": ["ROBOT"]}}],
)
def test_the_schema_underlines_what_loading_refuses(change: dict[str, Any]) -> None:
    content = {**json.loads(json.dumps(yaml.safe_load(SHIPPED[0].read_text("utf-8")))), **change}
    assert list(Draft202012Validator(rubric_schema()).iter_errors(content))


def test_the_schema_beside_the_shipped_rubrics_is_that_of_the_program() -> None:
    assert (shipped_rubrics() / SCHEMA_FILE).read_text("utf-8") == schema_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"loud": True}, "with.loud is no option of stand_in_checks:says; its options are: estimate, weight"),
        ({"estimate": "high"}, "with.estimate is 'high' for stand_in_checks:says: input should be a valid number"),
    ],
)
def test_an_option_that_does_not_fit_is_named_with_its_remedy(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        _ = CheckUse(use="stand_in_checks:says", options=options).function


async def test_measures_give_metrics_and_findings_and_never_a_score() -> None:
    measures = [check("says", estimate=1.0, share=0.25, code="seen"), check("crashes")]
    mine = rubric({GROUNDING: dimension(check("says", estimate=5.0))}, measures=measures)
    (result,) = await score_trace(run(), [mine], None, deadline=soon())
    score = result.scores[GROUNDING]
    assert isinstance(score, Score)
    assert score.value == 5
    assert result.metrics == {"share": 0.25}
    assert [finding.code for finding in result.findings] == ["seen", "measure.crashed"]
    assert "anna@example.com" not in result.findings[1].text


def ran(name: str, version: str) -> Trace:
    trace = run()
    prompt = {"llm.prompt_template.version": version, **({"gen_ai.prompt.name": name} if name else {})}
    told = [
        replace(span, attributes={**span.attributes, **prompt}) if span.name == "chat" else span for span in trace.spans
    ]
    return replace(trace, spans=tuple(told))


@pytest.mark.parametrize(
    ("known", "name", "version", "stale"),
    [
        (["3"], "", "3", ""),
        (["3"], "", "4", "prompt version 4"),
        (["support@3"], "support", "3", ""),
        (["support@3"], "support", "4", "prompt version support@4"),
        (["support@3"], "greeting", "9", ""),
        (["support@3", "1"], "greeting", "9", "prompt version greeting@9"),
        (["support@3"], "", "", ""),
    ],
)
async def test_another_prompt_version_is_stale_and_never_scored(
    known: list[str], name: str, version: str, stale: str
) -> None:
    mine = rubric(
        {GROUNDING: dimension(check("says", estimate=1.0))}, applies={"kinds": ["AGENT"], "prompt_versions": known}
    )
    judge = ScriptedJudge({GROUNDING: opinion(4)})
    (result,) = await score_trace(ran(name, version), [mine], judge, deadline=soon())
    outcome = result.scores[GROUNDING]
    if stale:
        assert outcome == Missing("stale", f"{stale}; the rubric is for {', '.join(known)}")
        assert not judge.prompts
    else:
        assert isinstance(outcome, Score)
