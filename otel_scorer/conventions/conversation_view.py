"""A conversation as the rest of the program looks at it: its turns, each told once, whichever trace told them.

One trace may hold several turns, and each trace mostly repeats the turns before it in its messages: the whole history,
its last messages only, or none of it. What a trace begins with and the conversation so far ends with is told once.
Turns of traces that were not kept are known where a later trace repeats them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from otel_scorer.conventions.computed import computed
from otel_scorer.conventions.overlap import overlap
from otel_scorer.conventions.tool_use import ToolUse
from otel_scorer.conventions.trace_view import TraceView, view
from otel_scorer.model import Conversation, Message, Span, ToolDefinition, Trace

MAX_TURNS = 400
"""Turns that are looked at: the last ones."""
MAX_MESSAGES = 2_000
"""Messages of one trace that are looked at: the last ones."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user said, and all that came of it until the user spoke again. Texts are as they were written.

    `asked` is "" where the agent speaks first. `said` are the agent's texts in order, `answer` the last of them, ""
    where it gave none. `read` are results of tools. `uses` are the tools that ran, where the trace tells of them.
    `span_id` is the span in which the answer lies (else the trace's root), `place` the number of its trace, from 0.
    """

    asked: str
    said: tuple[str, ...]
    read: tuple[str, ...]
    uses: tuple[ToolUse, ...]
    place: int
    span_id: str
    history: bool = False
    """Known only because a later trace repeats it."""
    broken_off: bool = False
    """The run ended in an error, or its output was captured and is empty."""

    @property
    def answer(self) -> str:
        return self.said[-1] if self.said else ""


def by_conversation(traces: Iterable[Trace]) -> list[Conversation]:
    """The conversations that these traces are of, in order of first appearance; traces that name none are left out."""
    found: dict[tuple[str, str], list[TraceView]] = defaultdict(list)
    for trace in traces:
        seen = view(trace)
        if seen.conversation_id and not seen.own:
            found[trace.tenant, seen.conversation_id].append(seen)
    return [conversation(tenant, name, [seen.trace for seen in views]) for (tenant, name), views in found.items()]


def conversation(tenant: str, name: str, traces: Iterable[Trace], known: int = 0) -> Conversation:
    """The traces in order of start; `known` is how many there were in all, where more are known than are here."""
    ordered = tuple(sorted(traces, key=_start))
    return Conversation(tenant, name, ordered, max(0, known - len(ordered)))


def _start(trace: Trace) -> tuple[int, str]:
    return min((span.start_ns for span in trace.spans), default=0), trace.trace_id


class ConversationView:
    """A conversation, lazily understood. It has at least one trace."""

    def __init__(self, talk: Conversation) -> None:
        self.conversation = talk
        self.views = tuple(map(view, talk.traces))

    @property
    def last(self) -> TraceView:
        """The trace that its result goes to."""
        return self.views[-1]

    @computed
    def roots(self) -> tuple[Span, ...]:
        """The root of each trace (its first span where the agent's own never came)."""
        return tuple(found for seen in self.views if (found := _root(seen)) is not None)

    @computed
    def turns(self) -> tuple[Turn, ...]:
        return tuple(_turns(self.views))[-MAX_TURNS:]

    @computed
    def not_told(self) -> int:
        """Traces whose turns nobody tells: their content was not kept or not captured, and none repeats them."""
        silent = sum(not any(map(_is_spoken, _messages(seen))) for seen in self.views)
        repeated = sum(turn.history for turn in self.turns)
        return max(0, self.conversation.not_kept + silent - repeated)

    @computed
    def system(self) -> str | None:
        """The system prompt of the last trace that has one; None: not captured."""
        return next((seen.system for seen in reversed(self.views) if seen.system is not None), None)

    @computed
    def tool_definitions(self) -> Mapping[str, ToolDefinition] | None:
        """The tools that were on offer in any trace, by name; None: not captured."""
        told = [seen.tool_definitions for seen in self.views if seen.tool_definitions is not None]
        return {name: tool for tools in told for name, tool in tools.items()} if told else None


def _root(seen: TraceView) -> Span | None:
    return seen.root or next(iter(seen.roots), None) or next(iter(seen.trace.spans), None)


# ---- turns -----------------------------------------------------------------------------------------------------------


def _turns(views: Sequence[TraceView]) -> Iterator[Turn]:
    """Those of each trace that are new in it; one that goes on where the trace before broke off takes its place."""
    told: list[tuple[str, str]] = []
    waiting: Turn | None = None
    for place, seen in enumerate(views):
        messages = _messages(seen)
        spoken = [(message.role, _key(message)) for message in messages if _is_spoken(message)]
        new = messages[_after_spoken(messages, _repeated(told, spoken)) :]
        found = list(_of_trace(seen, place, new))
        told += [(message.role, _key(message)) for message in new if _is_spoken(message)]
        if waiting is not None and found and not waiting.said and waiting.asked == found[0].asked:
            waiting = None  # resumed, or tried again: one turn
        for turn in found:
            if waiting is not None:
                yield waiting
            waiting = turn
    if waiting is not None:
        yield waiting


def _messages(seen: TraceView) -> list[Message]:
    """The trace's dialogue without system prompts, ending in the answer that it gave."""
    messages = [message for message in (seen.turns or ())[-MAX_MESSAGES:] if message.role != "system"]
    answer = seen.final_answer
    if answer and answer.strip() and not _is_said_last(messages):
        messages.append(Message("assistant", answer))
    return messages


def _is_said_last(messages: Sequence[Message]) -> bool:
    last = next((message for message in reversed(messages) if _is_spoken(message)), None)
    return last is not None and last.role != "user"


def _is_spoken(message: Message) -> bool:
    return message.role in ("user", "assistant") and bool(message.text.strip())


def _key(message: Message) -> str:
    return " ".join(message.text.split())


def _repeated(told: Sequence[tuple[str, str]], spoken: Sequence[tuple[str, str]]) -> int:
    """How many of the things spoken in a trace were told before.

    A run answers the last thing that the user said, so that is new, unless the conversation so far ends with it. Where
    an application keeps other words of the agent than were traced, what the user said is compared alone.
    """
    last = max((at for at, (role, _) in enumerate(spoken) if role == "user"), default=len(spoken))
    known = overlap(told, spoken)
    if known and (known <= last or told[-1] == spoken[last]):
        return known
    users = [at for at, (role, _) in enumerate(spoken[:last]) if role == "user"]
    shared = overlap([said for said in told if said[0] == "user"], [spoken[at] for at in users])
    return ([*users, last][shared]) if shared else overlap(told, spoken[:last])


def _after_spoken(messages: Sequence[Message], count: int) -> int:
    """Where the messages go on after so many that are spoken; results of tools go with what was before them."""
    for at, message in enumerate(messages):
        if _is_spoken(message):
            if not count:
                return at
            count -= 1
    return len(messages) if not count else 0


def _of_trace(seen: TraceView, place: int, messages: Sequence[Message]) -> Iterator[Turn]:
    groups = _groups(messages)
    past = _told_as_history(seen, groups)
    own = len(groups) - past
    spans = _spans_by_text(seen)
    root = _root(seen)
    for at, group in enumerate(groups):
        history, last = at < past, at == len(groups) - 1
        said = tuple(message.text for message in group if message.role == "assistant" and _is_spoken(message))
        uses = () if history else tuple(seen.tool_uses) if own == 1 else _named_uses(seen, group)
        yield Turn(
            asked="\n".join(message.text for message in group if message.role == "user" and _is_spoken(message)),
            said=said,
            read=tuple(_results(group)) or tuple(text for use in uses if (text := use.result_text)),
            uses=uses,
            place=place,
            span_id=(spans.get(said[-1].strip(), "") if said else "") or (root.span_id if root is not None else ""),
            history=history,
            broken_off=last and not said and _broke_off(seen),
        )


def _groups(messages: Sequence[Message]) -> list[list[Message]]:
    """One for each turn: a user who writes twice before the agent speaks is in one turn."""
    groups: list[list[Message]] = []
    for message in messages:
        begins = message.role == "user" and _is_spoken(message)
        if not groups or (begins and any(other.role != "user" for other in groups[-1])):
            groups.append([])
        groups[-1].append(message)
    return groups


def _told_as_history(seen: TraceView, groups: Sequence[Sequence[Message]]) -> int:
    """How many of the new turns the trace's first model call was told as past ones: those are other traces'."""
    if len(groups) < 2:
        return 0
    first = next((step.genai.input_messages for step in seen.llm if step.genai.input_messages), None)
    if first is None:
        return len(groups) - 1
    told = {_key(message) for message in first if message.role == "user" and _is_spoken(message)}
    began = [{_key(m) for m in group if m.role == "user" and _is_spoken(m)} for group in groups]
    return max((at for at, asked in enumerate(began) if asked and asked <= told), default=0)


def _spans_by_text(seen: TraceView) -> dict[str, str]:
    """The model call that said each text; of several the last."""
    return {
        message.text.strip(): step.span_id
        for step in seen.llm
        for message in step.genai.output_messages or ()
        if message.text.strip()
    }


def _named_uses(seen: TraceView, group: Sequence[Message]) -> tuple[ToolUse, ...]:
    """The uses that the messages of a turn tell of, by id; all of them where messages tell of none."""
    ids = {call.id for message in group for call in message.tool_calls if call.id}
    return tuple(use for use in seen.tool_uses if use.id in ids)


def _results(group: Sequence[Message]) -> Iterator[str]:
    for message in group:
        if message.role == "tool" and message.text.strip():
            yield message.text
        for result in message.tool_results:
            text = ToolUse("", result=result.content, result_captured=True).result_text
            if text:
                yield text


def _broke_off(seen: TraceView) -> bool:
    """An error ended the run, or its output is there and is empty. Calls of tools at its end may be a handover."""
    root = _root(seen)
    if root is not None and any(span_id == root.span_id for span_id, _ in seen.errors):
        return True
    return seen.final_answer is not None and not seen.final_answer.strip()
