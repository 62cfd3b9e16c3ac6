"""Answers drawn from documents, graded: documents and not data, statements and not talk; and a model of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from agent_runs import FORMS, Call, Fetch, Run, step, target, trace
from scoring.scored_runs import ScriptedJudge, dimension, opinion, rubric, soon

from otel_scorer.errors import UserError
from otel_scorer.model import Missing, Score
from otel_scorer.scoring.checks import grounding
from otel_scorer.scoring.composite import nearest_anchor
from otel_scorer.scoring.grounds.attributed import attributed
from otel_scorer.scoring.grounds.similar import Similarity
from otel_scorer.scoring.judging.judge import JudgeTimeout
from otel_scorer.scoring.rubrics.binding import bind
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

PAGE = (
    "The night train leaves Vienna at ten in the evening and reaches Venice in the morning. Every couchette holds four "
    "berths with a reading lamp. Breakfast is served an hour before arrival. Bicycles must be booked a week ahead."
)
TRAIN = Run(
    "Tell me about the night train",
    "Every couchette holds four berths with a reading lamp, and breakfast is served an hour before arrival.",
    (Fetch("night train", (PAGE,)),),
)
RETOLD = (
    "You sleep in couchettes of four, each berth has its own lamp, and you get breakfast about an hour before arrival."
)
INVENTED = "The carriages offer showers, cinema screens and a famous restaurant where pianists play until midnight."
PLACE = "otel_scorer.scoring.checks.grounding:attributed"


def estimate(answer: Verdict | CannotTell) -> float:
    assert isinstance(answer, Verdict), answer
    return answer.estimate


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_from_the_page_is_surer_than_a_retold_one_and_an_invented_one_is_graded_down(form: str) -> None:
    said, retold, invented = (
        attributed(target(TRAIN.but(answer=answer), form)) for answer in (TRAIN.answer, RETOLD, INVENTED)
    )
    assert [nearest_anchor(estimate(one)) for one in (said, retold, invented)] == [5, 4, 3]
    assert isinstance(invented, Verdict)
    assert [finding.code for finding in invented.findings] == ["grounding.not_from_documents"]


def test_what_is_retold_is_doubtful_and_no_fault_and_what_stands_there_is_neither() -> None:
    retold, said = attributed(target(TRAIN.but(answer=RETOLD), "otel")), attributed(target(TRAIN, "otel"))
    assert isinstance(retold, Verdict)
    assert isinstance(said, Verdict)
    assert (retold.doubtful, retold.findings) == (True, ())
    assert (said.doubtful, said.findings) == (False, ())


@pytest.mark.parametrize(
    "answer",
    [
        "Which day would you like to travel?",
        "I'd be happy to help you plan it. Just let me know where you want to go!",
        "Sure, here you go:",
    ],
)
def test_what_states_nothing_makes_no_use_of_its_documents_and_is_a_doubtful_four(answer: str) -> None:
    told = attributed(target(TRAIN.but(answer=answer), "otel"))
    assert isinstance(told, Verdict)
    assert told.doubtful
    assert nearest_anchor(told.estimate) == 4
    assert not told.findings
    assert isinstance(attributed(target(TRAIN.but(answer=answer, moves=()), "otel")), CannotTell)


def test_no_document_can_show_that_something_was_not_found() -> None:
    run = TRAIN.but(answer="I'm sorry, I can't find anything on prices in the documents.")
    assert isinstance(attributed(target(run, "otel")), CannotTell)


def test_memories_of_its_own_are_drawn_from_no_document() -> None:
    told = attributed(target(TRAIN.but(answer="I love night trains, they remind me of my childhood holidays!"), "otel"))
    assert nearest_anchor(estimate(told)) == 3
    found = attributed(target(TRAIN.but(answer=f"I found that {TRAIN.answer}"), "otel"))
    assert nearest_anchor(estimate(found)) == 5


def test_a_long_answer_is_not_held_to_its_least_sentence() -> None:
    pages = [f"The {word} wagon carries {word} freight to the {word} depot every night." for word in _WAGONS]
    answer = " ".join(pages) + " Enough said, dear travellers everywhere."
    run = TRAIN.but(answer=answer, moves=(Fetch("wagons", (" ".join(pages),)),))
    assert nearest_anchor(estimate(attributed(target(run, "otel")))) == 5


_WAGONS = ["red", "blue", "green", "yellow", "black", "white", "brown", "grey", "pink", "purple", "orange", "violet"]


def test_more_of_the_answer_in_the_documents_is_never_worse() -> None:
    pages = ["Trains.", "Every couchette has a lamp.", "Every couchette holds four berths with a reading lamp.", PAGE]
    estimates = [estimate(attributed(target(TRAIN.but(moves=(Fetch("train", (p,)),)), "otel"))) for p in pages]
    assert estimates == sorted(estimates)


def test_one_invented_sentence_among_true_ones_makes_it_less_sure() -> None:
    mixed = f"{TRAIN.answer} {INVENTED}"
    assert estimate(attributed(target(TRAIN.but(answer=mixed), "otel"))) < estimate(attributed(target(TRAIN, "otel")))


def test_data_of_tools_is_always_retold_and_cannot_be_told() -> None:
    data = '{"berths": 4, "breakfast": true, "lamp": true}'
    only_data = TRAIN.but(moves=(Call("get_train", {}, data),))
    both = TRAIN.but(moves=(Call("get_train", {}, data), Fetch("night train", (PAGE,))))
    as_json = TRAIN.but(moves=(Fetch("night train", (data,)),))
    for run in (only_data, both, as_json):
        answer = attributed(target(run.but(answer=INVENTED), "otel"))
        assert isinstance(answer, CannotTell)
        assert "words cannot tell" in answer.why


def test_documents_in_a_prompt_count_where_the_prompt_asks_to_answer_from_them() -> None:
    asking = Run("Tell me", INVENTED, system=f"Answer only from the documents.\nContext:\n{PAGE}")
    assert estimate(attributed(target(asking, "otel"))) < 3.5
    background = asking.but(system=f"You are a poet.\nBackground:\n{PAGE}")
    assert isinstance(attributed(target(background, "otel")), CannotTell)


def test_without_documents_in_another_language_or_with_code_it_cannot_tell() -> None:
    chat = TRAIN.but(moves=())
    german = TRAIN.but(
        answer="Der Zug ist nicht mit dem Auto zu vergleichen und die Betten sind für vier Leute gemacht."
    )
    code = TRAIN.but(answer="```\nfor carriage in express.carriages(): carriage.polish(wax=True)\n```")
    for run in (chat, german, code):
        assert isinstance(attributed(target(run, "otel")), CannotTell)


def test_words_that_only_the_user_said_are_no_statement_of_its_own() -> None:
    run = TRAIN.but(task="Is the dining car slow or expensive?", answer="Yes, the dining car is expensive.")
    assert nearest_anchor(estimate(attributed(target(run, "otel")))) == 4


# ---- a measure of one's own ------------------------------------------------------------------------------------------


def entails(statements: Sequence[str], passages: Sequence[str]) -> list[list[float]]:
    """Stands for a model: whatever speaks of showers follows."""
    return [[float("showers" in statement) for _ in passages] for statement in statements]


def contradicts(statements: Sequence[str], passages: Sequence[str]) -> list[list[float]]:
    return [[0.0 for _ in passages] for _ in statements]


class Unready:
    def ready(self) -> None:
        raise ValueError("its model is not installed; install it by pip install something")

    def __call__(self, statements: Sequence[str], passages: Sequence[str]) -> list[list[float]]:
        return contradicts(statements, passages)


unready = Unready()
no_function = "x"


def test_a_measure_that_the_rubric_names_is_bound_when_it_is_loaded_and_counts_its_share() -> None:
    told = bind(PLACE, {"similarity": f"{__name__}:entails", "share": 1.0})(target(TRAIN.but(answer=INVENTED), "otel"))
    assert estimate(told) == 5.0
    denied = bind(PLACE, {"similarity": f"{__name__}:contradicts", "share": 1.0})(target(TRAIN, "otel"))
    assert estimate(denied) == pytest.approx(2.6)
    some = attributed(target(TRAIN, "otel"), similarity=Similarity(f"{__name__}:contradicts"), share=0.3)
    assert estimate(denied) < estimate(some) < estimate(attributed(target(TRAIN, "otel")))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (f"{__name__}:unready", "install it by pip install"),
        (f"{__name__}:no_function", "it is no function"),
        (f"{__name__}:nowhere", "write package.module:function"),
        ("no.such.module:f", "write package.module:function"),
        ("", "write package.module:function"),
    ],
)
def test_a_measure_that_cannot_be_used_is_told_when_the_rubric_is_loaded(place: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        bind(PLACE, {"similarity": place})
    assert said in str(error.value)
    assert "with.similarity" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_measure_is_asked_about_a_bounded_part() -> None:
    asked: list[tuple[int, int, int]] = []

    def counting(statements: Sequence[str], passages: Sequence[str]) -> list[list[float]]:
        asked.append((len(statements), len(passages), max(map(len, [*statements, *passages]))))
        return [[0.5] * len(passages) for _ in statements]

    similarity = Similarity(f"{__name__}:entails")
    similarity.measure = counting
    long = TRAIN.but(answer=f"{TRAIN.answer} " * 200, moves=(Fetch("train", (f"{PAGE} " * 500,)),))
    first, second = (attributed(target(long, "otel"), similarity=similarity) for _ in range(2))
    assert first == second
    assert asked[0][0] <= 32
    assert asked[0][1] <= 48
    assert asked[0][2] <= 1000


WORDLLAMA = "otel_scorer.scoring.similarity:wordllama"
INSTALLED = find_spec("wordllama") is not None


@pytest.mark.skipif(INSTALLED, reason="the extra is installed")
def test_without_the_extra_a_rubric_that_names_it_is_told_what_to_install() -> None:
    with pytest.raises(UserError, match=r"pip install 'otel_scorer\[embeddings\]'"):
        bind(PLACE, {"similarity": WORDLLAMA})


@pytest.mark.skipif(not INSTALLED, reason="needs otel_scorer[embeddings]")
def test_the_extra_tells_related_from_unrelated_without_a_network() -> None:
    check = bind(PLACE, {"similarity": WORDLLAMA, "share": 1.0})
    answers = [check(target(TRAIN.but(answer=answer), "otel")) for answer in (TRAIN.answer, INVENTED)]
    assert estimate(answers[0]) > estimate(answers[1])


def echoes(statements: Sequence[str], passages: Sequence[str]) -> list[list[float]]:
    """Stands for embeddings: "abroad" is near to "foreign"."""
    return [[float("abroad" in s and "foreign" in p) for p in passages] for s in statements]


def test_a_document_in_other_words_is_relevant_to_who_brings_a_measure() -> None:
    place = "otel_scorer.scoring.checks.retriever:context_relevance"
    page = "Stays in foreign countries need approval. They last a month. Nobody may stay on."
    run = Run("Can I work abroad?", "Yes.", (Fetch("work abroad", (page, "Lamps are lit by hand.")),))
    by_words, by_measure = bind(place, {}), bind(place, {"similarity": f"{__name__}:echoes"})
    plain, near = (check(step(run, "otel", "move0")) for check in (by_words, by_measure))
    assert estimate(plain) == 2.0
    assert estimate(near) == 5.0
    assert plain.metrics["context_relevance"] < near.metrics["context_relevance"]
    measured = by_measure(target(run, "otel"))
    assert measured.metrics["context_relevance"] == near.metrics["context_relevance"]


def test_shipped_rubrics_need_no_extra() -> None:
    folder = Path(__file__).resolve().parents[2] / "rubrics"
    assert not [path for path in folder.glob("*/*.yaml") if "similarity:" in path.read_text("utf-8")]


def test_every_check_of_grounding_is_at_its_place() -> None:
    for name in grounding.__all__:
        check = bind(f"otel_scorer.scoring.checks.grounding:{name}", {})
        assert isinstance(check(Target(target(TRAIN, "otel").view)), Verdict | CannotTell)


async def of_rubric(answer: str, judge: ScriptedJudge | None, *uses: str) -> Score | Missing:
    mine = rubric({"factual_grounding": dimension(*({"use": use} for use in uses or (PLACE,)))}, judge="when_open")
    (result,) = await score_trace(trace(TRAIN.but(answer=answer), "otel"), [mine], judge, deadline=soon())
    return result.scores["factual_grounding"]


async def test_a_retold_answer_stands_without_a_judge_and_is_the_judges_where_there_is_one() -> None:
    alone = await of_rubric(RETOLD, None)
    assert isinstance(alone, Score)
    assert alone.value == 4
    for given in (2, 5):
        asked = await of_rubric(RETOLD, ScriptedJudge({"factual_grounding": opinion(given)}))
        assert isinstance(asked, Score)
        assert asked.value == given


async def test_a_doubtful_score_is_missing_where_the_judge_that_was_asked_fails() -> None:
    failed = await of_rubric(RETOLD, ScriptedJudge(JudgeTimeout("late")))
    assert isinstance(failed, Missing)
    assert failed.why == "judge_timeout"


async def test_a_sure_fault_beside_a_doubtful_score_is_not_for_the_judge() -> None:
    judge = ScriptedJudge({"factual_grounding": opinion(5)})
    wrong = f"{RETOLD} It costs 4812 euros and runs at 3:41 am."
    scored = await of_rubric(wrong, judge, PLACE, "otel_scorer.scoring.checks.grounding:numbers")
    assert isinstance(scored, Score)
    assert (scored.value, judge.prompts) == (1, [])
