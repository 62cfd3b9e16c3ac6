"""Settings of scoring: which rubrics, and the judge."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from otel_scorer.model import Kind
from otel_scorer.scoring.bundled import shipped_rubrics

DEFAULT_BY_KIND: dict[Kind, str] = {
    "AGENT": "agent",
    "WORKFLOW": "agent",
    "CHAIN": "agent",
    "LLM": "llm",
    "TOOL": "tool",
    "RETRIEVER": "retriever",
}


class JudgeSettings(BaseModel):
    """The judge: any endpoint with OpenAI's chat completions and JSON schemas. Without a model there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        default="", description="Model id of the judge; empty means no judge, dimensions are scored by checks"
    )
    base_url: str = Field(default="https://api.openai.com/v1", description="OpenAI-compatible endpoint of the judge")
    api_key: SecretStr | None = Field(
        default=None, description="Key for the judge; for api.openai.com OPENAI_API_KEY is used where it is not set"
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Further request headers for the judge's endpoint"
    )
    timeout_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds of wall clock for one judge call, from connecting to the last byte of the answer",
    )
    connect_timeout_s: float = Field(default=5.0, gt=0, description="Seconds for connecting to the judge's endpoint")
    max_output_tokens: int = Field(default=1200, ge=64, description="Tokens that the judge may answer with")
    max_response_kib: int = Field(
        default=256, ge=1, description="KiB of answer that are read before the call counts as failed"
    )
    max_evidence_chars: int = Field(
        default=60_000,
        ge=2000,
        description="Characters of a trace that the judge is shown; longer ones are reduced by fixed rules",
    )
    max_connections: int = Field(default=256, ge=1, description="Judge calls in flight in one process")

    @field_validator("base_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write an http:// or https:// URL such as https://api.openai.com/v1")
        return value

    @property
    def enabled(self) -> bool:
        """Whether there is a judge at all."""
        return bool(self.model)


class ScoringSettings(BaseModel):
    """Which rubric scores what, and what is written of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubrics_dir: Path | None = Field(
        default=None, description="Folder with rubrics of your own (<name>/<version>.yaml), beside the shipped ones"
    )
    by_kind: dict[Kind, str] = Field(
        default_factory=lambda: dict(DEFAULT_BY_KIND),
        description="Which rubric scores spans of which kind; trace-level ones score the trace at a root of that kind",
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
    judge: JudgeSettings = Field(
        default_factory=lambda: JudgeSettings(), description="The judge, a model behind an endpoint"
    )

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where rubrics are looked for: the shipped folder, then the user's."""
        return (shipped_rubrics(), self.rubrics_dir) if self.rubrics_dir else (shipped_rubrics(),)
