"""Protobuf to OTLP/JSON."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from otel_scorer.errors import BadRequest
from otel_scorer.otlp.fields import HEX_FIELDS, WIDE_INTS
from otel_scorer.otlp.json_in import REQUESTS
from otel_scorer.wire.mend import Mender
from otel_scorer.wire.parts import Signal


def request_to_json(signal: Signal, raw: bytes) -> bytes:
    """The request as one line of OTLP/JSON, without a line end: hex ids, enums as numbers, 64-bit ints as strings.

    What no protobuf library reads is mended first. Fields newer than our OTLP version have no JSON name and are left
    out. Raises BadRequest.
    """
    request = _parsed(REQUESTS[signal], raw)
    return json.dumps(_object(request), ensure_ascii=False, separators=(",", ":")).encode()


def _parsed(message: Any, raw: bytes) -> Any:
    with suppress(DecodeError):
        return message.FromString(raw)
    mended = Mender().request(raw, message)
    if mended is not None:
        with suppress(DecodeError):
            return message.FromString(mended)
    raise BadRequest("the body is no OTLP request: it cannot be read as protobuf")


def _object(message: Any) -> dict[str, Any]:
    out = {}
    for field, value in message.ListFields():
        name, convert, repeated = _plan(field)
        out[name] = [convert(item) for item in value] if repeated else convert(value)
    return out


@lru_cache(maxsize=1024)
def _plan(field: FieldDescriptor) -> tuple[str, Callable[[Any], Any], bool]:
    return field.json_name, _converter(field), field.is_repeated


def _converter(field: FieldDescriptor) -> Callable[[Any], Any]:
    if field.message_type is not None:
        return _object
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes.hex if field.name in HEX_FIELDS else _base64
    if field.type in WIDE_INTS:
        return str
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return _number
    return _same


def _same(value: Any) -> Any:
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
