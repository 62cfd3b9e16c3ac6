"""OTLP/JSON to protobuf, after the rules of the OTLP specification (which are not quite protobuf's own)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from itertools import accumulate
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from otel_scorer.errors import BadRequest
from otel_scorer.otlp.fields import HEX_FIELDS, by_json_name
from otel_scorer.wire.encode import utf8
from otel_scorer.wire.mend import CUT, MAX_DEPTH
from otel_scorer.wire.parts import Signal

REQUESTS: dict[Signal, Any] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}

_MAX_NESTING = 400
"""Brackets inside brackets; json.loads gives up near 1,000. A value of 32 levels needs about 110."""

# Possessive, and matching to the end where a string has none: linear on every body.
_strings = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_ANY_VALUE = AnyValue.DESCRIPTOR


class _WrongError(ValueError):
    """A value that its field does not take; collects the way to it while it is raised."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.way: list[str] = []


def json_to_request(signal: Signal, body: bytes) -> bytes:
    """The protobuf request that this OTLP/JSON body says. Raises BadRequest, naming the place.

    Ids are hex in any case, enums numbers or names, 64-bit ints strings or numbers, bytes base64; unknown fields and
    null are passed over; values nested deeper than 32 levels are cut. UTF-8 only, with or without BOM.
    """
    return document_to_request(signal, load(body))


def load(body: bytes) -> Any:
    """The JSON value, with a limit on nesting. Raises BadRequest."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8 text (byte {error.start})") from None
    if _nesting(body) > _MAX_NESTING:
        raise BadRequest(f"the body nests deeper than {_MAX_NESTING} levels")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def document_to_request(signal: Signal, document: Any) -> bytes:
    """Like `json_to_request`, for JSON that is loaded already."""
    request = REQUESTS[signal]()
    try:
        _fill(request, document, 0)
        out: bytes = request.SerializeToString()
    except _WrongError as error:
        raise BadRequest(f"{'.'.join(reversed(error.way)) or 'the body'}: {error}") from None
    return out


def _nesting(body: bytes) -> int:
    brackets = _strings.sub(b"", body).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def _no_constant(name: str) -> Any:
    raise ValueError(f'{name} is not JSON; write "{name}"')


def _fill(message: Any, document: Any, depth: int) -> None:
    """Sets the message's fields from a JSON object; `depth` counts the values around it."""
    if not isinstance(document, dict):
        raise _WrongError(f"an object is needed here, not {_kind(document)}")
    if message.DESCRIPTOR is _ANY_VALUE:
        depth += 1
        if depth > MAX_DEPTH:
            message.string_value = CUT
            return
    fields = by_json_name(message.DESCRIPTOR)
    for name, value in document.items():
        field = fields.get(name)
        if field is None or value is None:
            continue
        try:
            _set(message, field, value, depth)
        except _WrongError as error:
            error.way.append(name)
            raise


def _set(message: Any, field: FieldDescriptor, value: Any, depth: int) -> None:
    if field.is_repeated:
        _extend(getattr(message, field.name), field, value, depth)
    elif field.message_type is not None:
        part = getattr(message, field.name)
        part.SetInParent()
        _fill(part, value, depth)
    elif (scalar := _scalar(field, value)) is not None:
        _checked(lambda: setattr(message, field.name, scalar))


def _extend(target: Any, field: FieldDescriptor, values: Any, depth: int) -> None:
    if not isinstance(values, list):
        raise _WrongError(f"a list is needed here, not {_kind(values)}")
    for index, value in enumerate(values):
        try:
            if field.message_type is not None:
                _fill(target.add(), {} if value is None else value, depth)
            elif (scalar := _scalar(field, value)) is not None:
                _checked(lambda scalar=scalar: target.append(scalar))
        except _WrongError as error:
            error.way.append(str(index))
            raise


def _checked(store: Any) -> None:
    try:
        store()
    except (ValueError, TypeError, OverflowError):
        raise _WrongError("the number is out of range") from None


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    """The value as the field wants it; None for an enum name that is not known here (a newer sender)."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return utf8(_text(value)).decode()
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _hex(_text(value)) if field.name in HEX_FIELDS else _base64(_text(value))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _bool(value)
    if field.type == FieldDescriptor.TYPE_ENUM and isinstance(value, str) and not value.lstrip("-").isdigit():
        known = field.enum_type.values_by_name.get(value) if field.enum_type is not None else None
        return None if known is None else known.number
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return _float(value)
    return _int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongError(f"a string is needed here, not {_kind(value)}")
    return value


def _hex(text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except ValueError:
        raise _WrongError("an id is needed here, in hex digits") from None


def _base64(text: str) -> bytes:
    try:
        plain = text.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise _WrongError("bytes are needed here, in base64") from None


def _bool(value: Any) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise _WrongError(f"true or false is needed here, not {_kind(value)}")


def _int(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    raise _WrongError("an integer is needed here")


def _float(value: Any) -> float:
    if isinstance(value, str) and value in _SPECIAL:
        return _SPECIAL[value]
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise _WrongError("a number is needed here")


def _kind(value: Any) -> str:
    """What JSON calls this; never the value itself, which is content."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
