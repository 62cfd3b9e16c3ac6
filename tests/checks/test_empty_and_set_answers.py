"""Answers that are recorded as empty and are none, fallbacks that the prompt gives, and prompts that come twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from agent_runs import FORMS, Call, Run, step, target, trace

from otel_scorer.conventions.trace_view import view
from otel_scorer.scoring.checks import adherence
from otel_scorer.scoring.demands.demands import demands, set_replies
from otel_scorer.scoring.reading.prompts import one_prompt
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

EMPTY = Run("Name a lamp.", "")


def with_last(run: Run, form: str, **attributes: object) -> Target:
    """The whole trace, with more attributes on the last model call."""
    made = trace(run, form)
    spans = tuple(
        replace(span, attributes={**span.attributes, **attributes}) if span.span_id.startswith("last") else span
        for span in made.spans
    )
    return Target(view(replace(made, spans=spans)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["final_answer", "submit_answer", "FinalResponse", "send_message_to_user", "finish"])
def test_an_answer_that_a_tool_carried_is_not_empty(form: str, name: str) -> None:
    run = EMPTY.but(moves=(Call(name, {"text": "Aurora"}, "ok"),))
    assert isinstance(adherence.answered(target(run, form)), CannotTell)
    other = adherence.answered(target(EMPTY.but(moves=(Call("lookup", {"q": "x"}, "ok"),)), form))
    assert isinstance(other, Verdict)
    assert other.estimate == 1.0


def test_tokens_without_text_are_an_answer_that_was_not_captured() -> None:
    for form, key in (("otel", "gen_ai.usage.output_tokens"), ("openinference", "llm.token_count.completion")):
        verdict = adherence.answered(with_last(EMPTY, form, **{key: 40}))
        assert isinstance(verdict, CannotTell)
        assert verdict.missing_evidence
        told = adherence.answered(with_last(EMPTY, form, **{key: 1}))
        assert isinstance(told, Verdict)
        assert told.estimate == 1.0


FALLBACK = 'Answer in exactly three bullet points. If you do not know, say "I don\'t know."'


@pytest.mark.parametrize("form", FORMS)
def test_a_fallback_that_the_prompt_gives_is_held_to_no_form(form: str) -> None:
    run = Run("Which lamp?", "I don't know.", system=FALLBACK)
    assert isinstance(adherence.verifiable(target(run, form)), CannotTell)
    verdict = adherence.verifiable(target(run.but(answer="Aurora."), form))
    assert isinstance(verdict, Verdict)
    assert verdict.estimate <= 2.0


def test_set_replies_are_those_of_a_case() -> None:
    assert set_replies('Otherwise reply with "I can only help with lamps."') == {"i can only help with lamps"}
    assert set_replies('End with "Goodbye."') == frozenset()


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_that_declines_is_held_to_no_length(form: str) -> None:
    run = Run("Write at least 100 words.", "I'm sorry, I cannot help with that.")
    assert isinstance(adherence.verifiable(target(run, form)), CannotTell)


def test_a_prompt_that_comes_beside_and_among_the_messages_counts_once() -> None:
    system = "Use no commas. Answer in at most five words."
    made = trace(Run("Name a lamp.", "A, b, c.", system=system), "otel")
    twice = '[{"role": "system", "parts": [{"type": "text", "content": "' + system + ' "}]}, '
    spans = tuple(
        replace(span, attributes={**span.attributes, key: twice + str(span.attributes[key])[1:]})
        if span.span_id.startswith("last") and (key := "gen_ai.input.messages")
        else span
        for span in made.spans
    )
    seen = view(replace(made, spans=spans))
    assert one_prompt(seen)
    last = next(one for one in seen.steps if one.span_id.startswith("last"))
    for at in (Target(seen), Target(seen, last)):
        verdict = adherence.verifiable(at)
        assert isinstance(verdict, Verdict)
        assert verdict.metrics["verified_instructions"] == 2.0


def test_the_same_demand_in_prompt_and_request_counts_once() -> None:
    run = Run("Name a lamp. Use no commas.", "Aurora", system="Use no commas.")
    for at in (target(run, "otel"), step(run, "otel", "last")):
        verdict = adherence.verifiable(at)
        assert isinstance(verdict, Verdict)
        assert verdict.metrics["verified_instructions"] == 1.0


def test_unclosed_quotation_marks_and_many_demands_are_bounded() -> None:
    assert demands("“" * 10**6) == []
    many = "\n".join(f'Never use the word "a{n}".' for n in range(10_000))
    assert len(demands(many)) == 40
