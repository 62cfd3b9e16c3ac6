"""The judge as the cascade sees it: one callable, four ways to fail, and a strict reading of its answer.

Any async callable with a `name` is a judge; what budget, cache or test put around it is one as well. The answer is
untrusted text: it must be exactly one JSON object of the schema, else there is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from otel_scorer.errors import OtelScorerError
from otel_scorer.model import MissingReason
from otel_scorer.scoring.clean import clip, visible

REASON_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the judge is sent. `evidence_digest` names the evidence: equal digests are equal user messages."""

    system: str
    user: str
    evidence_digest: str


@dataclass(frozen=True, slots=True)
class JudgeAnswer:
    """What came back, unread: the text, and the tokens that it cost (0 where not told)."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0


class JudgeFailure(OtelScorerError):
    """The judge gave no answer; `why` is what the dimensions are missing for. The message holds no content."""

    why: MissingReason = "judge_error"


class JudgeTimeout(JudgeFailure):
    """The deadline passed."""

    why = "judge_timeout"


class JudgeError(JudgeFailure):
    """The endpoint refused, broke off, redirected or cannot be reached."""


class JudgeInvalid(JudgeFailure):
    """The answer is not exactly one object of the schema, or is too long."""

    why = "judge_invalid_output"


class JudgeOverflow(JudgeFailure):
    """The evidence does not fit the model."""

    why = "context_overflow"


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
    return {
        "type": "object",
        "properties": dict.fromkeys(names, opinion),
        "required": names,
        "additionalProperties": False,
    }


def read_answer(text: str, dimensions: Sequence[str]) -> dict[str, Opinion]:
    """The opinions in `text`. Raises JudgeInvalid unless it is exactly one object with exactly the asked dimensions."""
    try:
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise JudgeInvalid("the answer is not one JSON object") from error
    if not isinstance(content, dict) or set(content) != set(dimensions):
        raise JudgeInvalid("the answer does not name exactly the dimensions that were asked")
    return {name: _opinion(content[name]) for name in dimensions}


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
