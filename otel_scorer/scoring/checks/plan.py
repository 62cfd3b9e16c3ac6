"""Right tools, right arguments, right order; no loops, no needless retries, nothing left broken?"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from otel_scorer.model import ToolDefinition
from otel_scorer.scoring.demands.worked_examples import without_worked_examples
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading import need, outcome, schema
from otel_scorer.scoring.reading.said import result_text
from otel_scorer.scoring.reading.scale import PLAN, Findings, counted, graded, listed, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import ToolUse, TraceView

_MAX_USES = 2000
_NO_TOOLS = CannotTell("no tool was called")


def repeated_calls(target: Target, *, allowed: int = 1) -> Verdict | CannotTell:
    """The same tool with the same arguments again and again, and loops over a few calls.

    A call is a repetition where an earlier one had the same name and arguments, gave the same result (or failed), and
    nothing was changed in between by a tool that acts. Asking again until a status changes is none, and `allowed`
    retries of a call that failed are none. One repetition: 4; two: 3; three: 2; five and more: 1 (for short runs).
    """
    uses = uses_of(target)
    if not uses:
        return _NO_TOOLS
    if not any(use.arguments_captured for use in uses):
        return CannotTell("the arguments of the calls were not captured", missing_evidence=True)
    again = repetitions(uses, allowed, target.once)
    if not again:
        return Verdict(
            5.0,
            f"no call repeats another ({counted(len(uses), 'call')})",
            evidence=tuple(use.span_id for use in uses[:5]),
        )
    findings = Findings(PLAN)
    by_name: dict[str, list[ToolUse]] = defaultdict(list)
    for use in again:
        by_name[use.name].append(use)
    for name, group in by_name.items():
        findings.add(
            "plan.repeated_call",
            f"{name} was called {counted(len(group), 'time')} too often with the same arguments",
            stage="TOOL",
            span_ids=tuple(use.span_id for use in group[:10]),
        )
    estimate = max(1.0, 5.0 - len(again), graded(2 * len(again), len(uses) + 8) if len(uses) > 20 else 1.0)
    reason = "; ".join(finding.text for finding in findings.all[:3])
    return Verdict(
        estimate, reason, tuple(findings.all), findings.spans, {"repeated_call_share": len(again) / len(uses)}
    )


def uses_of(target: Target) -> tuple[ToolUse, ...]:
    """Tool uses of the trace; of a step: those that it asked for or is."""
    uses = target.view.tool_uses[:_MAX_USES]
    if target.step is None:
        return uses
    return target.once(_uses_by_span, target.view).get(target.step.span_id, ())


def _uses_by_span(view: TraceView) -> dict[str, tuple[ToolUse, ...]]:
    """The uses that a span is or asked for, in order."""
    found: dict[str, list[ToolUse]] = defaultdict(list)
    for use in view.tool_uses[:_MAX_USES]:
        for span_id in dict.fromkeys((use.span_id, use.requested_by)):
            found[span_id].append(use)
    return {span_id: tuple(uses) for span_id, uses in found.items()}


def repetitions(uses: Sequence[ToolUse], allowed: int, once: Once) -> list[ToolUse]:
    known: dict[tuple[str, str], str] = {}
    retries: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for use in uses:
        if not use.arguments_captured:
            continue
        key = (use.name, _canonical(use.arguments))
        result = "failed" if once(outcome.failed, use) else (once(result_text, use) or "")[:2000]
        if key in known and known[key] == result:
            retries[key] += result == "failed"
            if result != "failed" or retries[key] > allowed:
                found.append(use)
        elif outcome.acts(use.name) and result != "failed":
            known.clear()  # the world is another one now: looking again is right
        known[key] = result
    return found


def _canonical(arguments: object) -> str:
    return json.dumps(arguments, sort_keys=True, default=str)[:20_000]


def tool_errors(target: Target, *, storm: int = 3) -> Verdict | CannotTell:
    """Tools that failed: whether the run got over it, and how often it ran against the same wall.

    No failure: 5. Got over with one more try or another way: 4.5 to 3.5. Never got over, but the answer says so: 3, or
    4 where it was an outage (a time-out, a service that is down) and no fault of the call; and does not say so: 2. The
    same call failed `storm` times: 2 at most, 1 where it never worked.
    """
    uses = uses_of(target)
    if not uses:
        return _NO_TOOLS
    if not any(use.result_captured or use.error or use.executed for use in uses):
        return CannotTell("how the calls went was not captured", missing_evidence=True)
    broken = [use for use in uses if target.once(outcome.failed, use)]
    metrics = {"tool_success_rate": 1 - len(broken) / len(uses)}
    if not broken:
        return Verdict(5.0, "no call failed", metrics=metrics)
    return _failed(target, uses, broken, storm, metrics)


def _failed(
    target: Target, uses: Sequence[ToolUse], broken: Sequence[ToolUse], storm: int, metrics: dict[str, float]
) -> Verdict:
    last = {use.name: use for use in uses}
    lost = [name for name, use in last.items() if target.once(outcome.failed, use)]
    walls: dict[tuple[str, str], list[ToolUse]] = defaultdict(list)
    for use in broken:
        walls[(use.name, _canonical(use.arguments))].append(use)
    findings = Findings(PLAN)
    for (name, _), group in walls.items():
        code = "plan.retry_storm" if len(group) >= storm else "plan.tool_error"
        text = f"{name} failed {counted(len(group), 'time')}: {shorten(outcome.error_text(group[0]), 60)}"
        findings.add(code, text, stage="TOOL", span_ids=tuple(use.span_id for use in group[:10]))
    for name in lost:
        findings.add(
            "plan.unrecovered_error", f"the last call of {name} failed", stage="TOOL", span_ids=(last[name].span_id,)
        )
    most = max(len(group) for group in walls.values())
    answer = target.view.final_answer if target.step is None else None
    estimate = _error_estimate(
        len(broken), bool(lost), most >= storm, admitted=answer is not None and outcome.admits(answer)
    )
    if estimate == _ADMITTED and all(outcome.is_outage(last[name]) for name in lost):
        estimate = _OUTAGE_ADMITTED
    reason = "; ".join(finding.text for finding in findings.all[:3])
    return Verdict(estimate, reason, tuple(findings.all), findings.spans, metrics)


_ADMITTED, _OUTAGE_ADMITTED = 3.0, 4.0


def _error_estimate(broken: int, lost: bool, stormed: bool, *, admitted: bool) -> float:
    if stormed:
        return 1.0 if lost and not admitted else 1.5 if lost else 2.0
    if lost:
        return _ADMITTED if admitted else 2.0
    return max(3.0, 5.0 - 0.5 * broken)


def tool_arguments(target: Target) -> Verdict | CannotTell:
    """Arguments against the JSON Schema of the tool's definition; and arguments that are no JSON object at all.

    Says nothing of whether the values are the right ones. Patterns, formats and remote references of a schema are not
    looked at. Cannot tell where no definition with parameters was captured.
    """
    uses = [use for use in uses_of(target) if use.arguments_captured]
    if not uses:
        return (
            _NO_TOOLS if not uses_of(target) else CannotTell("the arguments were not captured", missing_evidence=True)
        )
    judged = [(use, found) for use in uses if (found := target.once(faults_of, use, target.once)) is not None]
    if not judged:
        return CannotTell("no definition of the tools' parameters was captured", missing_evidence=True)
    wrong = [(use, found) for use, found in judged if found]
    metrics = {"valid_arguments_share": 1 - len(wrong) / len(judged)}
    if not wrong:
        return Verdict(5.0, "the arguments of every call fit the tool's definition", metrics=metrics)
    findings = Findings(PLAN)
    for use, found in wrong:
        findings.add(
            "plan.invalid_arguments", f"{use.name}: {'; '.join(found[:3])}", stage="TOOL", span_ids=(use.span_id,)
        )
    reason = "; ".join(finding.text for finding in findings.all[:3])
    return Verdict(graded(len(wrong), len(judged)), reason, tuple(findings.all), findings.spans, metrics)


def faults_of(use: ToolUse, once: Once) -> list[str] | None:
    """What is wrong with a call's arguments; None where that is not known."""
    if use.definition is None or not isinstance(use.definition.parameters, dict):
        return None
    rules = use.definition.parameters
    arguments = {} if use.arguments in (None, "") else use.arguments
    if isinstance(arguments, str):
        return ["the arguments are no JSON object"] if arguments.lstrip()[:1] in ("{", "") else None
    if not isinstance(arguments, dict) or {"args", "kwargs"} <= arguments.keys():
        return None
    try:
        return schema.faults_by(arguments, once.keyed((schema.validator, id(rules)), lambda: schema.validator(rules)))
    except (schema.TooBigError, RecursionError):
        return None


