"""From kept content to the conversation that rubrics judge: the same for a worker and for who looks later."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from otel_scorer.conventions.conversation_view import conversation
from otel_scorer.history.kept import Kept
from otel_scorer.model import Conversation, Trace
from otel_scorer.otlp import Signal, traces_in

log = logging.getLogger(__name__)


def conversation_of(
    tenant: str, conversation_id: str, content: Iterable[Kept], known: int
) -> tuple[Conversation, Mapping[str, str]]:
    """The conversation of these traces, and the request headers of its last one; `known` is how many traces it has.

    What cannot be read counts as not kept.
    """
    traces: dict[str, Trace] = {}
    headers: dict[str, Mapping[str, str]] = {}
    for kept in content:
        try:
            requests: list[tuple[Signal, bytes]] = [("traces", kept.traces)]
            if kept.logs:
                requests.append(("logs", kept.logs))
            for trace in traces_in(requests, tenant):
                traces[trace.trace_id], headers[trace.trace_id] = trace, kept.headers
        except ValueError:
            log.warning("the kept content of trace %s cannot be read", kept.trace_id)
    found = conversation(tenant, conversation_id, traces.values(), known)
    return found, headers[found.traces[-1].trace_id] if found.traces else {}
