"""The tree for people."""

from __future__ import annotations

import json
from dataclasses import replace

from recorded_spans import TRACE_ID, agent, marked, messages, model, run, span, tool, trace
from rich.console import Console

from otel_scorer.conventions.scores import evaluation_span
from otel_scorer.inspect import view
from otel_scorer.inspect.span_scores import scores_by_span
from otel_scorer.model import STATUS_ERROR, Result, RubricId, Score, Trace, Value


def shown(each: Trace, *, content: bool = True, width: int = 160) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(view.render(each, content=content))
    return capture.get()


def test_the_tree_shows_kinds_names_durations_tokens_and_short_content() -> None:
    told = shown(run())
    assert TRACE_ID in told
    assert "AGENT invoke_agent helper  100 ms" in told
    assert "LLM chat gpt-x  50 ms  120 in, 8 out tokens" in told
    assert 'lookup({"order": 12}) → shipped' in told
    assert "“Order 12 is on its way.”" in told


def test_children_stand_below_their_parent_in_order_of_start() -> None:
    lines = shown(run()).splitlines()
    depth = {word: line.index(word) for line in lines for word in ("AGENT", "TOOL", "LLM") if word in line}
    assert depth["TOOL"] == depth["LLM"] > depth["AGENT"]
    assert [word for line in lines for word in ("AGENT", "TOOL", "LLM") if word in line] == ["AGENT", "TOOL", "LLM"]


def test_content_can_be_left_out() -> None:
    assert "on its way" not in shown(run(), content=False)


def test_what_was_not_captured_is_said_and_not_shown_as_empty() -> None:
    assert "lookup(arguments not captured) → result not captured" in shown(run(content=False))


