"""Evidence between two lines that no text can hold: they are derived from its own digest."""

from __future__ import annotations

import hashlib


def fenced(evidence: str) -> str:
    """The user message. The same evidence gives the same bytes wherever it is scored."""
    digest = hashlib.sha256(evidence.encode()).hexdigest()
    line = f"RECORDING {hashlib.sha256(b'otel_scorer boundary ' + digest.encode()).hexdigest()[:32]}"
    return f"{line}\n{evidence}\n{line}"
