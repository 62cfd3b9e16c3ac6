"""A check by its place, bound to its options: every mistake is found when the rubric is loaded, not when it scores."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from otel_scorer.errors import UserError

if TYPE_CHECKING:
    from otel_scorer.scoring.verdict import Check


def bind(place: str, options: Mapping[str, Any]) -> Check:
    """The function at `package.module:function` with its options, in the types of its annotations. Raises UserError.

    An option that is missing, unknown or of another type is named, with those that there are.
    """
    function = load_function(place)
    parameters = _options_of(function, place)
    for name in options:
        if name not in parameters:
            known = ", ".join(parameters) or "none"
            raise UserError(
                f"with.{name} is no option of {place}; its options are: {known}; remove it or mend its name"
            )
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in options:
            raise UserError(f"with.{name} is missing: {place} needs it; add it")
    hints = _hints(function)
    bound = {name: _typed(place, name, value, hints) for name, value in options.items()}
    return functools.partial(function, **bound) if bound else function


@functools.cache
def load_function(place: str) -> Check:
    """The function at `package.module:function`. Raises UserError; what was found is remembered."""
    module_name, _, function_name = place.partition(":")
    try:
        return getattr(import_module(module_name), function_name)  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as error:
        raise UserError(f"use is {place!r}, which cannot be loaded ({error}); write package.module:function") from error


def _options_of(function: Callable[..., object], place: str) -> dict[str, inspect.Parameter]:
    """Its parameters by name, without the first one, which is the target."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise UserError(f"use is {place!r}, which is no function; name one that takes a target") from None
    if not parameters:
        raise UserError(f"use is {place!r}, which takes no target; write check(target, *, option=default)")
    return {parameter.name: parameter for parameter in parameters[1:]}


def _hints(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # somebody's annotations, which may name what is imported for type checkers only
        return {}


def _typed(place: str, name: str, value: Any, hints: Mapping[str, Any]) -> Any:
    if name not in hints:
        return value
    try:
        return _adapter(hints[name]).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inner = "".join(f".{part}" for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        given = str(first["input"])[:80]
        raise UserError(f"with.{name}{inner} is {given!r} for {place}: {message[:1].lower()}{message[1:]}") from error


def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)
