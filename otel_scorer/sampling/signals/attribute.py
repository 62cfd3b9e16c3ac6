"""The signal for everything that has no signal of its own: a span or resource attribute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from otel_scorer.sampling.signals.signal import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_scorer.conventions.trace_view import TraceView
    from otel_scorer.model import Attributes, Value

Plain: TypeAlias = StrictBool | StrictInt | float | StrictStr
_LOOK_AT = 10_000
"""Characters of a value that a pattern sees."""


class AttributeSignal(Signal):
    """An attribute of a span or its resource is as one of `equals`, `in`, `regex`, `exists` says."""

    signal: Literal["attribute"] = "attribute"
    key: str = Field(min_length=1, description="The attribute's exact key.")
    equals: Plain | None = Field(default=None, description="This value; in a list, any element.")
    among: Annotated[tuple[Plain, ...], Field(min_length=1)] | None = Field(
        default=None, alias="in", description="Any of these values."
    )
    regex: str | None = Field(default=None, description="A Python regular expression found anywhere in a text value.")
    exists: bool | None = Field(default=None, description="`true`: the key is there; `false`: it is nowhere.")
    where: Literal["any", "root"] = Field(default="any", description="`any` span of the trace, or the `root` alone.")
    of: Literal["span", "resource", "both"] = Field(default="both", description="Whose attributes are looked at.")

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        asked = [self.equals, self.among, self.regex, self.exists]
        if sum(question is not None for question in asked) != 1:
            raise ValueError("give exactly one of `equals`, `in`, `regex`, `exists`")
        return self

    @property
    def label(self) -> str:
        return f"attribute:{self.key}"

    def holds(self, view: TraceView) -> bool:
        found = [attributes[self.key] for attributes in self._looked_at(view) if self.key in attributes]
        if self.exists is not None:
            return bool(found) is self.exists
        return any(self._matches(value) for value in found)

    def _looked_at(self, view: TraceView) -> Iterator[Attributes]:
        spans = view.trace.spans if self.where == "any" else (view.root,) if view.root is not None else ()
        for span in spans:
            if self.of != "resource":
                yield span.attributes
            if self.of != "span":
                yield span.resource.attributes

    def _matches(self, value: Value) -> bool:
        if isinstance(value, list):
            return any(self._matches(element) for element in value)
        if self.regex is not None:
            return isinstance(value, str) and re.search(self.regex, value[:_LOOK_AT]) is not None
        wanted = self.among if self.among is not None else (self.equals,)
        return any(_equal(value, one) for one in wanted)

    def __eq__(self, other: object) -> bool:
        # pydantic calls `equals: true` and `equals: 1` equal, and one of the two would never be asked.
        return super().__eq__(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash((type(self), self.key))


def _equal(value: Value, wanted: Plain | None) -> bool:
    """`True` is not 1 here, but 1 is 1.0: instrumentations differ in ints and doubles, never in bools."""
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted
