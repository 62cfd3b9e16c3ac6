"""A decision as JSON, in the ledger and in tombstones: one line."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache

from otel_scorer.model import Decision, RubricRef


@lru_cache(maxsize=1024)
def dump_decision(decision: Decision) -> str:
    """Of most traces that are not sampled it is the same."""
    return json.dumps(asdict(decision), sort_keys=True, separators=(",", ":"))


def load_decision(text: str) -> Decision:
    fields = json.loads(text)
    return Decision(
        status=fields["status"],
        rule=fields["rule"],
        probability=fields["probability"],
        rubrics=tuple(RubricRef(**ref) for ref in fields["rubrics"]),
        signals=tuple(fields["signals"]),
    )


BYPASSED = Decision(status="bypassed", rule="bypass", probability=0.0)
BROKEN = Decision(status="rubric_error", rule="", probability=0.0)
