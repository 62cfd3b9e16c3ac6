"""Minimal pairs for the choice of a tool, and for the parts of a request."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, Tool, step, target

from otel_scorer.scoring.checks import choice, parts
from otel_scorer.scoring.verdict import CannotTell, Verdict

LCM = Tool("calculate_lcm", "Calculate the least common multiple of two integers")
GCD = Tool("calculate_gcd", "Calculate the greatest common divisor of two integers")
WEATHER = Tool("get_weather", "Current weather conditions of a city")
NOISE = Tool("file_complaint", "File a complaint about noise at the council of a district")
SEARCH = Tool("web_search", "Search the web")


def worst(answer: Verdict | CannotTell) -> tuple[float, str]:
    assert isinstance(answer, Verdict), answer
    return answer.estimate, answer.findings[0].code if answer.findings else ""


def of(task: str, called: str, *tools: Tool, answer: str | None = "It is 128.", **arguments: object) -> Run:
    return Run(task, answer, (Call(called, arguments or {"value": 7}, "128"),), tools=tools)


ASKED = "What is the greatest common divisor of 128 and 256?"


@pytest.mark.parametrize("form", FORMS)
def test_another_tool_fits_plainly_better(form: str) -> None:
    assert worst(choice.fitting_tool(target(of(ASKED, "calculate_lcm", LCM, GCD), form))) == (3.0, "plan.better_tool")
    assert worst(choice.fitting_tool(target(of(ASKED, "calculate_gcd", LCM, GCD), form))) == (5.0, "")


@pytest.mark.parametrize("form", FORMS)
def test_a_tool_is_called_though_none_on_offer_is_about_the_request(form: str) -> None:
    run = of("How should I design the ceiling of a cathedral?", "file_complaint", NOISE)
    assert worst(choice.fitting_tool(target(run, form))) == (4.0, "plan.no_tool_fits")


@pytest.mark.parametrize(
    "run",
    [
        of("Will I need an umbrella in Paris tomorrow morning?", "get_weather", WEATHER),  # one subject, other words
        of("How should I design the ceiling of a cathedral?", "web_search", NOISE, SEARCH),
        of(
            "How should I design the ceiling of a cathedral?",
            "file_complaint",
            NOISE,
            answer="Could you tell me your district?",
        ),
        of(
            "How should I design the ceiling of a cathedral?",
            "file_complaint",
            NOISE,
            answer="I'm sorry, I can't do that.",
        ),
        of("Wie baue ich eine Decke in einer Kathedrale?", "file_complaint", NOISE),
        of(
            "Cathedrals of Europe, what about the ceilings there?",
            "file_complaint",
            NOISE,
            place="Cathedrals of Europe",
        ),
        of("Just do it.", "file_complaint", NOISE),
        of(ASKED, "unheard_of", LCM, GCD),
    ],
)
def test_where_words_cannot_decide_nothing_is_said(run: Run) -> None:
    answer = choice.fitting_tool(target(run, "otel"))
    assert isinstance(answer, CannotTell) or answer.estimate == 5.0


def test_a_tool_that_was_called_too_is_no_better_one() -> None:
    run = of(ASKED, "calculate_lcm", LCM, GCD)
    both = run.but(moves=(*run.moves, Call("calculate_gcd", {"a": 128, "b": 256}, "128")))
    assert worst(choice.fitting_tool(target(both, "otel"))) == (5.0, "")


def test_choice_and_parts_are_questions_of_the_whole_run() -> None:
    run = of(ASKED, "calculate_gcd", LCM, GCD)
    for check in (choice.fitting_tool, parts.parts_taken_up):
        assert isinstance(check(step(run, "otel", "move0")), CannotTell)
        assert isinstance(check(target(run.but(moves=()), "otel")), CannotTell)
        assert isinstance(check(target(run.but(content=False), "otel")), CannotTell)


# ---- parts -----------------------------------------------------------------------------------------------------------


def weather(task: str, *cities: str, answer: str | None = None) -> Run:
    return Run(task, answer, tuple(Call("get_weather", {"city": city}, ran=False) for city in cities), tools=(WEATHER,))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("task", "cities", "found"),
    [
        ("What is the weather in Rome and Oslo today?", ("Rome", "Oslo"), (5.0, "")),
        ("What is the weather in Rome and Oslo today?", ("Rome",), (3.0, "plan.part_not_called")),
        ("What is the weather in Rome, Oslo and Bonn today?", ("Rome", "Bonn"), (3.0, "plan.part_not_called")),
        ("Is the weather of New York and New Orleans alike?", ("New York", "New Orleans"), (5.0, "")),
        ("Is the weather of New York and New Orleans alike?", ("New York",), (3.0, "plan.part_not_called")),
        ("Tell me the weather at stations 12, 14 and 19 please", ("12", "14"), (3.0, "plan.part_not_called")),
    ],
)
def test_all_of_a_row_is_asked_for(form: str, task: str, cities: tuple[str, ...], found: tuple[float, str]) -> None:
    assert worst(parts.parts_taken_up(target(weather(task, *cities), form))) == found


@pytest.mark.parametrize(
    "run",
    [
        weather("I am Bob and Ann, what is the weather in Rome?", "Rome"),
        weather("What is the weather in Paris, France today, please?", "Paris"),
        weather("What is the weather in Rome and Oslo today?", "Rome and Oslo"),
        weather("What is the weather in Rome and Oslo today?", "Rome", answer="Rome is dry, and Oslo too."),
        weather(
            "What is the weather in Rome and Oslo today?", "Rome", answer="Rome is dry. I could not find the other."
        ),
        weather("Between 3:15 and 8:20, what is the weather in Rome?", "Rome"),
    ],
)
def test_what_is_no_row_or_was_answered_is_no_missing_part(run: Run) -> None:
    answer = parts.parts_taken_up(target(run, "otel"))
    assert isinstance(answer, CannotTell) or answer.estimate == 5.0
