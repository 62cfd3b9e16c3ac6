"""Results in the form in which tracing backends keep evaluations beside the spans: Phoenix, Langfuse, MLflow.

Each of them shows these on pages of its own, where attributes of a span are not looked for. Ids are made of what a
score says, so sending one again changes nothing.

Sources: Phoenix `POST /v1/span_annotations` (an annotation of one span, name and identifier is updated); Langfuse
`POST /api/public/scores` (a score of one id is updated); MLflow `POST /api/3.0/mlflow/traces/<id>/assessments`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from otel_scorer.conventions.scores import cut, rfc3339
from otel_scorer.model import DIMENSIONS, Result, Score, Span

StoreKind = Literal["phoenix", "langfuse", "mlflow"]


class Posting(NamedTuple):
    """One request: `body` (JSON) is posted to `path`. `there` is the path at which the result of an earlier posting is
    found, for stores that refuse what they have; "" for those that update it.
    """

    path: str
    body: Mapping[str, Any]
    there: str = ""


class _Told(NamedTuple):
    """One number of a result."""

    name: str
    value: float
    reason: str
    by_model: bool


Form: TypeAlias = "Callable[..., list[Posting]]"


def postings(
    kind: StoreKind, result: Result, target: Span, *, is_root: bool, evaluated_at_ns: int, reasons: bool = True
) -> list[Posting]:
    """What a store of this kind is told about one result; nothing where there is no score."""
    told = _told(result, reasons=reasons)
    return _FORMS[kind](result, target, told, is_root, evaluated_at_ns) if told else []


def _phoenix(result: Result, target: Span, told: list[_Told], _is_root: bool, _at_ns: int) -> list[Posting]:
    annotations = [
        {
            "span_id": target.span_id,
            "name": one.name,
            "annotator_kind": "LLM" if one.by_model else "CODE",
            "result": {"score": one.value, "label": _label(result, one), "explanation": one.reason or None},
            "identifier": f"otel_scorer/{result.rubric}",
            "metadata": _metadata(result),
        }
        for one in told
    ]
    return [Posting("/v1/span_annotations?sync=true", {"data": annotations})]


def _langfuse(result: Result, target: Span, told: list[_Told], is_root: bool, _at_ns: int) -> list[Posting]:
    """The root's scores are the trace's own there; the others belong to the observation of their span."""
    where = {"traceId": target.trace_id} | ({} if is_root else {"observationId": target.span_id})
    return [
        Posting(
            "/api/public/scores",
            {
                "id": _id(result, target, one),
                **where,
                "name": one.name,
                "value": one.value,
                "dataType": "NUMERIC",
                **({"comment": one.reason} if one.reason else {}),
                "metadata": _metadata(result),
            },
        )
        for one in told
    ]


def _mlflow(result: Result, target: Span, told: list[_Told], _is_root: bool, at_ns: int) -> list[Posting]:
    path = f"/api/3.0/mlflow/traces/tr-{target.trace_id}/assessments"
    return [
        Posting(
            path,
            {
                "assessment": {
                    "assessment_id": f"a-{_id(result, target, one)}",
                    "assessment_name": one.name,
                    "trace_id": f"tr-{target.trace_id}",
                    "span_id": target.span_id,
                    "source": {
                        "source_type": "LLM_JUDGE" if one.by_model else "CODE",
                        "source_id": f"otel_scorer {result.rubric}",
                    },
                    "create_time": rfc3339(at_ns),
                    "last_update_time": rfc3339(at_ns),
                    "feedback": {"value": one.value},
                    **({"rationale": one.reason} if one.reason else {}),
                    "metadata": _metadata(result),
                }
            },
            there=f"{path}/a-{_id(result, target, one)}",
        )
        for one in told
    ]


_FORMS: Mapping[StoreKind, Form] = {"phoenix": _phoenix, "langfuse": _langfuse, "mlflow": _mlflow}


def _told(result: Result, *, reasons: bool) -> list[_Told]:
    """Scores in the dimensions' order, then the composite; those of a second rubric begin with its name."""
    prefix = "" if result.primary else f"{result.rubric.name}."
    found = [
        _Told(f"{prefix}{name}", score.value, cut(score.reason) if reasons else "", score.by != "checks")
        for name in sorted(result.scores, key=_place)
        if isinstance(score := result.scores[name], Score)
    ]
    if found and result.composite is not None:
        found.append(_Told(f"{prefix}composite", result.composite, "", any(one.by_model for one in found)))
    return found


def _place(name: str) -> tuple[int, str]:
    known: tuple[str, ...] = DIMENSIONS
    return (known.index(name), "") if name in known else (len(known), name)


def _label(result: Result, one: _Told) -> str | None:
    return result.label or None if one.name.endswith("composite") else None


def _metadata(result: Result) -> dict[str, str]:
    return {"rubric": str(result.rubric), "rubric_digest": result.digest, "evaluator": result.evaluator}


def _id(result: Result, target: Span, one: _Told) -> str:
    """32 hex digits of trace, span, rubric digest and name."""
    said = "\0".join((target.trace_id, target.span_id, result.digest, one.name)).encode()
    return hashlib.blake2b(said, digest_size=16, person=b"otel_scorer.eval").hexdigest()
