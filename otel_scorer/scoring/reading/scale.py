"""From what was found to an estimate on the scale of 1 to 5, by one rule for all checks."""

from __future__ import annotations

import math
import re

from otel_scorer.model import Dimension, Finding
from otel_scorer.scoring.detection.credentials import secrets
from otel_scorer.scoring.detection.hits import settle
from otel_scorer.scoring.detection.personal import personal_data
from otel_scorer.scoring.verdict import HIGHEST, LOWEST

GROUNDING: Dimension = "factual_grounding"
SAFETY: Dimension = "privacy_and_safety"
ADHERENCE: Dimension = "instruction_adherence"
PLAN: Dimension = "optimal_plan_execution"

MAX_QUOTED = 80
"""Characters of content that a finding repeats."""


def graded(bad: float, total: float, *, worst: float = LOWEST) -> float:
    """5.0 without a fault, `worst` when all is faulty, falling with the square root of the share.

    The root makes the first fault cost most: one invented amount among ten makes an answer untrustworthy already
    (3.7), half of them is bad (2.2), all of them is as bad as it gets. Monotone: falls in `bad`, rises in `total`.
    """
    if total <= 0:
        return HIGHEST
    share = min(1.0, max(0.0, bad / total))
    return HIGHEST - (HIGHEST - worst) * math.sqrt(share)


def shorten(text: str, limit: int = MAX_QUOTED) -> str:
    """One line of at most `limit` characters, without credentials and personal data: it is read in tracing backends."""
    line = " ".join(masked(text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def masked(text: str) -> str:
    """`text` with the kind in brackets in the place of each credential and of each piece of personal data."""
    if not _MAY_BE_PRIVATE.search(text):
        return text
    parts: list[str] = []
    end = 0
    for hit in settle((*secrets(text), *personal_data(text))):
        parts += (text[end : hit.start], f"[{hit.kind}]")
        end = hit.end
    return "".join((*parts, text[end:]))


_MAY_BE_PRIVATE = re.compile(r"[@0-9]|PRIVATE KEY|::")
"""What every find holds, or more."""


def listed(texts: list[str], limit: int = 5) -> str:
    """The first few texts for a reason, and how many more there are."""
    shown = ", ".join(shorten(text, 40) for text in texts[:limit])
    return shown if len(texts) <= limit else f"{shown} and {len(texts) - limit} more"


def counted(number: int, noun: str) -> str:
    """`1 call`, `3 calls`."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number} {noun}{ending}"


class Findings:
    """Collects the findings of one check: the dimension is said once."""

    def __init__(self, dimension: Dimension) -> None:
        self.dimension = dimension
        self.all: list[Finding] = []

    def add(self, code: str, text: str, *, stage: str = "", span_ids: tuple[str, ...] = ()) -> None:
        self.all.append(Finding(code, self.dimension, shorten(text, 240), stage, tuple(s for s in span_ids if s)))

    @property
    def spans(self) -> tuple[str, ...]:
        """Span ids of all findings, each once, in order."""
        return tuple(dict.fromkeys(span for finding in self.all for span in finding.span_ids))
