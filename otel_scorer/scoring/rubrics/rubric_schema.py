"""The rubric format as a JSON Schema, for editors: completion, and mistakes underlined while they are made."""

from __future__ import annotations

import json
from typing import Any

from otel_scorer.scoring.rubrics.rubric import Rubric

SCHEMA_FILE = "rubric.schema.json"
"""Name of the schema in a rubrics folder."""
SCHEMA_COMMENT = f"# yaml-language-server: $schema=../{SCHEMA_FILE}"
"""First line of a rubric file: tells an editor where the schema is."""


def rubric_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a rubric file. What it allows may still be refused at load: functions are loaded
    and dimensions compared there.
    """
    schema = Rubric.model_json_schema(by_alias=True)
    anchors = schema["$defs"]["DimensionRubric"]["properties"]["anchors"]
    anchors.pop("propertyNames", None)
    anchors.pop("additionalProperties", None)
    anchors["properties"] = {str(value): {"type": "string", "minLength": 1} for value in range(1, 6)}
    anchors.update(required=[str(value) for value in range(1, 6)], additionalProperties=False)
    cleaned: dict[str, Any] = _in_plain_lines(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **cleaned,
        "title": "A rubric of otel_scorer",
    }


def schema_text() -> str:
    """What `rubric.schema.json` says."""
    return json.dumps(rubric_schema(), indent=2) + "\n"


def _in_plain_lines(node: Any) -> Any:
    """Descriptions come from docstrings, whose line breaks are no part of what they say."""
    if isinstance(node, dict):
        return {
            key: " ".join(item.split()) if key == "description" and isinstance(item, str) else _in_plain_lines(item)
            for key, item in node.items()
            if key != "title" or not isinstance(item, str)
        }
    return [_in_plain_lines(item) for item in node] if isinstance(node, list) else node
