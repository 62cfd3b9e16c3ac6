"""Minimal pairs for instruction adherence."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, both, step, target

from otel_scorer.scoring.checks import adherence
from otel_scorer.scoring.demands.demands import demands
from otel_scorer.scoring.verdict import CannotTell, Verdict

ASK = Run("Name a lamp.", "The Aurora is a fine lamp.")


def estimate(answer: Verdict | CannotTell) -> float:
    assert isinstance(answer, Verdict), answer
    assert all(finding.dimension == "instruction_adherence" for finding in answer.findings)
    return answer.estimate


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("asked", "good", "bad"),
    [
        ("Respond only with valid JSON.", '{"lamp": "Aurora"}', "The lamp is Aurora."),
        ("Answer as a bulleted list.", "- Aurora\n- Luna", "Aurora and Luna."),
        ("Use a numbered list.", "1. Aurora\n2. Luna", "Aurora and Luna."),
        ("Present it in a table.", "| a | b |\n|---|---|\n| 1 | 2 |", "a is 1 and b is 2"),
        ("Answer with yes or no.", "Yes.", "It depends on the lamp."),
        (
            "Always answer in German.",
            "Die Aurora ist eine schöne Lampe und nicht teuer, sie ist mit Holz gemacht.",
            "The Aurora is a nice lamp and it is not expensive, you have it in wood as well.",
        ),
    ],
)
def test_a_format_that_was_asked_for_is_verified(form: str, asked: str, good: str, bad: str) -> None:
    for run in (ASK.but(system=asked), ASK.but(task=f"Name a lamp. {asked}")):
        assert estimate(adherence.output_format(target(run.but(answer=good), form))) == 5.0
        verdict = adherence.output_format(target(run.but(answer=bad), form))
        assert estimate(verdict) <= 2.0
        assert verdict.findings[0].code == "adherence.output_format"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("asked", "good", "bad"),
    [
        ("Answer in at most 5 words.", "Aurora is fine.", "Aurora is a very fine lamp for any room of yours."),
        ("Write between 3 and 6 words.", "Aurora is a lamp.", "Aurora."),
        ("Reply in one sentence.", "Aurora is a lamp.", "Aurora is a lamp. It is fine."),
        ("Write exactly two paragraphs.", "One.\n\nTwo.", "One. Two."),
        ("Give at least three bullet points.", "- a\n- b\n- c", "- a\n- b"),
        ('Include the word "warranty".', "With warranty.", "Without guarantee."),
        ('Never use the word "cheap".', "It is inexpensive.", "It is cheap."),
        ('Include the keyword "lamp" twice.', "A lamp is a lamp.", "A lamp is bright."),
        ('Start your answer with "Dear customer".', "Dear customer, it is Aurora.", "It is Aurora, dear customer."),
        ('End your reply with "Goodbye."', "It is Aurora. Goodbye.", "Goodbye. It is Aurora."),
        ("Write in all lowercase.", "it is aurora.", "It Is Aurora Here."),
        ("Do not use any commas.", "Aurora is bright and small.", "Aurora is bright, small."),
        ("Do not use markdown.", "Aurora is bright.", "**Aurora** is bright."),
        ("Use at least 5 unique words in the response.", "one two three four five", "one one one one one"),
    ],
)
def test_an_instruction_that_counting_can_verify_is_verified(form: str, asked: str, good: str, bad: str) -> None:
    for run in (ASK.but(system=asked), ASK.but(task=f"Name a lamp. {asked}")):
        assert estimate(adherence.verifiable(target(run.but(answer=good), form))) == 5.0
        verdict = adherence.verifiable(target(run.but(answer=bad), form))
        assert estimate(verdict) <= 2.5
        assert verdict.findings[0].code == "adherence.instruction_not_followed"


def test_nearly_is_better_than_not_at_all() -> None:
    run = ASK.but(task="Describe a lamp in at most 100 words.")
    for form in FORMS:
        within, nearly, far = (
            estimate(adherence.verifiable(target(run.but(answer="word " * n), form))) for n in (99, 104, 180)
        )
        assert within > nearly > far


@pytest.mark.parametrize(
    "text",
    [
        "If the user is angry, answer in at most 5 words.",
        "Summarise: “I wrote about a lamp and they said it should be written in exactly 20 words, which I did not do.”",
        "I have 3 lamps of 40 watts.",
        "Write a three-word name into the field.",
    ],
)
def test_what_is_conditional_or_material_is_no_demand(text: str) -> None:
    assert demands(text) == []


def test_cannot_tell_without_an_instruction_or_without_content() -> None:
    for at in both(ASK):
        assert isinstance(adherence.verifiable(at), CannotTell)
        assert isinstance(adherence.output_format(at), CannotTell)
    for at in both(ASK.but(content=False)):
        for check in (adherence.verifiable, adherence.output_format, adherence.answered):
            verdict = check(at)
            assert isinstance(verdict, CannotTell)
            assert verdict.missing_evidence


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"answer": ""}, "adherence.empty_answer"),
        ({"finish": "length"}, "adherence.cut_off"),
        ({"answer": "Dear [insert name], it is Aurora."}, "adherence.placeholder"),
        ({"answer": '<tool_call>{"name": "lookup"}'}, "adherence.raw_tool_call"),
    ],
)
def test_an_empty_cut_unfilled_or_raw_answer_is_no_answer(form: str, change: dict[str, str], code: str) -> None:
    assert estimate(adherence.answered(target(ASK, form))) == 5.0
    verdict = adherence.answered(target(ASK.but(**change), form))
    assert estimate(verdict) <= 2.0
    assert verdict.findings[0].code == code


def test_whether_a_refusal_is_right_cannot_be_told() -> None:
    for at in both(ASK.but(answer="I'm sorry, I cannot help with that.")):
        assert isinstance(adherence.answered(at), CannotTell)


@pytest.mark.parametrize("form", FORMS)
def test_a_single_model_call_is_held_against_its_own_prompt(form: str) -> None:
    run = ASK.but(
        system="Respond only with valid JSON.", answer='{"lamp": "Aurora"}', moves=(Call("find_lamp", {}, "Aurora"),)
    )
    assert estimate(adherence.output_format(step(run, form, "last"))) == 5.0
    assert estimate(adherence.output_format(step(run.but(answer="Aurora"), form, "last"))) <= 2.0
    for check in (adherence.answered, adherence.output_format, adherence.verifiable):
        asking = check(step(run, form, "llm0"))
        assert isinstance(asking, CannotTell)
        assert asking.not_applicable
        assert not asking.missing_evidence


LAMP = {"type": "object", "properties": {"lamp": {"type": "string"}}, "required": ["lamp"]}
ASKED = {"type": "json_schema", "json_schema": {"name": "lamp", "schema": LAMP}}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["json_object", "json"])
def test_json_that_the_calls_parameters_ask_for_is_verified(form: str, kind: str) -> None:
    run = ASK.but(answer='{"lamp": "Aurora"}', response_format={"type": kind})
    assert estimate(adherence.output_format(target(run, form))) == 5.0
    assert estimate(adherence.output_format(target(run.but(answer="Aurora"), form))) <= 2.0
    assert estimate(adherence.output_format(step(run.but(answer="Aurora"), form, "last"))) <= 2.0


@pytest.mark.parametrize("form", FORMS)
def test_a_schema_in_the_calls_parameters_is_verified(form: str) -> None:
    run = ASK.but(answer='{"lamp": "Aurora"}', response_format=ASKED)
    assert estimate(adherence.output_format(target(run, form))) == 5.0
    wrong = adherence.output_format(target(run.but(answer='{"lamb": "Aurora"}'), form))
    assert 1.0 < estimate(wrong) < 2.5


def test_a_filtered_answer_and_one_of_tool_calls_only_cannot_be_judged() -> None:
    for at in both(ASK.but(finish="content_filter")):
        assert isinstance(adherence.answered(at), CannotTell)
