"""How texts and numbers of spans are shown to people: short, on one line, and harmless to the terminal."""

from __future__ import annotations

from otel_scorer.model import Usage


def printable(text: str, limit: int) -> str:
    """One line of at most `limit` characters, white space folded, control and direction characters left out."""
    folded = " ".join(text[: limit * 4].split())
    shown = "".join(char for char in folded if char.isprintable())
    return shown if len(shown) <= limit and len(text) <= limit * 4 else shown[: limit - 1] + "…"


def duration_text(seconds: float) -> str:
    """`0.4 ms`, `12 ms`, `1.2 s`, `3 min 5 s`."""
    if 0 < seconds < 0.00095:
        return f"{max(seconds * 1000, 0.1):.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 119.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def tokens_text(usage: Usage) -> str:
    """`512 in, 34 out tokens`, or what of it was told; "" for nothing."""
    if usage.input is not None and usage.output is not None:
        return f"{usage.input} in, {usage.output} out tokens"
    told = (("in", usage.input), ("out", usage.output), ("in all", usage.total))
    return next((f"{number} tokens {word}" for word, number in told if number is not None), "")


def counted(number: int, thing: str) -> str:
    """`1 document`, `2 documents`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
