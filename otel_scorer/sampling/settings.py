"""Settings of sampling: ordered rules over signals, and the random floor for the rest."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from otel_scorer.conventions.eval_tags import REQUESTED
from otel_scorer.conventions.segments import SEGMENT_KEYS
from otel_scorer.sampling.signals import ALWAYS, AnySignal, Signal

FLOOR = "floor"
"""The name of what takes a share of the traces that match no rule."""
ATTRIBUTE = "attribute."
"""Begins the segment key of a chosen attribute."""
NO_RUBRIC = "no_rubric"
"""Stands in a decision's rule when no rubric fits the trace, whatever the rules said."""

RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]


class RuleSettings(BaseModel):
    """Traces that show some signals are scored with some probability."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: RuleName = Field(description="Lower-case name, written to `otel_scorer.sampling.rule`.")
    when: tuple[AnySignal, ...] = Field(
        default=(), description="Signals that the rule looks for: a name, or `{signal: name, ...}`. Empty: every trace."
    )
    match: Literal["any", "all"] = Field(
        default="any", description="Whether `any` of the signals is enough, or `all` must hold."
    )
    rate: float = Field(default=1.0, ge=0, le=1, description="Share of the matching traces that is scored, 0 to 1.")
    rubrics: tuple[Annotated[str, StringConstraints(min_length=1)], ...] | Literal["requested"] | None = Field(
        default=None,
        description="Rubrics that score them, `name` or `name@version`; or `requested`: those that the trace asks for "
        "(a trace that asks for none we know does not match then). Left out: those configured for the kind.",
    )

    @cached_property
    def wanted(self) -> frozenset[Signal]:
        return frozenset(self.when)

    @field_validator("name")
    @classmethod
    def _not_taken(cls, name: str) -> str:
        return _own_name(name)


class StratumSettings(BaseModel):
    """So many traces of each segment in each window of time, however many there are of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: RuleName = Field(description="Lower-case name, written to `otel_scorer.sampling.rule`.")
    by: tuple[str, ...] = Field(
        min_length=1,
        description="Segment keys that tell the segments apart, such as `service`, `agent`, `model`, or "
        "`attribute.<key>` for an attribute of the root or its resource.",
    )
    target: int = Field(
        ge=1,
        description="Traces of each segment to score in a window: the probability is this number by the traces that "
        "the segment had in the last window, at most 1 (a segment that had none is taken whole).",
    )
    rubrics: tuple[Annotated[str, StringConstraints(min_length=1)], ...] | None = Field(
        default=None, description="Rubrics that score them, as in a rule. Left out: those configured for the kind."
    )

    @field_validator("name")
    @classmethod
    def _not_taken(cls, name: str) -> str:
        return _own_name(name)

    @field_validator("by")
    @classmethod
    def _are_segment_keys(cls, by: tuple[str, ...]) -> tuple[str, ...]:
        wrong = next((key for key in by if key not in SEGMENT_KEYS and key.removeprefix(ATTRIBUTE) in ("", key)), None)
        if wrong is not None:
            known = ", ".join(SEGMENT_KEYS)
            raise ValueError(f"`{wrong}` is no segment key: write one of {known}, or {ATTRIBUTE}<key>")
        return by

    def as_rule(self, rate: float) -> RuleSettings:
        """The stratum as a rule that takes a segment with this rate."""
        return RuleSettings.model_construct(name=self.name, when=(), match="any", rate=rate, rubrics=self.rubrics)


def _own_name(name: str) -> str:
    if name in (FLOOR, NO_RUBRIC):
        raise ValueError(f"`{name}` is a word of otel_scorer's own here; give the rule another name")
    return name


