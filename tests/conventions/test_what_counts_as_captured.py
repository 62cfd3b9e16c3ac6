"""Absent, empty, hidden, cut and told twice are five different things; and what others said of a span already."""

from __future__ import annotations

import json

import pytest
from spans_by_key import event, span

from otel_scorer.conventions.read import evidence, feedback_of, guardrails_of
from otel_scorer.model import Document, Feedback, GuardrailDecision, Message, Value


@pytest.mark.parametrize("marker", ["__REDACTED__", "<REDACTED>", "<elided>", "FILTERED", "[REDACTED]"])
def test_redaction_is_not_content(marker: str) -> None:
    genai = evidence(
        span(
            **{
                "openinference.span.kind": "LLM",
                "input.value": marker,
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": marker,
                "gen_ai.output.messages": marker,
            }
        )
    )
    assert (genai.input_messages, genai.output_messages, genai.input_text, genai.output_text) == (
        None,
        None,
        None,
        None,
    )


def test_references_to_content_elsewhere_are_not_content() -> None:
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages_ref": "s3://x/y",
        "gen_ai.tool.definitions_ref": "s3://x/z",
    }
    genai = evidence(span(**attributes))
    assert (genai.input_messages, genai.tool_definitions) == (None, None)


def test_absent_is_not_empty() -> None:
    absent = evidence(span(**{"gen_ai.operation.name": "chat"}))
    empty = evidence(
        span(
            **{
                "gen_ai.operation.name": "chat",
                "gen_ai.input.messages": "[]",
                "gen_ai.tool.definitions": "[]",
                "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":""}]}]',
            }
        )
    )
    assert (absent.input_messages, absent.output_messages, absent.tool_definitions) == (None, None, None)
    assert (empty.input_messages, empty.tool_definitions) == ((), ())
    assert empty.output_messages == (Message("assistant"),)


def test_a_message_without_parts_is_lost_in_the_input_and_empty_in_the_output() -> None:
    genai = evidence(
        span(
            **{
                "gen_ai.operation.name": "chat",
                "gen_ai.input.messages": '[{"role":"user","parts":[]}]',
                "gen_ai.output.messages": '[{"role":"assistant","parts":[],"finish_reason":"length"}]',
            }
        )
    )
    assert genai.input_messages is None
    assert genai.output_messages == (Message("assistant", finish_reason="length"),)


@pytest.mark.parametrize("part", [{"type": "text"}, {"type": "text", "content": "[REDACTED]"}, {}])
def test_parts_without_their_content_were_not_captured_and_are_no_empty_answer(part: dict[str, str]) -> None:
    told = json.dumps([{"role": "assistant", "parts": [part], "finish_reason": "stop"}])
    genai = evidence(span(**{"gen_ai.operation.name": "chat", "gen_ai.output.messages": told}))
    assert (genai.output_messages, genai.output_text) == (None, None)


def test_an_empty_list_of_documents_is_a_retrieval_that_found_nothing() -> None:
    attributes: dict[str, Value] = {"gen_ai.operation.name": "retrieval"}
    assert evidence(span(**attributes)).documents is None
    assert evidence(span(**attributes, **{"gen_ai.retrieval.documents": "[]"})).documents == ()
    told = {"gen_ai.retrieval.documents": "[]", "gen_ai.memory.records": '[{"id": "1", "content": "a"}]'}
    assert evidence(span(**attributes, **told)).documents == (Document("1", "a"),)


def test_the_type_of_output_that_was_asked_for_is_a_parameter() -> None:
    genai = evidence(span(**{"gen_ai.operation.name": "chat", "gen_ai.output.type": "json"}))
    assert genai.parameters == {"output_type": "json"}


def test_cut_json_stays_text_and_is_flagged() -> None:
    whole = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "long " * 50}]}])
    genai = evidence(span(**{"gen_ai.operation.name": "chat", "gen_ai.input.messages": whole[:100]}))
    assert genai.truncated
    assert genai.input_messages is None
    assert genai.input_text == whole[:100]


