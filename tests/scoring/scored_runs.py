"""Small traces and rubrics for the scoring tests."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from otel_scorer.model import Span, Trace, Value
from otel_scorer.scoring.judging.judge import JudgeAnswer, Prompt
from otel_scorer.scoring.rubrics.rubric import Rubric

TRACE_ID = "0" * 31 + "1"
ANCHORS = {number: f"anchor {number}" for number in (1, 2, 3, 4, 5)}


def soon() -> float:
    return time.monotonic() + 5


def span(number: int, parent: int, kind: str, name: str = "", attributes: Mapping[str, Value] | None = None) -> Span:
    return Span(
        TRACE_ID,
        f"{number:016x}",
        f"{parent:016x}" if parent else "",
        name or kind.lower(),
        start_ns=number * 10**9,
        end_ns=(100 - number) * 10**9,
        attributes={"openinference.span.kind": kind, **(attributes or {})},
    )


def run(
    task: str = "Where is order 7?",
    answer: str = "Order 7 was shipped.",
    result: str = '{"status": "shipped"}',
    more: Sequence[Span] = (),
) -> Trace:
    """An agent (1) that asks a model (2) and runs a tool (3)."""
    return Trace(
        "default",
        TRACE_ID,
        (
            span(1, 0, "AGENT", "shop", {"input.value": task, "output.value": answer}),
            span(
                2,
                1,
                "LLM",
                "chat",
                {
                    "llm.model_name": "model-x",
                    "llm.input_messages.0.message.role": "user",
                    "llm.input_messages.0.message.content": task,
                    "llm.output_messages.0.message.role": "assistant",
                    "llm.output_messages.0.message.content": answer,
                },
            ),
            span(3, 1, "TOOL", "lookup", {"tool.name": "lookup", "input.value": '{"id": 7}', "output.value": result}),
            *more,
        ),
    )


def check(name: str, **options: Any) -> dict[str, Any]:
    return {"use": f"stand_in_checks:{name}", "with": options}


def dimension(*checks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"anchors": ANCHORS, "checks": list(checks), "ask": "How is it?", **fields}


def rubric(dimensions: Mapping[str, dict[str, Any]], **fields: Any) -> Rubric:
    content = {"name": "mine", "version": 1, "level": "trace", "applies": {"kinds": ["AGENT"]}, **fields}
    return Rubric.model_validate({**content, "dimensions": dict(dimensions)})


class ScriptedJudge:
    """A judge that answers with what it was made with, or raises it; it keeps the prompts it saw."""

    name = "scripted"

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.prompts: list[Prompt] = []

    async def __call__(self, prompt: Prompt, _schema: Mapping[str, Any], _deadline: float) -> JudgeAnswer:
        self.prompts.append(prompt)
        if isinstance(self.answer, Exception):
            raise self.answer
        return JudgeAnswer(self.answer if isinstance(self.answer, str) else json.dumps(self.answer), 100, 20)


def opinion(score: int | None, evidence: Sequence[str] = (), reason: str = "seen") -> dict[str, Any]:
    return {"reason": reason, "evidence": list(evidence), "score": score}