def unknown_tools(target: Target) -> Verdict | CannotTell:
    """Calls of tools that were not offered. Cannot tell where the definitions were not captured."""
    uses = uses_of(target)
    if not uses:
        return _NO_TOOLS
    offered = target.view.tool_definitions
    if not offered:
        return CannotTell("the tools' definitions were not captured", missing_evidence=True)
    known = {bare(name) for name in offered}
    strange = [use for use in uses if use.definition is None and bare(use.name) not in known and not use.executed]
    invented = list(dict.fromkeys(use.name for use in strange))
    if not invented:
        return Verdict(5.0, "every called tool was offered")
    findings = Findings(PLAN)
    for use in strange[:20]:
        findings.add(
            "plan.unknown_tool",
            f"{use.name} was not among the {len(offered)} tools offered",
            stage="LLM",
            span_ids=(use.span_id,),
        )
    return Verdict(
        min(2.5, graded(len(strange), len(uses))),
        f"called but never offered: {listed(invented)}",
        tuple(findings.all),
        findings.spans,
    )


def bare(name: str) -> str:
    """A tool's own name, however a server or a convention spells it."""
    for separator in ("__", "/", ".", ":"):
        name = name.rsplit(separator, 1)[-1] or name
    return name.lower().replace("-", "_")


def needed_tool(target: Target) -> Verdict | CannotTell:
    """A tool that the answer needed was not called: the instructions demand it, or only a lookup knows what was asked.

    The second kind is a status, balance, price, availability or the like that a defined reading tool offers, answered
    without any lookup, and without asking back or admitting that it is not known. Cannot tell whether a tool that was
    called was the best one.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if view.final_answer is None:
        return CannotTell("the final answer was not captured", missing_evidence=True)
    if view.task is None:
        return CannotTell("the request was not captured", missing_evidence=True)
    if view.tool_definitions is None and view.system is None and not view.tool_uses:
        return CannotTell("no tools and no instructions are known: whether a tool was needed is not to be seen")
    needs = needs_of(view)
    if not needs:
        return CannotTell("nothing shows that a tool was needed")
    called = {bare(use.name) for use in view.tool_uses}
    missed = [one for one in needs if bare(one.tool) not in called]
    if not missed or _met_otherwise(view, needs, missed):
        return Verdict(
            5.0, "the tools that the request needed were called", evidence=tuple(u.span_id for u in view.tool_uses[:5])
        )
    return _missed(view, missed)


def needs_of(view: TraceView) -> list[need.Need]:
    """The tools that the request needs, because the instructions say so or only a lookup knows what was asked."""
    tools: Mapping[str, ToolDefinition] = view.tool_definitions or {}
    instructions = without_worked_examples("\n".join(filter(None, (view.system, view.task))))
    return [*need.instructed(instructions, view.task or "", dict(tools)), *need.asked(view.task or "", dict(tools))]


def _met_otherwise(view: TraceView, needs: Sequence[need.Need], missed: Sequence[need.Need]) -> bool:
    """Another lookup was made (the choice among several is not judged), or the answer rightly waits or declines."""
    if any(one.explicit for one in missed) and not outcome.asks_back(view.final_answer or ""):
        return outcome.refuses(view.final_answer or "")
    looked_up = (
        any(not outcome.acts(use.name) for use in view.tool_uses)
        or bool(view.retrievals)
        or any(c.source in ("tool", "retrieval") for c in view.contexts)
    )
    answer = view.final_answer or ""
    return (
        looked_up
        or len(missed) < len(needs)
        or outcome.asks_back(answer)
        or outcome.admits(answer)
        or outcome.refuses(answer)
    )


def _missed(view: TraceView, missed: Sequence[need.Need]) -> Verdict:
    explicit = [one for one in missed if one.explicit]
    names = listed(list(dict.fromkeys(one.tool for one in (explicit or missed))), 3)
    why = (
        f"the instructions demand it ({shorten((explicit or missed)[0].why, 60)!r})"
        if explicit
        else "the answer states what only a lookup can know"
    )
    findings = Findings(PLAN)
    findings.add(
        "plan.needed_tool_not_called",
        f"{names} was not called, though {why}",
        stage="AGENT",
        span_ids=(view.final_answer_span,),
    )
    return Verdict(1.5, findings.all[0].text, tuple(findings.all), findings.spans)
