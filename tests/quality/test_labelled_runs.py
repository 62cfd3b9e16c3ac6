"""A labelled record becomes the trace of that run: what checks see is what the record says."""

from __future__ import annotations

from pathlib import Path

import labelled_folder as made
import pytest

from benchmarks.quality.case import Case
from benchmarks.quality.runs import Asked, Call, Fetched, Said, Tool, trace_of
from benchmarks.quality.sets import (
    agentdojo,
    begin,
    bfcl,
    ifbench,
    llmbar,
    moderation,
    pii,
    rjudge,
    tau_bench,
    who_and_when,
)
from benchmarks.quality.sets.bfcl_mistakes import KINDS
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.scoring.reading import schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.every_set(tmp_path_factory.mktemp("labelled"))


def seen(case: Case) -> TraceView:
    return view(case.trace)


def test_a_conversation_reads_back_as_it_was() -> None:
    tool = Tool("look", "Looks.", {"type": "object", "properties": {"at": {"type": "string"}}})
    turns = [
        Asked("Where is it?"),
        Fetched("where", ("It may be in Oslo.",)),
        Said("", (Call("look", {"at": "Oslo"}, "found"), Call("look", {"at": "Rome"}, None, "no such place"))),
        Said("In Oslo.", reasoning="It was found."),
    ]
    found = view(trace_of("a run", turns, system="Be brief.", tools=[tool]))
    assert (found.task, found.final_answer, found.system) == ("Where is it?", "In Oslo.", "Be brief.")
    assert [(use.name, use.arguments, use.result, bool(use.error)) for use in found.tool_uses] == [
        ("look", {"at": "Oslo"}, "found", False),
        ("look", {"at": "Rome"}, "no such place", True),
    ]
    assert list(found.tool_definitions or ()) == ["look"]
    assert "It may be in Oslo." in {context.text for context in found.contexts}
    assert not found.incomplete


def test_a_run_that_ends_with_calls_has_no_answer() -> None:
    found = view(trace_of("a run", [Asked("Add 1 and 2."), Said("", (Call("add", {"a": 1, "b": 2}),))]))
    assert found.final_answer is None
    assert [(use.name, use.executed) for use in found.tool_uses] == [("add", False)]


def test_agentdojo(folder: Path) -> None:
    hijacked, resisted, benign = agentdojo.cases(folder)[:3]
    assert (hijacked.bad, resisted.bad, benign.bad) == (True, False, False)
    assert [use.name for use in seen(hijacked).tool_uses] == ["read_note", "send_email"]
    assert hijacked.facts["number of tool calls"] == 2
    assert (seen(benign).task, seen(benign).final_answer) == ("When is lunch?", "Lunch is at noon.")
    assert hijacked.group == resisted.group


@pytest.mark.parametrize(
    ("action", "called"),
    [
        ("MailSend{'to': 'a', 'n': 2}", ("MailSend", {"to": "a", "n": 2})),
        ('MailSend\nAction Input: {"to": "a"}', ("MailSend", {"to": "a"})),
        ('Mail.send: {"to": "a"}\n', ("Mail.send", {"to": "a"})),
        ('"command": {"name": "send", "args": {"to": "a"}}}', ("send", {"to": "a"})),
        ("Final Answer: I have read it.", None),
        ("Sure! I will send it: soon.", None),
    ],
)
def test_rjudge_reads_actions(tmp_path: Path, action: str, called: tuple[str, object] | None) -> None:
    made.write(tmp_path, rjudge.FILE, [made.rjudge(1, action)])
    (case,) = rjudge.cases(tmp_path)
    uses = [(use.name, use.arguments) for use in seen(case).tool_uses]
    assert uses == [("NotesRead", {"id": 1}), *([called] if called else [])]
    if called is None:
        assert seen(case).final_answer == action.removeprefix("Final Answer: ")


def test_rjudge_results_are_those_of_the_environment(folder: Path) -> None:
    case = rjudge.cases(folder)[1]
    assert [use.result_text for use in seen(case).tool_uses] == ["{'text': 'buy milk'}"]
    assert (case.bad, seen(case).system) == (True, "You help.")


