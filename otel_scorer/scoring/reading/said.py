"""What the target said, to whom, and on what ground: the same questions for a whole trace and for one step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from otel_scorer.model import Message
from otel_scorer.scoring.evidence import asks_only, ended_without_answer
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.verdict import CannotTell, Target
from otel_scorer.scoring.wording.words import as_text, clip, leaves

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, ToolUse, TraceView


@dataclass(frozen=True, slots=True)
class Source:
    """One text that the agent read from outside: a tool's result or a retrieved document."""

    span_id: str
    kind: str
    text: str


ASKS_ONLY = CannotTell("this call asks for tools only", not_applicable=True)


def _no_answer(target: Target) -> CannotTell:
    """Why there is no answer to look at: none was given, or it was not captured."""
    step = target.step
    if step is not None and asks_only(step.genai):
        return ASKS_ONLY
    if step is not None and step.kind == "TOOL":
        return CannotTell("a tool gives no answer to the user", not_applicable=True)
    if ended_without_answer(target):
        return CannotTell("the run ended with calls of tools, without an answer")
    what = "the final answer" if step is None else "what this step said"
    return CannotTell(f"{what} was not captured", missing_evidence=True)


def use_of(target: Target) -> ToolUse | None:
    """The use of a tool that the step is; None for any other step, and for one that repeats another's."""
    if target.step is None:
        return None
    return target.once(_uses_by_span, target.view).get(target.step.span_id)


def _uses_by_span(view: TraceView) -> dict[str, ToolUse]:
    """The first use of a tool that each span tells of."""
    found: dict[str, ToolUse] = {}
    for use in view.tool_uses:
        found.setdefault(use.span_id, use)
    return found


def result_text(use: ToolUse) -> str | None:
    """The result of a use as text; None: not captured. To be asked through `Once`: it is written anew each time."""
    return use.result_text


@dataclass(frozen=True)
class Said:
    """Answer and ground of a target. None means "not captured", "" means "captured, and empty"."""

    answer: str
    answer_span: str
    system: str | None
    user: str | None
    """All that the user said."""
    task: str | None
    """The last request."""
    sources: tuple[Source, ...]
    earlier: str
    """What was said by the assistant in earlier turns."""
    complete: bool
    """Whether everything that the agent read was captured."""
    finish_reason: str
    asked_for: str = ""
    """Arguments of calls that worked: what the agent tells of its own doing, it did not make up."""

    @cached_property
    def told(self) -> str:
        """What user and system prompt say: nothing of it is the agent's invention."""
        return "\n".join(text for text in (self.system, self.user, self.task) if text)

    @cached_property
    def read(self) -> str:
        """What tools and retrieval gave."""
        return "\n".join(source.text for source in self.sources)


def said(target: Target) -> Said | CannotTell:
    """Answer and ground of the target (of its step where there is one, else of the trace), or why it has no answer."""
    span_id = target.step.span_id if target.step is not None else ""
    return target.once.keyed((said, span_id), lambda: _said(target))


def _said(target: Target) -> Said | CannotTell:
    step = target.step
    answer = target.view.final_answer if step is None else _answer_of(step)
    if answer is None:
        return _no_answer(target)
    return _of_trace(target.view, answer, target.once) if step is None else _of_step(step, answer)


def _of_trace(view: TraceView, answer: str, once: Once) -> Said:
    sources = tuple(Source(c.span_id, c.source, c.text) for c in view.contexts if c.source in ("retrieval", "tool"))
    sources = sources or _in_prompt(view.final_answer_span, view.system, view.user_text)
    return Said(
        answer=answer,
        answer_span=view.final_answer_span,
        system=view.system,
        user=view.user_text,
        task=view.task,
        sources=sources,
        earlier=_earlier(view),
        complete=_complete(view, once),
        finish_reason=_finish_reason(view),
        asked_for=_asked_for(view, once),
    )


_MAX_ASKED_FOR = 100_000


def _asked_for(view: TraceView, once: Once) -> str:
    """Without those of calls that are the answer itself."""
    uses = (use for use in view.tool_uses if not use.is_answer and use.arguments and not once(outcome.failed, use))
    told = "\n".join(text for use in uses for _, leaf in leaves(use.arguments, 500) if (text := as_text(leaf)))
    return told[:_MAX_ASKED_FOR]


