"""The judge as the cascade sees it: one callable, five ways to fail, and a strict reading of its answer.

Any async callable with a `name` is a judge; what budget, cache or test put around it is one as well. The answer is
untrusted text: it must be exactly one JSON object of the schema, else there is no answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, Protocol

from otel_scorer.errors import OtelScorerError
from otel_scorer.model import Finding, JudgeUse, MissingReason
from otel_scorer.scoring.clean import clip, visible

REASON_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the judge is sent (`system`, `user`), and what those around it go by; only the two texts travel.

    `evidence_digest` names the evidence: equal digests are equal user messages. `asked` are the dimensions in the
    order of the question, `pass_at` their pass marks where the rubric has any.
    """

    system: str
    user: str
    evidence_digest: str
    asked: tuple[str, ...] = ()
    pass_at: Mapping[str, float] = field(default_factory=dict)
    tenant: str = ""
    rubric_digest: str = ""
    suspicious: bool = False
    """The evidence holds text that is shaped like a word to a grader."""

    sections: Mapping[str, str] = field(default_factory=dict)
    """What `system` says of each asked dimension, word for word."""

    def about(self, dimensions: Sequence[str]) -> Prompt:
        """The same question about some of the dimensions only: nothing is said of the others."""
        rest = self.system.removesuffix(asking(self.asked))
        sections = {name: text for name, text in self.sections.items() if name in dimensions}
        for name in self.sections.keys() - sections.keys():
            rest = rest.replace(f"{self.sections[name]}\n\n", "", 1)
        return replace(self, system=rest + asking(dimensions), asked=tuple(dimensions), sections=sections)


def asking(dimensions: Sequence[str]) -> str:
    """The last line of the instructions."""
    return f"Grade these dimensions: {', '.join(dimensions)}."


@dataclass(frozen=True, slots=True)
class JudgeAnswer:
    """What came back, unread: the text, and what it cost (tokens 0 and cost None where not told).

    What is put around a model may add: `by`, dimension -> the model that graded it, where that is not the judge's own
    name; `agreement`, dimension -> share of several samples that gave this score; `findings` about the judging itself.
    """

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    calls: int = 1
    cache_hits: int = 0
    by: Mapping[str, str] = field(default_factory=dict)
    agreement: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def use(self) -> JudgeUse:
        return JudgeUse(self.calls, self.input_tokens, self.output_tokens, self.cost, self.cache_hits)


def total_use(uses: Iterable[JudgeUse]) -> JudgeUse:
    """Everything together; the cost is that of those whose prices are known, None where none is."""
    found = list(uses)
    costs = [use.cost for use in found if use.cost is not None]
    return JudgeUse(
        calls=sum(use.calls for use in found),
        input_tokens=sum(use.input_tokens for use in found),
        output_tokens=sum(use.output_tokens for use in found),
        cost=math.fsum(costs) if costs else None,
        cache_hits=sum(use.cache_hits for use in found),
        seconds=math.fsum(use.seconds for use in found),
    )


class JudgeFailure(OtelScorerError):
    """The judge gave no answer; `why` is what the dimensions are missing for, `use` what it cost all the same.

    The message holds no content.
    """

    why: MissingReason = "judge_error"

    def __init__(self, message: str, use: JudgeUse | None = None) -> None:
        super().__init__(message)
        self.use = use if use is not None else JudgeUse(calls=1)


class JudgeTimeout(JudgeFailure):
    """The deadline passed."""

    why = "judge_timeout"


class JudgeError(JudgeFailure):
    """The endpoint refused, broke off, redirected, cannot be reached, or was not asked because it lately failed."""


class JudgeInvalid(JudgeFailure):
    """The answer is not exactly one object of the schema, or is too long."""

    why = "judge_invalid_output"


class JudgeOverflow(JudgeFailure):
    """The evidence does not fit the model."""

    why = "context_overflow"


class JudgeOverBudget(JudgeFailure):
    """Nobody was asked: the budget for judge calls is used up."""

    why = "over_budget"

    def __init__(self, message: str, use: JudgeUse | None = None) -> None:
        super().__init__(message, use or JudgeUse())


class Judge(Protocol):
    """Asks a model. `deadline` is of `time.monotonic()`; raises JudgeFailure, and nothing else but cancellation."""

    @property
    def name(self) -> str:
        """The model id, written as `otel_scorer.evaluator`."""
        ...

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], deadline: float) -> JudgeAnswer:
        """One call, one answer."""
        ...


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge says of one dimension. `score` None: it cannot tell. `evidence` are step ids as it wrote them."""

    score: int | None
    reason: str
    evidence: tuple[str, ...] = ()


def answer_schema(dimensions: Iterable[str]) -> dict[str, Any]:
    """The strict JSON schema of an answer about `dimensions`. The reason comes before the score."""
    opinion = {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "evidence": {"type": "array", "items": {"type": "string"}},
            "score": {"type": ["integer", "null"], "enum": [1, 2, 3, 4, 5, None]},
        },
        "required": ["reason", "evidence", "score"],
        "additionalProperties": False,
    }
    names = list(dimensions)
    schema: dict[str, Any] = {"type": "object", "required": names, "additionalProperties": False}
    if len(names) == 1:
        return {**schema, "properties": {names[0]: opinion}}
    # written once: the schema is sent, and paid for, with every call
    return {
        **schema,
        "properties": {name: {"$ref": "#/$defs/opinion"} for name in names},
        "$defs": {"opinion": opinion},
    }


def read_answer(text: str, dimensions: Sequence[str]) -> dict[str, Opinion]:
    """The opinions in `text`. Raises JudgeInvalid unless it is exactly one object with exactly the asked dimensions."""
    content = read_object(text)
    if set(content) != set(dimensions):
        raise JudgeInvalid("the answer does not name exactly the dimensions that were asked")
    return {name: _opinion(content[name]) for name in dimensions}


def read_object(text: str) -> dict[str, Any]:
    """The one JSON object that `text` is. Raises JudgeInvalid for anything else, and for a key that comes twice."""
    try:
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise JudgeInvalid("the answer is not one JSON object") from error
    if not isinstance(content, dict):
        raise JudgeInvalid("the answer is not one JSON object")
    return content


def _opinion(content: object) -> Opinion:
    if not isinstance(content, dict) or set(content) != {"reason", "evidence", "score"}:
        raise JudgeInvalid("an opinion is not {reason, evidence, score}")
    score, reason, evidence = content["score"], content["reason"], content["evidence"]
    if not (score is None or (type(score) is int and 1 <= score <= 5)):
        raise JudgeInvalid("a score is not an integer from 1 to 5 or null")
    if not isinstance(reason, str) or not isinstance(evidence, list):
        raise JudgeInvalid("reason is not text, or evidence is no list")
    if not all(isinstance(step, str) for step in evidence):
        raise JudgeInvalid("evidence is not a list of step ids")
    return Opinion(score, clip(visible(reason).strip(), REASON_CHARS), tuple(dict.fromkeys(evidence)))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
