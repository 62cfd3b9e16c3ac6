"""`otel-scorer rubric`: write, release, compare, render; a released version that changes is refused everywhere."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from recorded_file import TRACE_ID, leaking_agent, write
from typer.testing import CliRunner, Result

from otel_scorer.cli import app
from otel_scorer.errors import UserError
from otel_scorer.otlp import read_traces
from otel_scorer.scoring.judging.judge import JudgeAnswer, JudgeError, Prompt
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet, read_lock
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import ScoringSettings


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["rubric", *map(str, arguments)])


def done(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception
    return result.stdout


def mistake(*arguments: str | Path) -> str:
    error = run(*arguments).exception
    assert isinstance(error, UserError)
    return str(error)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mine"


@pytest.fixture
def leak(tmp_path: Path) -> Path:
    return write(tmp_path / "leak.jsonl", leaking_agent())


def test_a_new_rubric_is_commented_loads_and_has_the_schema_beside_it(folder: Path) -> None:
    assert "support/1.yaml: written" in done("new", "support", "--dir", folder)
    text = (folder / "support" / "1.yaml").read_text("utf-8")
    assert text.count("#") > 10
    assert text.startswith("# yaml-language-server: $schema=../rubric.schema.json")
    assert str(RubricSet.load([folder]).get("support")) == "support@1"
    assert json.loads((folder / "rubric.schema.json").read_text("utf-8")) == json.loads(done("schema"))


def test_a_name_that_is_there_gets_its_next_version_with_its_own_text(folder: Path) -> None:
    done("new", "support", "--dir", folder)
    first = folder / "support" / "1.yaml"
    first.write_text(first.read_text("utf-8").replace("What it judges", "Our own words"), "utf-8")
    done("new", "support", "--dir", folder)
    assert RubricSet.load([folder]).get("support@2").description.startswith("Our own words")


def test_a_copy_keeps_text_and_comments_under_another_name(folder: Path) -> None:
    done("new", "shop", "--from", "agent", "--dir", folder)
    copy = (folder / "shop" / "1.yaml").read_text("utf-8")
    newest = RubricSet.load([shipped_rubrics()]).get("agent")
    original = (shipped_rubrics() / "agent" / f"{newest.version}.yaml").read_text("utf-8")
    assert copy == original.replace("name: agent", "name: shop").replace(f"version: {newest.version}", "version: 1")


def test_a_version_of_ones_own_lies_over_the_shipped_ones(folder: Path) -> None:
    done("new", "agent", "--dir", folder)
    (own,) = RubricSet.load([folder])
    assert RubricSet.load([shipped_rubrics(), folder]).get("agent").full_digest == own.full_digest
    (folder / "agent" / f"{own.version}.yaml").rename(folder / "agent" / "9.yaml")
    path = folder / "agent" / "9.yaml"
    path.write_text(path.read_text("utf-8").replace(f"version: {own.version}", "version: 9"), "utf-8")
    assert str(RubricSet.load([folder, shipped_rubrics()]).get("agent")) != "agent@9", "the later folder is on top"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "support"), "scoring.rubrics_dir is not set: name your folder with --dir"),
        (("new", "Support", "--dir", "."), "write small letters"),
        (("new", "score", "--dir", "."), "choose another one"),
        (("new", "a", "--from", "b", "--dir", "."), "rubric 'b' is not known"),
        (("release", "--dir", "."), "holds no rubric"),
        (("diff", "agent@1", "agent@77"), "agent@77"),
    ],
)
def test_mistakes_are_told_with_their_remedy(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in mistake(*arguments)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".yaml" or path.is_dir()]


def test_a_release_pins_what_was_named_and_keeps_what_was_pinned(folder: Path) -> None:
    done("new", "support", "--dir", folder)
    done("new", "shop", "--dir", folder)
    assert done("release", "support", "--dir", folder).endswith(" released\n")
    assert set(read_lock(folder)) == {"support@1"}
    told = done("release", "--dir", folder).splitlines()
    assert [line.split(maxsplit=2)[2] for line in told] == ["released", "was released already"]
    assert set(read_lock(folder)) == {"support@1", "shop@1"}


def test_a_released_version_that_changed_is_refused_by_release_and_by_check(folder: Path) -> None:
    done("new", "support", "--dir", folder)
    done("release", "--dir", folder)
    path = folder / "support" / "1.yaml"
    path.write_text(path.read_text("utf-8").replace("What it judges", "Other words"), "utf-8")
    assert "support@1 is released and has changed" in mistake("release", "--dir", folder)
    checked = CliRunner().invoke(app, ["check", "--set", f"scoring.rubrics_dir={folder}"])
    assert "write it as support@2" in str(checked.exception)


def test_a_diff_names_what_changed_by_field(folder: Path) -> None:
    done("new", "support", "--dir", folder)
    done("new", "support", "--dir", folder)
    path = folder / "support" / "2.yaml"
    text = path.read_text("utf-8").replace("judge: when_open", "judge: always")
    path.write_text(text.replace('      - "A refusal that the system prompt asks for: 5."\n', ""), "utf-8")
    told = json.loads(done("diff", folder / "support" / "1.yaml", path, "--json"))
    assert [(change["field"], change["before"], change["after"]) for change in told["changes"]] == [
        ("version", "1", "2"),
        ("judge", "when_open", "always"),
        ("dimensions.instruction_adherence.edge_cases", "A refusal that the system prompt asks for: 5.", None),
    ]
    assert "dimensions.factual_grounding.evidence" in done("diff", "agent@1", "agent@3")


class Listening:
    """A judge that keeps what it was sent."""

    name = "listening"
    evidence_chars = ScoringSettings().judge.max_evidence_chars

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.prompts.append(prompt)
        raise JudgeError("only listening")


def test_render_prints_what_the_judge_is_sent_when_the_trace_is_scored(leak: Path) -> None:
    judge = Listening()
    (trace,) = read_traces([leak])
    agent = RubricSet.load([shipped_rubrics()]).get("agent")
    always = agent.model_copy(update={"judge": "always"})
    asyncio.run(score_trace(trace, [always], judge, deadline=float("inf")))
    (sent,) = judge.prompts
    told = json.loads(done("render", leak, "agent", "--always", "--json"))
    assert (told["system"], told["user"], told["evidence_digest"]) == (sent.system, sent.user, sent.evidence_digest)
    assert told["digest"] == hashlib.sha256(f"{sent.system}\0{sent.user}".encode()).hexdigest()
    assert (told["rubric"], told["rubric_digest"]) == (str(agent), agent.digest)
    shown = done("render", leak, "agent", "--always")
    assert all(part in shown for part in (sent.system, sent.user, told["digest"]))


def test_render_says_why_nobody_would_be_asked(leak: Path, folder: Path) -> None:
    done("new", "quiet", "--dir", folder)
    path = folder / "quiet" / "1.yaml"
    path.write_text(path.read_text("utf-8").replace("judge: when_open", "judge: never"), "utf-8")
    assert "quiet@1 says judge: never (--always asks all the same)" in done("render", leak, path)
    asked = done("render", leak, path, "--always")
    assert "---- user ----" in asked
    assert f"quiet@1 ({RubricSet.load([folder]).get('quiet').digest})" in asked
    assert "judges nothing in it: it is for GUARDRAIL" in mistake("render", leak, "guardrail")
    assert "no trace abc" in mistake("render", leak, "agent", "--trace", "abc")


def test_eval_holds_answers_against_what_cases_expect(leak: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps({"trace_id": TRACE_ID, "expected": {"exact": "Something else"}}))
    evaluated = CliRunner().invoke(app, ["eval", str(leak), "--expected", str(cases), "--json", "-"])
    (result, *_) = json.loads(evaluated.stdout)["results"]
    assert result["metrics"]["expected_met"] == 0.0
    assert "expected.exact" in {finding["code"] for finding in result["findings"]}


def test_check_tells_which_settings_name_a_rubric(tmp_path: Path) -> None:
    config = tmp_path / "settings.yaml"
    config.write_text("scoring: {segments: [{rubric: agent@1, services: [shop]}]}")
    told = json.loads(CliRunner().invoke(app, ["check", "--config", str(config), "--json"]).stdout)
    named = {line["rubric"]: line["named_by"] for line in told["rubrics"]}
    assert named["agent@1"] == ["segments.0"]
    assert named["agent@3"] == ["by_kind.AGENT", "by_kind.WORKFLOW", "by_kind.CHAIN"]
    assert named["llm@1"] == []