_CONTEXT_MARK = re.compile(
    r"(?im)^[ \t]{0,8}(?:[#*<\[=-]{0,6} ?)(?:context|documents?|passages?|sources?|references?|background|article"
    r"|excerpts?|knowledge(?: base)?|retrieved [a-z ]{1,20}|search results?|facts)\b[^\n]{0,40}?[:>\]=*\n]"
)


def _in_prompt(span_id: str, *prompts: str | None) -> tuple[Source, ...]:
    """Documents that were written into a prompt under a heading ("Context:"), where nothing else was read."""
    return tuple(Source(span_id, "prompt", text) for text in prompts if text and _CONTEXT_MARK.search(clip(text)))


def _earlier(view: TraceView) -> str:
    turns = view.turns or ()
    last_request = max((i for i, turn in enumerate(turns) if turn.role == "user"), default=0)
    return "\n".join(turn.text for turn in turns[:last_request] if turn.role == "assistant")


def _complete(view: TraceView, once: Once) -> bool:
    """Nothing of what the agent read is missing: no result withheld, no document without text, nothing cut."""
    if view.trace.truncated or any(step.genai.truncated for step in view.steps):
        return False
    if any(not use.error and not _was_seen(once(result_text, use)) for use in view.tool_uses):
        return False
    return all(_documents_captured(step) for step in view.retrievals)


_ADDRESS = re.compile(r"<[\w.<> ]{1,200} at 0x[0-9a-f]{4,16}>")


def _was_seen(result: str | None) -> bool:
    """A result was captured, and is not the address of an object in its place (`<generator object f at 0x7f..>`)."""
    return result is not None and not _ADDRESS.search(result[:5000])


def _documents_captured(step: Step) -> bool:
    documents = step.genai.documents if step.genai.documents is not None else step.genai.reranked
    if documents is None:
        return bool(step.genai.output_text)
    return all(document.text is not None for document in documents)


def _finish_reason(view: TraceView) -> str:
    for step in reversed(view.llm):
        if step.span.span_id == view.final_answer_span:
            return _reason_of(step)
    return _reason_of(view.llm[-1]) if view.llm else ""


def _reason_of(step: Step) -> str:
    reasons = step.genai.finish_reasons or tuple(m.finish_reason for m in step.genai.output_messages or ())
    return next((reason for reason in reversed(reasons) if reason), "")


def _of_step(step: Step, answer: str) -> Said:
    genai = step.genai
    messages = genai.input_messages or ()
    users = [m.text for m in messages if m.role == "user" and m.text]
    systems = [genai.system_instructions or "", *(m.text for m in messages if m.role == "system")]
    return Said(
        answer=answer,
        answer_span=step.span.span_id,
        system="\n".join(filter(None, systems)) if genai.input_messages is not None else genai.system_instructions,
        user="\n".join(users) if genai.input_messages is not None else genai.input_text,
        task=users[-1] if users else genai.input_text,
        sources=tuple(_results_in(step.span.span_id, messages)) or _in_prompt(step.span.span_id, *systems, *users[-1:]),
        earlier="\n".join(m.text for m in messages if m.role == "assistant"),
        complete=not genai.truncated and genai.input_messages is not None,
        finish_reason=_reason_of(step),
    )


def _answer_of(step: Step) -> str | None:
    """The step's text. A step that only asks for tools gives no answer, which is no empty answer; nor does a tool."""
    messages = step.genai.output_messages
    if step.kind == "TOOL" or asks_only(step.genai):
        return None
    return step.genai.output_text if messages is None else "\n".join(m.text for m in messages if m.text)


def _results_in(span_id: str, messages: tuple[Message, ...]) -> list[Source]:
    found: list[Source] = []
    for message in messages:
        results = [as_text(result.content) for result in message.tool_results if result.content is not None]
        if not results and message.role == "tool" and message.text:
            results = [message.text]
        found.extend(Source(span_id, "tool", text) for text in results)
    return found
