"""Personal data and secrets in text, found without a model: the one door to both, for checks and for scrubbing."""

from __future__ import annotations

from otel_scorer.scoring.detection.credentials import secrets
from otel_scorer.scoring.detection.hits import MAX_TEXT, Hit, settle
from otel_scorer.scoring.detection.personal import ADDRESSES, KINDS, LEAKS, personal_data

__all__ = ["ADDRESSES", "KINDS", "LEAKS", "MAX_TEXT", "Hit", "personal_data", "secrets", "settle"]
