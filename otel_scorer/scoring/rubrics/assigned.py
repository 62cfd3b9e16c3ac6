"""Which rubric scores which kind of span, of which service, agent and tag: the settings' answer, checked at load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from otel_scorer.errors import UserError
from otel_scorer.model import Kind
from otel_scorer.scoring.rubrics.rubric import Rubric

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView


class Segment(BaseModel):
    """A rubric and the traffic that it scores. What is left out asks nothing; entries of one list are alternatives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric: str = Field(description="Rubric, as name or name@version")
    kinds: tuple[Kind, ...] = Field(default=(), description="Kinds of spans; none: all that the rubric applies to")
    services: tuple[str, ...] = Field(default=(), description="Values of service.name")
    agents: tuple[str, ...] = Field(default=(), description="Names of the root agent")
    tags: tuple[str, ...] = Field(default=(), description="Tags, one of which some span of the trace has")

    def takes(self, kind: Kind) -> bool:
        return not self.kinds or kind in self.kinds

    def holds(self, view: TraceView) -> bool:
        """Whether the trace is of this traffic. Reads evidence only where tags are named."""
        if self.services and view.service not in self.services:
            return False
        if self.agents and view.agent_name not in self.agents:
            return False
        return not self.tags or any(tag in self.tags for step in view.steps for tag in step.genai.tags)

    def is_narrower(self, other: Segment) -> bool:
        """All traffic of this segment is of the other one, and not the other way round."""
        return self._within(other) and not other._within(self)

    def _within(self, other: Segment) -> bool:
        pairs = ((self.services, other.services), (self.agents, other.agents), (self.tags, other.tags))
        return all(not wide or (bool(mine) and set(mine) <= set(wide)) for mine, wide in pairs)

    def may_meet(self, other: Segment) -> bool:
        """Whether one trace can be of both. Tags always can: a trace may have several."""
        pairs = ((self.services, other.services), (self.agents, other.agents))
        return all(not first or not second or bool(set(first) & set(second)) for first, second in pairs)


ByKind: TypeAlias = "Mapping[Kind, str | Sequence[str]]"


class Assigned:
    """All segments, those of `by_kind` (which ask for nothing but the kind) first. Immutable."""

    def __init__(self, segments: Sequence[tuple[str, Segment]]) -> None:
        """`segments`: what errors call each, and the segment."""
        self._segments = tuple(segments)
        self._of: dict[str, tuple[Segment, ...]] = {}

    @classmethod
    def of(cls, given: Assigned | ByKind | None, segments: Sequence[Segment] = ()) -> Assigned:
        """From settings: `by_kind` (one rubric, or one for each level) and the narrower segments."""
        if isinstance(given, Assigned):
            return given
        named = [
            (f"by_kind.{kind}", Segment(rubric=name, kinds=(kind,)))
            for kind, names_ in (given or {}).items()
            for name in ([names_] if isinstance(names_, str) else names_)
        ]
        return cls([*named, *((f"segments.{index}", segment) for index, segment in enumerate(segments))])

    def __iter__(self) -> Iterator[tuple[str, Segment]]:
        return iter(self._segments)

    @property
    def names(self) -> tuple[str, ...]:
        """Every rubric that is named, once."""
        return tuple(dict.fromkeys(segment.rubric for _, segment in self._segments))

    def segments_of(self, rubric: Rubric) -> tuple[Segment, ...]:
        """Those that name this very version; where none does, those that name it without a version."""
        found = self._of.get(str(rubric))
        if found is None:
            exact = tuple(segment for _, segment in self._segments if segment.rubric == str(rubric))
            found = exact or tuple(segment for _, segment in self._segments if segment.rubric == rubric.name)
            self._of[str(rubric)] = found
        return found

    def judges(self, rubric: Rubric, kind: Kind, view: TraceView, together: Sequence[Rubric] = ()) -> bool:
        """Whether `rubric` scores spans of `kind` in this trace, when the rubrics `together` score it.

        A rubric that is named keeps to what it is named for, and gives way to one of its level that is named for a
        narrower segment; any other one takes all that it applies to.
        """
        if kind not in rubric.applies.kinds:
            return False
        if not self.segments_of(rubric):
            return True
        mine = self._here(rubric, kind, view)
        rivals = (other for other in together if other is not rubric and other.level == rubric.level)
        narrower = (one for other in rivals for one in self._here(other, kind, view))
        return bool(mine) and not any(all(one.is_narrower(own) for own in mine) for one in narrower)

    def names_for(self, rubric: Rubric, kind: Kind, view: TraceView) -> bool:
        """Whether settings name it for spans of this kind in this trace: then it comes before one that they do not."""
        return bool(self._here(rubric, kind, view))

    def may_collide(self, first: Rubric, second: Rubric) -> bool:
        """Whether both can score one span: no kind or condition keeps them apart, and neither gives way."""
        return any(
            _collide(one, first, other, second)
            for one in self.segments_of(first) or (_anywhere(first),)
            for other in self.segments_of(second) or (_anywhere(second),)
        )

    def _here(self, rubric: Rubric, kind: Kind, view: TraceView) -> list[Segment]:
        if kind not in rubric.applies.kinds:
            return []
        return [one for one in self.segments_of(rubric) if one.takes(kind) and one.holds(view)]

    def check(self, rubrics: Mapping[str, Rubric]) -> None:
        """Raises UserError for a kind that a rubric does not take, and for two primaries of one span.

        `rubrics`: what each name of `names` means.
        """
        for where, segment in self._segments:
            self._check_kinds(where, segment, rubrics[segment.rubric])
        for index, (where, segment) in enumerate(self._segments):
            for other_where, other in self._segments[:index]:
                self._check_pair(where, segment, other_where, other, rubrics)

    def _check_kinds(self, where: str, segment: Segment, rubric: Rubric) -> None:
        for kind in segment.kinds:
            if kind not in rubric.applies.kinds:
                raise UserError(
                    f"{where} is {segment.rubric!r}, but {rubric} applies to {', '.join(rubric.applies.kinds)}; "
                    f"choose a rubric for {kind} or add the kind to a new version"
                )

    def _check_pair(
        self, where: str, segment: Segment, other_where: str, other: Segment, rubrics: Mapping[str, Rubric]
    ) -> None:
        first, second = rubrics[other.rubric], rubrics[segment.rubric]
        if first is second or first.level != second.level:
            return
        shared = _collide(other, first, segment, second)
        if shared:
            raise UserError(
                f"{other_where} ({first}) and {where} ({second}) would both be primary for {', '.join(shared)} spans "
                "of one trace; give one of them a narrower segment (services, agents, tags), or remove it"
            )


def _collide(one: Segment, first: Rubric, other: Segment, second: Rubric) -> list[Kind]:
    """The kinds of which both segments could score one span, neither being narrower."""
    if one.is_narrower(other) or other.is_narrower(one) or not one.may_meet(other):
        return []
    kinds = (kind for kind in first.applies.kinds if kind in second.applies.kinds)
    return [kind for kind in kinds if one.takes(kind) and other.takes(kind)]


def _anywhere(rubric: Rubric) -> Segment:
    applies = rubric.applies
    return Segment(rubric=str(rubric), services=applies.services, agents=applies.agents, tags=applies.tags)
