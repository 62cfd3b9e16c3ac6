"""Minimal pairs for the way of a run: dead branches, circles, order, words before deeds, and what is measured of it."""

from __future__ import annotations

import pytest
from agent_runs import FORMS, Call, Run, Tool, step, target

from otel_scorer.scoring.checks import circles, order, path
from otel_scorer.scoring.verdict import CannotTell, Verdict


def worst(answer: Verdict | CannotTell) -> tuple[float, str]:
    assert isinstance(answer, Verdict), answer
    return answer.estimate, answer.findings[0].code if answer.findings else ""


def found(number: int) -> Call:
    told = " ".join(
        f"{word}{chr(97 + number)}{chr(97 + number)}" for word in ("alder", "birch", "cedar", "denim", "ember")
    )
    return Call("find_page", {"page": f"p{number}"}, told)


def searched(answer: str, *moves: Call) -> Run:
    return Run("Which trees grow there?", answer, moves)


USED = "There are alderaa and cedarbb."


# ---- dead branches ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("calls", "answer", "estimate"),
    [
        (4, "There are alderaa, birchbb, cedarcc and denimdd.", 5.0),
        (4, "There are alderaa, birchbb.", 5.0),  # two that led nowhere are ordinary searching
        (5, "There are alderaa and birchbb.", 4.0),
        (6, "There are alderaa only.", 3.0),
        (6, "There is nothing to be told of it at all.", 5.0),
    ],
)
def test_lookups_that_lead_nowhere(form: str, calls: int, answer: str, estimate: float) -> None:
    told = path.dead_branches(target(searched(answer, *map(found, range(calls))), form))
    assert (told.estimate if isinstance(told, Verdict) else 5.0) == estimate
    assert not isinstance(told, Verdict) or bool(told.findings) == (estimate < 5)


@pytest.mark.parametrize("form", FORMS)
def test_what_a_later_call_of_use_took_up_was_of_use(form: str) -> None:
    follow = Call("read_page", {"page": "birchaa"}, "one two three four five oakwood")
    taken = path.dead_branches(target(searched("It is oakwood.", found(0), follow), form))
    assert taken.metrics["plan_efficiency"] == 1.0
    left = path.dead_branches(target(searched("It is a tree.", found(0), follow), form))
    assert left.metrics["plan_efficiency"] == 0.0, "a branch is dead as a whole"


@pytest.mark.parametrize("form", FORMS)
def test_efficiency_counts_what_failed_and_what_was_repeated_as_needless(form: str) -> None:
    broken = Call("find_page", {"page": "x"}, error="timed out")
    told = path.dead_branches(target(searched(USED, broken, found(0), found(0), found(1)), form))
    assert told.metrics["plan_efficiency"] == 0.5
    acted = path.dead_branches(target(searched("Done.", Call("send_mail", {"to": "a"}, "ok ok ok ok ok ok")), form))
    assert acted.metrics["plan_efficiency"] == 1.0


# ---- compounding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_steps_that_work_nine_times_in_ten_compound(form: str) -> None:
    broken = Call("find_page", {"page": "x"}, error="timed out")
    moves = (broken, *(found(n) for n in range(3)), Call("other", {}, error="no"), Call("other", {}, "yes"))
    metrics = path.step_success(target(searched(USED, *moves), form)).metrics
    assert metrics["tool_success_rate"] == pytest.approx(4 / 6)
    assert metrics["step_success_product"] == pytest.approx(3 / 4 * 1 / 2)
    assert path.step_success(target(searched(USED), form)).metrics == {}


# ---- circles ---------------------------------------------------------------------------------------------------------

LOOK, LOCK = Call("get_lock", {"id": 1}, "open"), Call("set_lock", {"id": 1}, "refused by device")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("rounds", "estimate"), [(2, 5.0), (3, 2.0), (5, 1.0)])
def test_calls_that_go_in_a_circle(form: str, rounds: int, estimate: float) -> None:
    told = circles.circles(target(searched("Locked.", *(LOOK, LOCK) * rounds), form))
    assert worst(told) == (estimate, "plan.circle" if estimate < 5 else "")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "moves",
    [
        (LOOK,) * 6,  # one call again and again is another check's
        (Call("next_page", {}, "ok"), Call("get_row", {}, "a")) * 4,
        tuple(call for n in range(4) for call in (LOOK, Call("set_lock", {"id": 1}, f"try {n}"))),
        tuple(call for n in range(4) for call in (LOOK, Call("set_lock", {"id": n}, "refused"))),
    ],
)
def test_what_changes_or_moves_on_is_no_circle(form: str, moves: tuple[Call, ...]) -> None:
    assert worst(circles.circles(target(searched("Locked.", *moves), form))) == (5.0, "")


