"""Whether one system prompt binds a whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView


_MAX_PIECES = 8
"""Messages that one prompt is made of."""


def one_prompt(view: TraceView) -> bool:
    """All model calls of the run had the same system prompt, or none.

    The same prompt may come twice (beside the messages and as the first of them): what is part of another counts once.
    """
    raw: dict[str, None] = {}
    for step in view.llm:
        messages = [m.text for m in step.genai.input_messages or () if m.role == "system"]
        raw.update(dict.fromkeys((step.genai.system_instructions or "", *messages)))
        if len(raw) > 2 * _MAX_PIECES:
            return False
    told = sorted({" ".join(text.split()) for text in raw} - {""}, key=len)
    return not told or (len(told) <= _MAX_PIECES and all(one in told[-1] for one in told))
