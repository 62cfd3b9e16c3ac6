"""Settings of judging: the models that are asked, when a second one is, what they may cost, what is remembered."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Suspicious: TypeAlias = Literal["flag", "neutralise", "do_not_score"]
_OURS = frozenset({"model", "messages", "response_format", "stream", "n", "tools", "functions"})
"""Fields of the request that `body` may not change: the answer would be read wrongly."""


class JudgeSettings(BaseModel):
    """One judge: any endpoint with OpenAI's chat completions. Without a model there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        default="", description="Model id of the judge; empty means no judge, dimensions are scored by checks"
    )
    base_url: str = Field(default="https://api.openai.com/v1", description="OpenAI-compatible endpoint of the judge")
    api_key: SecretStr | None = Field(
        default=None, description="Key for the judge; for api.openai.com OPENAI_API_KEY is used where it is not set"
    )
    key_variable: str = Field(
        default="", description="Name of the environment variable that holds the key, instead of `api_key`"
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Further request headers for the judge's endpoint"
    )
    body: dict[str, Any] = Field(
        default_factory=dict,
        description="Further fields of the request as the endpoint wants them, such as `reasoning_effort` or `seed`",
    )
    answer_format: Literal["json_schema", "json_object", "text"] = Field(
        default="json_schema",
        description="How the endpoint is asked for JSON: by a strict schema, as any object, or only in words (the last "
        "two write the schema into the instructions, and may put a ``` fence around the answer); the answer is read "
        "equally strictly",
    )
    answers_as: str = Field(
        default="",
        description="Model id that the endpoint's answers must name, `*` for any ending (`gpt-5-*`), else the answer "
        "counts as an error; empty: an answer of another model is only logged",
    )
    temperature: float | None = Field(
        default=0.0, ge=0, le=2, description="Temperature of the judge; null: it is not sent (some models take none)"
    )
    samples: int = Field(
        default=1,
        ge=1,
        le=9,
        description="Times that the judge is asked the same; the median counts, and the share of samples that gave it "
        "is written as the metric `judge_agreement.<dimension>`",
    )
    sample_temperature: float = Field(
        default=0.7,
        gt=0,
        le=2,
        description="Temperature where `samples` is more than 1 (0 would only agree with itself)",
    )
    timeout_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds of wall clock for one judge call, from asking for a place to the last byte of the answer",
    )
    connect_timeout_s: float = Field(default=5.0, gt=0, description="Seconds for connecting to the judge's endpoint")
    max_output_tokens: int = Field(default=1200, ge=64, description="Tokens that the judge may answer with")
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = Field(
        default="max_completion_tokens",
        description="Field of the request that says so: OpenAI's models that think refuse the older `max_tokens`, "
        "Mistral and Ollama know only that one",
    )
    max_response_kib: int = Field(
        default=256, ge=1, description="KiB of answer that are read before the call counts as failed"
    )
    max_evidence_chars: int = Field(
        default=60_000,
        ge=2000,
        description="Characters of a trace that the judge is shown; longer ones are reduced by fixed rules. Of several "
        "judges the smallest number holds for all",
    )
    max_connections: int = Field(
        default=256, ge=1, description="Calls of this judge in flight in one process; others wait, within their time"
    )
    breaker_failures: int = Field(
        default=5,
        ge=1,
        description="Calls in a row that fail (no answer, no connection, an error) before the judge is left alone",
    )
    breaker_open_s: float = Field(
        default=30.0, gt=0, description="Seconds for which it is left alone; then one call tries whether it is back"
    )
    input_price: float | None = Field(default=None, ge=0, description="Price of a million tokens sent, in any currency")
    output_price: float | None = Field(default=None, ge=0, description="Price of a million tokens answered")
    cached_input_price: float | None = Field(
        default=None,
        ge=0,
        description="Price of a million tokens sent that the provider had cached; `input_price` if not set",
    )

    @field_validator("base_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write an http:// or https:// URL such as https://api.openai.com/v1")
        if parts.username or parts.password:
            raise ValueError("leave name and password out of the URL: they go into api_key, key_variable or headers")
        if parts.path.rstrip("/").endswith("/chat/completions"):
            raise ValueError("leave /chat/completions away, it is added: the URL often ends in /v1")
        return value

    @field_validator("body")
    @classmethod
    def _leaves_ours_alone(cls, body: dict[str, Any]) -> dict[str, Any]:
        wrong = sorted(_OURS & set(body))
        if wrong:
            raise ValueError(f"{wrong[0]} is not yours to set here: otel-scorer writes it itself")
        limits = sorted({"max_tokens", "max_completion_tokens"} & set(body))
        if limits:
            raise ValueError(
                f"{limits[0]} is not set here: max_output_tokens is the limit, max_tokens_field the field that says it"
            )
        return body

    @model_validator(mode="after")
    def _fits_together(self) -> JudgeSettings:
        if self.api_key is not None and self.key_variable:
            raise ValueError("api_key and key_variable are both set: keep one of them")
        if (self.input_price is None) != (self.output_price is None):
            raise ValueError("input_price and output_price belong together: set both, or none")
        if self.cached_input_price is not None and self.input_price is None:
            raise ValueError("cached_input_price is set without input_price and output_price: set these too")
        return self

    @property
    def enabled(self) -> bool:
        """Whether there is a judge at all."""
        return bool(self.model)

    @property
    def priced(self) -> bool:
        """Whether the cost of a call is known."""
        return self.input_price is not None


