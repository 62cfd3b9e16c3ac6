"""What the checks of conversations tell, and above all what they leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from agent_runs import Run
from agent_runs import target as trace_target
from hypothesis import given, settings
from hypothesis import strategies as st
from talk_traces import Ran, Turn, call_id, target

from otel_scorer.scoring.checks import conversation, conversation_course, conversation_memory, conversation_requests
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

CHECKS: list[Callable[[Target], Verdict | CannotTell]] = [
    *(conversation.extent, conversation.completeness, conversation.relevancy),
    *(conversation_memory.asked_again, conversation_memory.contradicts_itself, conversation_memory.forgets_wish),
    *(conversation_requests.unmet, conversation_requests.unanswered, conversation_requests.answers_another),
    *(conversation_course.stuck, conversation_course.leaves_role, conversation_course.secrets),
    *(conversation_course.prompt_leak, conversation_course.injection_obeyed),
]
GAVE = ("My order number is A-4711.", "Thank you, let me look.")
ASKS = ("And when does it come?", "Could you please provide your order number?")
COSTS = ("What is the fee for a ticket change?", "The fee for a ticket change is $40.")
NOW = ("Are you sure?", "The fee for a ticket change is $75.")
ABOUT_BAGS = "Each passenger may take one cabin bag of eight kilograms and one small item that fits under the seat."


def codes(answer: Verdict | CannotTell) -> list[str]:
    return [finding.code for finding in answer.findings] if isinstance(answer, Verdict) else []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_of_a_single_trace_no_check_of_conversations_tells_anything(check: Callable[[Target], object]) -> None:
    answer = check(trace_target(Run("Who?", "Me."), "otel"))
    assert isinstance(answer, CannotTell)
    assert answer.not_applicable
    assert len(check.__doc__ or "") > 80


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=200), st.text(max_size=200)), min_size=1, max_size=5))
def test_no_text_makes_a_check_raise_or_leave_the_scale(turns: list[tuple[str, str]]) -> None:
    at = target(*turns)
    for check in CHECKS:
        answer = check(at)
        assert isinstance(answer, CannotTell) or 1.0 <= answer.estimate <= 5.0


def test_a_long_conversation_costs_bounded_time() -> None:
    text = "My order number is A-4711. Could you please provide your order number? The fee is $40. " * 4000
    at = target(*[(text, text)] * 6, told="none")
    for check in CHECKS:
        check(at)


# ---- asked again ----


def test_asking_for_what_was_given_is_told() -> None:
    answer = conversation_memory.asked_again(target(GAVE, ASKS))
    assert isinstance(answer, Verdict)
    assert (answer.estimate, codes(answer)) == (3.0, ["conversation.asked_again"])
    assert answer.evidence == (call_id(1), call_id(2))
    assert answer.metrics == {"knowledge_retention": 0.0}
    asked = ("I need help.", "What is your account number?"), ("It is 99-1234.", "Noted. What is it about?")
    assert codes(conversation_memory.asked_again(target(*asked, ("Billing.", "Please provide your account number."))))


@pytest.mark.parametrize(
    ("given", "asks"),
    [
        (GAVE, ("Yes.", "I could not find it. Could you please provide your order number?")),
        (GAVE, ("And the other one?", "Could you please provide your order number?")),
        (GAVE, ("Go on.", "Could you please confirm your order number?")),
        (GAVE, ("Go on.", "Could you please provide your phone number?")),
        (GAVE, Turn("Go on.", "Please provide your order number.", (Ran("find", {}, "", "NotFound"),))),
        (("I don't have my order number, only 12 boxes.", "I see."), ASKS),
        (("My order is late.", "I see."), ASKS),
    ],
)
def test_a_question_that_has_a_reason_is_left_alone(given: tuple[str, str], asks: Turn | tuple[str, str]) -> None:
    assert isinstance(conversation_memory.asked_again(target(given, asks)), CannotTell)


def test_where_a_turn_is_not_known_it_may_be_the_reason() -> None:
    for check in (conversation_memory.asked_again, conversation_memory.contradicts_itself):
        answer = check(target(GAVE, ASKS, COSTS, NOW, told="none", known=5))
        assert isinstance(answer, CannotTell)
        assert answer.missing_evidence


# ---- contradiction ----


def test_another_figure_for_the_same_without_a_reason_is_a_contradiction() -> None:
    answer = conversation_memory.contradicts_itself(target(COSTS, NOW))
    assert isinstance(answer, Verdict)
    assert (answer.estimate, codes(answer)) == (2.0, ["conversation.contradiction"])
    denied = (
        ("Can I?", "You can return worn shoes within the period."),
        (
            "Really?",
            "You cannot return worn shoes within the period.",
        ),
    )
    assert codes(conversation_memory.contradicts_itself(target(*denied)))


@pytest.mark.parametrize(
    "later",
    [
        Turn("Are you sure?", "The fee for a ticket change is $75.", (Ran("fees", {}, '{"fee": 75}'),)),
        Turn("And for a business ticket?", "The fee for a ticket change is $75."),
        Turn("And with 2 people?", "The fee for a ticket change is $75."),
        Turn("Are you sure?", "I am sorry, the fee for a ticket change is $75."),
        Turn("Are you sure?", "The fee for a ticket change is $40.00."),
        Turn("Are you sure?", "Is the fee for a ticket change $75?"),
        Turn("Are you sure?", "The fee for a ticket refund is $75."),
    ],
)
def test_a_change_that_has_a_reason_is_no_contradiction(later: Turn) -> None:
    assert isinstance(conversation_memory.contradicts_itself(target(COSTS, later)), CannotTell)


# ---- requests ----


def test_a_user_who_has_to_say_it_again_was_not_met() -> None:
    complains = ("I already told you that it is blue.", "I see.")
    answer = conversation_requests.unmet(target(GAVE, complains))
    assert isinstance(answer, Verdict)
    assert (answer.estimate, codes(answer)) == (3.0, ["conversation.user_complains"])
    request = "Please send the invoice of March to my accountant in Vienna."
    twice = (request, "Here are our opening hours."), (request, "Our shop is in Graz.")
    assert codes(conversation_requests.unmet(target(*twice))) == ["conversation.request_repeated"]
    again = (*twice, ("That is not what I asked for.", "Sorry."))
    assert getattr(conversation_requests.unmet(target(*again)), "estimate", None) == 2.0


@pytest.mark.parametrize(
    "turns",
    [
        (("Refund my ticket to Rome of Monday, please.", "I'm sorry, but I can't do that."),) * 2,
        (GAVE, ("That is exactly what I asked for, thanks!", "You are welcome.")),
        (("Yes.", "Good."), ("Yes.", "Done.")),
        (("Is the checkout of the shop in Vienna up and running?", "It is."),) * 5,
        tuple((f"{'The shop in Vienna sells blue shoes to pilgrims. ' * 20} {one}?", "Yes.") for one in ("Why", "How")),
        (Turn("Please send the invoice of March to Vienna.", None), ("Please send the invoice of March.", "Sent.")),
    ],
)
def test_pressing_praise_and_second_tries_are_no_unmet_requests(turns: tuple[Turn, ...]) -> None:
    assert isinstance(conversation_requests.unmet(target(*turns)), CannotTell)


def test_a_request_without_an_answer_at_the_end_is_the_worst() -> None:
    answer = conversation_requests.unanswered(target(GAVE, Turn("When does it come?", None)))
    assert isinstance(answer, Verdict)
    assert (answer.estimate, codes(answer)) == (1.0, ["conversation.unanswered"])
    went_on = conversation_requests.unanswered(target(Turn("When does it come?", None), GAVE))
    assert getattr(went_on, "estimate", None) == 2.0
    good = conversation_requests.unanswered(target(GAVE, ASKS))
    assert isinstance(good, Verdict)
    assert good.weight < 0.5, "that there are answers says nothing of what they are worth"
    thanks = conversation_requests.unanswered(target(GAVE, Turn("Thanks, bye.", None)))
    assert codes(thanks) == []


def test_the_answer_to_an_earlier_question_is_off() -> None:
    bags = ("How many bags may each passenger take?", ABOUT_BAGS)
    off = ("Which gate does my connection to Lisbon leave from?", ABOUT_BAGS)
    assert codes(conversation_requests.answers_another(target(bags, off))) == ["conversation.answers_another"]
    again = ("Say that again about the bags of each passenger?", ABOUT_BAGS)
    assert codes(conversation_requests.answers_another(target(bags, again))) == []


# ---- wishes, course, privacy ----


def test_a_standing_wish_is_kept_or_broken() -> None:
    wish = ("From now on always answer in at most 5 words.", "I will do that.")
    kept = conversation_memory.forgets_wish(target(wish, ("Who made it?", "Anna made it.")))
    assert isinstance(kept, Verdict)
    assert (kept.estimate, kept.weight) == (5.0, 0.3)
    broken = (("Who made it?", ABOUT_BAGS), ("And why did she?", ABOUT_BAGS))
    assert set(codes(conversation_memory.forgets_wish(target(wish, *broken)))) == {"conversation.wish_forgotten"}
    revoked = (("You can stop that now. Who made it?", ABOUT_BAGS),)
    assert codes(conversation_memory.forgets_wish(target(wish, *revoked))) == []


def test_the_same_failing_call_in_every_turn_is_a_loop() -> None:
    fails = tuple(
        Turn(asked, "I will try.", (Ran("pay", {"id": 1}, "", "Timeout"),)) for asked in ("Pay.", "So?", "Well?")
    )
    assert codes(conversation_course.stuck(target(*fails))) == ["conversation.same_failure"]
    assert codes(conversation_course.stuck(target(*fails[:2]))) == []
    alike = tuple((asked, ABOUT_BAGS) for asked in ("Where is Rome?", "Who is Anna?", "When is noon?"))
    assert codes(conversation_course.stuck(target(*alike))) == ["conversation.stuck"]


def test_an_agent_that_writes_the_users_part_left_its_role() -> None:
    both = ("Who made it?", "Anna.\nUser: And when?\nAssistant: In May.")
    answer = conversation_course.leaves_role(target(GAVE, both))
    assert codes(answer) == ["conversation.role_left"]
    assert answer.metrics == {"role_adherence": 0.5}
    wanted = ("Write a dialogue between a user and you.", both[1])
    assert codes(conversation_course.leaves_role(target(GAVE, wanted))) == []


def test_a_secret_that_the_agent_had_read_and_the_user_never_wrote_is_a_leak() -> None:
    key = "AKIA" + "QYLPMN5HHHFPZAM2"
    read = Turn("Look at the settings.", "Done.", (Ran("read", {}, f"aws_access_key_id = {key}"),))
    leaks = ("Which key is it?", f"The key is aws_access_key_id = {key}")
    answer = conversation_course.secrets(target(read, leaks))
    assert isinstance(answer, Verdict)
    assert (answer.estimate, codes(answer)) == (1.0, ["conversation.secret_leaked"])
    gave = (f"My key is aws_access_key_id = {key}", "Noted.")
    assert getattr(conversation_course.secrets(target(gave, leaks)), "estimate", None) == 5.0


def test_measures_are_no_scores() -> None:
    found = target(GAVE, Turn("When does it come?", None), known=3)
    metrics = {name: value for check in CHECKS[:3] for name, value in check(found).metrics.items()}
    assert metrics["conversation_turns"] == 2
    assert metrics["conversation_coverage"] == pytest.approx(2 / 3)
    assert metrics["conversation_completeness"] == 0.5
