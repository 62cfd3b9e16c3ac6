"""Why an answer that was recorded as empty may not have been empty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_scorer.scoring.verdict import CannotTell, Target

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step

_ANSWER_TOOL = re.compile(
    r"(?:final|submit|send|give|return|deliver|provide)?_?(?:final_)?(?:answer|result|response|reply|output)s?(?:_tool)?"
    r"|(?:finish|complete|done|terminate|respond|attempt_completion|task_complete|complete_task|finish_task|end_turn)"
    r"|(?:send|reply|respond|talk|speak|message)_?(?:message_?)?(?:to_?)?(?:the_?)?user",
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SOME_TOKENS = 5
"""Tokens beyond which a call said something: an end-of-text mark alone counts as one or two."""


def empty_because(target: Target) -> CannotTell | None:
    """What speaks against taking the empty answer for none: a tool carried it, it is no text, it was not captured."""
    steps = [target.step] if target.step is not None else list(target.view.llm)
    names = {call.name for step in steps for message in step.genai.output_messages or () for call in message.tool_calls}
    if target.step is None:
        names |= {use.name for use in target.view.tool_uses}
    if any(_carries_answer(name) for name in names):
        return CannotTell("a tool carried the answer")
    last = max(steps, key=lambda step: step.span.end_ns, default=None)
    return _of_call(last) if last is not None else None


def _carries_answer(name: str) -> bool:
    plain = _CAMEL.sub("_", name[:80]).lower().replace("-", "_").rpartition(".")[2]
    return bool(_ANSWER_TOOL.fullmatch(plain))


def _of_call(step: Step) -> CannotTell | None:
    messages = step.genai.output_messages or ()
    if any(message.tool_calls for message in messages):
        return CannotTell("the run ended with calls of tools")
    if any(message.media for message in messages):
        return CannotTell("the answer is no text")
    spoken = (step.genai.usage.output or 0) - (step.genai.usage.reasoning or 0)
    if spoken > _SOME_TOKENS and not any(message.reasoning for message in messages):
        return CannotTell("the call gave tokens, and its text was not captured", missing_evidence=True)
    told = step.genai.input_messages
    if told and not any(message.text.strip() or message.media or message.tool_calls for message in told):
        return CannotTell("no text of the call was captured", missing_evidence=True)
    return None