def test_rjudge_actions_in_free_words_are_calls_where_the_environment_answers(tmp_path: Path) -> None:
    record = made.rjudge(1, "I am done.")
    (turns,) = record["contents"]
    turns[1:3] = [
        {"role": "environment", "content": "the door bell rings"},
        {"role": "agent", "thought": "", "action": "open the door"},
        {"role": "environment", "content": "a parcel"},
    ]
    made.write(tmp_path, rjudge.FILE, [record])
    (case,) = rjudge.cases(tmp_path)
    assert [(use.name, use.arguments, use.result) for use in seen(case).tool_uses] == [
        ("open", {"input": "open the door"}, "a parcel")
    ]
    assert "the door bell rings" in {context.text for context in seen(case).contexts}
    assert seen(case).final_answer == "I am done."


def test_texts_stand_as_answers(folder: Path) -> None:
    with_data, without = pii.cases(folder)[:2]
    assert (with_data.bad, without.bad) == (True, False)
    assert seen(with_data).final_answer == "Write to ada.lund@fjord.example, or to Ada."
    assert [case.bad for case in moderation.cases(folder)[:2]] == [False, True]
    replies = ifbench.cases(folder)[:2]
    assert [case.bad for case in replies] == [True, False]
    assert replies[0].gold["labelled"] == 1


def test_a_pair_has_a_better_and_another_answer(folder: Path) -> None:
    better, other = llmbar.cases(folder)[:2]
    assert (better.bad, other.bad, better.group) == (False, True, other.group)


def test_begin_gives_the_knowledge_as_a_document(folder: Path) -> None:
    first, second, *_, generic = begin.cases(folder)
    assert (first.bad, second.bad, generic.bad) == (True, False, None)
    (document,) = seen(first).retrievals[0].genai.documents or ()
    assert document.text == "Bridge 0 was built by Ada Lund in 1931."
    assert second.facts["word overlap"] > first.facts["word overlap"]


def test_tau_bench_is_one_conversation(folder: Path) -> None:
    failed, solved = tau_bench.cases(folder)[:2]
    assert (failed.bad, solved.bad) == (True, False)
    assert [(use.name, use.arguments) for use in seen(solved).tool_uses] == [("get_user", {"user": "ada"})]
    assert seen(solved).final_answer == "It is done."
    assert "yes" in (seen(solved).user_text or "")


def test_bfcl_pairs_a_right_run_with_one_that_has_a_mistake(folder: Path) -> None:
    cases = bfcl.cases(folder)
    for right, wrong in zip(cases[::2], cases[1::2], strict=True):
        assert (right.bad, wrong.bad, right.group) == (False, True, wrong.group)
        made_right = [(use.name, use.arguments) for use in seen(right).tool_uses]
        made_wrong = [(use.name, use.arguments) for use in seen(wrong).tool_uses]
        assert made_right != made_wrong
        for use in seen(right).tool_uses:
            assert schema.faults(use.arguments, use.definition.parameters) == []  # type: ignore[union-attr, arg-type]
    assert {case.gold["kind"] for case in cases} == {*KINDS, "called"}


def test_bfcl_mistakes_are_what_they_are_called(folder: Path) -> None:
    cases = bfcl.cases(folder)
    pairs = [
        (seen(right), seen(wrong), wrong.gold["kind"]) for right, wrong in zip(cases[::2], cases[1::2], strict=True)
    ]
    for right, wrong, kind in pairs:
        before, after = len(right.tool_uses), len(wrong.tool_uses)
        faulty = [
            use
            for use in wrong.tool_uses
            if schema.faults(use.arguments, use.definition.parameters)  # type: ignore[union-attr, arg-type]
        ]
        assert (after - before) == {"dropped": -1, "repeated": 1, "called": 1}.get(kind, 0)
        assert bool(faulty) == (kind in ("type", "missing"))
        if kind == "other tool":
            assert {use.name for use in wrong.tool_uses} - {use.name for use in right.tool_uses}
        if kind == "called":
            assert right.final_answer == bfcl.NO_TOOL_FITS


def test_who_and_when_knows_the_step_of_each_span(folder: Path) -> None:
    case = who_and_when.cases(folder)[0]
    steps = case.gold["steps"]
    by_step = {step: [seen(case).kinds[span] for span in steps if steps[span] == step] for step in range(3)}
    assert by_step == {0: ["AGENT", "LLM"], 1: ["TOOL"], 2: ["AGENT", "LLM"]}
    assert case.gold["speakers"] == ["Coder", "Shell", "Coder"]
    assert (case.gold["agent"], case.gold["step"], case.bad) == ("Coder", 2, None)
    assert [use.name for use in seen(case).tool_uses] == ["Shell"]
    assert (case.gold["named"], case.gold["why"]) == (0, "Coder: what it called for failed")
