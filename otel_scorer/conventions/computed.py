"""Properties of a view that are computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_Value = TypeVar("_Value")


class computed(Generic[_Value]):  # noqa: N801 - used like `property`
    """Like functools.cached_property, without the lock that Python 3.11 takes: computing twice would do no harm."""

    def __init__(self, compute: Callable[[Any], _Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, view: None, owner: type) -> computed[_Value]: ...
    @overload
    def __get__(self, view: object, owner: type) -> _Value: ...
    def __get__(self, view: object | None, owner: type) -> _Value | computed[_Value]:
        if view is None:
            return self
        value = view.__dict__[self._name] = self._compute(view)
        return value
