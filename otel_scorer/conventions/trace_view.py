"""One trace as the rest of the program looks at it: its root, its steps, its tools, what was asked and answered.

Everything is computed when it is first asked for. Sealing asks every trace, sampled or not, for its root, status,
usage and ids; these look at named keys only. The steps' evidence, and all that is made of messages, is read for
traces that are scored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain

from otel_scorer.conventions import dialogue
from otel_scorer.conventions.computed import computed
from otel_scorer.conventions.consumption import finish_reasons_in_order, total_usage
from otel_scorer.conventions.contexts import Context, find_contexts
from otel_scorer.conventions.faults import FAULT_KEYS, error_of
from otel_scorer.conventions.feedback import feedback_of, guardrails_of, may_tell_feedback, may_tell_guardrails
from otel_scorer.conventions.first_look import may_offer_tools, offered_tools
from otel_scorer.conventions.handed_on import taken_over
from otel_scorer.conventions.identity import (
    CONVERSATION_KEYS,
    USER_KEYS,
    agent_of,
    conversation_of,
    models_of,
    response_id_of,
    user_of,
)
from otel_scorer.conventions.kinds import kind_of
from otel_scorer.conventions.read import read
from otel_scorer.conventions.repeats import repeated_calls
from otel_scorer.conventions.roots import BY_START, Node, choose_root, spans_by_id, tree, unnamed_steps
from otel_scorer.conventions.steps import RETRIEVAL_KINDS, TOOL_KINDS, Evidence, Step
from otel_scorer.conventions.tool_span import tool_call_of
from otel_scorer.conventions.tool_use import ToolUse
from otel_scorer.conventions.tool_uses import find_tool_uses
from otel_scorer.conventions.values import string
from otel_scorer.model import (
    ROOT_KINDS,
    STATUS_ERROR,
    Feedback,
    GenAI,
    GuardrailDecision,
    Kind,
    Message,
    Span,
    ToolCall,
    ToolDefinition,
    Trace,
    Usage,
)

__all__ = ["Context", "Step", "ToolUse", "TraceView", "canonical", "view"]

canonical = json.JSONEncoder(sort_keys=True, default=str, check_circular=False).encode
"""JSON of a value, whatever the order of its keys. What was decoded has no cycles."""

_LLM: frozenset[Kind] = frozenset({"LLM"})
_TOOL: frozenset[Kind] = frozenset({"TOOL"})


def view(trace: Trace) -> TraceView:
    """Look at a trace. Costs nothing until something is asked."""
    return TraceView(trace)


class TraceView:
    """A trace, lazily understood. Of spans with one id (a client's and its server's) the first to start is seen."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @computed
    def _spans(self) -> Mapping[str, Span]:
        return spans_by_id(self.trace)

    @computed
    def _nodes(self) -> tuple[Node, ...]:
        return tree(self._spans, self.trace.heads, repeated_calls(self._spans, self.kinds))

    @computed
    def attribute_keys(self) -> frozenset[str]:
        """The attribute keys of all spans: what no span has need not be looked for in each."""
        return frozenset().union(*[span.attributes for span in self.trace.spans])

    @computed
    def told_beside(self) -> bool:
        """Some span has events or log records."""
        return any(span.events or span.logs for span in self.trace.spans)

    @computed
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of every span, by span id."""
        found = {span_id: kind_of(span)[0] for span_id, span in self._spans.items()}
        return found | unnamed_steps(self._spans, found) if "UNKNOWN" in found.values() else found

    @computed
    def present_kinds(self) -> frozenset[Kind]:
        """The kinds that its spans have."""
        return frozenset(self.kinds.values())

    def spans_of(self, kinds: frozenset[Kind]) -> tuple[Span, ...]:
        """Spans of these kinds in order of start; reads no evidence, unlike the steps."""
        found = [spans for kind, spans in self._spans_by_kind.items() if kind in kinds]
        if len(found) < 2:
            return tuple(found[0]) if found else ()
        return tuple(sorted(chain.from_iterable(found), key=BY_START))

    @computed
    def roots(self) -> tuple[Span, ...]:
        """Agent spans without an agent ancestor, in order of start; what is no run only where there is no other."""
        return self._runs or self._tops

    @computed
    def root(self) -> Span | None:
        """The trace's own span (design 2.3), None when it never came."""
        return choose_root(self.roots, self.kinds)

    @property
    def incomplete(self) -> bool:
        """The agent's own span is not here."""
        return self.root is None

    @computed
    def own(self) -> bool:
        """No run is in the trace: it is an evaluation, ours or anybody's, or an agent's making. It is left alone."""
        return bool(self._tops) and not self._runs

    @computed
    def duration_s(self) -> float:
        """The root's duration; without a root from the first start to the last end."""
        if self.root is not None:
            return self.root.duration_s
        spans = self.trace.spans
        ends, starts = (span.end_ns for span in spans), (span.start_ns for span in spans)
        return max(0, max(ends, default=0) - min(starts, default=0)) / 1e9

    @computed
    def errors(self) -> tuple[tuple[str, str], ...]:
        """(span id, what it says) of every span that says it failed, in the order of the tree."""
        if not self._may_have_failed:
            return ()
        found = ((node.span.span_id, error_of(node.span)) for node in self._nodes)
        return tuple((span_id, text) for span_id, text in found if text is not None)

    @computed
    def usage(self) -> Usage:
        """Tokens of all model calls; an agent's own sum only where nothing below it tells."""
        return total_usage(self._nodes, self.kinds)

    @computed
    def finish_reasons(self) -> tuple[str, ...]:
        """Of all model calls, in order of start, normalised."""
        return finish_reasons_in_order(self.spans_of(_LLM))

    @computed
    def models(self) -> tuple[str, ...]:
        """Every model that answered (else was asked for), in order of first use; without model calls the root's."""
        calls = self.spans_of(_LLM) or self._root_first[:1]
        names = (served or asked for asked, served in map(models_of, calls))
        return tuple(dict.fromkeys(name for name in names if name))

    @computed
    def tool_calls(self) -> tuple[tuple[Span, ToolCall], ...]:
        """What the TOOL spans executed, in order of start, without results; `tool_uses` has each use once."""
        found = ((span, tool_call_of(span, "TOOL")) for span in self.spans_of(_TOOL))
        return tuple((span, call) for span, call in found if call is not None)

    @computed
    def argument_texts(self) -> Mapping[str, str]:
        """The known arguments of `tool_calls` as canonical JSON, by span id: equal arguments are equal text."""
        return {span.span_id: canonical(call.arguments) for span, call in self.tool_calls if call.arguments is not None}

    @computed
    def offered_tools(self) -> dict[str, str] | None:
        """Canonical definition by name of the tools offered to all model calls, as a look finds them; None: unknown."""
        if not may_offer_tools(self.attribute_keys):
            return None
        told = [tools for span in self.spans_of(_LLM) if (tools := offered_tools(span)) is not None]
        return {name: text for tools in told for name, text in tools.items()} if told else None

    @computed
    def conversation_id(self) -> str:
        if CONVERSATION_KEYS.isdisjoint(self.attribute_keys):
            return ""
        return next(filter(None, map(conversation_of, self._root_first)), "")

    @computed
    def user_id(self) -> str:
        """As the instrumentation gives it; hash it before it is kept."""
        if USER_KEYS.isdisjoint(self.attribute_keys):
            return ""
        return next(filter(None, map(user_of, self._root_first)), "")

    @computed
    def feedback(self) -> tuple[Feedback, ...]:
        """What people and evaluators said on the spans."""
        if not self.told_beside and not may_tell_feedback(self.attribute_keys):
            return ()
        return tuple(feedback for span in self.trace.spans for feedback in feedback_of(span))

    @computed
    def guardrails(self) -> tuple[GuardrailDecision, ...]:
        """What guardrails decided on the spans."""
        if not self.told_beside and not may_tell_guardrails(self.attribute_keys):
            return ()
        return tuple(decision for span in self.trace.spans for decision in guardrails_of(span))

    @computed
    def response_id(self) -> str:
        """The provider's id of the last model call's response, else the root's."""
        calls = sorted(self.spans_of(_LLM), key=lambda span: span.end_ns, reverse=True)
        return next(filter(None, map(response_id_of, [*calls, *([self.root] if self.root else [])])), "")

    @computed
    def service(self) -> str:
        return self._resource("service.name")

    @computed
    def service_version(self) -> str:
        return self._resource("service.version")

    @computed
    def agent_name(self) -> str:
        """The root agent's name, else that of the first agent in the trace; "" when none is told."""
        for span in self._root_first:
            is_agent = self.kinds[span.span_id] == "AGENT"
            if (is_agent or span is self.root) and (name := agent_of(span, is_agent)[0]):
                return name
        return ""

    @computed
    def genai(self) -> Mapping[str, GenAI]:
        """Evidence by span id; each span is read when it is first looked up."""
        return Evidence(self._spans, read)

    def read(self, span: Span) -> GenAI:
        """All evidence of one of the trace's spans; of two spans with one id, of the one that is seen."""
        return self.genai[span.span_id]

    @computed
    def steps(self) -> tuple[Step, ...]:
        """All agent spans, depth first, siblings in order of start."""
        kinds, genai = self.kinds, self.genai
        return tuple(Step(n.span, kinds[n.span.span_id], n.depth, n.parent, genai) for n in self._nodes)

    @computed
    def by_id(self) -> Mapping[str, Step]:
        """The steps by span id."""
        return {step.span_id: step for step in self.steps}

    @computed
    def llm(self) -> tuple[Step, ...]:
        """Model calls, in order of start."""
        return self._steps_of(frozenset({"LLM"}))

    @computed
    def tools(self) -> tuple[Step, ...]:
        """Spans of executed tools, in order of start; `tool_uses` has each use once."""
        return self._steps_of(TOOL_KINDS)

    @computed
    def retrievals(self) -> tuple[Step, ...]:
        """Retriever, reranker and vector store spans, in order of start."""
        return self._steps_of(RETRIEVAL_KINDS)

    @computed
    def tool_definitions(self) -> Mapping[str, ToolDefinition] | None:
        """The tools that the model could use, by name; None: not captured."""
        told = [step.genai.tool_definitions for step in self._run if step.genai.tool_definitions is not None]
        if not told:
            return None
        found: dict[str, ToolDefinition] = {}
        for definition in (definition for definitions in told for definition in definitions):
            if definition.name not in found or found[definition.name].parameters is None:
                found[definition.name] = definition
        return found

    @computed
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """Every use of a tool once, in order of time."""
        return find_tool_uses(self.steps, self.by_id, self.tool_definitions)

    @computed
    def system(self) -> str | None:
        """The system prompt that the agent worked under; None: unknown."""
        return dialogue.system(self._dialogue)

    @computed
    def task(self) -> str | None:
        """The user's last request, which this run answers; None: unknown."""
        return dialogue.task(self._dialogue)

    @computed
    def user_text(self) -> str | None:
        """All that users said in this run and its history, blank lines between; None: not captured."""
        texts = dialogue.user_texts(self._dialogue)
        return None if texts is None else "\n\n".join(texts)

    @computed
    def final_answer(self) -> str | None:
        """What the user got; "" when the output was captured and empty, None when it was not captured."""
        return self._answer.text if self._answer else None

    @computed
    def final_answer_span(self) -> str:
        """Id of the span that tells the final answer, "" when none does."""
        return self._answer.span_id if self._answer else ""

    @computed
    def contexts(self) -> tuple[Context, ...]:
        """What the final answer could draw on, each text once."""
        uses = [use for use in self.tool_uses if use.span_id in self._run_ids]
        return find_contexts(self._run, uses)

    @computed
    def turns(self) -> tuple[Message, ...] | None:
        """The conversation as the last model call saw it, and its answer; None: not captured."""
        return dialogue.turns(self._dialogue)

    @computed
    def _answer(self) -> dialogue.Answer | None:
        return dialogue.final_answer(self._dialogue)

    @computed
    def _dialogue(self) -> dialogue.Run:
        root = self.by_id[self.root.span_id] if self.root is not None else None
        inner = tuple(step for step in self._run if step.kind in ROOT_KINDS and step is not root)
        return dialogue.Run(root, self._calls, inner, self._taken_over[-1] if self._taken_over else None)

    @computed
    def _run(self) -> tuple[Step, ...]:
        """The root, those that go on with its run, and all below them: other roots are other runs. All steps where
        there is no root.
        """
        if self.root is None:
            return self.steps
        run = {self.root.span_id, *(step.span_id for step in self._taken_over)}
        return tuple(step for step in self.steps if self._top_of[step.span_id] in run)

    @computed
    def _top_of(self) -> Mapping[str, str]:
        """The id of the top that each step stands below, or is, by step."""
        tops: dict[str, str] = {}
        for step in self.steps:
            tops[step.span_id] = tops.get(step.parent_id, step.span_id)
        return tops

    @computed
    def _taken_over(self) -> tuple[Step, ...]:
        """The other roots that go on with the root's run."""
        if self.root is None or len(self._runs) < 2:
            return ()
        below: dict[str, list[Step]] = {}
        for call in self.llm:
            below.setdefault(self._top_of[call.span_id], []).append(call)
        root = self.by_id[self.root.span_id]
        others = [self.by_id[span.span_id] for span in self._runs if span is not self.root]
        return taken_over(root, others, below)

    @computed
    def _run_ids(self) -> frozenset[str]:
        return frozenset(step.span_id for step in self._run)

    @computed
    def _calls(self) -> tuple[Step, ...]:
        """The run's model calls that may speak for the agent; all of the trace where the run has none."""
        calls = tuple(step for step in self.llm if step.span_id in self._run_ids)
        return dialogue.speakers(calls or self.llm, self.by_id)

    @computed
    def _tops(self) -> tuple[Span, ...]:
        return tuple([node.span for node in self._nodes if node.root])

    @computed
    def _runs(self) -> tuple[Span, ...]:
        """Those of the tops that are runs of an agent: no evaluations, and not the making of one."""
        return tuple([span for span in self._tops if not _is_no_run(span, self.kinds[span.span_id])])

    @computed
    def _spans_by_kind(self) -> Mapping[Kind, Sequence[Span]]:
        found: dict[Kind, list[Span]] = {}
        kinds = self.kinds
        for span_id, span in self._spans.items():
            found.setdefault(kinds[span_id], []).append(span)
        return found

    @property
    def _may_have_failed(self) -> bool:
        spans = self.trace.spans
        told = any(span.events or span.status_code == STATUS_ERROR for span in spans)
        return told or not FAULT_KEYS.isdisjoint(self.attribute_keys)

    def _resource(self, key: str) -> str:
        for span in self._root_first:
            if value := string(span.resource.attributes.get(key)):
                return value
        return ""

    @computed
    def _root_first(self) -> tuple[Span, ...]:
        rest = [node.span for node in self._nodes if node.span is not self.root]
        return (self.root, *rest) if self.root is not None else tuple(rest)

    def _steps_of(self, kinds: frozenset[Kind]) -> tuple[Step, ...]:
        return tuple(sorted((s for s in self.steps if s.kind in kinds), key=lambda step: BY_START(step.span)))


def _is_no_run(span: Span, kind: Kind) -> bool:
    """An evaluation; or `create_agent`, which some frameworks write for each agent that a program defines."""
    if kind == "EVALUATOR" or span.scope.name == "otel_scorer":
        return True
    return string(span.attributes.get("gen_ai.operation.name")) in ("evaluation", "create_agent")
