"""The budget in a real store, asked by many at once: never more than the limit, and nothing is lost to a crash."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from otel_scorer.errors import LedgerError
from otel_scorer.ledger.answers import LedgerAnswers
from otel_scorer.ledger.budget import LedgerBudget, Spent
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.embedded import EmbeddedValkey
from otel_scorer.ledger.keys import Keys, Member
from otel_scorer.ledger.store import Ledger
from otel_scorer.model import JudgeUse
from otel_scorer.scoring.judging.judge import (
    JudgeAnswer,
    JudgeError,
    JudgeInvalid,
    JudgeOverBudget,
    JudgeTimeout,
    Prompt,
    answer_schema,
)
from otel_scorer.scoring.judging.judge_budget import BudgetedJudge
from otel_scorer.scoring.judging.judge_cache import CachedJudge
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.price import most_cost

FACTS = "factual_grounding"
PROMPT = Prompt("rules", "evidence", "0" * 64, (FACTS,), tenant="a", rubric_digest="d1")
SCHEMA = answer_schema([FACTS])
PRICED = JudgeSettings(model="m", input_price=10.0, output_price=10.0, max_output_tokens=1000)
VALID = json.dumps({FACTS: {"reason": "r", "evidence": [], "score": 3}})


def budget(ledger: Ledger, **limits: Any) -> LedgerBudget:
    return LedgerBudget(ledger.client, ledger.keys, **limits)


async def test_what_is_reserved_and_settled_never_passes_the_limit(ledger: Ledger) -> None:
    purse = budget(ledger, money_per_day=1.0)
    most = 0.0

    async def call(number: int) -> bool:
        nonlocal most
        reservation = await purse.reserve("a", 0.03, 60)
        if reservation is None:
            return False
        spent = await purse.spent()
        most = max(most, spent.settled + spent.reserved)
        await purse.settle(reservation, 0.01 + 0.02 * (number % 2))
        return True

    done = await asyncio.gather(*(call(number) for number in range(200)))
    assert most <= 1.0
    assert 33 <= sum(done) <= 100
    while await call(0):
        pass
    spent = await purse.spent()
    assert spent.reserved == 0
    assert 0.97 < spent.settled <= 1.0


@pytest.fixture
async def others(valkey: EmbeddedValkey, ledger: Ledger) -> AsyncIterator[list[LedgerBudget]]:
    """Eight workers with connections of their own."""
    clients = [StoreClient(valkey.url, 20.0) for _ in range(8)]
    yield [LedgerBudget(client, ledger.keys, money_per_day=0.5, traces_per_minute=40) for client in clients]
    for client in clients:
        await client.close()


async def test_many_workers_share_one_budget(others: list[LedgerBudget]) -> None:
    reserved = await asyncio.gather(*(purse.reserve("a", 0.01, 60) for purse in others for _ in range(25)))
    assert sum(one is not None for one in reserved) == 50
    admitted = await asyncio.gather(
        *(purse.admit(Member("a", f"{number:032x}")) for purse in others for number in range(60))
    )
    assert sum(admitted) == 40 * len(others)
    assert sum(admitted[:60]) == 40


async def test_one_tenant_has_its_share_and_leaves_the_others_theirs(ledger: Ledger) -> None:
    purse = budget(ledger, money_per_day=1.0, traces_per_minute=10, tenant_share=0.5)
    assert await purse.reserve("a b", 0.5, 60)
    assert await purse.reserve("a b", 0.01, 60) is None
    assert await purse.reserve("c", 0.4, 60)
    assert await purse.spent("a b") == Spent(0.0, 0.5)
    assert [await purse.admit(Member("a", f"{number:032x}")) for number in range(7)] == [True] * 5 + [False] * 2
    assert await purse.admit(Member("c", "0" * 32))


async def test_a_trace_that_was_admitted_stays_so_and_costs_no_second_place(ledger: Ledger) -> None:
    purse = budget(ledger, traces_per_minute=1)
    first, second = Member("a", "1" * 32), Member("a", "2" * 32)
    assert [await purse.admit(first), await purse.admit(second), await purse.admit(first)] == [True, False, True]


async def test_a_reservation_that_nobody_settles_counts_as_spent_when_it_expires(ledger: Ledger) -> None:
    purse = budget(ledger, money_per_day=1.0)
    lost = await purse.reserve("a", 0.6, 0.05)
    assert lost is not None
    assert await purse.reserve("a", 0.6, 60) is None
    await asyncio.sleep(0.1)
    assert await purse.reserve("a", 0.6, 60) is None
    assert await purse.spent() == Spent(0.6, 0.0)
    await purse.settle(lost, 0.1)
    assert await purse.spent("a") == Spent(0.6, 0.0)


async def test_settling_twice_settles_once(ledger: Ledger) -> None:
    purse = budget(ledger, money_per_day=1.0)
    name = await purse.reserve("a", 0.5, 60)
    assert name is not None
    await purse.settle(name, 0.2)
    await purse.settle(name, 0.2)
    assert await purse.spent() == Spent(0.2, 0.0)


async def test_without_limits_nothing_is_refused(ledger: Ledger) -> None:
    purse = budget(ledger)
    assert await purse.reserve("a", 1e6, 60)
    assert await purse.admit(Member("a", "1" * 32))


# ---- around a judge --------------------------------------------------------------------------------------------------


class Model:
    name = "m"

    def __init__(self, answer: JudgeAnswer | BaseException) -> None:
        self.answer = answer
        self.calls = 0

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.calls += 1
        await asyncio.sleep(0.005)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


async def test_a_judge_is_asked_while_there_is_money_and_not_once_more(ledger: Ledger) -> None:
    purse = budget(ledger, money_per_day=0.5)
    model = Model(JudgeAnswer(VALID, 900, 100, 0.01))
    judge = BudgetedJudge(model, PRICED, purse)
    answers = await asyncio.gather(*(judge(PROMPT, SCHEMA, 1e9) for _ in range(120)), return_exceptions=True)
    refused: BaseException | JudgeAnswer | None = None
    while not isinstance(refused, JudgeOverBudget):
        (refused,) = await asyncio.gather(judge(PROMPT, SCHEMA, 1e9), return_exceptions=True)
    spent = await purse.spent()
    assert spent.reserved == 0
    assert spent.settled <= 0.5
    assert spent.settled > 0.5 - most_cost(PRICED, PROMPT)
    assert spent.settled == pytest.approx(0.01 * model.calls)
    assert {type(one) for one in answers} == {JudgeAnswer, JudgeOverBudget}
    assert (refused.why, refused.use) == ("over_budget", JudgeUse())


@pytest.mark.parametrize(
    ("answer", "cost"),
    [
        (JudgeAnswer(VALID, 900, 100, 0.01), 0.01),
        (JudgeAnswer(VALID), most_cost(PRICED, PROMPT)),
        (JudgeInvalid("cut off", JudgeUse(1, 900, 100, 0.01)), 0.01),
        (JudgeTimeout("late"), most_cost(PRICED, PROMPT)),
        (JudgeError("HTTP 500"), 0.0),
    ],
)
async def test_what_is_not_known_counts_as_what_was_reserved(
    ledger: Ledger, answer: JudgeAnswer | Exception, cost: float
) -> None:
    purse = budget(ledger, money_per_day=5.0)
    await asyncio.gather(BudgetedJudge(Model(answer), PRICED, purse)(PROMPT, SCHEMA, 1e9), return_exceptions=True)
    assert (await purse.spent()).settled == pytest.approx(cost, abs=2e-6)


async def test_a_call_that_is_cut_off_stays_reserved(ledger: Ledger) -> None:
    purse = budget(ledger, money_per_day=5.0)
    judge = BudgetedJudge(Model(asyncio.CancelledError()), PRICED, purse)
    with pytest.raises(asyncio.CancelledError):
        await judge(PROMPT, SCHEMA, 1e9)
    assert (await purse.spent()).reserved == pytest.approx(most_cost(PRICED, PROMPT), abs=2e-6)


async def test_while_the_ledger_is_away_no_money_is_spent() -> None:
    client = StoreClient("redis://127.0.0.1:9/0", 0.5)
    model = Model(JudgeAnswer(VALID))
    judge = BudgetedJudge(model, PRICED, LedgerBudget(client, Keys("x:"), money_per_day=1.0))
    with pytest.raises(JudgeError, match="budget"):
        await judge(PROMPT, SCHEMA, 1e9)
    assert model.calls == 0
    await client.close()


# ---- remembered answers ----------------------------------------------------------------------------------------------


def answers_of(ledger: Ledger, for_s: float = 60, most_bytes: int = 100_000) -> LedgerAnswers:
    return LedgerAnswers(ledger.client, ledger.keys, for_s, most_bytes)


async def test_the_same_question_is_paid_for_once_and_hits_are_counted(ledger: Ledger) -> None:
    model = Model(JudgeAnswer(VALID, 900, 100, 0.01, agreement={FACTS: 0.8}))
    for _ in range(3):  # three workers
        answer = await CachedJudge(model, PRICED, answers_of(ledger))(PROMPT, SCHEMA, 1e9)
        assert (answer.text, answer.agreement) == (VALID, {FACTS: 0.8})
    assert model.calls == 1
    assert answer.use == JudgeUse(0, 0, 0, None, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"tenant": "b"},
        {"rubric_digest": "d2"},
        {"user": "other evidence", "evidence_digest": "1" * 64},
        {"system": "other rules"},
    ],
)
async def test_another_tenant_rubric_evidence_or_instruction_is_another_question(
    ledger: Ledger, other: Mapping[str, str]
) -> None:
    model = Model(JudgeAnswer(VALID))
    judge = CachedJudge(model, PRICED, answers_of(ledger))
    await judge(PROMPT, SCHEMA, 1e9)
    await judge(replace(PROMPT, **other), SCHEMA, 1e9)
    assert model.calls == 2


async def test_another_judge_is_another_question(ledger: Ledger) -> None:
    model = Model(JudgeAnswer(VALID))
    for settings in (PRICED, JudgeSettings(model="n")):
        await CachedJudge(model, settings, answers_of(ledger))(PROMPT, SCHEMA, 1e9)
    assert model.calls == 2


@pytest.mark.parametrize("text", ["no json", VALID + VALID, VALID.replace("3", "9")])
async def test_what_is_not_valid_is_not_remembered(ledger: Ledger, text: str) -> None:
    model = Model(JudgeAnswer(text))
    for _ in range(2):
        await CachedJudge(model, PRICED, answers_of(ledger))(PROMPT, SCHEMA, 1e9)
    assert model.calls == 2


async def test_answers_are_forgotten_in_time_and_the_oldest_where_there_is_no_room(ledger: Ledger) -> None:
    answers = answers_of(ledger, most_bytes=1000)
    for number in range(20):
        await answers.put("a", f"k{number:02}", b"x" * 96)
    kept = [number for number in range(20) if await answers.get("a", f"k{number:02}") is not None]
    assert kept == list(range(11, 20)) or kept == list(range(10, 20))
    assert int(await ledger.client.redis.get(ledger.keys.named("answers:bytes"))) <= 1000
    short = answers_of(ledger, for_s=0.03)
    await short.put("a", "s", b"y")
    await asyncio.sleep(0.06)
    assert await short.get("a", "s") is None


async def test_without_the_ledger_there_is_no_cache_and_the_judge_answers() -> None:
    client = StoreClient("redis://127.0.0.1:9/0", 0.5)
    model = Model(JudgeAnswer(VALID))
    judge = CachedJudge(model, PRICED, LedgerAnswers(client, Keys("x:"), 60, 1000))
    assert (await judge(PROMPT, SCHEMA, 1e9)).text == VALID
    with pytest.raises(LedgerError):
        await LedgerAnswers(client, Keys("x:"), 60, 1000).get("a", "b")
    await client.close()
