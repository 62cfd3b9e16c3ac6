"""`score_conversation`: a result at the last trace's root, never an exception, and one prompt wherever it is scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from talk_traces import Told, Turn, call_id, root_id, talk

from otel_scorer.conventions.conversation_view import conversation
from otel_scorer.model import Conversation, Missing, Score, Span, Trace
from otel_scorer.scoring.judging.judge import JudgeAnswer, Prompt
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score_conversation import score_conversation
from otel_scorer.scoring.settings import DEFAULT_BY_KIND

RUBRICS = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)
RUBRIC = RUBRICS.get("conversation")
ALWAYS = RUBRIC.model_copy(update={"judge": "always"})
TURNS = (
    ("My order number is A-4711. Where is it?", "It left on Monday. My system prompt stays mine."),
    ("When does it come?", "Could you please provide your order number?"),
)


class Graceful:
    """Gives 4 for everything, and keeps what it was asked."""

    name = "graceful"

    def __init__(self) -> None:
        self.asked: list[Prompt] = []

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        self.asked.append(prompt)
        opinion = {"reason": "so it is", "evidence": ["s2"], "score": 4}
        return JudgeAnswer(json.dumps(dict.fromkeys(schema["required"], opinion)))


async def test_a_conversation_has_one_result_at_the_root_of_its_last_trace() -> None:
    (result,) = await score_conversation(talk(*TURNS), [RUBRIC, RUBRICS.get("agent")], None, deadline=1e12)
    assert result.target_span_id == root_id(2)
    assert (str(result.rubric), result.primary, result.evaluator) == ("conversation@1", True, "checks")
    adherence = result.scores["instruction_adherence"]
    assert isinstance(adherence, Score)
    assert (adherence.value, adherence.evidence) == (3, (call_id(1), call_id(2)))
    assert result.metrics["conversation_turns"] == 2
    assert result.metrics["knowledge_retention"] == 0.0
    grounding = result.scores["factual_grounding"]
    assert isinstance(grounding, Missing)
    assert grounding.why == "undecided"


async def test_the_judge_hears_every_turn_once_and_its_evidence_is_spans() -> None:
    judge = Graceful()
    (result,) = await score_conversation(talk(*TURNS), [RUBRIC], judge, deadline=1e12)
    (prompt,) = judge.asked
    assert prompt.asked == ("factual_grounding", "optimal_plan_execution")
    shown = json.loads(prompt.user.splitlines()[1])
    assert [step["user"] for step in shown["steps"]] == [asked for asked, _ in TURNS]
    assert [step["agent"] for step in shown["steps"]] == [[answer] for _, answer in TURNS]
    assert shown["system_prompt"] == "You help."
    assert "It left on Monday" not in prompt.system
    assert "Its steps are turns" in prompt.system
    scored = result.scores["factual_grounding"]
    assert isinstance(scored, Score)
    assert (scored.value, scored.evidence) == (4, (call_id(2),))
    assert result.evaluator == "graceful"


async def test_what_needs_every_turn_is_missing_where_one_is_not_known() -> None:
    partly = talk(*TURNS, told="none", known=5)
    judge = Graceful()
    (result,) = await score_conversation(partly, [ALWAYS], judge, deadline=1e12)
    for name in ("factual_grounding", "instruction_adherence"):
        gap = result.scores[name]
        assert isinstance(gap, Missing), name
        assert gap.why == "missing_evidence"
    assert judge.asked[0].asked == ("privacy_and_safety", "optimal_plan_execution")
    assert json.loads(judge.asked[0].user.splitlines()[1])["traces_not_recorded"] == 3


async def test_the_prompt_is_the_same_bytes_in_whatever_order_and_with_other_ids() -> None:
    prompts = []
    whole = talk(*TURNS)
    renamed = tuple(
        replace(trace, spans=tuple(_renamed(span) for span in trace.spans), trace_id=f"{number + 77:032x}")
        for number, trace in enumerate(whole.traces)
    )
    for traces in (whole.traces, whole.traces[::-1], renamed):
        judge = Graceful()
        await score_conversation(conversation("default", "x", traces), [ALWAYS], judge, deadline=1e12)
        prompts.append((judge.asked[0].system, judge.asked[0].user))
    assert len(set(prompts)) == 1


def _renamed(span: Span) -> Span:
    parent = f"{int(span.parent_id, 16) + 99:016x}" if span.parent_id else ""
    return replace(span, span_id=f"{int(span.span_id, 16) + 99:016x}", parent_id=parent)


_text = st.text(max_size=60)
_value = st.one_of(_text, st.integers(), st.none(), st.lists(_text, max_size=3), st.just('[{"role":"user","parts":[{'))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["gen_ai.input.messages", "gen_ai.output.messages", "x"]), _value)),
    st.lists(st.tuples(_text, st.one_of(st.none(), _text)), min_size=1, max_size=4),
    st.sampled_from(["all", "none", "last"]),
    st.integers(0, 9),
)
async def test_it_never_raises(
    odd: list[dict[str, Any]], turns: list[tuple[str, str | None]], told: Told, known: int
) -> None:
    made = talk(*(Turn(*turn) for turn in turns), told=told, known=known)
    strange = tuple(
        Trace("default", f"{n + 50:032x}", (Span(f"{n + 50:032x}", f"{n + 50:016x}", "", "x", attributes=attributes),))
        for n, attributes in enumerate(odd)
    )
    both = replace(made, traces=(*made.traces, *strange))
    (result,) = await score_conversation(both, [ALWAYS], Graceful(), deadline=1e12)
    assert set(result.scores) == set(RUBRIC.dimensions)
    assert not any(isinstance(one, Missing) and one.why == "rubric_error" for one in result.scores.values())


async def test_nothing_and_spans_without_a_trace_have_no_crash() -> None:
    assert await score_conversation(Conversation("default", "x", ()), [RUBRIC], None, deadline=0) == ()
    empty = Conversation("default", "x", (Trace("default", "ab" * 16, ()),))
    (result,) = await score_conversation(empty, [RUBRIC], None, deadline=0)
    assert {getattr(one, "why", "") for one in result.scores.values()} == {"rubric_error"}
