"""Settings of scoring: which rubrics, what is written, and (`judge_settings`) the judges."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, Field

from otel_scorer.model import Kind
from otel_scorer.scoring.judging.judge_settings import JudgingSettings
from otel_scorer.scoring.rubrics.assigned import Assigned, Segment
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics

DEFAULT_BY_KIND: dict[Kind, str | tuple[str, ...]] = {
    "AGENT": "agent",
    "WORKFLOW": ("agent", "workflow"),
    "CHAIN": ("agent", "workflow"),
    "LLM": "llm",
    "TOOL": "tool",
    "RETRIEVER": "retriever",
    "RERANKER": "reranker",
    "GUARDRAIL": "guardrail",
    "A2A_CLIENT": "a2a",
    "A2A_SERVER": "a2a",
    "MCP": "mcp",
    "CONVERSATION": "conversation",
}


class ScoringSettings(JudgingSettings):
    """Which rubric scores what, and what is written of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubrics_dir: Path | None = Field(
        default=None, description="Folder with rubrics of your own (<name>/<version>.yaml), beside the shipped ones"
    )
    by_kind: dict[Kind, str | tuple[str, ...]] = Field(
        default_factory=lambda: dict(DEFAULT_BY_KIND),
        description="Which rubric scores spans of which kind (a list: one for each level); trace-level ones score the "
        "trace at a root of that kind",
    )
    segments: tuple[Segment, ...] = Field(
        default=(),
        description="Other rubrics for some services, agents or tags; the narrower segment wins, and two that would "
        "both be primary for one span are refused",
    )
    requests: dict[str, str] = Field(
        default_factory=dict,
        description="Evaluations that code asks for (traceAI's eval_tags) by name -> the rubric or dimension that "
        "answers, nothing for one that is not to be scored. Names of rubrics and dimensions, and those of traceAI's "
        "evaluations that ask what a dimension asks, need no entry; what is unknown is counted and logged",
    )
    reasons: bool = Field(
        default=True, description="Write why a score was given on the span (a reason may echo content)"
    )
    evaluation_logs: bool = Field(
        default=False, description="Also write gen_ai.evaluation.result log records, one for each dimension"
    )
    openinference_evaluations: bool = Field(
        default=False, description="Also write OpenInference evaluations.N.evaluation.* attributes"
    )

    @property
    def assigned(self) -> Assigned:
        """Which rubric is for which spans of which traces."""
        return Assigned.of(self.by_kind, self.segments)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where rubrics are looked for: the shipped folder, then the user's."""
        return (shipped_rubrics(), self.rubrics_dir) if self.rubrics_dir else (shipped_rubrics(),)
