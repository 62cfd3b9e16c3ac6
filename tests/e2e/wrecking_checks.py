"""Checks that a user might have written badly, for rubrics of the end-to-end tests."""

from __future__ import annotations

import os

from otel_scorer.scoring.verdict import Target, Verdict


def raises(_target: Target) -> Verdict:
    raise RuntimeError("anna@example.com")


def passes(target: Target) -> Verdict:
    return Verdict(5.0, "all is well", evidence=(target.view.roots[0].span_id,))


def kills(target: Target) -> Verdict:
    """Ends the whole process, as a fault in a native library does, when the trace says so."""
    if "poison" in (target.view.task or ""):
        os._exit(77)
    return passes(target)
