"""Each turn is told once, whatever the traces repeat of the turns before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talk_traces import Told, Turn, call_id, root_id, talk, trace_id

from otel_scorer.conventions.conversation_view import ConversationView, by_conversation, conversation
from otel_scorer.conventions.overlap import overlap

TURNS = (("Hi, where is my order?", "Which one?"), ("A-1.", "On its way."), ("Thanks.", "You are welcome."))


def told(*turns: object, **options: object) -> list[tuple[str, str]]:
    return [(turn.asked, turn.answer) for turn in ConversationView(talk(*turns, **options)).turns]  # type: ignore[arg-type]


@pytest.mark.parametrize("repeats", ["all", "none", "last"])
def test_each_turn_is_told_once(repeats: Told) -> None:
    seen = ConversationView(talk(*TURNS, told=repeats))
    assert [(turn.asked, turn.answer) for turn in seen.turns] == [*TURNS]
    assert [turn.place for turn in seen.turns] == [0, 1, 2]
    assert [turn.span_id for turn in seen.turns] == [call_id(1), call_id(2), call_id(3)]
    assert [root.span_id for root in seen.roots] == [root_id(1), root_id(2), root_id(3)]
    assert seen.not_told == 0
    assert seen.system == "You help."


def test_the_same_words_in_two_turns_are_two_turns() -> None:
    again = (("More.", "One."), ("More.", "Two."), ("More.", "Two."), ("More.", "Two."))
    assert told(*again, told="all") == [*again]
    assert told(*again, told="none") == [*again]


def test_what_only_a_later_trace_repeats_is_known_from_its_history() -> None:
    whole = talk(*TURNS, told="all")
    seen = ConversationView(conversation("default", "talk-1", whole.traces[2:], known=3))
    assert [(turn.asked, turn.answer) for turn in seen.turns] == [*TURNS]
    assert [turn.history for turn in seen.turns] == [True, True, False]
    assert seen.not_told == 0, "what was not kept is told all the same"


def test_a_trace_that_was_not_kept_and_that_none_repeats_is_not_told() -> None:
    whole = talk(*TURNS, told="none")
    seen = ConversationView(conversation("default", "talk-1", whole.traces[1:], known=3))
    assert len(seen.turns) == 2
    assert seen.not_told == 1


def test_an_application_that_stores_other_words_of_the_agent_repeats_the_users() -> None:
    whole = talk(*TURNS, told="all")
    changed = [
        replace(
            trace,
            spans=tuple(
                replace(
                    span,
                    attributes={
                        key: str(value).replace("Which one?", "(which)") if "input" in key else value
                        for key, value in span.attributes.items()
                    },
                )
                for span in trace.spans
            ),
        )
        for trace in whole.traces
    ]
    seen = ConversationView(conversation("default", "talk-1", changed))
    assert [turn.asked for turn in seen.turns] == [asked for asked, _ in TURNS]


def test_a_run_that_broke_off_and_was_tried_again_is_one_turn() -> None:
    seen = ConversationView(talk(TURNS[0], Turn("A-1.", None), Turn("A-1.", "On its way.")))
    assert [(turn.asked, turn.answer) for turn in seen.turns] == [*TURNS[:2]]
    left = ConversationView(talk(TURNS[0], Turn("A-1.", None)))
    assert left.turns[-1].broken_off


def test_traces_are_in_order_of_start_and_apart_by_conversation() -> None:
    whole = talk(*TURNS)
    (found,) = by_conversation([*whole.traces[::-1]])
    assert [trace.trace_id for trace in found.traces] == [trace_id(1), trace_id(2), trace_id(3)]
    nameless = [replace(t, spans=tuple(replace(s, attributes={}) for s in t.spans)) for t in whole.traces]
    assert by_conversation(nameless) == []


@given(st.lists(st.integers(0, 2), max_size=12), st.lists(st.integers(0, 2), max_size=12))
def test_an_overlap_is_the_longest(earlier: list[int], later: list[int]) -> None:
    longest = max(n for n in range(len(later) + 1) if n <= len(earlier) and earlier[len(earlier) - n :] == later[:n])
    assert overlap(earlier, later) == longest