def test_a_tool_that_failed_has_no_result_rather_than_one_that_was_not_captured() -> None:
    failed = replace(tool(), attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"})
    assert "result not captured" in shown(trace(agent(), failed))
    failed = replace(failed, status_code=STATUS_ERROR, status_message="timed out")
    assert "→ no result" in shown(trace(agent(), failed))


def test_scores_on_a_span_stand_below_it_with_reasons() -> None:
    root = marked(
        agent(),
        score__factual_grounding=2,
        score__lowest=2,
        score__composite=2.5,
        reason__factual_grounding="the date is nowhere in the context",
        missing__privacy_and_safety="undecided",
        label="fail",
        status="partial",
        rubric__id="agent@1",
        evaluator="checks",
        sampling__rule="floor",
        coverage=2 / 3,
    )
    told = shown(trace(root, tool(), model()))
    assert "factual_grounding 2  the date is nowhere in the context" in told
    assert "privacy_and_safety -  no score: undecided" in told
    assert "composite 2.50  label fail  status partial  (coverage 0.67, rubric agent@1, by checks, rule floor)" in told


def test_of_spans_inside_a_trace_only_low_scores_are_told_at_length() -> None:
    call = marked(
        model(),
        score__factual_grounding=2,
        score__privacy_and_safety=5,
        reason__factual_grounding="a number is wrong",
        reason__privacy_and_safety="nothing leaked",
        missing__instruction_adherence="undecided",
        score__composite=3.5,
        rubric__id="llm@1",
    )
    silent = marked(tool(), missing__optimal_plan_execution="missing_evidence", rubric__id="tool@1")
    told = shown(trace(agent(), silent, call))
    assert "factual_grounding 2  a number is wrong" in told
    assert "nothing leaked" not in told
    assert "★ privacy_and_safety 5  composite 3.50  label -  (llm@1)" in told
    assert "tool@1" not in told


def test_a_late_score_is_shown_at_the_span_that_it_is_about() -> None:
    result = Result(
        RubricId("agent", 1),
        "abc",
        agent().span_id,
        {"factual_grounding": Score(4, 4.0, "fine")},
        {"factual_grounding": 1},
    )
    late = evaluation_span(result, agent(), deployment="default", evaluated_at_ns=1, status="scored")
    each = trace(marked(agent(), status="deadline"), tool(), model(), late)
    scores = scores_by_span(each)[agent().span_id]
    assert (scores.scores, scores.status) == ({"factual_grounding": 4}, "scored")
    assert "factual_grounding 4  fine" in shown(each)
    assert "evaluation agent" not in shown(each)


def test_another_rubrics_scores_do_not_pass_for_the_primary_ones() -> None:
    each = trace(marked(agent(), strict__score__factual_grounding=1, score__factual_grounding=5))
    assert scores_by_span(each)[agent().span_id].scores == {"factual_grounding": 5}


def test_errors_and_incomplete_traces_are_marked() -> None:
    failed = replace(tool(), status_code=STATUS_ERROR, status_message="no answer in 10 s")
    assert "no answer in 10 s" in shown(trace(agent(), failed))
    assert "incomplete" in shown(trace(replace(tool(), parent_id="9" * 16), replace(model(), parent_id="8" * 16)))


def test_control_characters_of_a_trace_never_reach_the_terminal() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07 [bold]x[/bold] \u202e" + "y" * 500
    told = shown(trace(span("a", name=evil, attributes={"gen_ai.operation.name": "invoke_agent", "input.value": evil})))
    assert not {"\x1b", "\x07", "\u202e"} & set(told)
    assert "[bold]x[/bold]" in told
    assert max(map(len, told.splitlines())) <= 160


def test_durations_are_told_in_units_that_people_read() -> None:
    told = [view.duration_text(s) for s in (0.0, 0.00035, 0.00096, 0.0123, 0.9996, 1.25, 119.96, 179.7, 185)]
    assert told == ["0 ms", "0.3 ms", "1 ms", "12 ms", "1.0 s", "1.2 s", "2 min 0 s", "3 min 0 s", "3 min 5 s"]


def test_tokens_that_were_not_told_are_not_shown_as_none() -> None:
    embedding: dict[str, Value] = {"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 6}
    told = shown(trace(agent(), span("b", "a", "embed", attributes=embedding)))
    assert "EMBEDDING embed  10 ms  6 tokens in" in told
    assert "0 out" not in told


def test_the_model_is_told_where_the_name_of_the_span_does_not() -> None:
    assert "LLM ChatCompletion  gpt-x  50 ms" in shown(trace(agent(), replace(model(), name="ChatCompletion")))
    assert "LLM chat gpt-x  50 ms" in shown(run())


def test_an_unusual_end_is_told_and_a_usual_one_is_not() -> None:
    ended: dict[str, Value] = {"gen_ai.response.finish_reasons": ["length"]}
    told = shown(trace(agent(), replace(model(), attributes={**model().attributes, **ended})))
    assert "ended by length" in told
    assert "ended by" not in shown(run())


def test_an_output_that_was_not_captured_is_told_apart_from_an_empty_one() -> None:
    assert "output not captured" in shown(run(content=False))
    empty: dict[str, Value] = {"gen_ai.output.messages": messages(("assistant", ""))}
    assert "empty output" in shown(trace(agent(), replace(model(), attributes={**model().attributes, **empty})))


def test_arguments_that_were_not_captured_are_not_null() -> None:
    call = {"role": "assistant", "parts": [{"type": "tool_call", "name": "lookup", "id": "1"}]}
    asked: dict[str, Value] = {"gen_ai.operation.name": "chat", "gen_ai.output.messages": json.dumps([call])}
    assert "asks for lookup(arguments not captured)" in shown(trace(agent(), span("b", "a", attributes=asked)))


def test_of_json_that_a_framework_wraps_around_words_the_words_are_shown() -> None:
    wrapped: dict[str, Value] = {
        "openinference.span.kind": "CHAIN",
        "input.value": '{"input": "Where is order 12?", "chat_history": []}',
        "output.value": '{"output": "On its way."}',
    }
    assert "“Where is order 12?” → “On its way.”" in shown(trace(span("a", attributes=wrapped)))


def test_content_takes_one_line_however_long_it_is() -> None:
    long: dict[str, Value] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"}
    long |= {"gen_ai.tool.call.arguments": json.dumps({"text": "x" * 500}), "gen_ai.tool.call.result": "y" * 500}
    for width in (80, 160):
        lines = shown(trace(agent(), span("c", "a", "lookup", attributes=long)), width=width).splitlines()
        assert len(lines) == 5
        assert max(map(len, lines)) <= width
        assert lines[-1].endswith("…")
        assert not any(line.endswith(" ") for line in lines)


def test_a_trace_deeper_than_a_terminal_is_wide_stays_readable() -> None:
    chain = [span(f"{depth:x}e", f"{depth - 1:x}e", f"step {depth}", depth, 90) for depth in range(1, 40)]
    told = shown(trace(replace(agent(), span_id="0e".rjust(16, "0")), *chain), width=100)
    assert all(f"step {depth}  " in told for depth in range(1, 40))
    assert "(depth 39) UNKNOWN step 39" in told
    assert max(map(len, told.splitlines())) <= 100
