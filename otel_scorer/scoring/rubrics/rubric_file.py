"""One rubric file to one `Rubric`: every mistake named by file, field, value and what would be right."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from otel_scorer.errors import UserError
from otel_scorer.scoring.rubrics.rubric import CheckUse, Rubric


def read_rubric(path: Path) -> Rubric:
    """The rubric in `path` (`<folder>/<name>/<version>.yaml`), its checks resolved once. Raises UserError."""
    rubric = _validated(_parsed(path), path)
    if path.parent.name != rubric.name or path.stem != str(rubric.version):
        raise UserError(
            f"{path}: holds {rubric}; a rubric lies in <name>/<version>.yaml, so move it to "
            f"{rubric.name}/{rubric.version}.yaml or mend name and version"
        )
    for field, use in _uses(rubric):
        try:
            use.function  # noqa: B018  (bound once, here)
        except UserError as error:
            raise UserError(f"{path}: {field}: {error}") from error
    return rubric


def _uses(rubric: Rubric) -> Iterator[tuple[str, CheckUse]]:
    """Every check and measure, and the field that names it."""
    for dimension, rules in rubric.dimensions.items():
        for index, use in enumerate(rules.checks):
            yield f"dimensions.{dimension}.checks.{index}", use
    for index, use in enumerate(rubric.measures):
        yield f"measures.{index}", use


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe subset, with a key that comes twice refused instead of the last one taken."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    loader.flatten_mapping(node)
    found: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} comes twice", problem_mark=key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _parsed(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=_StrictLoader)  # noqa: S506  (a subclass of SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    except (yaml.YAMLError, TypeError) as error:
        raise UserError(f"{path}: is not YAML: {_one_line(error)}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds {type(content).__name__}; a rubric is a mapping with name, version, level, …")
    return content


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _validated(content: Mapping[str, Any], path: Path) -> Rubric:
    try:
        return Rubric.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"] if part != "[key]")
        value = "" if first["type"] == "missing" else f" is {_short(first['input'])}"
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UserError(f"{path}: {field or 'the rubric'}{value}: {_remedy(first['msg'])}{more}") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _remedy(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return {
        "Extra inputs are not permitted": "is no field of a rubric; remove it or mend its name",
        "Field required": "is missing; add it",
    }.get(message, message[:1].lower() + message[1:])