def test_a_tool_that_fails_however_it_is_called() -> None:
    def failing(*numbers: int) -> tuple[Call, ...]:
        return tuple(
            Call("load_page", {"code": f"step {n}"}, f"Traceback (most recent call last): line {n}") for n in numbers
        )

    worked = Call("load_page", {"code": "print(1)"}, "1")

    def of(*moves: Call) -> tuple[float, str]:
        return worst(circles.stuck(target(searched("It is 1.", *moves), "otel")))

    assert of(*failing(1, 2, 3)) == (5.0, "")
    assert of(*failing(1, 2), worked, *failing(3, 4)) == (5.0, "")
    assert of(*failing(1, 2, 3, 4), worked) == (3.0, "plan.stuck")
    assert of(*failing(1, 2, 3, 4)) == (2.0, "plan.stuck")
    shell = [Call("run_shell", {"command": f"make {n}"}, "Error: no rule") for n in range(8)]
    assert of(*shell[:7]) == (5.0, "")
    assert of(*shell) == (2.0, "plan.stuck")


# ---- order -----------------------------------------------------------------------------------------------------------

VERIFY, REFUND = Call("verify_user", {"id": 1}, "verified"), Call("refund_order", {"id": 1}, "refunded")
OFFERED = (Tool("verify_user"), Tool("refund_order"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "rule",
    [
        "Always call verify_user before refund_order.",
        "Before you call `refund_order`, call `verify_user`.",
        "Call refund_order only after verify_user.",
        "After verify_user call refund_order.",
        "First call verify_user, then refund_order.",
    ],
)
def test_one_tool_has_to_run_before_another(form: str, rule: str) -> None:
    def of(*moves: Call) -> tuple[float, str]:
        run = Run("A refund, please.", "It is on its way.", moves, system=rule, tools=OFFERED)
        return worst(order.order_kept(target(run, form)))

    assert of(VERIFY, REFUND) == (5.0, "")
    assert of(REFUND, VERIFY) == (2.0, "plan.order_not_kept")
    assert of(REFUND) == (2.0, "plan.order_not_kept")


@pytest.mark.parametrize(
    "rule",
    [
        "If the order is old, call verify_user before refund_order.",
        "Never call verify_user before refund_order.",
        "Use verify_user and refund_order.",
        "Verify the user before any refund.",
    ],
)
def test_what_is_no_plain_rule_of_order_is_none(rule: str) -> None:
    run = Run("A refund, please.", "It is on its way.", (REFUND,), system=rule, tools=OFFERED)
    assert isinstance(order.order_kept(target(run, "otel")), CannotTell)


def test_a_deed_is_reported_before_it_is_done() -> None:
    def of(said: str, move: Call) -> tuple[float, str]:
        seen = target(Run("Refund it.", "Done.", (move,), tools=OFFERED), "otel")
        asking = next(one for one in seen.view.llm if one.span_id.startswith("llm0"))
        told = asking.genai.output_messages
        assert told is not None
        object.__setattr__(told[0], "text", said)
        return worst(order.claimed_first(seen))

    failed = Call("refund_order", {"id": 1}, error="not allowed")
    assert of("I will refund it now.", REFUND) == (5.0, "")
    assert of("I have looked it up.", REFUND) == (5.0, "")
    assert of("I have refunded your order.", REFUND) == (3.0, "plan.claimed_before_call")
    assert of("I've already refunded your order.", failed) == (1.5, "plan.claimed_before_call")


def test_the_answer_comes_before_the_tool_that_it_needed() -> None:
    look = Tool("lookup_order", "Look up the status of an order by its number")
    move = Call("lookup_order", {"order_id": "ORD-4711"}, "shipped")
    seen = target(Run("What is the status of my order ORD-4711?", "It has shipped.", (move,), tools=(look,)), "otel")
    assert worst(order.answered_first(seen)) == (5.0, "")
    (use,) = seen.view.tool_uses
    use.start_ns = max(step.span.end_ns for step in seen.view.llm) + 1
    assert worst(order.answered_first(seen)) == (2.0, "plan.answered_before_tool")


def test_the_way_of_a_run_is_a_question_of_the_whole_run() -> None:
    run = searched(USED, found(0), found(1))
    checks = (
        path.dead_branches,
        path.step_success,
        circles.circles,
        circles.stuck,
        order.order_kept,
        order.claimed_first,
    )
    for check in checks:
        assert isinstance(check(step(run, "otel", "move0")), CannotTell)
        assert isinstance(check(target(run.but(moves=()), "otel")), CannotTell)
