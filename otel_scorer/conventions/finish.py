"""Why a model stopped, in one vocabulary: stop, length, content_filter, tool_call, error, else the provider's own
word.
"""

from __future__ import annotations

from otel_scorer.conventions.values import decode, string, strings
from otel_scorer.model import Attributes, LogRecord, Span, Value

_WORDS: dict[str, str] = {
    **dict.fromkeys(
        (
            "stop",
            "end_turn",
            "endturn",
            "stop_sequence",
            "stopsequence",
            "complete",
            "completed",
            "finish",
            "eos",
            "end",
        ),
        "stop",
    ),
    **dict.fromkeys(
        ("length", "max_tokens", "max_output_tokens", "model_length", "max_length", "incomplete"), "length"
    ),
    **dict.fromkeys(
        ("content_filter", "content-filter", "content_filtered", "safety", "refusal", "recitation", "blocklist"),
        "content_filter",
    ),
    **dict.fromkeys(("prohibited_content", "spii", "guardrail_intervened", "image_safety"), "content_filter"),
    **dict.fromkeys(
        ("tool_call", "tool_calls", "tool_use", "tooluse", "tool-calls", "function_call", "function_calls"), "tool_call"
    ),
    **dict.fromkeys(("error", "failed", "malformed_function_call"), "error"),
}
_LISTS = ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "gen_ai.response.stop_reason")
_SINGLES = (
    "llm.finish_reason",
    "ai.response.finishReason",
    "ai.finishReason",
    "stop_reason",
    "anthropic.message.stop_reason",
)
_FIRST_CHOICES = ("gen_ai.completion.0.finish_reason", "gen_ai.completion.1.finish_reason")
_TOLD_BY = frozenset({*_LISTS, *_SINGLES, *_FIRST_CHOICES})
_MAX_CHOICES = 16


def normalised(word: str) -> str:
    """One provider's word in our vocabulary; unknown words in lower case."""
    lower = word.strip().lower()
    return _WORDS.get(lower.removeprefix("finishreason."), lower)


def finish_reasons_of(span: Span) -> tuple[str, ...]:
    """The finish reasons of one model call, one for each choice; () where nobody tells. Reads no messages."""
    if _TOLD_BY.isdisjoint(span.attributes):
        told = _from_events(span)
    else:
        told = _from_keys(span.attributes) or _from_choices(span.attributes) or _from_events(span)
    return tuple(normalised(word) for word in told)


def _from_keys(attributes: Attributes) -> tuple[str, ...]:
    for key in _LISTS:
        value = attributes.get(key)
        if value is not None and (words := strings(value)):
            return words
    for key in _SINGLES:
        word = string(attributes.get(key))
        if word:
            return (word,)
    return ()


def _from_choices(attributes: Attributes) -> tuple[str, ...]:
    """Flattened choices (OpenLLMetry's older form, and its likes)."""
    if not any(key in attributes for key in _FIRST_CHOICES):
        return ()
    found = (string(attributes.get(f"gen_ai.completion.{at}.finish_reason")) for at in range(_MAX_CHOICES))
    return tuple(word for word in found if word)


def _from_events(span: Span) -> tuple[str, ...]:
    if not span.logs and not span.events:
        return ()
    found = [_of_log(record) for record in span.logs]
    found += [strings(event.attributes.get("finish_reason")) for event in span.events if event.name == "gen_ai.choice"]
    return tuple(word for words in found for word in words)


def _of_log(record: LogRecord) -> tuple[str, ...]:
    name = record.event_name or record.attributes.get("event.name")
    if name == "gen_ai.choice":
        body: Value = decode(record.body).value if isinstance(record.body, str) else record.body
        return strings(body.get("finish_reason")) if isinstance(body, dict) else ()
    if name == "gen_ai.client.inference.operation.details":
        return strings(record.attributes.get("gen_ai.response.finish_reasons"))
    return ()