def test_a_second_convention_fills_what_the_first_lost() -> None:
    attributes: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "cont',
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "whole",
    }
    genai = evidence(span(**attributes))
    assert genai.input_messages == (Message("user", "whole"),)
    assert genai.truncated


def test_feedback_that_is_already_there() -> None:
    found = feedback_of(
        span(
            "s",
            (
                event(
                    "gen_ai.evaluation.result",
                    **{"gen_ai.evaluation.name": "rel", "gen_ai.evaluation.score.value": 0.5},
                ),
            ),
            **{
                "annotations.2.annotation.name": "thumbs",
                "annotations.2.annotation.label": "down",
                "annotations.2.annotation.annotator_kind": "HUMAN",
                "evaluations.0.evaluation.name": "qa",
                "evaluations.0.evaluation.score": 1,
                "logfire.feedback.name": "liked",
                "liked": False,
            },
        )
    )
    assert set(found) == {
        Feedback("thumbs", label="down", by_human=True),
        Feedback("qa", 1),
        Feedback("liked", 0.0, by_human=True),
        Feedback("rel", 0.5),
    }


@pytest.mark.parametrize(
    ("attributes", "decision"),
    [
        ({"gen_ai.guardrail.name": "pii", "gen_ai.guardrail.status": "FAILED"}, GuardrailDecision("pii", True)),
        ({"rail.name": "jailbreak", "rail.stop": False}, GuardrailDecision("jailbreak", False)),
        ({"guardrail_name": "x", "guardrail_status": "guardrail_intervened"}, GuardrailDecision("x", True)),
        ({"guardrail.type": "tox", "guardrail.status": "odd"}, GuardrailDecision("tox", None)),
        ({"validator_name": "pii", "output.value": "fail"}, GuardrailDecision("pii", True)),
        ({"validator_name": "pii", "output.value": '"pass"'}, GuardrailDecision("pii", False)),
        (
            {"validator_name": "pii", "validator_on_fail": "OnFailAction.NOOP", "output.value": "fail"},
            GuardrailDecision("pii", False),
        ),
        ({"validator_name": "pii", "output.value": "My IBAN is"}, GuardrailDecision("pii", None)),
    ],
)
def test_guardrail_decisions(attributes: dict[str, Value], decision: GuardrailDecision) -> None:
    assert guardrails_of(span(**attributes)) == (decision,)


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps(
                [
                    {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
                    {"role": "user", "parts": []},
                ]
            ),
        },
        {
            "openinference.span.kind": "LLM",
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "Be brief.",
            "llm.input_messages.1.message.role": "user",
        },
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
        },
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "[REDACTED]",
        },
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.input": json.dumps(
                [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "[REDACTED]"}]
            ),
        },
    ],
    ids=["otel", "openinference", "openllmetry", "openllmetry redacted", "langfuse"],
)
def test_a_conversation_that_lost_one_message_is_flagged(attributes: dict[str, Value]) -> None:
    genai = evidence(span(**attributes))
    assert genai.input_messages is not None
    assert genai.input_messages[0] == Message("system", "Be brief.")
    assert genai.truncated


def test_an_answer_without_words_is_not_lost() -> None:
    """A reasoning model's item without a summary stands beside its answer; a model may say nothing at all."""
    genai = evidence(
        span(
            **{
                "openinference.span.kind": "LLM",
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.1.message.role": "assistant",
                "llm.output_messages.1.message.content": "42",
            }
        )
    )
    assert genai.output_messages == (Message("assistant", "42"),)
    assert not genai.truncated


def test_a_cut_copy_takes_nothing_away_from_what_is_whole_beside_it() -> None:
    attributes: dict[str, Value] = {
        "openinference.span.kind": "LLM",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "42",
        "output.value": '{"id": "x", "choices": [{"mess',
    }
    assert evidence(span(**attributes)).truncated
    whole = evidence(span(**attributes, **{"llm.finish_reason": "stop"}))
    assert whole.output_messages == (Message("assistant", "42", finish_reason="stop"),)
    assert not whole.truncated
