"""What an answer works out from what it read is no invention; what it makes up beside it still is."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, step, target

from otel_scorer.scoring.checks import call, grounding
from otel_scorer.scoring.reading.scale import MAX_QUOTED, shorten
from otel_scorer.scoring.verdict import CannotTell, Verdict
from otel_scorer.scoring.wording.words import is_one_off


def run(result: str, answer: str, task: str = "What did you find there?") -> Run:
    return Run(task, answer, (Call("get_report", {"id": "a"}, result),))


PAIRS = [
    ('{"began": "09:12", "ended": "10:07"}', "It took 55 minutes.", "It took 47 minutes."),
    ('{"from": "2026-03-02", "to": "2026-04-16"}', "It lasts 45 days.", "It lasts 173 days."),
    ('{"open": [22, 80, 443]}', "Open are 22, 80 and 443.", "Open are 22, 80 and 8443."),
    (
        "a.tmp\nb.tmp\nc.tmp\nd.tmp\ne.tmp\nf.tmp\ng.tmp\nh.tmp\ni.tmp\nj.tmp\nk.tmp\nl.tmp\nm.tmp",
        "13 files.",
        "17 files.",
    ),
    ('{"used_bytes": 412316860416}', "412 GB are used.", "387 GB are used."),
    ('{"finished": 1772409600}', "It finished on March 2, 2026.", "It finished on May 9, 2026."),
    ('{"seconds": 5400}', "It took 1.5 hours.", "It took 4.5 hours."),
    ('{"price": "$49.50", "rebate": "10%"}', "You pay $44.55.", "You pay $41.15."),
    ('{"length_m": 12000}', "It is 7.5 miles long.", "It is 9.8 miles long."),
    ("Limit: 10", "Write\n```python\nClient(timeout=30)\n```\nas the limit is 10.", "The limit is 30."),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("result", "right", "wrong"), PAIRS, ids=[pair[1][:20] for pair in PAIRS])
def test_what_follows_from_a_result_is_supported(form: str, result: str, right: str, wrong: str) -> None:
    fine = grounding.numbers(target(run(result, right), form))
    assert not isinstance(fine, Verdict) or fine.estimate == 5.0
    bad = grounding.numbers(target(run(result, wrong), form))
    assert isinstance(bad, Verdict)
    assert bad.estimate < 4.5


NAMES = [
    ('{"to": "OSL"}', "We fly to Oslo Gardermoen (OSL) at noon.", "We fly to Bergen Flesland at noon."),
    ("KEY_ONE=1\nLOG_LEVEL=2", "It needs KEY_ONE and LOG_LEVEL.", "It needs KEY_ONE and Proxy Host."),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("result", "right", "wrong"), NAMES)
def test_names_that_are_known_in_another_form(form: str, result: str, right: str, wrong: str) -> None:
    fine = grounding.entities(target(run(result, right), form))
    assert not isinstance(fine, Verdict) or fine.estimate == 5.0
    bad = grounding.entities(target(run(result, wrong), form))
    assert isinstance(bad, Verdict)
    assert bad.estimate < 4.5


def test_a_slip_of_the_user_may_be_mended() -> None:
    assert is_one_off("meridian", "meridien")
    assert is_one_off("teledoc", "teledocs")
    assert is_one_off("recieve", "receive")
    assert not is_one_off("meridian", "median")
    assert not is_one_off("same", "same")


@pytest.mark.parametrize(
    ("private", "kind"),
    [
        ("ask jo.miller@gmail.com", "[email]"),
        ("key AKIAIOSFODNN7EXAMPLE", "[aws_key]"),
        ("card 4111 1111 1111 1111", "[payment_card]"),
    ],
)
def test_what_a_finding_shows_is_masked(private: str, kind: str) -> None:
    shown = shorten(private)
    assert kind in shown
    assert private.split()[1] not in shown
    assert len(shown) <= MAX_QUOTED


def test_long_programs_and_many_numbers_are_looked_at_once() -> None:
    answer = "```py\n1\n" * 100_000
    assert grounding.numbers(target(run("Limit: 10", answer), FORMS[1])) is not None


@pytest.mark.parametrize("form", FORMS)
def test_a_few_words_do_not_tell_what_they_rest_on(form: str) -> None:
    found = '[{"title": "Standup"}, {"title": "Budget"}, {"title": "Lunch"}, {"title": "Review"}, {"title": "Yoga"}]'
    told = [
        call.result_used(step(run(found, answer, "How many meetings have I?"), form, "move0"))
        for answer in ("5", "The weather in Lisbon is sunny with a light breeze from the sea.")
    ]
    assert isinstance(told[0], CannotTell)
    assert isinstance(told[1], Verdict)
    assert told[1].estimate == 3.0
