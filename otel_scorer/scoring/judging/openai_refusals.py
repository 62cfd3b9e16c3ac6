"""What an endpoint's refusal means, and which setting helps: providers differ in status, code and wording.

The provider's own words are looked at, and not passed on: they may quote the prompt. Only numbers of tokens are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from otel_scorer.model import JudgeUse
from otel_scorer.scoring.judging.judge import JudgeError, JudgeFailure, JudgeInvalid, JudgeOverflow
from otel_scorer.scoring.judging.judge_settings import JudgeSettings

_HEAD = 400
"""Characters of the provider's words that are looked at: what comes later is often the request, quoted."""
_OVERFLOW = (
    *("context_length", "context length", "context size", "context window", "contextwindow", "maximum context"),
    *(
        "exceed_context",
        "maximum model length",
        "too many tokens",
        "prompt is too long",
        "input token count",
        "too large for model",
    ),
    *("max_new_tokens` must be", "must have less than", "tokens must be at least 1, got -", "request_too_large"),
)
_WITHHELD = ("content_filter", "content_policy", "content management policy", "responsibleai")
_UNGRAMMATICAL = ("json_validate_failed", "failed to generate json")
_FIELDS = (
    (("temperature",), "temperature: set it to null, or to a value that this model takes"),
    (("max_completion_tokens",), "max_completion_tokens: set max_tokens_field to max_tokens"),
    (("max_tokens",), "max_tokens: set max_tokens_field to max_completion_tokens"),
    (
        ("response_format", "json_schema", "json_object", "response_schema", "structured output", "grammar", "$ref"),
        "the format of answers: set answer_format (now {answer_format}) to another of json_schema, json_object, text",
    ),
)
"""How a refusal names a field of the request -> the field, and what to set."""
_STATUSES = {
    401: "it refuses the key: set api_key or key_variable",
    402: "the account there has no money left",
    403: "it refuses the key, or what the key may use: set api_key or key_variable",
    404: "it has no model {model}, or no such address: look at model and base_url ({where}), which often ends in /v1",
    405: "it takes no such request: look at base_url ({where}), which often ends in /v1",
    408: "it gave up waiting",
    429: "its limit is reached: raise it there, or lower max_connections (now {max_connections})",
    503: "it is overloaded, or still loads the model",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What came instead of an answer: the HTTP status (0: not told), and the error object of its body."""

    status: int
    body: Any = None

    @property
    def error(self) -> Mapping[str, Any]:
        """The error object; empty where the body holds none."""
        body = self.body[0] if isinstance(self.body, list) and self.body else self.body  # Gemini's is a list of one
        inner = body.get("error", body) if isinstance(body, dict) else body
        return inner if isinstance(inner, dict) else {"message": str(inner or "")}

    @property
    def named(self) -> str:
        """What it calls the matter, in lower case: codes first."""
        return " ".join(_texts(self.error, ("code", "type", "param"))).lower()

    @property
    def said(self) -> str:
        """`named`, and the beginning of its words."""
        words = next(_texts(self.error, ("message", "detail")), "") or str(dict(self.error))
        return f"{self.named} {words[:_HEAD]}".lower()


def _texts(error: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if error.get(name):
            yield str(error[name])


def failure_of(refusal: Refusal, settings: JudgeSettings) -> JudgeFailure:
    """The failure that a refusal is. It counts as one call without a cost."""
    use = JudgeUse(calls=1)
    said = refusal.said
    if refusal.status == 413 or (refusal.status != 429 and any(word in said for word in _OVERFLOW)):
        return JudgeOverflow(_too_long(refusal.error, settings), use)
    if refusal.status != 429 and any(word in said for word in _UNGRAMMATICAL):
        return JudgeInvalid("the model wrote nothing of the schema, says the endpoint", use)
    if any(word in said for word in _WITHHELD):
        return JudgeInvalid("the endpoint's content filter refused the recording", use)
    status = f"the endpoint answered HTTP {refusal.status}" if refusal.status else "the endpoint answered an error"
    advice = _advice(refusal, settings)
    return JudgeError(f"{status}; {advice}" if advice else status, use)


def _too_long(error: Mapping[str, Any], settings: JudgeSettings) -> str:
    sent, takes = error.get("n_prompt_tokens"), error.get("n_ctx")  # llama.cpp's
    numbers = f" ({sent} tokens, it takes {takes})" if isinstance(sent, int) and isinstance(takes, int) else ""
    return (
        f"the endpoint says that the prompt is too long for the model{numbers}: give it a longer context, "
        f"or lower max_evidence_chars (now {settings.max_evidence_chars})"
    )


def _advice(refusal: Refusal, settings: JudgeSettings) -> str:
    if 300 <= refusal.status < 400:
        return f"redirects are not followed: write where it leads to in base_url (now {place(settings)})"
    field = _refused_field(refusal, settings) if _is_about_fields(refusal.status) else ""
    told = f"it refuses {field}" if field else _STATUSES.get(refusal.status, "")
    return told.format(
        answer_format=settings.answer_format,
        max_connections=settings.max_connections,
        model=settings.model,
        where=place(settings),
    )


def _is_about_fields(status: int) -> bool:
    return status in (0, 400, 415, 422, 500, 501)


def _refused_field(refusal: Refusal, settings: JudgeSettings) -> str:
    """The field of the request that is at fault, and what helps; empty where it names none. Codes tell more surely."""
    ours = [((name.lower(),), f"{name}, which body sets: remove it there") for name in settings.body]
    for text in (refusal.named, refusal.said):
        places = [(text.find(word), advice) for words, advice in (*_FIELDS, *ours) for word in words if word in text]
        if places:
            return min(places, key=lambda found: found[0])[1]
    return ""


def place(settings: JudgeSettings) -> str:
    """The address of the endpoint, without parameters."""
    parts = urlsplit(settings.base_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
