"""Every use of a tool in a run, once: what the model asked for, what was executed, what came back.

One use can be told three times: in a model's output, by a TOOL span (and again by an MCP client and server span
below it), and by the tool message in the next model call's input. Each instrumentation leaves out a different one.
They are joined by call id, else by name and arguments in order, else by name in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from otel_scorer.conventions.envelopes import words
from otel_scorer.conventions.faults import error_of
from otel_scorer.conventions.steps import TOOL_KINDS, Step, ancestors
from otel_scorer.conventions.tool_telling import Telling
from otel_scorer.conventions.tool_use import ToolUse, ask, bare, fill, may_share_id, same_arguments, same_name
from otel_scorer.model import Kind, ToolCall, ToolDefinition

_REMOTE_KINDS: frozenset[Kind] = TOOL_KINDS | {"A2A_CLIENT", "A2A_SERVER"}
_HANDOFF = "handoff to "
_NO_NAME = re.compile(r"[^A-Za-z0-9]")
_MERGED = "(merged tools)"
"""Google ADK writes one more span over the calls that ran in parallel."""


class Request(NamedTuple):
    """A model call, and one call of a tool that it asks for. `until`: when a later model call had the result (in ns), 0
    where that is not known.
    """

    by: Step
    call: ToolCall
    until: int = 0


def find_tool_uses(
    steps: Sequence[Step], by_id: Mapping[str, Step], definitions: Mapping[str, ToolDefinition] | None
) -> tuple[ToolUse, ...]:
    """The uses in order of time; calls in a conversation's history, before the run's request, are not among them."""
    uses = _executed(steps, by_id)
    _join_requests(uses, steps, by_id)
    told = Telling(uses)
    for teller in _tellers(steps):
        told.read(teller)
    for use in uses:
        use.definition = _definition(use.name, definitions or {})
    return tuple(sorted(uses, key=lambda use: use.start_ns))


def _tellers(steps: Sequence[Step]) -> list[Step]:
    """Spans whose messages tell of tools: model calls, and agents only where no model call was captured."""
    speaking = [step for step in steps if step.genai.input_messages or step.genai.output_messages]
    calls = [step for step in speaking if step.kind == "LLM"]
    return sorted(calls or speaking, key=lambda step: (step.span.start_ns, step.depth))


def _definition(name: str, definitions: Mapping[str, ToolDefinition]) -> ToolDefinition | None:
    return definitions.get(name) or next((found for key, found in definitions.items() if bare(key) == bare(name)), None)


def _executed(steps: Sequence[Step], by_id: Mapping[str, Step]) -> list[ToolUse]:
    uses: dict[str, ToolUse] = {}
    for step in steps:
        if step.kind not in _REMOTE_KINDS or step.genai.tool_name == _MERGED:
            continue
        outer = _same_use(step, by_id, uses)
        if outer is not None:
            fill(outer, step.genai, error_of(step.span))
        elif step.kind == "TOOL" or (step.kind == "MCP" and step.genai.tool_name):
            uses[step.span_id] = _from_span(step)
    return sorted(uses.values(), key=lambda use: use.start_ns)


def _same_use(step: Step, by_id: Mapping[str, Step], uses: Mapping[str, ToolUse]) -> ToolUse | None:
    """The use that this span repeats: of the TOOL span right above it, possibly through other remote spans."""
    for above in ancestors(step, by_id):
        if above.kind not in _REMOTE_KINDS:
            return None
        outer = uses.get(above.span_id)
        if outer is not None:
            return outer if _repeats(step, outer) else None
    return None


def _repeats(step: Step, outer: ToolUse) -> bool:
    if step.kind not in TOOL_KINDS:
        return True
    name, call_id = step.genai.tool_name, step.genai.tool_call_id
    if call_id and call_id == outer.id:
        return True
    return not name or not outer.name or bare(name) == bare(outer.name)


def _from_span(step: Step) -> ToolUse:
    genai = step.genai
    use = ToolUse(
        name=genai.tool_name or step.span.name.removeprefix("execute_tool "),
        id=genai.tool_call_id,
        span_id=step.span_id,
        start_ns=step.span.start_ns,
        end_ns=step.span.end_ns,
        executed=True,
    )
    fill(use, genai, error_of(step.span))
    return use


def _join_requests(uses: list[ToolUse], steps: Sequence[Step], by_id: Mapping[str, Step]) -> None:
    """Joins for certain before joining by likeness, over the whole run: a weak join must not take another's span."""
    calls = [step for step in steps if step.kind == "LLM" and not _repeats_outer(step, by_id)]
    calls.sort(key=lambda step: (step.span.start_ns, step.depth))
    open_ = [
        Request(call, request)
        for call in calls
        for message in call.genai.output_messages or ()
        for request in message.tool_calls
    ]
    open_ = [request for request in open_ if not _joined(uses, request, _joins_by_id)]
    # Clocks of milliseconds, and of several processes, put a start on the wrong side of a bound: what is left is joined
    # without.
    for requests in (_bounded, _unbounded):
        free = {bare(use.name) for use in uses if use.executed and not use.requested_by}
        handed = any(use.name.startswith(_HANDOFF) for use in uses)
        if any(handed or bare(request.call.name) in free for request in open_):
            open_ = requests(open_, calls)
            for join in (_joins_by_arguments, _joins_by_name, _joins_by_handoff):
                open_ = [request for request in open_ if not _joined(uses, request, join)]
    _add_open(uses, open_, steps)


