"""Where settings come from, and how a mistake in them is told: one YAML file, `OTEL_SCORER_*` variables, `--set`.

A later source wins over an earlier one, value by value. Every error is a `UserError` with one sentence for each
mistake: place, setting, value (never a secret's), remedy.
"""

from __future__ import annotations

import difflib
import json
import math
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pydantic
import yaml

from otel_scorer.errors import UserError
from otel_scorer.settings_shape import (
    PREFIX,
    SettingPath,
    is_mapping,
    is_secret,
    is_secret_name,
    is_text,
    is_text_list,
    item_model,
    leaves,
    may_be_left_out,
    section_of,
    show_path,
    variable_of,
)

M = TypeVar("M", bound=pydantic.BaseModel)


@dataclass(frozen=True, slots=True)
class Override:
    """One value given outside the file. `text` is YAML unless the setting is text; `place` is how errors call it."""

    path: SettingPath
    text: str
    place: str


def environment_overrides(
    model: type[pydantic.BaseModel], environ: Mapping[str, str], reserved: frozenset[str]
) -> list[Override]:
    """The `OTEL_SCORER_*` variables as overrides; an empty variable counts as unset. Unknown ones are refused."""
    known = {variable_of(leaf.path): leaf.path for leaf in leaves(model)}
    overrides = []
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in reserved or not text.strip():
            continue
        if name not in known:
            hint = _nearest(name, [*known, *reserved], "'otel-scorer check --settings' lists all variables")
            raise UserError(f"the environment variable {name} is not a setting of otel_scorer: {hint}")
        overrides.append(Override(known[name], text, f"the environment variable {name}"))
    return overrides


def option_override(model: type[pydantic.BaseModel], assignment: str) -> Override:
    """`section.field=value` as an override, for `--set`."""
    name, equals, text = assignment.partition("=")
    known = {".".join(leaf.path): leaf.path for leaf in leaves(model)}
    if not equals:
        raise UserError(
            f"--set {name!r} has no value: write it as section.field=value, for example --set hold.span_s=10"
        )
    if name.strip() not in known:
        hint = _nearest(name.strip(), list(known), "'otel-scorer check --settings' lists all settings")
        raise UserError(f"--set {name.strip()}: there is no such setting: {hint}")
    return Override(known[name.strip()], text.strip(), f"--set {name.strip()}")


def load(model: type[M], file: Path | None, overrides: Sequence[Override]) -> M:
    """The settings of `file` with the overrides laid over it, in order, checked strictly."""
    document = read_yaml(file) if file is not None else Document("settings", {}, {})
    for empty in [name for name, section in document.data.items() if section is None]:
        del document.data[empty]  # `hold:` with everything below it commented out
    by_path = {leaf.path: leaf for leaf in leaves(model)}
    places: dict[SettingPath, str] = {}
    for override in overrides:
        value = _parse(override, by_path[tuple(map(str, override.path))].field.annotation)
        _put(document.data, override.path, value)
        places[override.path] = override.place
    _refuse_unspeakable(document, document.data, ())
    try:
        settings = model.model_validate_json(json.dumps(document.data))
    except pydantic.ValidationError as error:
        raise UserError("\n".join(_sentences(model, document, places, error))) from None
    _refuse_conversions(document, places, document.data, settings.model_dump(mode="json", exclude_unset=True), ())
    return settings


