"""Minimal pairs for grounding: the same run with and without the one fault, as two instrumentations write it."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Fetch, Run, Tool, both, target

from otel_scorer.scoring.checks import grounding
from otel_scorer.scoring.reading.scale import graded
from otel_scorer.scoring.verdict import CannotTell, Verdict

ORDER = Call("lookup_order", {"order_id": "ORD-4711"}, '{"status": "shipped", "eta": "2024-05-03", "price": 12.5}')
TRACK = Run(
    "Where is my order ORD-4711?",
    "Your order ORD-4711 has shipped, costs $12.50 and should arrive on May 3rd, 2024.",
    (ORDER,),
)
POLICY = Run(
    "How long can I return a lamp?",
    "You can return a lamp within 30 days of delivery, and shipping it back costs 4.90 euros.",
    (Fetch("return lamp", ("You can return a lamp within 30 days of delivery. Shipping it back costs 4.90 euros.",)),),
)


def estimate(answer: Verdict | CannotTell) -> float:
    assert isinstance(answer, Verdict), answer
    assert all(finding.dimension == "factual_grounding" for finding in answer.findings)
    return answer.estimate


def codes(answer: Verdict | CannotTell) -> set[str]:
    assert isinstance(answer, Verdict), answer
    return {finding.code for finding in answer.findings}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_that_a_tool_gave_are_supported_and_an_invented_one_is_not(form: str) -> None:
    assert estimate(grounding.numbers(target(TRACK, form))) == 5.0
    wrong = grounding.numbers(target(TRACK.but(answer=str(TRACK.answer).replace("$12.50", "$18.90")), form))
    assert 2.0 < estimate(wrong) < 4.0
    assert codes(wrong) == {"grounding.unsupported_number"}
    assert wrong.findings[0].span_ids == ("root000000000000",)


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_whose_numbers_are_all_invented_is_as_bad_as_it_gets(form: str) -> None:
    run = POLICY.but(answer="You can return a lamp within 90 days of delivery, and shipping it back costs 14.90 euros.")
    assert estimate(grounding.numbers(target(run, form))) == 1.0


@pytest.mark.parametrize("form", FORMS)
def test_one_wrong_number_of_many_costs_less_than_all_of_them(form: str) -> None:
    prices = ", ".join(
        f"item {name} costs ${price}.50" for name, price in zip("abcdefghij", range(101, 111), strict=True)
    )
    listed = Run("What do they cost?", prices, (Call("list_prices", {}, prices),))
    one_wrong = listed.but(answer=prices.replace("$105.50", "$977.31"))
    all_wrong = listed.but(answer=prices.replace("$1", "$7"))
    one, every = (estimate(grounding.numbers(target(run, form))) for run in (one_wrong, all_wrong))
    assert every < one < estimate(grounding.numbers(target(listed, form)))


@pytest.mark.parametrize(
    "answer",
    [
        "The total for both flights is $255.",  # a sum
        "The second flight is $49 cheaper.",  # a difference
        "There are 2 flights.",  # a count
        "They cost about $150 and $100.",  # rounding
        "On average a flight costs $127.50.",  # a mean
        "The first costs 15,200 cents.",  # another unit
        "It departs at 7:00 PM.",  # another spelling
    ],
)
def test_what_follows_by_arithmetic_is_supported(answer: str) -> None:
    flights = '[{"flight": "HAT136", "price": 152, "departs": "19:00:00"}, {"flight": "HAT039", "price": 103}]'
    for at in both(Run("What do the flights cost?", answer, (Call("search_flights", {}, flights),))):
        verdict = grounding.numbers(at)
        assert isinstance(verdict, CannotTell) or verdict.estimate == 5.0, verdict


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("It will arrive on June 9, 2024.", "grounding.unsupported_date"),
        ("Your new tracking id is ZX-99812.", "grounding.unsupported_identifier"),
        ("That is 37% off.", "grounding.unsupported_number"),
    ],
)
def test_an_invented_date_identifier_or_percentage_has_its_own_code(answer: str, code: str) -> None:
    for at in both(TRACK.but(answer=answer)):
        assert codes(grounding.numbers(at)) == {code}


def test_what_the_user_said_himself_is_nobodys_invention() -> None:
    run = TRACK.but(
        task="Is order ORD-4711 of 17 July 2023 for $99.95 on its way?",
        answer="The order of 17 July 2023 for $99.95 has shipped.",
    )
    for at in both(run):
        assert isinstance(grounding.numbers(at), CannotTell)


def test_numbers_of_list_items_and_steps_are_no_claims() -> None:
    run = TRACK.but(answer="1. It has shipped.\n2. It costs $12.50.\nStep 3: wait.")
    for at in both(run):
        assert estimate(grounding.numbers(at)) == 5.0


def test_how_many_texts_the_agent_was_told_supports_no_number() -> None:
    page = "Warranty: bicycle frames are covered for 2 years against faults of material."
    answer = "It is 25 years and includes 3 free inspections worth 180 euros."
    for at in both(Run("How long is the warranty?", answer, (Fetch("warranty", (page,)),))):
        verdict = grounding.numbers(at)
        assert isinstance(verdict, Verdict)
        assert verdict.reason == "3 of 3 numbers, dates and identifiers are unsupported: 25, 3, 180 euros"


def test_numbers_cannot_tell_without_anything_read_or_without_content() -> None:
    for at in both(TRACK.but(moves=())):
        verdict = grounding.numbers(at)
        assert isinstance(verdict, CannotTell)
        assert not verdict.missing_evidence
    for at in both(TRACK.but(content=False)):
        verdict = grounding.numbers(at)
        assert isinstance(verdict, CannotTell)
        assert verdict.missing_evidence


def test_a_result_that_was_not_captured_may_hold_the_number() -> None:
    hidden = Call("lookup_price", {"sku": "a"}, None)
    for at in both(TRACK.but(moves=(ORDER, hidden), answer="It costs $77.70.")):
        verdict = grounding.numbers(at)
        assert isinstance(verdict, CannotTell)
        assert verdict.missing_evidence


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        (
            "See https://shop.example/returns for it.",
            "See https://shop.example/refunds-2 for it.",
            "grounding.unsupported_url",
        ),
        (
            'The page says "lamps can be returned within 30 days".',
            'The page says "lamps may never be returned".',
            "grounding.unsupported_quote",
        ),
        (
            "Write to the team of Maria Keller about it.",
            "Write to the team of Oscar Brandt about it.",
            "grounding.unsupported_name",
        ),
    ],
)
def test_a_link_quote_or_name_must_stand_in_what_was_read(form: str, good: str, bad: str, code: str) -> None:
    page = "Lamps can be returned within 30 days. More at https://shop.example/returns or ask Maria Keller."
    run = Run("How do I return a lamp?", good, (Fetch("return lamp", (page,)),))
    assert estimate(grounding.entities(target(run, form))) == 5.0
    verdict = grounding.entities(target(run.but(answer=bad), form))
    assert estimate(verdict) <= 3.0
    assert codes(verdict) == {code}


def test_entities_cannot_tell_of_an_answer_that_names_nothing() -> None:
    for at in both(POLICY.but(answer="yes, that is possible.")):
        assert isinstance(grounding.entities(at), CannotTell)


@pytest.mark.parametrize("form", FORMS)
def test_statements_of_the_page_are_supported_and_those_of_a_dream_are_not(form: str) -> None:
    assert estimate(grounding.statements(target(POLICY, form))) == 5.0
    dream = POLICY.but(answer="Our showroom manager personally hands every visitor a golden voucher and free coffee.")
    verdict = grounding.statements(target(dream, form))
    assert estimate(verdict) <= 2.0
    assert codes(verdict) == {"grounding.unsupported_statements"}


def test_statements_cannot_tell_of_a_paraphrase_another_language_or_structured_results() -> None:
    answers = [
        "Returning lamps is fine for a month after they were delivered, postage is about five euros.",
        "Sie können die Lampe nach der Lieferung noch einen Monat lang zurückgeben, das ist nicht teuer.",
    ]
    for at in [
        *both(POLICY.but(answer=answers[0])),
        *both(POLICY.but(answer=answers[1])),
        *both(TRACK.but(answer="Good news, parcel rolling, hooray everybody, patience pays.")),
    ]:
        assert isinstance(grounding.statements(at), CannotTell)


@pytest.mark.parametrize("form", FORMS)
def test_success_must_not_be_claimed_after_the_tool_failed(form: str) -> None:
    failed = Call("book_table", {"time": "19:00"}, '{"error": "no connection to the booking system"}')
    run = Run("Book a table at 19:00.", "I could not book the table: the booking system did not answer.", (failed,))
    assert estimate(grounding.claims_after_failure(target(run, form))) == 5.0
    verdict = grounding.claims_after_failure(
        target(run.but(answer="Your table has been booked for 19:00. Enjoy!"), form)
    )
    assert estimate(verdict) == 1.0
    assert codes(verdict) == {"grounding.claim_after_failure"}
    assert "move000000000000" in verdict.evidence


@pytest.mark.parametrize("form", FORMS)
def test_an_error_that_was_got_over_is_no_failure(form: str) -> None:
    moves = (
        Call("book_table", {"time": "19:00"}, error="timed out"),
        Call("book_table", {"time": "19:00"}, '{"booking": "B77"}'),
    )
    run = Run("Book a table at 19:00.", "Your table has been booked, number B77.", moves)
    assert isinstance(grounding.claims_after_failure(target(run, form)), CannotTell)


@pytest.mark.parametrize("form", FORMS)
def test_a_state_that_the_tool_reported_must_not_be_turned_round(form: str) -> None:
    assert isinstance(grounding.claims_after_failure(target(TRACK, form)), CannotTell)
    verdict = grounding.claims_after_failure(target(TRACK.but(answer="Your order was delivered."), form))
    assert estimate(verdict) <= 2.0
    assert codes(verdict) == {"grounding.contradicts_tool"}
    waiting = TRACK.but(answer="Your order has not been delivered yet.")
    assert isinstance(grounding.claims_after_failure(target(waiting, form)), CannotTell)


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_retrieval_must_be_admitted(form: str) -> None:
    run = Run(
        "What is the warranty of the X200?", "I could not find anything about the warranty.", (Fetch("warranty", ()),)
    )
    assert estimate(grounding.empty_retrieval(target(run, form))) == 5.0
    bold = run.but(answer="The X200 has a warranty of five years on all parts and labour.")
    verdict = grounding.empty_retrieval(target(bold, form))
    assert estimate(verdict) <= 2.0
    assert codes(verdict) == {"grounding.answer_without_evidence"}


def test_an_empty_result_of_a_tool_counts_as_nothing_found() -> None:
    run = Run(
        "Which rooms are free?", "Rooms 12 and 14 are free tonight.", (Call("search_rooms", {}, '{"results": []}'),)
    )
    for at in both(run):
        assert estimate(grounding.empty_retrieval(at)) <= 2.0
    for at in both(run.but(moves=(Call("search_rooms", {}, '{"results": [12, 14]}'),))):
        assert isinstance(grounding.empty_retrieval(at), CannotTell)


def test_a_datum_that_only_a_lookup_knows_is_not_grounded_without_the_lookup() -> None:
    tools = (Tool("lookup_order", "Look up the status of an order"),)
    run = Run(
        "What is the status of my order ORD-4711?",
        "Your order shipped yesterday and arrives on Friday.",
        (),
        tools=tools,
    )
    for at in both(run):
        assert codes(grounding.empty_retrieval(at)) == {"grounding.answer_without_lookup"}
    for at in both(run.but(answer="Could you please tell me the e-mail address of the order?")):
        assert isinstance(grounding.empty_retrieval(at), CannotTell)


def test_documents_in_the_prompt_are_ground_as_well() -> None:
    prompt = "Answer from it.\n\nContext:\nThe museum opens at 9:30 and costs 14 euros.\n\nQuestion: When does it open?"
    for at in both(Run(prompt, "It opens at 9:30 and costs 14 euros.")):
        assert estimate(grounding.numbers(at)) == 5.0
    for at in both(Run(prompt, "It opens at 8:15 and costs 22 euros.")):
        assert estimate(grounding.numbers(at)) == 1.0


def test_a_citation_must_be_of_a_source() -> None:
    found = Fetch("lamp", ("The Aurora is bright.", "The Luna is dim."))
    for at in both(Run("Which lamp is bright?", "The Aurora is bright [1].", (found,))):
        assert estimate(grounding.entities(at)) == 5.0
        assert isinstance(grounding.numbers(at), CannotTell)
    for at in both(Run("Which lamp is bright?", "The Aurora is bright [7].", (found,))):
        assert codes(grounding.entities(at)) == {"grounding.unsupported_citation"}


def test_more_faults_never_score_higher() -> None:
    estimates = [graded(bad, 10) for bad in range(11)]
    assert estimates == sorted(estimates, reverse=True)
    assert (estimates[0], estimates[-1]) == (5.0, 1.0)
    assert graded(1, 10) > graded(1, 5)
    assert graded(0, 0) == 5.0


LINES = Call("get_invoice", {"id": 7}, '{"lines": [{"qty": 12, "unit": 18.0}, {"qty": 1, "unit": 91.0}]}')


@pytest.mark.parametrize(
    ("answer", "supported"),
    [
        ("You owe $307.00: twelve licences at $18 make $216, and the support is $91.", True),
        ("You owe $341.00: twelve licences at $18 make $216, and the support is $91.", False),
        ("Twelve licences at $18 make $216, which leaves $184 of your $400.", True),
        ("Twelve licences at $18 make $216, which leaves $143 of your $400.", False),
    ],
)
def test_a_total_may_be_said_first_and_what_is_left_of_a_budget_comes_out(answer: str, supported: bool) -> None:
    run = Run("My budget is $400. What do we owe?", answer, (LINES,))
    assert (codes(grounding.numbers(target(run, "otel"))) == set()) is supported


@pytest.mark.parametrize(
    ("answer", "supported"),
    [
        ("The lease ends on 31 January 2028.", True),
        ("The lease ends on 1 February 2028.", True),
        ("The lease ends on 30 April 2028.", False),
        ("Give notice by 1 August 2027.", True),
    ],
)
def test_a_date_may_follow_from_a_day_and_a_number_of_years_or_months(answer: str, supported: bool) -> None:
    page = "The lease begins on 1 February 2025 and runs for three years. It ends on notice of thirty months."
    run = Run("When does it end?", answer, (Fetch("lease", (page.replace("thirty", "30"),)),))
    told = grounding.numbers(target(run, "otel"))
    assert (not isinstance(told, Verdict) or codes(told) == set()) is supported


CSV = Call("read_csv", {"path": "kpi.csv"}, "metric,this_week,last_week\nsignups,1240,1178\nrevenue,48200,45900\n")
SPENT = Call("budget", {}, '{"spent": {"rent": 1150, "food": 412.35, "bus": 96.2}, "limit": 1800}')


@pytest.mark.parametrize(
    ("call", "answer", "supported"),
    [
        (CSV, "There were 1,240 signups after 1,178, and revenue grew by 2,300 to 48,200.", True),
        (CSV, "There were 1,260 signups after 1,178, and revenue grew to 48,200.", False),
        (SPENT, "You spent $1,658.55, which leaves $141.45.", True),
        (SPENT, "You spent $1,758.55, which leaves $41.45.", False),
    ],
)
def test_two_columns_without_blanks_are_two_numbers_and_what_stands_beside_each_other_adds_up(
    call: Call, answer: str, supported: bool
) -> None:
    told = grounding.numbers(target(Run("How are we doing?", answer, (call,)), "otel"))
    assert (not isinstance(told, Verdict) or codes(told) == set()) is supported
