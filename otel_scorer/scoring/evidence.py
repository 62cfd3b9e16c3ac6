"""What a rubric may ask to have been captured (`needs`), and whether a trace has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from otel_scorer.conventions.values import is_cut
from otel_scorer.model import Document, GenAI, Message
from otel_scorer.scoring.verdict import Target

if TYPE_CHECKING:
    from otel_scorer.conventions.conversation_view import ConversationView

Need = Literal[
    "context",
    "final_answer",
    "task",
    "system",
    "tool_uses",
    "tool_definitions",
    "input",
    "output",
    "arguments",
    "result",
    "query",
    "documents",
    "turns",
    "every_turn",
]

_OF_TRACE: Mapping[str, Callable[[Target], bool]] = {
    "context": lambda target: bool(target.view.contexts),
    "final_answer": lambda target: target.view.final_answer is not None,
    "task": lambda target: target.view.task is not None,
    "system": lambda target: target.view.system is not None,
    "tool_uses": lambda target: bool(target.view.tool_uses),
    "tool_definitions": lambda target: target.view.tool_definitions is not None,
}

_OF_SPAN: Mapping[str, Callable[[GenAI], bool]] = {
    "input": lambda genai: _are_told(genai.input_messages) or _is_whole(genai.input_text),
    "output": lambda genai: _are_told(genai.output_messages) or _is_whole(genai.output_text),
    "system": lambda genai: genai.system_instructions is not None,
    "tool_definitions": lambda genai: genai.tool_definitions is not None,
    "arguments": lambda genai: genai.tool_arguments_captured,
    "result": lambda genai: genai.tool_result_captured,
    "query": lambda genai: genai.query is not None,
    "documents": lambda genai: _have_text(genai.documents),
}


_OF_CONVERSATION: Mapping[str, Callable[[ConversationView], bool]] = {
    "turns": lambda talk: any(turn.asked for turn in talk.turns) and any(turn.said for turn in talk.turns),
    "every_turn": lambda talk: talk.not_told == 0,
    "system": lambda talk: talk.system is not None,
    "tool_definitions": lambda talk: talk.tool_definitions is not None,
}


def _are_told(messages: Sequence[Message] | None) -> bool:
    """Captured, empty ones too, and more than the names of the tools that were called: those come without content."""
    return messages is not None and (not messages or not all(map(_is_names_only, messages)))


def _is_names_only(message: Message) -> bool:
    if message.text or message.reasoning or message.media or not (message.tool_calls or message.tool_results):
        return False
    told = (*(call.arguments for call in message.tool_calls), *(result.content for result in message.tool_results))
    return all(one is None for one in told)


def _have_text(documents: Sequence[Document] | None) -> bool:
    """Captured, none found among them too, and not ids and scores alone."""
    return documents is not None and (not documents or any(one.text is not None for one in documents))


def _is_whole(text: str | None) -> bool:
    """Captured, and not the front part of JSON that a limit left."""
    return text is not None and not is_cut(text)


TRACE_NEEDS: frozenset[str] = frozenset(_OF_TRACE)
SPAN_NEEDS: frozenset[str] = frozenset(_OF_SPAN)
CONVERSATION_NEEDS: frozenset[str] = frozenset(_OF_CONVERSATION)


def lacking(target: Target, needs: Sequence[str]) -> tuple[str, ...]:
    """Those of `needs` that were not captured, in their order. A need that the level does not know is never lacking."""
    if target.conversation is not None:
        talk = target.conversation
        return tuple(need for need in needs if not _OF_CONVERSATION.get(need, _always)(talk))
    if target.step is None:
        return tuple(need for need in needs if not _OF_TRACE.get(need, _always)(target))
    genai = target.step.genai
    return tuple(need for need in needs if not _OF_SPAN.get(need, _always)(genai))


def asks_only(genai: GenAI) -> bool:
    """A model call whose output was captured and is nothing but calls of tools: it says nothing, and lacks nothing."""
    messages = genai.output_messages or ()
    return any(message.tool_calls for message in messages) and not any(message.text.strip() for message in messages)


def ended_without_answer(target: Target) -> bool:
    """The trace has no final answer though the output of its last model call was captured: it asked for tools."""
    calls = target.view.llm
    if target.step is not None or target.conversation is not None or target.view.final_answer is not None or not calls:
        return False
    last = max(calls, key=lambda step: step.span.end_ns)
    return any(message.tool_calls for message in last.genai.output_messages or ())


def _always(_evidence: object) -> bool:
    return True