# ---- the file --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML file: its name for messages, its content, and the line of each value (from 1)."""

    name: str
    data: dict[str, Any]
    lines: Mapping[SettingPath, int]

    def place(self, path: SettingPath) -> str:
        """The file, with the line of the nearest thing at or above `path`."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return f"{self.name}, line {self.lines[path[:length]]}"
        return self.name


class _Loader(yaml.SafeLoader):
    """YAML without dates (a version such as 2025-01-01 stays text)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(file: Path) -> Document:
    """The file's content, a mapping. UserError for a file that is missing, is not YAML, or names a key twice."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{file}: the file is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise UserError(
            f"{file}: the settings file cannot be read ({error.strerror}): check the path and its permissions"
        ) from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[SettingPath, int] = {}
        if node is None:
            return Document(str(file), {}, lines)
        _note_lines(str(file), node, (), lines)
        data = loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UserError(f"{file}{line}: the file is not valid YAML: {problem}") from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise UserError(
            f"{file}: the file holds {_kind_of_value(data)} where sections are expected, such as 'backend:'"
        )
    return Document(str(file), data, lines)


def _note_lines(name: str, node: yaml.Node, path: SettingPath, lines: dict[SettingPath, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(name, item, (*path, index), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            below = (*path, str(key.value))
            line = key.start_mark.line + 1
            if below in lines:
                raise UserError(
                    f"{name}, line {line}: {show_path(below)} is there twice (first in line {lines[below]}): keep one"
                )
            _note_lines(name, item, below, lines)
            lines[below] = line


# ---- values ----------------------------------------------------------------------------------------------------------


def _parse(override: Override, annotation: Any) -> Any:
    """Text settings take the text as it stands (a key of digits stays a key, `null` is none); the rest is YAML."""
    if is_text(annotation):
        return None if override.text == "null" and may_be_left_out(annotation) else override.text
    if is_mapping(annotation) and not override.text.lstrip().startswith("{"):
        return _pairs(override)
    if is_text_list(annotation) and not override.text.lstrip().startswith("["):
        return [part.strip() for part in override.text.split(",") if part.strip()]
    try:
        return yaml.load(override.text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        raise UserError(
            f"{override.place}: {show_path(override.path)} is not valid YAML: "
            "write a number, true or false, or a list as [a, b]"
        ) from None


def _pairs(override: Override) -> dict[str, str]:
    """`name=value,name=value`, values percent-encoded: the form of OpenTelemetry's header variables."""
    pairs = {}
    for part in filter(None, (part.strip() for part in override.text.split(","))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise UserError(
                f"{override.place}: {show_path(override.path)} cannot be read: "
                "write name=value,name=value (values percent-encoded) or a YAML mapping"
            )
        pairs[name.strip()] = urllib.parse.unquote(value.strip())
    return pairs


def _put(data: dict[str, Any], path: SettingPath, value: Any) -> None:
    *sections, last = path
    for section in sections:
        below = data.get(str(section))
        if not isinstance(below, dict):
            below = data[str(section)] = {}
        data = below
    data[str(last)] = value


def _refuse_unspeakable(document: Document, value: Any, path: SettingPath) -> None:
    """What YAML can write and JSON cannot: infinite numbers, bytes, keys that are no text."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise UserError(f"{document.place(path)}: the name {key!r} is not text: write it in quotes")
            _refuse_unspeakable(document, item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_unspeakable(document, item, (*path, index))
    elif (isinstance(value, float) and not math.isfinite(value)) or not isinstance(
        value, str | int | float | bool | type(None)
    ):
        raise UserError(f"{document.place(path)}: {show_path(path)} is {value!r}: write a finite number or text")


def _refuse_conversions(
    document: Document, places: Mapping[SettingPath, str], given: Any, taken: Any, path: SettingPath
) -> None:
    """Strictness of our own: `true` is no number and "3" is text, although pydantic takes them.

    Its strict mode cannot be used: behind a validator that rewrites a value it refuses every list.
    """
    if isinstance(given, dict) and isinstance(taken, dict):
        for key in given.keys() & taken.keys():
            _refuse_conversions(document, places, given[key], taken[key], (*path, key))
    elif isinstance(given, list) and isinstance(taken, list):
        for index, (one, other) in enumerate(zip(given, taken, strict=False)):
            _refuse_conversions(document, places, one, other, (*path, index))
    elif (wanted := _scalar_kind(taken)) and (got := _scalar_kind(given)) and wanted != got:
        place = _place(document, places, path)
        raise UserError(f"{place}: {show_path(path)} is {json.dumps(given)}, {got}: write {wanted}")


def _scalar_kind(value: Any) -> str:
    """How a plain value is called; "" for anything else."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    return "a number without quotes" if isinstance(value, int | float) else ""


# ---- errors ----------------------------------------------------------------------------------------------------------


def _sentences(
    model: type[pydantic.BaseModel],
    document: Document,
    places: Mapping[SettingPath, str],
    error: pydantic.ValidationError,
) -> list[str]:
    sentences: list[str] = []
    for found in error.errors(include_url=False):
        path = _real_path(document.data, found["loc"])
        place = _place(document, places, path)
        sentences.append(_without_passwords(f"{place}: {_sentence(model, path, found)}"))
    return list(dict.fromkeys(sentences))


def _place(document: Document, places: Mapping[SettingPath, str], path: SettingPath) -> str:
    """The variable or option that gave this value or what it lies in, else the file's line."""
    above = (path[:length] for length in range(len(path), 0, -1))
    return next((places[part] for part in above if part in places), document.place(path))


def _real_path(data: Any, loc: tuple[int | str, ...]) -> SettingPath:
    """pydantic's location without the names of union members, which nobody wrote."""
    path: list[str | int] = []
    for index, part in enumerate(loc):
        inside = isinstance(data, dict) and part in data
        if inside or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            data = data[part]
            path.append(part)
        elif index == len(loc) - 1 and isinstance(data, dict) and isinstance(part, str):
            path.append(part)
    return tuple(path)


def _sentence(model: type[pydantic.BaseModel], path: SettingPath, found: Any) -> str:
    name = show_path(path) or "the file"
    if found["type"] == "extra_forbidden":
        return f"{name} is not a setting: {_hint_for_name(model, path)}"
    if found["type"] == "missing":
        return f"{name} is missing: give it a value"
    message = found["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message[:1].lower() + message[1:] if message[1:2].islower() else message
    return f"{name}{_shown_value(model, path, found['input'])}: {message.removeprefix('input ')}"


def _shown_value(model: type[pydantic.BaseModel], path: SettingPath, value: Any) -> str:
    secret = {leaf.path for leaf in leaves(model) if is_secret(leaf)}
    if any(path[: len(hidden)] == hidden for hidden in secret) or any(is_secret_name(str(part)) for part in path):
        return " (value not shown)"
    if isinstance(value, dict | list):
        return ""
    return f" is {json.dumps(value, ensure_ascii=False)}"


def _without_passwords(sentence: str) -> str:
    """User and password of a URL (`redis://user:password@host`) are never printed."""
    return re.sub(r"://[^/\s]*@", "://***@", sentence)


def _hint_for_name(model: type[pydantic.BaseModel], path: SettingPath) -> str:
    """The nearest name in the same section, else the section that has a setting of this name."""
    section: type[pydantic.BaseModel] | None = model
    for part in path[:-1]:
        section = _model_below(section, part)
    if section is None:
        return "remove it"
    names = list(section.model_fields)
    above = show_path(path[:-1])
    elsewhere = [".".join(leaf.path) for leaf in leaves(model) if leaf.path[-1] == path[-1]]
    if elsewhere and not difflib.get_close_matches(str(path[-1]), names, 1, 0.6):
        return f"did you mean {elsewhere[0]}?"
    return _nearest(str(path[-1]), names, f"{above or 'the file'} has {', '.join(names)}")


def _model_below(model: type[pydantic.BaseModel] | None, part: str | int) -> type[pydantic.BaseModel] | None:
    if model is None or isinstance(part, int):
        return model
    field = model.model_fields.get(part)
    return None if field is None else section_of(field.annotation) or item_model(field.annotation)


def _nearest(name: str, known: Sequence[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f"did you mean {near[0]}?" if near else otherwise


def _kind_of_value(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a text" if isinstance(value, str) else repr(value)
