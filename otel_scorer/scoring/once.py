"""What was found out about one trace, kept while its checks run: several ask the same of the same text."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, TypeVarTuple, Unpack

_Found = TypeVar("_Found")
_Arguments = TypeVarTuple("_Arguments")


class Once:
    """Calls pure functions and remembers what they gave. What it gives is shared: nobody changes it.

    It belongs to one trace and lives as long as its checks run, so what it holds is bounded by what they read. Not
    shared between threads.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def __call__(self, function: Callable[[Unpack[_Arguments]], _Found], *arguments: *_Arguments) -> _Found:
        """`function(*arguments)`, computed the first time only. The arguments are hashable; a raise is not kept."""
        key = (function, arguments)
        if key not in self._known:
            self._known[key] = function(*arguments)
        found: _Found = self._known[key]
        return found

    def keyed(self, key: Hashable, make: Callable[[], _Found]) -> _Found:
        """What is known under `key`, else what `make` gives: for what is made of more than hashable arguments."""
        if key not in self._known:
            self._known[key] = make()
        found: _Found = self._known[key]
        return found

    def forget(self) -> None:
        """Lets go of everything: what waits for a judge holds no words of the trace."""
        self._known.clear()