def _default_rules() -> tuple[RuleSettings, ...]:
    # Only signals that read no messages: these are asked of every trace.
    return (
        RuleSettings.model_validate({"name": "failed", "when": ["error", "tool_error", "tool_timeout"]}),
        RuleSettings.model_validate({"name": "cut_off", "when": ["finish_reason"]}),
        RuleSettings.model_validate({"name": "complained", "when": ["feedback_negative"]}),
        RuleSettings.model_validate({"name": "circling", "when": ["loop", "retry"]}),
        RuleSettings.model_validate({"name": "guarded", "when": ["guardrail", "empty_retrieval"]}),
        RuleSettings.model_validate({"name": "requested", "when": ["evaluation_requested"], "rubrics": REQUESTED}),
    )


class SamplingSettings(BaseModel):
    """Which traces are scored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[RuleSettings, ...] = Field(
        default_factory=_default_rules,
        description="Rules in order. A trace is drawn once; its probability is the largest rate of the rules that "
        "match, and the first rule with that rate gives the name.",
    )
    floor: float = Field(
        default=0.02, ge=0, le=1, description="Share of the traces that match no rule, taken at random, 0 to 1."
    )
    draw_by: Literal["trace", "conversation"] = Field(
        default="trace",
        description="What is drawn: each `trace` by its id, or each `conversation` by tenant and conversation id, so "
        "that the floor, and every rate, takes its traces all or none (a trace that names no conversation is drawn "
        "by its own id). Probabilities stay those of the rules. A rule for a signal still takes the single traces "
        "that show it, and strata and budgets thin in each window anew: of such conversations some traces are "
        "missing, which `metric.conversation_coverage` and `why` tell. Traces of one conversation are alike, so "
        "estimates from them are less certain than from as many that were drawn one by one. The ids have to be real: "
        "an empty one is none, and where many conversations share one (`default`, a constant) they are taken or left "
        "together: a floor of 2 % may then take nothing or everything.",
    )
    strata: tuple[StratumSettings, ...] = Field(
        default=(),
        description="Numbers of traces to score of each segment and window, beside rules and floor: the largest "
        "probability counts.",
    )
    window_s: float = Field(
        default=60.0,
        ge=1,
        le=86_400,
        description="Length of the windows, in seconds, of strata and of the thinning by `scoring.budget`.",
    )
    always_signals: tuple[AnySignal, ...] = Field(
        default=(),
        description="Signals to compute beside those that rules name; they are told in `otel_scorer.signals`.",
    )
    salt: SecretStr | None = Field(
        default=None,
        min_length=8,
        description="Key of the draw; the same on every replica. Left out: made from the name of the deployment.",
    )

    @model_validator(mode="after")
    def _names_differ(self) -> SamplingSettings:
        names = [*(rule.name for rule in self.rules), *(stratum.name for stratum in self.strata)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            what = "rules are" if self.rules and not self.strata else "of rules and strata are"
            raise ValueError(f"two {what} called `{twice[0]}`; names must differ")
        return self

    @cached_property
    def asked(self) -> tuple[Signal, ...]:
        """The signals that every trace is asked for: the cheap ones and those that are named here, each once."""
        named = (signal for rule in self.rules for signal in rule.when)
        return tuple(dict.fromkeys([*ALWAYS, *self.always_signals, *named]))

    @cached_property
    def floor_rule(self) -> RuleSettings:
        """The floor as a rule. Not validated, because its name is refused to settings."""
        return RuleSettings.model_construct(name=FLOOR, when=(), match="any", rate=self.floor, rubrics=None)

    @cached_property
    def rules_without_signals(self) -> tuple[RuleSettings, ...]:
        """The rules that match a trace that shows no signal, as nearly all do."""
        return tuple(rule for rule in self.rules if not rule.when) or (self.floor_rule,)

    def salt_for(self, deployment: str) -> bytes:
        """The key of the draw, 32 bytes: the same in every replica of the deployment."""
        secret = self.salt.get_secret_value() if self.salt is not None else f"deployment:{deployment}"
        return hashlib.blake2b(secret.encode(), digest_size=32, person=b"otel_scorer.salt").digest()
