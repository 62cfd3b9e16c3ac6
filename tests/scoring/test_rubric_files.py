"""Rubric files: the shipped ones are whole and unchanged, and every mistake is named with its remedy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from scored_runs import check, dimension, rubric, run

from otel_scorer.conventions.scores import RESERVED_RUBRIC_NAMES
from otel_scorer.conventions.trace_view import view
from otel_scorer.errors import UserError
from otel_scorer.model import DIMENSIONS, Resource
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet, read_lock
from otel_scorer.scoring.settings import DEFAULT_BY_KIND, ScoringSettings

SHIPPED = sorted(shipped_rubrics().glob("*/*.yaml"))
GOOD = """
name: mine
version: 1
level: trace
applies: {kinds: [AGENT]}
dimensions:
  factual_grounding:
    anchors: {1: a, 2: b, 3: c, 4: d, 5: e}
    checks: [{use: "stand_in_checks:says", with: {estimate: 4.0}}]
"""


def write(folder: Path, text: str, place: str = "mine/1.yaml") -> Path:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return folder


def test_the_shipped_rubrics_load_and_are_as_they_were_released() -> None:
    rubrics = RubricSet.load(ScoringSettings().folders, DEFAULT_BY_KIND)
    assert {str(rubric) for rubric in rubrics} >= {"agent@1", "llm@1", "tool@1", "retriever@1"}
    names = {"agent", "llm", "tool", "retriever", "reranker", "guardrail", "workflow", "a2a", "mcp", "conversation"}
    assert {rubric.name for rubric in rubrics} == names
    assert {str(rubric): rubric.full_digest for rubric in rubrics} == read_lock(shipped_rubrics())


def test_the_shipped_agent_rubric_has_all_dimensions_with_two_checks_and_a_question_each() -> None:
    agent = RubricSet.load(ScoringSettings().folders).get("agent")
    assert tuple(agent.dimensions) == DIMENSIONS
    for rules in agent.dimensions.values():
        assert len(rules.checks) >= 2
        assert rules.ask
        assert len({*rules.anchors.values()}) == 5


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_content_is_what_its_lock_says(path: Path) -> None:
    shipped = Rubric.model_validate(yaml.safe_load(path.read_text("utf-8")))
    assert read_lock(shipped_rubrics())[str(shipped)] == shipped.full_digest


def test_the_digest_is_of_the_content_and_of_nothing_else(tmp_path: Path) -> None:
    plain = Rubric.model_validate(yaml.safe_load(GOOD))
    reordered = Rubric.model_validate(dict(reversed(yaml.safe_load(GOOD + "# a comment\n").items())))
    changed = Rubric.model_validate(yaml.safe_load(GOOD.replace("5: e", "5: f")))
    assert plain.full_digest == reordered.full_digest != changed.full_digest
    assert plain.digest == plain.full_digest[:12]
    assert plain.ref.digest == plain.digest


def test_a_released_rubric_that_changed_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    (loaded,) = RubricSet.load([folder])
    (folder / "released.lock").write_text(f"# ours\nmine@1 {loaded.full_digest}\n")
    RubricSet.load([folder])
    write(folder, GOOD.replace("5: e", "5: better"))
    with pytest.raises(UserError, match=r"mine@1 is released and has changed.*mine@2"):
        RubricSet.load([folder])
    assert len(RubricSet.load([folder], verify=False)) == 1


MISTAKES = {
    "no yaml": ("a: [", "is not YAML"),
    "a list": ("- a", "a rubric is a mapping"),
    "a key twice": (GOOD + "name: other\n", "'name' comes twice"),
    "a field of its own": (GOOD + "colour: red\n", "colour is 'red': is no field of a rubric"),
    "no level": (GOOD.replace("level: trace\n", ""), "level: is missing; add it"),
    "an unknown level": (GOOD.replace("level: trace", "level: tree"), "level is 'tree'"),
    "an unknown kind": (GOOD.replace("AGENT", "ROBOT"), "applies.kinds.0 is 'ROBOT'"),
    "an unknown dimension": (GOOD.replace("factual_grounding", "beauty"), "beauty"),
    "four anchors": (GOOD.replace(", 5: e", ""), "one sentence for each of 1, 2, 3, 4, 5"),
    "an anchor 6": (GOOD.replace("5: e", "6: e"), "anchors.6"),
    "a reserved name": (GOOD.replace("name: mine", "name: score"), "choose another one"),
    "a name in capitals": (GOOD.replace("name: mine", "name: Mine"), "small letters"),
    "version zero": (GOOD.replace("version: 1", "version: 0"), "version is 0"),
    "a mark for nothing": (GOOD + "pass_at: {plan: 3}\n", "pass_at.plan"),
    "a mark off the scale": (GOOD + "pass_at: {composite: 6}\n", "pass_at.composite is 6"),
    "a need of a span": (
        GOOD.replace("    anchors", "    needs: [documents]\n    anchors"),
        "documents is not known at level trace",
    ),
    "nothing that decides": (
        GOOD.replace('[{use: "stand_in_checks:says", with: {estimate: 4.0}}]', "[]"),
        "at least one check",
    ),
    "a check that is no place": (GOOD.replace("stand_in_checks:says", "says"), "package.module:function"),
    "a check of no module": (GOOD.replace("stand_in_checks:says", "no.such:says"), "checks.0: use is 'no.such:says'"),
    "a check that is not there": (GOOD.replace("stand_in_checks:says", "stand_in_checks:sings"), "cannot be loaded"),
    "an unknown option": (GOOD.replace("estimate: 4.0", "loud: true"), "its options are: estimate, weight"),
    "another name than its folder": (GOOD.replace("name: mine", "name: yours"), "yours/1.yaml"),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_every_mistake_is_one_sentence_that_names_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        RubricSet.load([write(tmp_path, text)])
    assert said in str(caught.value)
    assert "1.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(RESERVED_RUBRIC_NAMES))
def test_words_of_our_own_attributes_are_no_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose another one"):
        RubricSet.load([write(tmp_path, GOOD.replace("name: mine", f"name: {name}"), f"{name}/1.yaml")])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        RubricSet.load([tmp_path / "nowhere"])


def test_a_lock_that_lists_what_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "released.lock").write_text("gone@1 abc\n")
    with pytest.raises(UserError, match="gone@1, whose file is not there"):
        RubricSet.load([tmp_path])


def test_the_newest_version_is_taken_unless_one_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("version: 1", "version: 10"), "mine/10.yaml")
    rubrics = RubricSet.load([tmp_path])
    assert str(rubrics.get("mine")) == "mine@10"
    assert str(rubrics.get("mine@1")) == "mine@1"
    assert str(rubrics.get("mine", 1)) == "mine@1"
    with pytest.raises(UserError, match="there are: mine@1, mine@10"):
        rubrics.get("mine@2")
    with pytest.raises(UserError, match="write name or name@version"):
        rubrics.get("mine@new")


def test_one_version_with_two_contents_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", GOOD)
    write(tmp_path / "b", GOOD.replace("5: e", "5: f"))
    with pytest.raises(UserError, match="a version never changes"):
        RubricSet.load([tmp_path / "a", tmp_path / "b"])
    assert len(RubricSet.load([tmp_path / "a", tmp_path / "a"])) == 1


def test_pinned_rubrics_come_back_only_with_the_same_content() -> None:
    mine, changed = (
        rubric({"factual_grounding": dimension(check("says"))}),
        rubric({"factual_grounding": dimension(check("shrugs"))}),
    )
    assert RubricSet([mine]).resolve([mine.ref]) == (mine,)
    assert RubricSet([changed]).resolve([mine.ref]) is None
    assert RubricSet([]).resolve([mine.ref]) is None


def named(name: str, kinds: list[str], level: str = "trace") -> Rubric:
    return rubric({"factual_grounding": dimension(check("says"))}, name=name, level=level, applies={"kinds": kinds})


def test_two_primaries_for_one_span_are_refused_unless_settings_name_one() -> None:
    first, second = named("first", ["AGENT", "CHAIN"]), named("second", ["AGENT"])
    with pytest.raises(UserError, match="both be primary for AGENT spans"):
        RubricSet([first, second]).choose(["first", "second"])
    chosen = RubricSet([first, second], {"AGENT": "second"}).choose(["first", "second"])
    assert [str(one) for one in chosen] == ["second@1", "first@1"]
    span_level = named("third", ["AGENT"], "span")
    assert len(RubricSet([first, span_level]).choose(["first", "third"])) == 2


def test_two_versions_of_one_rubric_do_not_score_one_trace() -> None:
    mine, newer = named("mine", ["AGENT"]), rubric({"factual_grounding": dimension(check("says"))}, version=2)
    with pytest.raises(UserError, match="choose one version"):
        RubricSet([mine, newer], {"AGENT": "mine"}).choose(["mine@1", "mine@2"])


def test_a_kind_that_a_rubric_does_not_take_is_refused() -> None:
    with pytest.raises(UserError, match=r"by_kind.TOOL is 'mine', but mine@1 applies to AGENT"):
        RubricSet([named("mine", ["AGENT"])], {"TOOL": "mine"})
    with pytest.raises(UserError, match="not known"):
        RubricSet([], {"TOOL": "mine"})


def test_refs_are_what_the_trace_has_spans_for_and_conditions_allow() -> None:
    rubrics = RubricSet(
        [named("mine", ["AGENT"]), named("tools", ["TOOL"], "span"), named("docs", ["RETRIEVER"], "span")],
        {"AGENT": "mine", "TOOL": "tools", "RETRIEVER": "docs"},
    )
    assert [ref.name for ref in rubrics.refs(view(run()))] == ["mine", "tools"]
    assert [ref.name for ref in rubrics.refs(view(run()), ["tools"])] == ["tools"]


@pytest.mark.parametrize("condition", [{"services": ["other"]}, {"agents": ["other"]}, {"tags": ["other"]}])
def test_a_condition_that_is_not_met_leaves_the_rubric_out(condition: dict[str, list[str]]) -> None:
    mine = rubric({"factual_grounding": dimension(check("says"))}, applies={"kinds": ["AGENT"], **condition})
    assert RubricSet([mine]).refs(view(run()), ["mine"]) == ()


def test_conditions_are_asked_of_every_trace_and_not_once_for_its_kinds() -> None:
    content = {"factual_grounding": dimension(check("says"))}
    picky = rubric(content, name="picky", applies={"kinds": ["AGENT"], "services": ["shop"]})
    rubrics = RubricSet([picky, named("mine", ["AGENT"])], {"AGENT": "mine"})
    shop = run()
    elsewhere = replace(shop, spans=tuple(replace(span, resource=Resource()) for span in shop.spans))
    shop = replace(shop, spans=tuple(replace(s, resource=Resource({"service.name": "shop"})) for s in shop.spans))
    for _ in range(2):
        assert [ref.name for ref in rubrics.refs(view(elsewhere), ["picky"])] == []
        assert [ref.name for ref in rubrics.refs(view(shop), ["picky"])] == ["picky"]
        assert [ref.name for ref in rubrics.refs(view(shop))] == ["mine"]
        assert [ref.name for ref in rubrics.refs(view(replace(shop, spans=shop.spans[1:])))] == []
