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
from otel_scorer.scoring.evidence import SPAN_NEEDS, TRACE_NEEDS, Need

DIGEST_LENGTH = 12
"""Hex digits of the content digest that spans, records and decisions carry."""

Level = Literal["span", "trace", "conversation"]
JudgeUse = Literal["when_open", "always", "never"]
OnScale = Annotated[float, Field(ge=1, le=5)]
Anchor = Literal[1, 2, 3, 4, 5]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PLACE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class CheckUse(_Closed):
    """One check and its options: `{use: "package.module:function", with: {option: value}}`."""

    use: str
    options: dict[str, Any] = Field(default_factory=dict, alias="with")

    @field_validator("use")
    @classmethod
    def _names_a_function(cls, value: str) -> str:
        if not _PLACE.fullmatch(value):
            raise ValueError("write package.module:function")
        return value


class Applies(_Closed):
    """What a rubric is for. An empty list asks nothing; several entries of one list are alternatives."""

    kinds: tuple[Kind, ...] = Field(min_length=1)
    services: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    prompt_versions: tuple[str, ...] = ()
    """Versions that the rubric was written for: other known versions make its dimensions `stale`."""


class DimensionRubric(_Closed):
    """How one dimension is judged."""

    needs: tuple[Need, ...] = ()
    """What must have been captured for a good word; a fault that was seen counts without it."""
    weight: float = Field(default=1.0, gt=0)
    cap_composite_at: dict[Anchor, OnScale] = Field(default_factory=dict)
    """Score -> the highest composite that it and every lower score leave."""
    anchors: dict[Anchor, str]
    checks: tuple[CheckUse, ...] = ()
    ask: str = ""
    """The question for the judge; without it the judge is not asked about this dimension."""

    @field_validator("anchors")
    @classmethod
    def _all_five(cls, anchors: dict[Anchor, str]) -> dict[Anchor, str]:
        if set(anchors) != {1, 2, 3, 4, 5} or not all(text.strip() for text in anchors.values()):
            raise ValueError("write one sentence for each of 1, 2, 3, 4, 5")
        return anchors

    @model_validator(mode="after")
    def _can_be_decided(self) -> DimensionRubric:
        if not self.checks and not self.ask:
            raise ValueError("give at least one check, or an `ask` for the judge")
        return self


class Rubric(_Closed):
    """One released version of a rubric. `digest` names its content: two rubrics with one digest judge alike."""

    name: str
    version: int = Field(ge=1)
    description: str = ""
    level: Level
    applies: Applies
    judge: JudgeUse = "when_open"
    pass_at: dict[str, OnScale] = Field(default_factory=dict)
    min_coverage: float = Field(default=0.5, ge=0, le=1)
    dimensions: dict[Dimension, DimensionRubric] = Field(min_length=1)

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
        known = SPAN_NEEDS if self.level == "span" else TRACE_NEEDS
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
