"""A rubric: which spans it judges, in which dimensions, by which checks and which words. Frozen, closed.

The YAML of design section 6 becomes a `Rubric` here; `rubric_set` finds and joins the files.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from otel_scorer.conventions.scores import RESERVED_RUBRIC_NAMES
from otel_scorer.model import DIMENSIONS, Dimension, Kind, RubricId, RubricRef
from otel_scorer.scoring.evidence import CONVERSATION_NEEDS, SPAN_NEEDS, TRACE_NEEDS, Need
from otel_scorer.scoring.rubrics.binding import bind
from otel_scorer.scoring.verdict import Check

DIGEST_LENGTH = 12
"""Hex digits of the content digest that spans, records and decisions carry."""

Level = Literal["span", "trace", "conversation"]
JudgeUse = Literal["when_open", "always", "never"]
OnScale = Annotated[float, Field(ge=1, le=5)]
Anchor = Literal[1, 2, 3, 4, 5]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PLACE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True)


class CheckUse(_Closed):
    """One check and its options: `{use: "package.module:function", with: {option: value}}`."""

    use: str
    """The function, as package.module:function."""
    options: dict[str, Any] = Field(default_factory=dict, alias="with")
    """Its keyword arguments; tried against its signature when the rubric is loaded."""

    @field_validator("use")
    @classmethod
    def _names_a_function(cls, value: str) -> str:
        if not _PLACE.fullmatch(value):
            raise ValueError("write package.module:function")
        return value

    @cached_property
    def function(self) -> Check:
        """The function, bound to its options: takes a target. Raises UserError, at load for rubrics from files."""
        return bind(self.use, self.options)


class Applies(_Closed):
    """What a rubric is for. An empty list asks nothing; several entries of one list are alternatives."""

    kinds: tuple[Kind, ...] = Field(min_length=1)
    """Kinds of spans. At trace level: the kinds that the trace's root may have. At conversation level: CONVERSATION."""
    services: tuple[str, ...] = ()
    """Values of service.name."""
    agents: tuple[str, ...] = ()
    """Names of the root agent."""
    tags: tuple[str, ...] = ()
    """Tags, one of which some span of the trace has."""
    prompt_versions: tuple[str, ...] = ()
    """Prompt template versions that the rubric was written for: `3` (of any prompt) or `support@3` (of that prompt,
    others do not matter). Another known version makes its dimensions `stale`.
    """

    inner: bool = False
    """At span level: only stages inside a run, which are not its root and have spans below them."""

    @field_validator("prompt_versions")
    @classmethod
    def _are_versions(cls, versions: tuple[str, ...]) -> tuple[str, ...]:
        if not all(version.rpartition("@")[2].strip() for version in versions):
            raise ValueError("write a version, such as 3, or prompt@version, such as support@3")
        return versions


class DimensionRubric(_Closed):
    """How one dimension is judged."""

    needs: tuple[Need, ...] = ()
    """What must have been captured for a good word; a fault that was seen counts without it."""
    weight: float = Field(default=1.0, gt=0)
    cap_composite_at: dict[Anchor, OnScale] = Field(default_factory=dict)
    """Score -> the highest composite that it and every lower score leave."""
    anchors: dict[Anchor, str]
    """What each score from 1 to 5 looks like. Every check and the judge mean these."""
    checks: tuple[CheckUse, ...] = ()
    """Functions without a model. The lowest estimate counts."""
    ask: str = ""
    """The question for the judge; without it the judge is not asked about this dimension."""
    evidence: str = ""
    """What in a recording decides. Shown to the judge."""
    ignore: str = ""
    """What does not matter for this dimension. Shown to the judge."""
    edge_cases: tuple[str, ...] = ()
    """One sentence for each case that the descriptions leave open (a refusal, no context, an outage). Shown to the
    judge.
    """

    @field_validator("anchors")
    @classmethod
    def _all_five(cls, anchors: dict[Anchor, str]) -> dict[Anchor, str]:
        if set(anchors) != {1, 2, 3, 4, 5} or not all(text.strip() for text in anchors.values()):
            raise ValueError("write one sentence for each of 1, 2, 3, 4, 5")
        return anchors

    @field_validator("edge_cases")
    @classmethod
    def _says_something(cls, cases: tuple[str, ...]) -> tuple[str, ...]:
        if not all(case.strip() for case in cases):
            raise ValueError("write a sentence for each case, or remove the empty one")
        return cases

    @property
    def guidance(self) -> tuple[str, ...]:
        """Evidence, what does not matter and edge cases as the judge is told them, one line each; none where unsaid."""
        said = [("What counts as evidence: ", self.evidence), ("What does not matter: ", self.ignore)]
        said += [("- ", case) for case in self.edge_cases]
        return tuple(head + " ".join(text.split()) for head, text in said if text.strip())

    @model_validator(mode="after")
    def _can_be_decided(self) -> DimensionRubric:
        if not self.checks and not self.ask:
            raise ValueError("give at least one check, or an `ask` for the judge")
        return self


class Rubric(_Closed):
    """One released version of a rubric. `digest` names its content: two rubrics with one digest judge alike."""

    name: str
    """Small letters, digits and _; the name of its folder. Results that are not primary are written below it."""
    version: int = Field(ge=1)
    """The name of its file. A released version never changes."""
    description: str = ""
    """What it judges, for people."""
    level: Level
    """span: each span of its kinds; trace: the whole trace, at its root; conversation: several traces."""
    applies: Applies
    judge: JudgeUse = "when_open"
    """when_open: the judge fills what checks leave open; always: it hears every dimension, the lower score counts."""
    pass_at: dict[str, OnScale] = Field(default_factory=dict)
    """Dimension or composite -> the lowest score that passes."""
    min_coverage: float = Field(default=0.5, ge=0, le=1)
    """Share of the weight that must be scored for a composite."""
    dimensions: dict[Dimension, DimensionRubric] = Field(min_length=1)
    measures: tuple[CheckUse, ...] = ()
    """Functions like checks, of which only metrics and findings count (`otel_scorer.metric.*`), never a score."""

    @field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name in RESERVED_RUBRIC_NAMES or name in DIMENSIONS:
            raise ValueError("the name is a word of our own attributes (otel_scorer.<name>.…); choose another one")
        if not _NAME.fullmatch(name):
            raise ValueError("write small letters, digits and _ (at most 41), a letter first")
        return name

    @model_validator(mode="after")
    def _is_consistent(self) -> Rubric:
        for name in self.pass_at:
            if name != "composite" and name not in self.dimensions:
                raise ValueError(f"pass_at.{name}: name composite or one of the rubric's dimensions")
        known = {"span": SPAN_NEEDS, "trace": TRACE_NEEDS, "conversation": CONVERSATION_NEEDS}[self.level]
        for dimension, rules in self.dimensions.items():
            for need in rules.needs:
                if need not in known:
                    raise ValueError(f"dimensions.{dimension}.needs: {need} is not known at level {self.level}")
        return self

    @cached_property
    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 over the content as it was written (canonical JSON, defaults left out).

        Defaults are left out so that a field which a later release of ours adds leaves released rubrics as they are.
        """
        return self.full_digest[:DIGEST_LENGTH]

    @cached_property
    def full_digest(self) -> str:
        content = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def id(self) -> RubricId:
        return RubricId(self.name, self.version)

    @property
    def ref(self) -> RubricRef:
        return RubricRef(self.name, self.version, self.digest)

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """Dimension -> weight, in the rubric's order."""
        return {name: rules.weight for name, rules in self.dimensions.items()}

    def __str__(self) -> str:
        return str(self.id)
