"""Any value of a span as JSON knows it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any


def jsonable(value: Any) -> Any:
    """Lists, dicts and scalars: bytes in base64, numbers that are none (`nan`, `inf`) as words."""
    if isinstance(value, Mapping):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def dump(value: Any) -> str:
    """One line of JSON. A lone surrogate, which JSON can spell and UTF-8 cannot, goes out as JSON spells it."""
    return json.dumps(jsonable(value), ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
