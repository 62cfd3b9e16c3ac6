"""The files of ../shared/traces as requests: each with ids of its own, in both forms of OTLP, split and shuffled.

Reads and encodes with the generated classes and json_format only, nothing of otel_scorer but its list of markers.
"""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_scorer.conventions.markers import is_agent

Form = Literal["json", "protobuf"]
_IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


@dataclass(frozen=True, slots=True)
class Piece:
    """One span of a file, with what stands around it."""

    form: Form
    trace_id: str
    span_id: str
    parent_id: str
    agent: bool
    resource: dict[str, Any]
    scope: dict[str, Any]
    span: dict[str, Any]
    raw: bytes


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A trace file in one form, and its log records as one request of that form (None without)."""

    name: str
    form: Form
    pieces: tuple[Piece, ...]
    logs: bytes | None
    logs_as_protobuf: bytes | None
    answer_in_logs: bool
    """The model's answer stands in a log record and nowhere else."""

    @property
    def trace_ids(self) -> set[str]:
        return {piece.trace_id for piece in self.pieces}


def recorded_files(folder: Path, form: Form) -> list[RecordedFile]:
    """Every trace file below the folder, sorted by name."""
    paths = [path for path in sorted(folder.rglob("*.json")) if _is_traces(path)]
    return [_recorded(path, path.relative_to(folder).as_posix(), form) for path in paths]


def shuffled_requests(pieces: Sequence[Piece], spans: int, draw: random.Random) -> list[list[Piece]]:
    """All pieces in no order, in groups of about `spans`."""
    order = list(pieces)
    draw.shuffle(order)
    groups, at = [], 0
    while at < len(order):
        size = draw.randint(1, 2 * spans)
        groups.append(order[at : at + size])
        at += size
    return groups


def request_body(pieces: Sequence[Piece]) -> bytes:
    """The OTLP request of these spans, in their form (all have the same)."""
    request: dict[str, Any] = {"resourceSpans": []}
    for resource, scopes in _grouped(pieces):
        request["resourceSpans"].append({**resource, "scopeSpans": scopes})
    if pieces[0].form == "json":
        return json.dumps(request).encode()
    return _encoded(request, ExportTraceServiceRequest())


def _grouped(pieces: Iterable[Piece]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    found: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {}
    for piece in pieces:
        resource, scopes = found.setdefault(json.dumps(piece.resource), (piece.resource, {}))
        scope = scopes.setdefault(json.dumps(piece.scope), {**piece.scope, "spans": []})
        scope["spans"].append(piece.span)
    for resource, scopes in found.values():
        yield resource, list(scopes.values())


def _is_traces(path: Path) -> bool:
    return path.name != "versions.json" and not path.name.endswith(".logs.json")


def _recorded(path: Path, name: str, form: Form) -> RecordedFile:
    salt = f"{name}|{form}"
    content = _with_own_ids(_content(path), salt)
    pieces = tuple(_pieces(content, form))
    log_path = path.with_name(path.stem + ".logs.json")
    if not log_path.exists():
        return RecordedFile(name, form, pieces, None, None, False)
    logs = _with_own_ids(_content(log_path), salt)
    encoded = _encoded(logs, ExportLogsServiceRequest())
    body = json.dumps(logs).encode() if form == "json" else encoded
    return RecordedFile(name, form, pieces, body, encoded, _answers(logs))


def _answers(logs: Any) -> bool:
    records = [each for one in logs["resourceLogs"] for scope in one["scopeLogs"] for each in scope["logRecords"]]
    return any(each.get("eventName") == "gen_ai.choice" and '"content"' in json.dumps(each["body"]) for each in records)


@cache
def _content(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _with_own_ids(node: Any, salt: str) -> Any:
    """The same with every id replaced, equal ones by equal ones."""
    if isinstance(node, list):
        return [_with_own_ids(one, salt) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: blake2b(f"{salt}|{value}".encode(), digest_size=_IDS[key]).hexdigest()
        if key in _IDS and value
        else _with_own_ids(value, salt)
        for key, value in node.items()
    }


def _pieces(content: Any, form: Form) -> Iterator[Piece]:
    for resource_spans in content["resourceSpans"]:
        resource = {key: value for key, value in resource_spans.items() if key != "scopeSpans"}
        for scope_spans in resource_spans["scopeSpans"]:
            scope = {key: value for key, value in scope_spans.items() if key != "spans"}
            for span in scope_spans["spans"]:
                attributes = {
                    each["key"]: next(iter(each["value"].values()), None) for each in span.get("attributes", ())
                }
                yield Piece(
                    form,
                    span["traceId"],
                    span["spanId"],
                    span.get("parentSpanId", ""),
                    is_agent(attributes, span["name"]),
                    resource,
                    scope,
                    span,
                    _encoded(span, Span()),
                )


def _encoded(content: Any, message: Any) -> bytes:
    """OTLP/JSON as protobuf: only its ids (hex there, base64 in protobuf's own JSON) differ."""
    json_format.ParseDict(_base64_ids(copy.deepcopy(content)), message)
    raw: bytes = message.SerializeToString()
    return raw


def _base64_ids(node: Any) -> Any:
    if isinstance(node, list):
        return [_base64_ids(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: base64.b64encode(bytes.fromhex(value)).decode() if key in _IDS else _base64_ids(value)
        for key, value in node.items()
    }
