"""A stage of a run with steps below it (workflow, chain), or one handed to another agent (A2A): how did it go?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from otel_scorer.conventions.values import string
from otel_scorer.scoring.reading.scale import ADHERENCE, PLAN, Findings, counted, listed, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.words import as_text, parsed

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, TraceView

_NO_STAGE = CannotTell("nothing runs below this step, and nothing failed", not_applicable=True)
_MAX_BELOW = 1000


def failed(target: Target) -> Verdict | CannotTell:
    """Whether the stage's own span says that it failed. With the whole run: 1; where the run went on to an answer: 2.

    A stage that failed because of one below it counts too: it did not get over it. One that did not fail: 5, if
    anything runs below it. Says nothing of whether its work was good.
    """
    step = target.step
    if step is None:
        return CannotTell("a whole trace is no stage", not_applicable=True)
    error = dict(target.view.errors).get(step.span_id)
    if error is None:
        below = _below(target.view, step)
        return Verdict(5.0, "the stage did not fail", evidence=(step.span_id,)) if below or _remote(step) else _NO_STAGE
    root = target.view.root
    lost = root is None or root.span_id in dict(target.view.errors)
    findings = Findings(PLAN)
    text = f"{shorten(step.span.name, 40)} failed: {shorten(error)}"
    findings.add("stage.failed", text, stage=step.kind, span_ids=(step.span_id,))
    return Verdict(1.0 if lost else 2.0, text, tuple(findings.all), findings.spans)


def _remote(step: Step) -> bool:
    return step.kind in ("A2A_CLIENT", "A2A_SERVER", "MCP")


def got_over(target: Target) -> Verdict | CannotTell:
    """What became of the steps below the stage that failed. None failed: 5.

    Each was followed by one of the same name that worked: 4. Some were not, but the stage came to an end of its own: 3,
    since it may have gone another way. Some were not, and the stage failed or gave nothing: 2. Measures
    `step_success_rate`. Retries inside one span are not seen.
    """
    step = target.step
    if step is None:
        return CannotTell("a whole trace is no stage", not_applicable=True)
    below = _below(target.view, step)
    if len(below) < 2:
        return _NO_STAGE
    errors = dict(target.view.errors)
    broken = [one for one in below if one.span_id in errors]
    metrics = {"step_success_rate": 1 - len(broken) / len(below)}
    if not broken:
        return Verdict(5.0, f"none of {counted(len(below), 'step')} failed", (), (step.span_id,), metrics)
    last = {(one.kind, one.span.name): one for one in below}
    lost = [one for one in last.values() if one.span_id in errors]
    findings = Findings(PLAN)
    for one in lost or broken:
        how = "failed and was not got over" if lost else "failed, and worked when tried again"
        text = f"{shorten(one.span.name, 40)} {how}: {shorten(errors[one.span_id], 60)}"
        findings.add("stage.step_lost" if lost else "stage.step_retried", text, stage=one.kind, span_ids=(one.span_id,))
    gave_nothing = step.span_id in errors or not (step.genai.output_text or step.genai.output_messages)
    estimate = 4.0 if not lost else 2.0 if gave_nothing else 3.0
    reason = f"{listed([one.span.name for one in lost or broken])}: {findings.all[0].text}"
    return Verdict(estimate, reason, tuple(findings.all), findings.spans, metrics)


def gave_output(target: Target) -> Verdict | CannotTell:
    """Whether the stage gave anything. Captured and empty, though steps ran below it: 2. Something: 5."""
    step = target.step
    if step is None or not (_below(target.view, step) or _remote(step)):
        return _NO_STAGE
    genai = step.genai
    if genai.output_text is None and genai.output_messages is None:
        return CannotTell("what the stage gave was not captured", missing_evidence=True)
    texts = [genai.output_text or "", *(message.text for message in genai.output_messages or ())]
    asked = any(message.tool_calls for message in genai.output_messages or ())
    if asked or any(text.strip() not in ("", "null", "None", "{}", "[]", '""') for text in texts):
        return Verdict(5.0, "the stage gave a result", evidence=(step.span_id,), weight=0.5)
    findings = Findings(ADHERENCE)
    findings.add("stage.empty_output", "the stage ended with nothing", stage=step.kind, span_ids=(step.span_id,))
    return Verdict(2.0, findings.all[0].text, tuple(findings.all), findings.spans)


def _below(view: TraceView, step: Step) -> Sequence[Step]:
    """All steps below, in the order of the tree (depth first), at most a thousand."""
    steps = view.steps
    at = _places(view).get(step.span_id, len(steps))
    found = []
    for one in steps[at + 1 : at + 1 + _MAX_BELOW]:
        if one.depth <= step.depth:
            break
        found.append(one)
    return found


_PLACES: WeakKeyDictionary[TraceView, dict[str, int]] = WeakKeyDictionary()
"""Every stage of a trace asks where it stands: once for all of them."""


def _places(view: TraceView) -> dict[str, int]:
    found = _PLACES.get(view)
    if found is None:
        found = _PLACES[view] = {step.span_id: index for index, step in enumerate(view.steps)}
    return found


_STATES = {
    "completed": (5.0, "the other agent completed the task"),
    "input_required": (4.0, "the other agent asks for more input"),
    "auth_required": (3.0, "the other agent asks for authorisation"),
    "working": (3.0, "the other agent was still working when the call ended"),
    "submitted": (3.0, "the other agent had not begun when the call ended"),
    "canceled": (2.0, "the task was cancelled"),
    "rejected": (2.0, "the other agent rejected the task"),
    "failed": (1.5, "the other agent failed at the task"),
}
_STATE_KEYS = ("a2a.task.state", "gen_ai.a2a.task.state")


def task_state(target: Target) -> Verdict | CannotTell:
    """How an A2A task stood when the call ended, as the protocol says: an attribute, or `status.state` of the output.

    Completed: 5; input required: 4; authorisation required, or not done yet: 3; cancelled or rejected: 2; failed: 1.5;
    a JSON-RPC error in place of a task: 1. A direct message instead of a task has no state: cannot tell.
    """
    step = target.step
    if step is None or not _remote(step):
        return CannotTell("this step is no call between agents", not_applicable=True)
    findings = Findings(PLAN)
    output = parsed(step.genai.output_text or "")
    if isinstance(output, dict) and output.get("error"):
        text = f"the other agent answered with an error: {shorten(as_text(output['error']))}"
        findings.add("a2a.error", text, stage=step.kind, span_ids=(step.span_id,))
        return Verdict(1.0, text, tuple(findings.all), findings.spans)
    state = _state_of(step, output)
    if state not in _STATES:
        return CannotTell("the state of the task was not captured", missing_evidence=not step.genai.output_text)
    estimate, text = _STATES[state]
    if estimate < 5:
        findings.add(f"a2a.{state}", text, stage=step.kind, span_ids=(step.span_id,))
    return Verdict(estimate, text, tuple(findings.all), (step.span_id,))


def _state_of(step: Step, output: object) -> str:
    told = next((string(step.span.attributes[key]) for key in _STATE_KEYS if key in step.span.attributes), "")
    if not told and isinstance(output, dict):
        result = output.get("result") if isinstance(output.get("result"), dict) else output
        status = result.get("status") if isinstance(result, dict) else None
        told = status.get("state", "") if isinstance(status, dict) else status if isinstance(status, str) else ""
    bare = str(told).lower().removeprefix("task_state_").replace("-", "_")
    return {"cancelled": "canceled"}.get(bare, bare)
