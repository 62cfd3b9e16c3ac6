"""Tool definitions in any shape: OpenAI, Anthropic, Gemini, Bedrock, OpenTelemetry, Pydantic AI, OpenInference rows."""

from __future__ import annotations

import re
from functools import lru_cache

from otel_scorer.conventions.values import MAX_ITEMS, decode, loosened, string
from otel_scorer.model import ToolDefinition, Value

_SCHEMA_KEYS = (
    "parameters",
    "input_schema",
    "inputSchema",
    "parameters_json_schema",
    "json_schema",
    "parametersJsonSchema",
)
_LIST_KEYS = ("function_declarations", "functionDeclarations", "function_tools", "tools")
_NAME = re.compile(r"[\w./:-]{1,128}\Z")
_MAX_TEXT = 256 * 1024


def definitions(value: Value) -> tuple[ToolDefinition, ...] | None:
    """Read definitions from a value or its JSON text; None when not captured. The same long text is read once per
    process.
    """
    if isinstance(value, str):
        return _remembered(value) if len(value) <= _MAX_TEXT else _read(decode(value).value)
    return _read(value)


@lru_cache(maxsize=128)
def _remembered(text: str) -> tuple[ToolDefinition, ...] | None:
    """A service's tool list is the same on each of its spans, and large."""
    return _read(decode(text).value)


def _read(value: Value) -> tuple[ToolDefinition, ...] | None:
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return None
    found = [one for item in value[:MAX_ITEMS] for one in _each(item, 0)]
    return tuple(found) if found or not value else None


def _each(item: Value, depth: int) -> list[ToolDefinition]:
    item = loosened(item)
    if not isinstance(item, dict) or depth > 4:
        name = item.removeprefix("/tool/") if isinstance(item, str) else ""  # a tool's key in Genkit
        return [ToolDefinition(name)] if _NAME.match(name) and depth <= 4 else []
    for key in _LIST_KEYS:
        inner = loosened(item.get(key))
        if isinstance(inner, list) and not string(item.get("name")):
            return [one for each in inner for one in _each(each, depth + 1)]
    function = item.get("function")
    if isinstance(function, dict):
        return _each(function, depth + 1)
    tool = item.get("tool")
    if isinstance(tool, dict):
        return _each_row(tool, depth)
    bedrock = item.get("toolSpec")
    if isinstance(bedrock, dict):
        return _each(bedrock, depth + 1)
    return _one(item)


def _each_row(tool: dict[str, Value], depth: int) -> list[ToolDefinition]:
    """OpenInference: `tool.json_schema` holds the whole definition, newer spans repeat name and description beside
    it.
    """
    schema = loosened(tool.get("json_schema"))
    from_schema = _each(schema, depth + 1)
    if from_schema or not isinstance(schema, dict):
        return from_schema or _one(tool)
    return _one({**tool, "parameters": schema})


def _one(item: dict[str, Value]) -> list[ToolDefinition]:
    name = string(item.get("name")) or _name_of_builtin(item)
    if not name:
        return []
    schema = next((loosened(item[key]) for key in _SCHEMA_KEYS if item.get(key) is not None), None)
    if isinstance(schema, dict) and schema.keys() == {"json"}:
        schema = loosened(schema["json"])
    return [ToolDefinition(name, string(item.get("description")), schema)]


def _name_of_builtin(item: dict[str, Value]) -> str:
    """A provider's built-in tool has only a type (`{"type": "web_search"}`)."""
    kind = string(item.get("type"))
    return "" if kind in ("function", "object", "string", "array") else kind
