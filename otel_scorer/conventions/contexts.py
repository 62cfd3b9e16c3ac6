"""What an answer could draw on: documents, tool results, the system prompt and what users said, each text once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from otel_scorer.conventions.envelopes import words
from otel_scorer.conventions.steps import RETRIEVAL_KINDS, Step
from otel_scorer.conventions.tool_use import ANSWER_TOOLS, ToolUse
from otel_scorer.conventions.values import loosened, text_of
from otel_scorer.model import ROOT_KINDS, Document, GenAI, Kind, Message

Source = Literal["retrieval", "tool", "system", "user"]

_ASKED_KINDS: frozenset[Kind] = ROOT_KINDS | {"LLM", "CONVERSATION"}


@dataclass(frozen=True)
class Context:
    """`source` lets a grounding check leave out what the user claims. `span_id` is where the text was first seen."""

    span_id: str
    source: Source
    text: str


def find_contexts(steps: Sequence[Step], uses: Sequence[ToolUse]) -> tuple[Context, ...]:
    """Each text once, documents first, then tool results, then prompts: the first telling names the source."""
    once: dict[str, Context] = {}
    for context in chain(_retrieved(steps), _from_tools(steps, uses), _from_messages(steps)):
        if context.text.strip():
            once.setdefault(context.text.strip(), context)
    return tuple(once.values())


def _retrieved(steps: Sequence[Step]) -> Iterator[Context]:
    for step in steps:
        genai = step.genai
        documents = [*(genai.documents or ()), *(genai.reranked or ())]
        yield from (Context(step.span_id, "retrieval", text) for text in _texts(documents))
        # A retriever whose documents no dialect reads still shows what came back.
        if step.kind in RETRIEVAL_KINDS and genai.documents is None and genai.reranked is None and genai.output_text:
            yield Context(step.span_id, "retrieval", genai.output_text)


def _texts(documents: Sequence[Document]) -> list[str]:
    return [document.text for document in documents if document.text]


def _from_tools(steps: Sequence[Step], uses: Sequence[ToolUse]) -> Iterator[Context]:
    for use in uses:
        if use.result_text and not use.is_answer:
            yield Context(use.span_id, "tool", use.result_text)
    for step in steps:
        if step.kind == "A2A_CLIENT" and step.genai.output_text:
            yield Context(step.span_id, "tool", step.genai.output_text)


def _from_messages(steps: Sequence[Step]) -> Iterator[Context]:
    """Tool results of earlier turns too: they are not uses of this run, but the model had them before it.

    Each model call repeats the conversation so far: `told` keeps results from being parsed as often.
    """
    told: set[str] = set()
    for step in steps:
        genai = step.genai
        if genai.system_instructions:
            yield Context(step.span_id, "system", genai.system_instructions)
        messages = genai.input_messages or ()
        handed_over = {call.id for message in messages for call in message.tool_calls if call.name in ANSWER_TOOLS}
        for message in messages:
            yield from _from_message(step.span_id, message, handed_over, told)
        if _is_asked(step, genai) and genai.input_text:
            yield Context(step.span_id, "user", words(genai.input_text, "asked") or genai.input_text)


def _from_message(span_id: str, message: Message, handed_over: set[str], told: set[str]) -> Iterator[Context]:
    for result in message.tool_results:
        content = result.content
        if result.id in handed_over or result.name in ANSWER_TOOLS or (isinstance(content, str) and content in told):
            continue
        if isinstance(content, str):
            told.add(content)
        yield Context(span_id, "tool", text_of(loosened(content)) or "")
    if message.role == "system":
        yield Context(span_id, "system", message.text)
    elif message.role == "user":
        yield Context(span_id, "user", message.text)


def _is_asked(step: Step, genai: GenAI) -> bool:
    """The run's own input, where it is no chat."""
    return step.depth == 0 and genai.input_messages is None and step.kind in _ASKED_KINDS
