"""Objects as Python prints them: some instrumentations write `str(response)` where others write JSON."""

from __future__ import annotations

import ast
import json
import re

from otel_scorer.conventions.values import decode
from otel_scorer.model import Value

_LONGEST = 256 * 1024
_TOKEN = re.compile(r"""'(?:[^'\\]|\\.?)*(?:'|\Z)|"(?:[^"\\]|\\.?)*(?:"|\Z)|\b(?:True|False|None)\b""", re.DOTALL)
"""A quote always begins a string, be it cut: no text is searched twice."""
_WORDS = {"True": "true", "False": "false", "None": "null"}


def printed_object(text: str) -> Value:
    """What a printed dict of plain values says (`{'id': 'x', 'error': None}`); None for any other text."""
    if not text.startswith(("{'", '{"')) or len(text) > _LONGEST:
        return None
    found = decode(_TOKEN.sub(_as_json, text))
    return found.value if found.ok else None


def printed_list(text: str) -> list[Value] | None:
    """What a printed tuple or list of plain values says (`('x', 1)`); None for any other text."""
    if len(text) > _LONGEST or (text[:1], text[-1:]) not in (("(", ")"), ("[", "]")):
        return None
    found = decode("[" + _TOKEN.sub(_as_json, text[1:-1]).rstrip().removesuffix(",") + "]")
    return found.value if isinstance(found.value, list) else None


_MESSAGE = re.compile(r"""content=('(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")\s(?=.*\btool_call_id=)""", re.DOTALL)


def printed_tool_message(text: str) -> str | None:
    """What a printed tool message of LangChain says (`content='x' name='f' tool_call_id='1'`); None for other text."""
    if not text.startswith("content=") or len(text) > _LONGEST:
        return None
    found = _MESSAGE.match(text)
    return unprinted_text(found[1]) if found else None


def _as_json(token: re.Match[str]) -> str:
    told = token[0]
    if told in _WORDS:
        return _WORDS[told]
    body = told[1:-1]
    if "\\x" in body or "\\U" in body:
        return json.dumps(unprinted_text(told))
    # What is left of Python's escapes JSON has too, but for the quotes.
    return '"' + (body.replace("\\'", "'").replace('"', '\\"') if told[0] == "'" else body) + '"'


def unprinted_text(quoted: str) -> str:
    """What a string of Python source says; the text between the quotes where it does not parse."""
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        return str(ast.literal_eval(quoted))
    except (SyntaxError, ValueError, MemoryError):
        return quoted[1:-1]
