"""Finds the log records that carry a span's content. The request itself is forwarded as it came."""

from __future__ import annotations

from typing import Any

from otel_scorer.conventions import markers
from otel_scorer.wire import lite
from otel_scorer.wire.mend import Mender
from otel_scorer.wire.pieces import Envelope, JoinedLog, LogSplit, envelope_of
from otel_scorer.wire.search import OWN_NAME, key_and_text, text_of

_PREFIXES = tuple(prefix.encode() for prefix in markers.LOG_EVENT_PREFIXES)


def split_logs(raw: bytes) -> LogSplit:
    """GenAI log records that have the ids of a span, and the number of all records. Raises BadRequest.

    Records of our own scope (mirrors of scores) are left out. What no library could read is mended or left out.
    """
    request = lite.parse_request(raw)
    scopes = [(resources, scope) for resources in request.resources for scope in resources.scopes]
    count = sum(len(scope.items) for _, scope in scopes)
    joined: list[JoinedLog] = []
    if any(prefix in raw for prefix in _PREFIXES):
        mender = Mender()
        for resources, scope in scopes:
            joined += _joined(resources, scope, mender)
    return LogSplit(joined, count)


def _joined(resources: Any, scope: Any, mender: Mender) -> list[JoinedLog]:
    found = [(item, ids) for item in scope.items if (ids := _genai(item)) is not None]
    if not found:
        return []
    envelope = mender.envelope(envelope_of(resources, scope))
    if envelope is None or _is_ours(envelope):
        return []
    out = []
    for item, (trace_id, span_id) in found:
        sound = mender.log_record(item)
        if sound is not None:
            out.append(JoinedLog(trace_id, span_id, sound, envelope))
    return out


def _genai(item: bytes) -> tuple[bytes, bytes] | None:
    """The ids of the span that this record belongs to; None for a record that is not wanted."""
    if not any(prefix in item for prefix in _PREFIXES):
        return None
    record = lite.parse(lite.LogRecord, item)
    if record is None or len(record.trace_id) != 16 or len(record.span_id) != 8:
        return None
    if not any(record.trace_id) or not any(record.span_id):
        return None
    attributes = dict(map(key_and_text, record.attributes))
    if not markers.is_genai_log(text_of(record.event_name), attributes):
        return None
    return record.trace_id, record.span_id


def _is_ours(envelope: Envelope) -> bool:
    if OWN_NAME not in envelope.scope:
        return False
    scope = lite.parse(lite.Scope, envelope.scope)
    return scope is not None and scope.name == OWN_NAME
