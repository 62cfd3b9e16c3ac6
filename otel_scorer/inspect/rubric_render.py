"""What the judge would be sent for a trace: the trace is scored as always, with nobody in the judge's place."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from otel_scorer.conventions.trace_view import view
from otel_scorer.errors import UserError
from otel_scorer.model import Conversation, Kind, Result, Trace
from otel_scorer.scoring.judging.judge import JudgeAnswer, JudgeError, Prompt, answer_schema
from otel_scorer.scoring.judging.judge_settings import Suspicious
from otel_scorer.scoring.rubrics.assigned import Assigned
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.score_conversation import score_conversation


@dataclass(frozen=True, slots=True)
class Rendered:
    """One call of the judge. `prompt` None: it would not be asked, and `why` says so.

    `digest` is the SHA-256 over both messages: equal digests are equal bytes.
    """

    rubric: str
    rubric_digest: str
    span_id: str
    kind: Kind
    asked: tuple[str, ...]
    prompt: Prompt | None
    why: str = ""

    @property
    def digest(self) -> str:
        if self.prompt is None:
            return ""
        return hashlib.sha256(f"{self.prompt.system}\0{self.prompt.user}".encode()).hexdigest()

    def to_json(self) -> str:
        """One line: what is told, and both messages."""
        told: dict[str, Any] = {
            "rubric": self.rubric,
            "rubric_digest": self.rubric_digest,
            "span_id": self.span_id,
            "asked": list(self.asked),
        }
        if self.prompt is None:
            return json.dumps({**told, "why": self.why}, ensure_ascii=False)
        told["digest"] = self.digest
        told["evidence_digest"] = self.prompt.evidence_digest
        messages = {"system": self.prompt.system, "user": self.prompt.user, "schema": answer_schema(self.asked)}
        return json.dumps({**told, **messages}, ensure_ascii=False)


class _Nobody:
    """Stands where the judge would: it says how much evidence it wants, keeps what it is sent, and answers nothing."""

    name = "nobody"

    def __init__(self, evidence_chars: int, suspicious: Suspicious, *, scrub_names: bool) -> None:
        self.evidence_chars = evidence_chars
        self.scrub_names = scrub_names
        self.suspicious = suspicious
        self.sent: list[tuple[Prompt, tuple[str, ...]]] = []

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:  # noqa: ARG002
        self.sent.append((prompt, tuple(schema["required"])))
        raise JudgeError("rendering asks nobody")


async def render(
    trace: Trace,
    rubric: Rubric,
    evidence_chars: int,
    *,
    suspicious: Suspicious = "neutralise",
    scrub_names: bool = False,
    always: bool = False,
) -> list[Rendered]:
    """What the judge would be sent about each span that the rubric judges: the trace is scored, and nobody answers.

    `suspicious`: what is done with text that addresses a grader, `scrub_names`: whether names go too (settings of
    `scoring`). `always`: as if the rubric said `judge: always`, so that every dimension with a question is asked.
    Raises UserError where the rubric judges nothing in the trace.
    """
    asking = rubric.model_copy(update={"judge": "always"}) if always else rubric
    nobody = _Nobody(evidence_chars, suspicious, scrub_names=scrub_names)
    results = await score_trace(trace, [asking], nobody, deadline=math.inf, by_kind=Assigned([]))
    if not results:
        kinds = ", ".join(rubric.applies.kinds)
        raise UserError(
            f"trace {trace.trace_id}: {rubric} judges nothing in it: it is for {kinds} at {rubric.level} level, and "
            "for the services, agents and tags that it names"
        )
    sent, kinds_by_id = iter(nobody.sent), view(trace).kinds
    return [replace(_rendered(asking, one, sent, kinds_by_id), rubric_digest=rubric.digest) for one in results]


async def render_conversations(
    talks: Sequence[Conversation],
    rubric: Rubric,
    evidence_chars: int,
    *,
    suspicious: Suspicious = "neutralise",
    scrub_names: bool = False,
    always: bool = False,
) -> list[Rendered]:
    """As `render`, of conversations. Raises UserError where the rubric judges none."""
    found: list[Rendered] = []
    for talk in talks:
        nobody = _Nobody(evidence_chars, suspicious, scrub_names=scrub_names)
        found += await _render_conversation(talk, rubric, nobody, always=always)
    if not found:
        raise UserError(
            f"no trace names a conversation that {rubric} judges: it reads gen_ai.conversation.id, session.id and the "
            "like, and keeps to the services, agents and tags that the rubric names"
        )
    return found


async def _render_conversation(talk: Conversation, rubric: Rubric, nobody: _Nobody, *, always: bool) -> list[Rendered]:
    asking = rubric.model_copy(update={"judge": "always"}) if always else rubric
    results = await score_conversation(talk, [asking], nobody, deadline=math.inf, by_kind=Assigned([]))
    sent = iter(nobody.sent)
    kinds: dict[str, Kind] = {one.target_span_id: "CONVERSATION" for one in results}
    return [replace(_rendered(asking, one, sent, kinds), rubric_digest=rubric.digest) for one in results]


def _rendered(
    rubric: Rubric, result: Result, sent: Iterator[tuple[Prompt, tuple[str, ...]]], kinds: Mapping[str, Kind]
) -> Rendered:
    """Prompts are sent in the order of the results; who was to be asked is named as the evaluator."""
    was_asked = result.evaluator == _Nobody.name
    prompt, asked = next(sent) if was_asked else (None, ())
    why = "" if was_asked else _why(rubric, result.scores)
    span_id = result.target_span_id
    return Rendered(str(rubric), result.digest, span_id, kinds.get(span_id, "UNKNOWN"), asked, prompt, why)


def _why(rubric: Rubric, scores: Mapping[str, Any]) -> str:
    if rubric.judge == "never":
        return f"{rubric} says judge: never (--always asks all the same)"
    if not any(rules.ask for rules in rubric.dimensions.values()):
        return f"{rubric} has no question (`ask`) for the judge"
    gaps = dict.fromkeys(f"{getattr(one, 'why', '')} {getattr(one, 'detail', '')}".strip() for one in scores.values())
    said = "; ".join(gap for gap in gaps if gap)
    return (
        f"the checks left nothing open that could be asked{f' ({said})' if said else ''} (--always asks all the same)"
    )


def text(rendered: Rendered) -> str:
    """For people: who is asked what, then both messages as they are."""
    head = f"{rendered.rubric} ({rendered.rubric_digest}) on {rendered.kind} span {rendered.span_id}"
    if rendered.prompt is None:
        return f"{head}: the judge would not be asked: {rendered.why}"
    return "\n".join(
        [
            f"{head}: asked about {', '.join(rendered.asked)}",
            f"prompt digest {rendered.digest}",
            f"evidence digest {rendered.prompt.evidence_digest}",
            "---- system ----",
            rendered.prompt.system,
            "---- user ----",
            rendered.prompt.user,
            "----",
        ]
    )
