"""The shape of settings models: which settings there are, what they are called, what a type is called.

Knows no section by name: it reads any pydantic model whose sections are models themselves.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import pydantic
from pydantic.fields import FieldInfo

PREFIX = "OTEL_SCORER_"

SettingPath: TypeAlias = tuple[str | int, ...]
"""Names of sections and settings, positions in lists: ("sampling", "rules", 0, "rate")."""

_LISTS = (list, tuple, set, frozenset, Sequence)
_SECRET_WORDS = ("secret", "api_key", "password", "token", "headers", "salt", "credential")
_NOT_SECRET = ("tokens", "keep_headers")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting that is not itself a section."""

    path: tuple[str, ...]
    field: FieldInfo


def leaves(model: type[pydantic.BaseModel], above: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every setting of `model`, sections unfolded, in the order of their definition."""
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section is None:
            yield Leaf((*above, name), field)
        else:
            yield from leaves(section, (*above, name))


def variable_of(path: Sequence[str]) -> str:
    """The environment variable of a setting: `hold.span_s` is `OTEL_SCORER_HOLD_SPAN_S`."""
    return PREFIX + "_".join(path).upper()


def section_of(annotation: Any) -> type[pydantic.BaseModel] | None:
    """The model behind an annotation that is a section, also an optional one; None for a plain setting."""
    options = [option for option in options_of(annotation) if option is not type(None)]
    if len(options) == 1 and isinstance(options[0], type) and issubclass(options[0], pydantic.BaseModel):
        return options[0]
    return None


def is_secret(leaf: Leaf) -> bool:
    """True for a setting whose value must not be printed: by its type, or by its name where the type is plain text."""
    return "SecretStr" in str(leaf.field.annotation) or is_secret_name(leaf.path[-1])


def is_secret_name(name: str) -> bool:
    """True for `api_key`, `headers` and the like; not for counts such as `max_tokens`."""
    words = name.lower()
    return any(word in words for word in _SECRET_WORDS) and not words.endswith(_NOT_SECRET)


def show_path(path: SettingPath) -> str:
    """`sampling.rules[0].rate`."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shown.removeprefix(".")


# ---- shapes of annotations -------------------------------------------------------------------------------------------


def options_of(annotation: Any) -> list[Any]:
    """The members of a union, else the annotation alone; `Annotated` unwrapped."""
    if get_origin(annotation) is Annotated:
        return options_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [option for member in get_args(annotation) for option in options_of(member)]
    return [annotation]


def is_text(annotation: Any) -> bool:
    options = [option for option in options_of(annotation) if option is not type(None)]
    return all(
        (get_origin(option) is Literal and all(isinstance(word, str) for word in get_args(option)))
        or (isinstance(option, type) and issubclass(option, str | Path | pydantic.SecretStr))
        for option in options
    )


def may_be_left_out(annotation: Any) -> bool:
    """Whether the setting may be null."""
    return type(None) in options_of(annotation)


def is_text_list(annotation: Any) -> bool:
    """A list of texts: a variable may give it as `a,b`."""
    return any(get_origin(option) in _LISTS and is_text(get_args(option)[0]) for option in options_of(annotation))


def is_mapping(annotation: Any) -> bool:
    return any(
        get_origin(option) in (dict, Mapping, typing.Mapping) or option is dict for option in options_of(annotation)
    )


def item_model(annotation: Any) -> type[pydantic.BaseModel] | None:
    """The model of a list's items, None where the items are no model or several."""
    for option in options_of(annotation):
        if get_origin(option) in _LISTS:
            return section_of(get_args(option)[0])
    return None


_NAMES: dict[Any, str] = {int: "whole number", float: "number", str: "text", bool: "true or false", Path: "path"}


def type_text(annotation: Any) -> str:
    """A setting's type in words for people."""
    options = options_of(annotation)
    words = [_option_text(option) for option in options if option is not type(None)]
    return " or ".join(dict.fromkeys(words)) + (", may be left out" if may_be_left_out(annotation) else "")


def _option_text(option: Any) -> str:
    if option in _NAMES:
        return str(_NAMES[option])
    if option is pydantic.SecretStr:
        return "secret text"
    if get_origin(option) is Literal:
        return " | ".join(str(word) for word in get_args(option))
    if get_origin(option) in _LISTS:
        return f"list of {type_text(get_args(option)[0])}"
    if is_mapping(option):
        return "mapping"
    return str(getattr(option, "__name__", option)).removesuffix("Settings")
