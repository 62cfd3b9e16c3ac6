"""Rules in order, one draw, and the probability that is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sampled_traces import agent, llm, span, tool, trace_of

from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.errors import UserError
from otel_scorer.model import Decision, RubricRef, Span
from otel_scorer.sampling.decide import decide, held_signals
from otel_scorer.sampling.named import refuse_unknown_rubrics
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.sampling.signals import ALWAYS
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.settings import DEFAULT_BY_KIND

AGENT, DEEP = RubricRef("agent", 1, "a" * 12), RubricRef("deep", 2, "b" * 12)


def refs(view: TraceView, names: Sequence[str] | None) -> tuple[RubricRef, ...]:
    return tuple({"agent": AGENT, "deep": DEEP}[name] for name in (names or ["agent"]))


def no_refs(view: TraceView, names: Sequence[str] | None) -> tuple[RubricRef, ...]:
    return ()


def settings(*rules: dict[str, object], **more: object) -> SamplingSettings:
    return SamplingSettings.model_validate({"rules": rules, **more})


def many(chosen: SamplingSettings, *spans: object, count: int = 2000) -> list[Decision]:
    views = (trace_of(*spans, trace_id=f"{n:032x}") for n in range(1, count + 1))  # type: ignore[arg-type]
    return [decide(view, chosen, refs) for view in views]


def test_a_trace_with_the_signal_is_scored_and_says_why() -> None:
    chosen = settings({"name": "failed", "when": ["error"]})
    decision = decide(trace_of(agent(), tool("c", status=2)), chosen, refs)
    assert decision == Decision(None, "failed", 1.0, (AGENT,), ("error", "tool_error"))


def test_the_floor_takes_its_share_of_the_rest_and_the_rest_is_told_its_chance() -> None:
    decisions = many(settings(floor=0.1), agent())
    taken = [decision for decision in decisions if decision.status is None]
    assert len(taken) == pytest.approx(200, abs=45)
    assert {(d.rule, d.probability) for d in decisions} == {("floor", 0.1)}
    assert {d.status for d in decisions} == {None, "not_sampled"}
    assert all(not d.rubrics for d in decisions if d.status == "not_sampled")


def test_the_largest_rate_counts_and_its_first_rule_is_named() -> None:
    chosen = settings(
        {"name": "seldom", "when": ["error"], "rate": 0.2},
        {"name": "often", "when": ["error"], "rate": 0.5},
        {"name": "as_often", "rate": 0.5},
    )
    decisions = many(chosen, agent(status=2))
    assert {(d.rule, d.probability) for d in decisions} == {("often", 0.5)}
    assert sum(d.status is None for d in decisions) == pytest.approx(1000, abs=100)


def test_each_rubric_is_taken_with_the_largest_rate_of_the_rules_that_name_it() -> None:
    chosen = settings({"name": "failed", "when": ["error"]}, {"name": "deep", "rate": 0.25, "rubrics": ["deep"]})
    decisions = many(chosen, agent(status=2))
    assert {d.rubrics for d in decisions} == {(AGENT,), (AGENT, DEEP)}
    assert sum(DEEP in d.rubrics for d in decisions) == pytest.approx(500, abs=80)


def test_raising_a_rate_never_drops_a_trace() -> None:
    def taken(rate: float) -> set[int]:
        decided = many(settings(floor=rate), agent(), count=500)
        return {n for n, decision in enumerate(decided) if decision.status is None}

    assert taken(0.05) <= taken(0.3) <= taken(0.31) <= taken(1.0)
    assert (len(taken(0.0)), len(taken(1.0))) == (0, 500)


def in_talk(trace: int, talk: str, *more: Span, tenant: str = "default", status: int = 0) -> TraceView:
    root = agent(status=status)
    named = replace(
        root, attributes={**root.attributes, **({"gen_ai.conversation.id": talk} if talk != "none" else {})}
    )
    found = trace_of(named, *more, trace_id=f"{trace:032x}").trace
    return view(replace(found, tenant=tenant))


CONVERSATIONS = settings(floor=0.5, draw_by="conversation")


def test_a_conversation_is_taken_whole_or_left_whole() -> None:
    taken = {}
    for talk in range(200):
        of_one = [decide(in_talk(talk * 4 + n, f"talk-{talk}"), CONVERSATIONS, refs) for n in range(1, 5)]
        assert len({decision.status for decision in of_one}) == 1
        assert {(decision.rule, decision.probability) for decision in of_one} == {("floor", 0.5)}
        taken[talk] = of_one[0].status is None
    assert sum(taken.values()) == pytest.approx(100, abs=30)
    by_trace = settings(floor=0.5)
    assert SamplingSettings().draw_by == "trace"
    parts = [{decide(in_talk(t * 4 + n, f"talk-{t}"), by_trace, refs).status for n in range(1, 5)} for t in range(50)]
    assert sum(len(part) == 2 for part in parts) > 30, "drawn by trace, most are only partly taken"


@given(st.text(max_size=20), st.floats(0, 1), st.floats(0, 1), st.integers(1, 2**64), st.sampled_from(["a", "b"]))
def test_raising_a_rate_never_drops_a_trace_of_a_conversation(
    talk: str, rate: float, more: float, trace: int, tenant: str
) -> None:
    low, high = sorted((rate, more))
    seen = in_talk(trace, talk, tenant=tenant)
    at_low, at_high = (
        decide(seen, settings(floor=floor, draw_by="conversation"), refs, salt=b"replica") for floor in (low, high)
    )
    assert (at_low.status, at_high.status) != (None, "not_sampled")
    assert (at_low.probability, at_high.probability) == (low, high)


def test_a_trace_without_a_real_conversation_id_is_drawn_by_its_own() -> None:
    for name in ("none", "", "  "):
        seen = [in_talk(n, name) for n in range(1, 300)]
        assert [decide(one, CONVERSATIONS, refs) for one in seen] == [
            decide(o, settings(floor=0.5), refs) for o in seen
        ]
    together = {decide(in_talk(n, "default"), CONVERSATIONS, refs).status for n in range(1, 300)}
    assert len(together) == 1, "an id that many share: the known weakness"
    apart = {decide(in_talk(1, "talk", tenant=f"t{n}"), CONVERSATIONS, refs).status for n in range(50)}
    assert apart == {None, "not_sampled"}, "the same id of another tenant is another conversation"


def test_a_rule_for_a_signal_still_takes_the_single_trace() -> None:
    chosen = settings({"name": "failed", "when": ["error"]}, floor=0.0, draw_by="conversation")
    assert decide(in_talk(1, "talk", status=2), chosen, refs).rule == "failed"
    assert decide(in_talk(1, "talk", status=2), chosen, refs).status is None
    assert decide(in_talk(2, "talk"), chosen, refs).status == "not_sampled"


def test_all_of_a_rules_signals_must_hold_where_it_says_so() -> None:
    chosen = settings({"name": "both", "when": ["error", {"signal": "steps", "over": 1}], "match": "all"}, floor=0)
    assert decide(trace_of(agent(status=2), llm()), chosen, refs).status == "not_sampled"
    assert decide(trace_of(agent(status=2), llm(), tool("c")), chosen, refs).rule == "both"


def test_a_trace_without_its_agent_is_incomplete_whatever_the_draw_says() -> None:
    broken = trace_of(llm("b", status=2), llm("c"))
    never = settings({"name": "failed", "when": ["error"], "rate": 0.0}, floor=0)
    assert decide(broken, never, refs) == Decision("incomplete", "failed", 0.0, (), ("error",))
    always = settings({"name": "failed", "when": ["error"]})
    assert decide(broken, always, refs) == Decision("incomplete", "failed", 1.0, refs(broken, None), ("error",))


def test_an_evaluation_trace_is_left_alone() -> None:
    own = trace_of(span("a", "evaluation", {"openinference.span.kind": "EVALUATOR"}, status=2))
    assert decide(own, settings(), refs) == Decision("own", "", 0.0)


def test_a_trace_that_no_rubric_fits_is_not_sampled_and_says_so() -> None:
    decision = decide(trace_of(agent(status=2)), SamplingSettings(), no_refs)
    assert decision == Decision("not_sampled", "no_rubric", 0.0, (), ("error",))


def test_replicas_agree_and_a_salt_of_ones_own_changes_the_draw() -> None:
    chosen = settings(floor=0.5)
    views = [trace_of(agent(), trace_id=f"{n:032x}") for n in range(1, 200)]
    ours = [decide(view, chosen, refs, salt=chosen.salt_for("eu")) for view in views]
    assert ours == [decide(view, settings(floor=0.5), refs, salt=settings().salt_for("eu")) for view in views]
    assert ours != [decide(view, chosen, refs, salt=chosen.salt_for("us")) for view in views]
    salted = settings(salt="a secret of ours")
    assert salted.salt_for("eu") == salted.salt_for("us") != chosen.salt_for("us")
    assert "a secret" not in repr(salted)


def test_only_what_a_rule_names_is_computed_beside_the_cheap_signals() -> None:
    looping = trace_of(agent(), *(tool(at, {"x": 1}) for at in "cde"))
    assert held_signals(looping, settings()) == set()
    assert "tool_uses" not in vars(looping)
    asked = settings(always_signals=["loop"])
    assert decide(looping, asked, refs).signals == ("loop",)
    assert {signal.signal for signal in ALWAYS} == {"error", "tool_error", "finish_reason"}


def test_the_default_rules_take_what_failed_and_leave_what_went_well() -> None:
    assert decide(trace_of(agent(), tool("c", status=2)), SamplingSettings(), refs).rule == "failed"
    assert decide(trace_of(agent(), llm(finish="length")), SamplingSettings(), refs).rule == "cut_off"
    assert decide(trace_of(agent(), llm()), SamplingSettings(), refs).rule == "floor"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rules": [{"name": "floor"}]}, "give the rule another name"),
        ({"rules": [{"name": "a"}, {"name": "a"}]}, "two rules are called `a`"),
        ({"rules": [{"name": "A b"}]}, "pattern"),
        ({"rules": [{"name": "a", "rate": 1.5}]}, "less than or equal to 1"),
        ({"draw_by": "user"}, "conversation"),
        ({"floor": float("nan")}, "less than or equal to 1"),
        ({"salt": "short"}, "at least 8"),
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        SamplingSettings.model_validate(wrong)


def test_rubrics_that_nobody_knows_are_refused_with_their_place() -> None:
    known = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)
    refuse_unknown_rubrics(SamplingSettings(), known.choose)
    refuse_unknown_rubrics(settings({"name": "deep", "rubrics": ["agent@1"]}), known.choose)
    with pytest.raises(UserError, match=r"sampling.rules\[0\].rubrics \(deep\): .*agnet"):
        refuse_unknown_rubrics(settings({"name": "deep", "rubrics": ["agnet"]}), known.choose)
    strata = [{"name": "per_agent", "by": ["agent"], "target": 5, "rubrics": ["agent@77"]}]
    with pytest.raises(UserError, match=r"sampling.strata\[0\].rubrics \(per_agent\): .*agent@77"):
        refuse_unknown_rubrics(settings(strata=strata), known.choose)
