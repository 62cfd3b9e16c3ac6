"""Which rubrics answer the evaluations that a trace asks for (`conventions.eval_tags`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from otel_scorer.conventions.eval_tags import REQUESTED, EvaluationRequest, requests_of
from otel_scorer.errors import UserError
from otel_scorer.model import DIMENSIONS, Dimension, RubricRef
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_DIMENSION_OF: Mapping[str, Dimension] = {
    **dict.fromkeys(
        (
            "groundedness",
            "context_adherence",
            "factual_accuracy",
            "is_factually_consistent",
            "detect_hallucination",
            "chunk_attribution",
            "chunk_utilization",
        ),
        "factual_grounding",
    ),
    **dict.fromkeys(
        (
            "pii",
            "data_privacy_compliance",
            "prompt_injection",
            "toxicity",
            "content_moderation",
            "content_safety_violation",
            "is_harmful_advice",
        ),
        "privacy_and_safety",
    ),
    **dict.fromkeys(("prompt_instruction_adherence", "completeness", "is_compliant"), "instruction_adherence"),
    **dict.fromkeys(("evaluate_function_calling", "task_completion"), "optimal_plan_execution"),
}
"""traceAI's own evaluations that ask what one of our dimensions asks."""

_BREAKS = re.compile(r"[\s-]+")


class Answer(NamedTuple):
    """A request and the rubric that answers it. None: settings say that it shall not be scored (`known`), or nothing of
    that name is known, or it cannot be scored together with those before it.
    """

    request: EvaluationRequest
    rubric: Rubric | None
    known: bool


class RequestedRubrics:
    """Finds rubrics by the names that code gives evaluations: a mapping of the settings, rubrics, dimensions.

    Called like `RubricSet.refs`, which it passes everything on to but REQUESTED. `unknown` is told every name that
    nothing answers, each time one is asked for.
    """

    def __init__(
        self,
        rubrics: RubricSet,
        names: Mapping[str, str] | None = None,
        unknown: Callable[[str], None] | None = None,
    ) -> None:
        """`names`: evaluation -> rubric, dimension, or "" for one that shall not be scored. Raises UserError."""
        self._rubrics = rubrics
        self._names = {_plain(name): target for name, target in (names or {}).items()}
        self._unknown = unknown or _say_nothing
        self._found = lru_cache(maxsize=256)(self._find)
        for name, target in self._names.items():
            self._check(name, target)

    def __call__(self, view: TraceView, wanted: Sequence[str] | None = None) -> tuple[RubricRef, ...]:
        """The rubrics that `view` is to be scored by, as `RubricSet.refs` says; for REQUESTED those it asks for."""
        if wanted != REQUESTED:
            return self._rubrics.refs(view, wanted)
        answers = self.answers(view)
        for answer in answers:
            if not answer.known:
                self._unknown(answer.request.name)
        names = [str(answer.rubric) for answer in answers if answer.rubric is not None]
        return self._rubrics.refs(view, list(dict.fromkeys(names))) if names else ()

    def answers(self, view: TraceView) -> tuple[Answer, ...]:
        """What answers each evaluation that the trace asks for."""
        asked = requests_of(view)
        return self._found(asked) if asked else ()

    def _find(self, asked: tuple[EvaluationRequest, ...]) -> tuple[Answer, ...]:
        found: list[Rubric] = []
        answers: list[Answer] = []
        for request in asked:
            rubric = self._answer(request)
            if rubric is not None and rubric not in found and not self._go_together([*found, rubric]):
                rubric = None
            found += [rubric] if rubric is not None else []
            answers.append(Answer(request, rubric, rubric is not None or self._is_ignored(request)))
        return tuple(answers)

    def _answer(self, request: EvaluationRequest) -> Rubric | None:
        for name in filter(None, (request.name, request.label)):
            target = self._names.get(_plain(name))
            if target is not None:
                return self._named(target, request.kind) if target else None
            rubric = self._named(name, request.kind)
            if rubric is not None:
                return rubric
        return None

    def _named(self, name: str, kind: str) -> Rubric | None:
        """A rubric by its name, or the configured one that scores a dimension of this (or a known) name."""
        try:
            return self._rubrics.get(name)
        except UserError:
            dimension = _plain(name)
        return self._scoring(_DIMENSION_OF.get(dimension, dimension), kind)

    def _scoring(self, dimension: str, kind: str) -> Rubric | None:
        """Of the configured rubrics that score the dimension, that of the kind, else one for whole traces."""
        if dimension not in DIMENSIONS:
            return None
        fit = [(each, rubric) for each, rubric in self._rubrics.configured if dimension in rubric.dimensions]
        of_kind = next((rubric for each, rubric in fit if each == kind), None)
        whole = next((rubric for _, rubric in fit if rubric.level == "trace"), None)
        return of_kind or whole or next((rubric for _, rubric in fit), None)

    def _go_together(self, rubrics: Sequence[Rubric]) -> bool:
        try:
            self._rubrics.choose([str(rubric) for rubric in rubrics])
        except UserError:
            return False
        return True

    def _is_ignored(self, request: EvaluationRequest) -> bool:
        return any(self._names.get(_plain(name)) == "" for name in (request.name, request.label) if name)

    def _check(self, name: str, target: str) -> None:
        if target and self._named(target, "") is None:
            known = ", ".join(map(str, self._rubrics))
            raise UserError(
                f"scoring.requests.{name} is {target!r}: name a rubric ({known}), a dimension "
                f"({', '.join(DIMENSIONS)}), or nothing at all for an evaluation that is not to be scored"
            )


def _say_nothing(_name: str) -> None:
    return


def _plain(name: str) -> str:
    """`Prompt-Instruction Adherence` as `prompt_instruction_adherence`."""
    return _BREAKS.sub("_", name.strip()).casefold()