def _add_open(uses: list[ToolUse], requests: Sequence[Request], steps: Sequence[Step]) -> None:
    """Uses of the requests that no tool's span joins; an agent of that name may have done the work."""
    agents: dict[str, list[Step]] = {}
    for step in steps if requests else ():
        if step.kind == "AGENT":
            agents.setdefault(bare((step.genai.agent_name or step.span.name).removesuffix(".run")), []).append(step)
    for call, request, _ in requests:
        use = ToolUse(name=request.name, id=request.id, span_id=call.span_id)
        use.start_ns = use.end_ns = call.span.end_ns
        ask(use, request, call.span_id)
        uses.append(use)
        named = agents.get(bare(request.name), []) if request.name else []
        agent = next((agent for agent in named if agent.span.start_ns >= call.span.start_ns), None)
        if agent is not None:
            named.remove(agent)
            _answer_by(use, agent)


def _bounded(requests: Sequence[Request], calls: Sequence[Step]) -> list[Request]:
    """The requests, with when their results were there: a span that starts later runs another call. Of a call that
    failed an instrumentation may write no span, and the next one with the same arguments must not stand for it.
    """
    there: dict[str, int] = {}
    for call in calls:
        for message in call.genai.input_messages or ():
            for result in message.tool_results:
                there.setdefault(result.id, call.span.start_ns)
    return [
        request._replace(until=until)
        if request.call.id and (until := there.get(request.call.id, 0)) > request.by.span.start_ns
        else request
        for request in requests
    ]


def _unbounded(requests: Sequence[Request], _: Sequence[Step]) -> list[Request]:
    return [request._replace(until=0) for request in requests]


def _repeats_outer(call: Step, by_id: Mapping[str, Step]) -> bool:
    """Two instrumentations on one call give a model span in a model span: the outer one's output speaks for both."""
    models_above = takewhile(lambda above: above.kind == "LLM", ancestors(call, by_id))
    return any(above.genai.output_messages for above in models_above)


def _joined(uses: Sequence[ToolUse], request: Request, join: Callable[[ToolUse, Request], bool]) -> bool:
    for use in uses:
        if use.executed and not use.requested_by and join(use, request):
            if use.name.startswith(_HANDOFF):
                use.name = request.call.name
            ask(use, request.call, request.by.span_id)
            return True
    return False


def _joins_by_id(use: ToolUse, request: Request) -> bool:
    return bool(request.call.id) and use.id == request.call.id


def _joins_by_arguments(use: ToolUse, request: Request) -> bool:
    return _within(use, request) and same_name(use, request.call) and same_arguments(use, request.call)


def _joins_by_name(use: ToolUse, request: Request) -> bool:
    return _within(use, request) and same_name(use, request.call) and may_share_id(use.id, request.call.id)


def _joins_by_handoff(use: ToolUse, request: Request) -> bool:
    """OpenInference writes a handoff of OpenAI's Agents SDK as a tool of its own name."""
    if not use.name.startswith(_HANDOFF) or not _within(use, request):
        return False
    return request.call.name == "transfer_to_" + _NO_NAME.sub("_", use.name.removeprefix(_HANDOFF)).lower()


def _answer_by(use: ToolUse, agent: Step) -> None:
    use.executed, use.span_id = True, agent.span_id
    use.start_ns, use.end_ns = agent.span.start_ns, agent.span.end_ns
    use.error = error_of(agent.span) or ""
    told = agent.genai.output_text
    if told:
        use.result, use.result_captured = words(told, "answered") or told, True


def _within(use: ToolUse, request: Request) -> bool:
    """Some frameworks run the tool inside the model's span, so its start is what counts."""
    return use.start_ns >= request.by.span.start_ns and not 0 < request.until < use.start_ns
