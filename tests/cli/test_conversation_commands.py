"""`eval`, `rubric render` and `view` over a recorded conversation; `why` over one that was scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recorded_file import leaking_agent, write
from talk_traces import root_id, talk, trace_id
from typer.testing import CliRunner, Result

from otel_scorer.cli import app
from otel_scorer.conventions.scores import evaluation_span
from otel_scorer.errors import UserError
from otel_scorer.history.conversations import KIND, conversation_key
from otel_scorer.history.record import Course, FindingMark, Outcome, Record, Verdict
from otel_scorer.history.store import History
from otel_scorer.model import Link
from otel_scorer.scoring import results_json

TURNS = (
    ("My order number is A-4711. Where is it?", "It left on Monday."),
    ("When does it come?", "Could you please provide your order number?"),
)


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    spans = [span for trace in talk(*TURNS).traces for span in trace.spans]
    return write(tmp_path / "talk.jsonl", *spans, leaking_agent())


def test_eval_scores_traces_and_the_conversation_that_they_are_of(file: Path, tmp_path: Path) -> None:
    done = run("eval", file, "--json", tmp_path / "out.jsonl")
    assert done.exit_code == 0, done.exception
    assert "conversation@1" in done.stdout
    assert "3 traces, 1 conversations" in done.stdout
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    (of_talk,) = [line for line in lines if "conversation_id" in line]
    assert (of_talk["conversation_id"], of_talk["trace_ids"]) == ("talk-1", [trace_id(1), trace_id(2)])
    (result,) = results_json.load(json.dumps(of_talk["results"]))
    assert result.target_span_id == root_id(2)
    assert [finding.code for finding in result.findings] == ["conversation.asked_again"]


def test_eval_by_the_conversation_rubric_says_nothing_of_single_traces(file: Path) -> None:
    done = run("eval", file, "--rubric", "conversation", "--json", "-")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["conversation_id"] == "talk-1"
    others = run("eval", file, "--rubric", "agent", "--json", "-").stdout.splitlines()
    assert len(others) == 3


def test_render_prints_the_prompt_of_a_conversation(file: Path, tmp_path: Path) -> None:
    (line,) = run("rubric", "render", file, "conversation", "--json").stdout.splitlines()
    told = json.loads(line)
    assert told["span_id"] == root_id(2)
    assert [step["user"] for step in json.loads(told["user"].splitlines()[1])["steps"]] == [one for one, _ in TURNS]
    always = json.loads(run("rubric", "render", file, "conversation", "--json", "--always").stdout)
    assert len(always["asked"]) == 4
    bare = write(tmp_path / "bare.jsonl", leaking_agent())
    error = run("rubric", "render", bare, "conversation").exception
    assert isinstance(error, UserError)
    assert "names a conversation" in str(error)


def test_view_shows_a_conversations_scores_beside_the_traces_own(file: Path, tmp_path: Path) -> None:
    found = talk(*TURNS)
    (line,) = run("eval", file, "--rubric", "conversation", "--json", "-").stdout.splitlines()
    (result,) = results_json.load(json.dumps(json.loads(line)["results"]))
    roots = [trace.spans[0] for trace in found.traces]
    links = [Link(roots[0].trace_id, roots[0].span_id)]
    late = evaluation_span(
        result,
        roots[1],
        deployment="d",
        evaluated_at_ns=1,
        content="conversation",
        links=links,
        conversation_id="talk-1",
    )
    shown = run("view", write(tmp_path / "scored.jsonl", *found.traces[1].spans, late)).stdout
    assert "conversation talk-1  2 traces" in shown
    assert "instruction_adherence 3" in shown


def test_why_tells_of_the_trace_and_of_its_conversation(tmp_path: Path) -> None:
    verdict = Verdict(value=3, estimate=3.0, by="checks")
    mark = FindingMark(code="conversation.asked_again", dimension="instruction_adherence", span_ids=(root_id(2),))
    outcome = Outcome(
        rubric="conversation",
        version=1,
        digest="d" * 12,
        target_span_id=root_id(2),
        scores={"instruction_adherence": verdict},
        findings=(mark,),
        composite=3.0,
    )
    of_trace = Record(
        tenant="default", trace_id=trace_id(1), ended_at_ms=1, status="not_sampled", conversation_id="talk-1"
    )
    of_talk = Record(
        tenant="default",
        trace_id=conversation_key("default", "talk-1"),
        kind=KIND,
        revision=1,
        ended_at_ms=1,
        status="partial",
        conversation_id="talk-1",
        root_span_id=root_id(2),
        outcomes=(outcome,),
        course=Course(trace_ids=(trace_id(1), trace_id(2)), known_traces=3, turns=2, not_told=1),
    )
    history = History(f"sqlite:///{tmp_path}/history.db")
    history.open()
    history.write([of_trace, of_talk])
    history.close()
    url = f"history.url=sqlite:///{tmp_path}/history.db"
    told = run("why", trace_id(1), "--set", url).stdout
    assert "2 turns in 2 of 3 traces; of 1 nobody tells the turns" in told
    assert "conversation.asked_again" in told
    assert f"in trace {trace_id(2)}" in told
    assert "number 2" in told
    lines = run("why", trace_id(1), "--json", "--set", url).stdout.splitlines()
    assert [json.loads(line).get("kind", "trace") for line in lines] == ["trace", KIND]
