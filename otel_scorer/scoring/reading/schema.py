"""Tool arguments against a JSON Schema that a stranger wrote: jsonschema, fenced in.

A schema out of a trace is hostile input: references may fetch URLs or unfold without end, patterns may backtrack
without end. So it is copied before use: local references are put in place, remote ones and patterns dropped, and both
schema and value have a size beyond which nothing is judged.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry

from otel_scorer.model import Value
from otel_scorer.scoring.wording.words import leaves

_MAX_NODES = 3000
_MAX_DEPTH = 24
_MAX_LEAVES = 2000
_DROPPED = frozenset(
    {
        "$ref",
        "$dynamicRef",
        "$recursiveRef",
        "$id",
        "$schema",
        "$anchor",
        "$dynamicAnchor",
        "$defs",
        "definitions",
        "pattern",
        "patternProperties",
        "propertyNames",
        "format",
        "default",
        "examples",
        "uniqueItems",
    }
)
_TYPES = {
    "dict": "object",
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "any": None,
}
"""Type words of Python that tool definitions hold instead of JSON Schema's."""


class TooBigError(Exception):
    """The value is larger than what is judged."""


def faults(value: Value, schema: Value) -> list[str]:
    """What is wrong with the value, one sentence each ("order_id: is missing"); empty where it fits.

    Raises TooBigError for a value too large to judge. A schema that is none fits everything.
    """
    return faults_by(value, validator(schema)) if isinstance(schema, dict) else []


def validator(schema: Value) -> Draft202012Validator | None:
    """Judges values by the schema; None for a schema that is none. Costs more than judging."""
    if not isinstance(schema, dict):
        return None
    fenced = _Fence(schema).copy(schema, 0)
    try:
        Draft202012Validator.check_schema(fenced)
    except (SchemaError, RecursionError):
        return None
    return Draft202012Validator(fenced, registry=Registry())


def faults_by(value: Value, rules: Draft202012Validator | None, limit: int = 10) -> list[str]:
    """`faults`, with what `validator` made of the schema."""
    if sum(1 for _ in leaves(value, _MAX_LEAVES)) >= _MAX_LEAVES:
        raise TooBigError
    found: list[str] = []
    for error in rules.iter_errors(value) if rules is not None else ():
        found.append(_sentence(error))
        if len(found) >= limit:
            break
    return found


def _sentence(error: Any) -> str:
    """Where and which rule, never the value."""
    place = ".".join(map(str, error.absolute_path))
    prefix = f"{place}: " if place else ""
    if error.validator == "required" and isinstance(error.instance, dict):
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{prefix}{', '.join(missing[:5])} is missing"
    if error.validator == "type":
        return f"{prefix}is not of type {error.validator_value}"
    if error.validator == "enum":
        return f"{prefix}is none of the allowed values"
    if error.validator == "additionalProperties":
        known = (error.schema.get("properties") or {}) if isinstance(error.schema, dict) else {}
        extra = [str(name)[:40] for name in error.instance if name not in known]
        return f"{prefix}{', '.join(extra[:5])} is not a parameter"
    return f"{prefix}breaks the rule {error.validator!r}"


class _Fence:
    """Copies a schema without what could run away. Where its budget ends, everything is allowed."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.left = _MAX_NODES

    def copy(self, node: Any, depth: int) -> Any:
        self.left -= 1
        if self.left <= 0 or depth > _MAX_DEPTH:
            return True
        if isinstance(node, list):
            return [self.copy(item, depth + 1) for item in node[:200]]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str):
            return self.copy(self._resolve(reference), depth + 1)
        return {key: self._entry(key, item, depth) for key, item in list(node.items())[:500] if key not in _DROPPED}

    def _entry(self, key: str, item: Any, depth: int) -> Any:
        if key in ("enum", "const", "required", "description", "title"):
            return item[:500] if isinstance(item, (list, str)) else item
        if key == "properties" and isinstance(item, dict):
            return {name: self.copy(child, depth + 1) for name, child in list(item.items())[:500]}
        if key == "type" and isinstance(item, str):
            return _TYPES.get(item, item) or ["object", "array", "string", "number", "boolean", "null"]
        return self.copy(item, depth + 1)

    def _resolve(self, reference: str) -> Any:
        node: Any = self.root
        if not reference.startswith("#/"):
            return True
        for part in reference[2:].split("/")[:20]:
            node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
        return True if node is None else node
