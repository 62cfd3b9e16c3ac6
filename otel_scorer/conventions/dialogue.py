"""What was asked and what was answered in a run, wherever the instrumentation left it.

The root's own input and output are what went over the counter, so they come first; messages of model calls stand
in where the root was not captured or holds only a framework's object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from otel_scorer.conventions.envelopes import is_printed_message, words
from otel_scorer.conventions.state import gained, only_ids, prints_object, same_object
from otel_scorer.conventions.steps import Step, ancestors
from otel_scorer.conventions.tool_use import ANSWER_TOOLS
from otel_scorer.conventions.values import is_cut
from otel_scorer.model import GenAI, Kind, Message

_ASIDE: frozenset[Kind] = frozenset({"GUARDRAIL", "EVALUATOR", "TOOL", "MCP", "RETRIEVER", "RERANKER", "EMBEDDING"})
"""Model calls below these kinds check, search or do a tool's work: they do not speak to the user."""


class Answer(NamedTuple):
    text: str
    span_id: str


def speakers(llm: Sequence[Step], by_id: Mapping[str, Step]) -> tuple[Step, ...]:
    """The model calls that may speak for the agent, in order of start; all of them where every one is aside."""
    direct = tuple(step for step in llm if not any(above.kind in _ASIDE for above in ancestors(step, by_id)))
    return direct or tuple(llm)


class Run(NamedTuple):
    """One agent's run: its root, the model calls that may speak for it, and the agents and chains within, in order;
    `last`: who took the run over from the root, if anybody, and gave the answer.
    """

    root: Step | None
    calls: Sequence[Step]
    inner: Sequence[Step]
    last: Step | None = None

    @property
    def speaking(self) -> list[Step]:
        """The root, then the model calls."""
        return ([self.root] if self.root is not None else []) + [*self.calls]


def final_answer(run: Run) -> Answer | None:
    """The root's output, else the text of the last model call (by end) that asks for no tool; None: not captured.

    "" means that an output was captured and is empty. An object in the root's output that is no known wrapping is the
    answer itself, unless the last model's text lies in it, which then is.
    """
    spoken = _last_spoken(run.calls)
    top = run.last or run.root
    own = _root_answer(top.genai, spoken or _last_step(run.inner)) if top is not None else None
    if top is not None and own is not None and (own.strip() or spoken is None):
        return Answer(own, top.span_id)
    return spoken or _inner_answer(run.inner)


def task(run: Run) -> str | None:
    """The user's last request that the run answers; None: unknown.

    With a history in the input it is the last user message, not the first; user messages that a framework adds while
    the agent works come in later model calls, so the first one's are looked at.
    """
    first = next((text for call in run.calls if (text := last_user_text(call.genai.input_messages))), None)
    told = _asked_of(run.root) if run.root is not None else None
    if told and first and _contains_repr(told, first):
        return first
    within = next((text for step in run.inner if (text := _asked_of(step))), None)
    raw = run.root.genai.input_text if run.root is not None else None
    return told or first or within or (raw if raw is not None and not only_ids(raw) and not is_cut(raw) else None)


def user_texts(run: Run) -> tuple[str, ...] | None:
    """Every distinct thing that users said in this run and its history, in order; None: not captured."""
    sources = [step.genai.input_messages for step in run.speaking]
    asked = task(run)
    if asked is None and all(messages is None for messages in sources):
        return None
    said = [m.text for messages in sources for m in messages or () if m.role == "user" and m.text.strip()]
    return tuple(dict.fromkeys([*said, *([asked] if asked else [])]))


def system(run: Run) -> str | None:
    """The root's system prompt, else that of the first model call that has one; None: unknown."""
    for step in run.speaking:
        texts = tuple(dict.fromkeys(_system(step.genai)))
        if texts:
            return "\n\n".join(texts)
    return None


def turns(run: Run) -> tuple[Message, ...] | None:
    """The conversation as the answering model call saw it, with its answer; else as the root tells it."""
    asked, answer, spoken = task(run), final_answer(run), _last_spoken(run.calls)
    candidates = [call for call in run.calls if _has_messages(call.genai)]
    last = next((call for call in candidates if spoken and call.span_id == spoken.span_id), None)
    last = _fuller(last, candidates) or max(candidates, key=_end, default=None)
    if last is None and run.root is not None and _has_messages(run.root.genai):
        last = run.root
    if last is not None:
        return _conversation(last.genai, asked)
    pair = (Message("user", asked) if asked else None, Message("assistant", answer.text) if answer else None)
    return tuple(message for message in pair if message) or None


def _fuller(call: Step | None, others: Sequence[Step]) -> Step | None:
    """The call itself; of a call told twice, where this telling has no input, the one right below that has."""
    if call is None or call.genai.input_messages:
        return call
    return next((other for other in others if other.parent_id == call.span_id and other.genai.input_messages), call)


def last_user_text(messages: Sequence[Message] | None) -> str | None:
    """Text of the last user message that has any; None when there is none."""
    index = last_user_index(messages or ())
    return (messages or ())[index].text if index >= 0 else None


