"""Agents that take a run over from each other side by side, under spans that are no agents' (a workflow's executors,
an invocation): each is a root of its own in the trace, and together they are one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from otel_scorer.conventions.dialogue import last_user_index, last_user_text
from otel_scorer.conventions.steps import Step
from otel_scorer.model import ROOT_KINDS


def taken_over(first: Step, roots: Sequence[Step], below: Mapping[str, Sequence[Step]]) -> tuple[Step, ...]:
    """Those of `roots`, in order of start, that go on with the run of `first`; `below` are the model calls of each root
    by its id, in order of start.

    One goes on after another that ended in a call of a tool, with no word to the user, beside it under one parent (a
    transfer); or after one whose answer it was given, with the same request and no newer one.
    """
    run = [first]
    for root in roots:
        before = run[-1]
        later = root.span.start_ns >= before.span.end_ns and root.kind in ROOT_KINDS
        if later and _goes_on(before, root, below.get(before.span_id, ()), below.get(root.span_id, ())):
            run.append(root)
    return tuple(run[1:])


def _goes_on(before: Step, root: Step, told: Sequence[Step], calls: Sequence[Step]) -> bool:
    if not told or not calls:
        return False
    said = max(told, key=lambda call: call.span.end_ns).genai.output_messages or ()
    text = "\n".join(message.text for message in said).strip()
    given = calls[0].genai.input_messages or ()
    asked = last_user_text(told[0].genai.input_messages)
    if not text:
        beside = bool(root.span.parent_id) and root.span.parent_id == before.span.parent_id
        known = not (asked and given) or any(asked in message.text for message in given if message.role == "user")
        return beside and known and any(message.tool_calls for message in said)
    newer = given[last_user_index(given) + 1 :]
    handed = [*(message for message in given if message.role == "system"), *newer]
    return asked == last_user_text(given) and any(text in message.text for message in handed)