class UnsureSettings(BaseModel):
    """When the next judge of `judges` is asked about a dimension that the one before has graded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    no_score: bool = Field(default=True, description="The judge could not tell (it answered null)")
    agreement_below: float = Field(
        default=0.67, ge=0, le=1, description="A smaller share of its samples than this agreed (`samples` of the judge)"
    )
    boundary: float = Field(
        default=0.5,
        ge=0,
        le=4,
        description="The score lies no further than this from the middle between pass and fail (the rubric's `pass_at` "
        "less 0.5): 0.5 is the lowest score that passes and the one below it, 0 is none",
    )


class BudgetSettings(BaseModel):
    """What scoring may use, over all workers together; counted in the first store of the ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge_money_per_day: float | None = Field(
        default=None,
        gt=0,
        description="Money that judge calls may cost in one day (UTC), in the currency of the judges' prices; what "
        "would go beyond it is not asked and ends `over_budget`",
    )
    traces_per_minute: int | None = Field(
        default=None, ge=1, description="Traces that are scored in any 60 seconds; more end `over_budget`"
    )
    tenant_share: float = Field(
        default=1.0, gt=0, le=1, description="Share of both budgets that one tenant may use alone"
    )

    @property
    def limited(self) -> bool:
        return self.judge_money_per_day is not None or self.traces_per_minute is not None


class SummarySettings(BaseModel):
    """A judge that puts long steps of a trace into a few words, for itself and the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        default="",
        description="Model id of the judge (of `judge` or `judges`) that summarises steps of more than 3000 characters "
        "before the question, beside head and tail of their texts; empty: head and tail alone. The recording that the "
        "judge is shown is then the same online and offline only while the summaries are remembered (`judge_cache`)",
    )
    chars: int = Field(default=800, ge=100, le=10_000, description="Characters of one summary at most")
    most_steps: int = Field(
        default=8, ge=1, le=100, description="Steps of one trace that are summarised, the first ones"
    )

    @property
    def enabled(self) -> bool:
        return bool(self.model)


class JudgeCacheSettings(BaseModel):
    """Answers of judges that are used again for the same question about the same evidence of the same tenant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: float = Field(default=24.0, ge=0, description="How long an answer is remembered; 0 remembers none")
    max_mib: float = Field(default=32.0, gt=0, description="Answers that are remembered, in MiB; then the oldest go")


class JudgingSettings(BaseModel):
    """The part of `scoring` that is about judges."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: JudgeSettings = Field(
        default_factory=lambda: JudgeSettings(), description="The judge, a model behind an endpoint"
    )
    judges: tuple[JudgeSettings, ...] = Field(
        default=(),
        description="Several judges instead of `judge`, the cheapest first: the next one is asked about the dimensions "
        "that the one before leaves unsure (`unsure`), and about all where that one fails",
    )
    unsure: UnsureSettings = Field(
        default_factory=lambda: UnsureSettings(), description="When the next of several judges is asked"
    )
    budget: BudgetSettings = Field(default_factory=lambda: BudgetSettings(), description="What scoring may use")
    judge_cache: JudgeCacheSettings = Field(
        default_factory=lambda: JudgeCacheSettings(), description="Answers that are used again"
    )
    summaries: SummarySettings = Field(
        default_factory=lambda: SummarySettings(), description="Long steps in the words of a small model"
    )
    suspicious: Suspicious = Field(
        default="neutralise",
        description="What happens to text of a trace that is shaped like a word to the grader: `flag` only notes a "
        "finding, `neutralise` also shows it to the judge word by word as a marked quotation, `do_not_score` does not "
        "ask the judge (`redaction_blocked`)",
    )
    scrub_names: bool = Field(
        default=False,
        description="Names of people and organisations become pseudonyms too before a judge sees them. They are found "
        "by lists and context, so some stay; and a judge cannot tell any more whether an answer names the right one",
    )

    @model_validator(mode="after")
    def _judges_make_sense(self) -> JudgingSettings:
        if self.judges and self.judge.enabled:
            raise ValueError("judge and judges are both set: move the one judge into judges, or remove judges")
        seen: set[tuple[str, str]] = set()
        for index, one in enumerate(self.judges):
            if not one.enabled:
                raise ValueError(f"judges[{index}] has no model: write the model id that its endpoint knows")
            if (one.model, one.base_url) in seen:
                raise ValueError(
                    f"judges[{index}] is {one.model} at the same endpoint again: a judge asks itself nothing"
                )
            seen.add((one.model, one.base_url))
        models = [one.model for one in self.in_order]
        if self.summaries.enabled and self.summaries.model not in models:
            said = f"it is one of {', '.join(models)}" if models else "there is no judge: set judge or judges"
            raise ValueError(f"summaries.model names {self.summaries.model}, which is no judge here; {said}")
        if self.budget.judge_money_per_day is not None:
            unpriced = next((one.model for one in self.in_order if not one.priced), None)
            if unpriced is not None:
                raise ValueError(
                    f"budget.judge_money_per_day is set, but the judge {unpriced} has no prices: set its input_price "
                    "and output_price"
                )
        return self

    @property
    def in_order(self) -> tuple[JudgeSettings, ...]:
        """The judges that are asked, the first one first; none where scoring is by checks alone."""
        if self.judges:
            return self.judges
        return (self.judge,) if self.judge.enabled else ()

    @property
    def evidence_chars(self) -> int:
        """Characters of evidence in a prompt: what all judges take, as one prompt goes to all of them."""
        return min(one.max_evidence_chars for one in self.in_order or (self.judge,))