def last_user_index(messages: Sequence[Message]) -> int:
    """Where the last user message with text is, -1 for nowhere. Tool results under a user's role have no text."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == "user" and messages[index].text.strip():
            return index
    return -1


def _asked_of(step: Step) -> str | None:
    """What this agent or chain was asked, where it is words."""
    genai = step.genai
    return last_user_text(genai.input_messages) or (words(genai.input_text, "asked") if genai.input_text else None)


def _inner_answer(inner: Sequence[Step]) -> Answer | None:
    """The output of the outermost agent or chain that has one; of several, of the last to end."""
    for step in sorted(inner, key=lambda step: (step.depth, -step.span.end_ns)):
        text = _root_answer(step.genai, None)
        if text:
            return Answer(text, step.span_id)
    return None


def _last_step(inner: Sequence[Step]) -> Answer | None:
    """What the last agent or chain within to end gave, for runs whose model calls nobody tells of."""
    last = max(inner, key=_end, default=None)
    text = _root_answer(last.genai, None) if last is not None else None
    return Answer(text, last.span_id) if last is not None and text else None


def _root_answer(genai: GenAI, spoken: Answer | None) -> str | None:
    said, raw = _answer_text(genai), genai.output_text
    if said or raw is None or is_cut(raw):
        return said
    told = spoken.text if spoken is not None else None
    if told is not None and _contains_repr(raw, told):
        return told
    if told is not None and same_object(raw, told):
        return told
    found = words(raw, "answered")
    if found is not None or is_printed_message(raw):
        return told if told is not None and found is not None and prints_object(found, told) else found
    # An object that the model itself made is an answer as it stands; of a program's own, what it adds is.
    if told is not None and (_contains(raw, told) or same_object(raw, told)):
        return told
    return gained(raw, genai.input_text) or raw


def _contains(raw: str, text: str) -> bool:
    """`text` stands in the JSON text `raw` as a value, escaped either way."""
    if not text.strip():
        return False
    return json.dumps(text, ensure_ascii=False)[1:-1] in raw or json.dumps(text)[1:-1] in raw


_REPR = re.compile(r"\[?[A-Za-z_]\w*[=(]")
_TELLING = 16
"""Characters by which a text is known again."""


def _contains_repr(raw: str, text: str) -> bool:
    """`raw` is how Python prints an object (`content='...' type='TextMessage'`), and `text` is one of its fields."""
    if not text.strip() or _REPR.match(raw) is None:
        return False
    printed = repr(text)[1:-1]
    return text in raw or printed in raw or (raw.endswith("...") and _breaks_off_in(raw[:-3].rstrip(), printed))


def _breaks_off_in(raw: str, text: str) -> bool:
    """Whether the front part of `text` is the end of what a limit left of a printed object."""
    at = raw.rfind(text[:_TELLING])
    return at >= 0 and len(text) > _TELLING and text.startswith(raw[at:])


def _last_spoken(calls: Sequence[Step]) -> Answer | None:
    for call in sorted(calls, key=_end, reverse=True):
        genai = call.genai
        if genai.kind == "LLM" and genai.output_messages is None and genai.output_text is not None:
            return _unread_answer(genai.output_text, call.span_id)
        text = _answer_text(genai)
        if text is not None:
            return Answer(text, call.span_id)
    return None


def _unread_answer(text: str, span_id: str) -> Answer | None:
    """An output that is no message: its words or itself; None for the front part of one, whose text nobody knows."""
    return None if is_cut(text) else Answer(words(text, "answered") or text, span_id)


def _answer_text(genai: GenAI) -> str | None:
    """The last text of an output that asks for no tool; of one that calls an answer tool, what it hands over.

    "" for an output that is empty; None for one that was not captured, or only asks for tools.
    """
    messages = genai.output_messages
    if messages is None:
        return None
    if _is_pending(messages, genai.kind):
        return _handed_over(messages)
    return next((m.text for m in reversed(messages) if m.text.strip() and m.role != "tool"), "")


def _is_pending(messages: Sequence[Message], kind: Kind) -> bool:
    """The output ends in calls whose results are not in it (calls that the provider ran itself have theirs there).

    A model's output is one turn, so any call in it counts; an agent's may be its whole history, so the last
    message does.
    """
    said = [message for message in messages if message.role not in ("tool", "user")]
    looked_at = messages if kind == "LLM" else said[-1:]
    called = sum(len(message.tool_calls) for message in looked_at)
    return called > sum(len(message.tool_results) for message in looked_at)


def _handed_over(messages: Sequence[Message]) -> str | None:
    for call in (call for message in reversed(messages) for call in message.tool_calls):
        if call.name not in ANSWER_TOOLS:
            continue
        if isinstance(call.arguments, dict) and len(call.arguments) == 1:
            (only,) = call.arguments.values()
            if isinstance(only, str):
                return only
        return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments, ensure_ascii=False)
    return None


def _system(genai: GenAI) -> list[str]:
    """The separate instructions, and the system messages that are not in them already."""
    separate = genai.system_instructions or ""
    messages = [m.text for m in genai.input_messages or () if m.role == "system" and m.text.strip()]
    return [text for text in [separate] if text] + [text for text in messages if text not in separate]


def _conversation(genai: GenAI, asked: str | None) -> tuple[Message, ...]:
    """The messages, with the system prompt and the request where they were passed beside them."""
    messages = [*(genai.input_messages or ()), *(genai.output_messages or ())]
    if asked and not any(message.role == "user" and message.text for message in messages):
        at = next((i for i, message in enumerate(messages) if message.role != "system"), len(messages))
        messages.insert(at, Message("user", asked))
    if genai.system_instructions and not any(message.role == "system" for message in messages):
        messages.insert(0, Message("system", genai.system_instructions))
    return tuple(messages)


def _has_messages(genai: GenAI) -> bool:
    return bool(genai.input_messages or genai.output_messages)


def _end(step: Step) -> tuple[int, int]:
    return step.span.end_ns, step.span.start_ns
