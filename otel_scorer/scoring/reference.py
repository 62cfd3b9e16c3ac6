"""What the author of a test case expects, as one more kind of evidence: only offline cases have it.

A check of its own compares the final answer with it and counts as one of `instruction_adherence`: the case says what
was asked for. A rubric without that dimension has the measure `expected_met` alone. The judge is shown `answer` and
`facts` in every dimension that it is asked about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from otel_scorer.model import Dimension
from otel_scorer.scoring.reading import schema as json_schema
from otel_scorer.scoring.reading.scale import ADHERENCE, Findings, graded, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.content import content
from otel_scorer.scoring.wording.words import clip

REFERENCES = frozenset({"reference_answer", "reference_facts"})
"""Names, in the recording, of what the judge is shown of it."""
DIMENSION: Dimension = ADHERENCE
"""The dimension in which what was expected counts."""
_ENOUGH_OF_A_FACT = 0.8
"""Share of a fact's content words that the answer must hold; its numbers must all be there."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a good run of a case looks like; what is left out asks nothing.

    `answer`: a reference answer, which only the judge compares. `exact`: the final answer itself, blanks at its ends
    aside, or the same JSON. `schema`: a JSON Schema that it meets. `facts`: statements that it holds, in any words that
    keep their numbers and most of their content words.
    """

    answer: str = ""
    exact: str | None = None
    schema: Mapping[str, Any] | None = None
    facts: tuple[str, ...] = ()

    @property
    def is_checked(self) -> bool:
        """Whether anything of it needs no judge."""
        return self.exact is not None or self.schema is not None or bool(self.facts)

    @property
    def shown(self) -> dict[str, Any]:
        """What the judge is shown of it, by the name in the recording."""
        told: dict[str, Any] = {"reference_answer": self.answer} if self.answer else {}
        return {**told, "reference_facts": list(self.facts)} if self.facts else told


def met(expected: Expected, target: Target) -> Verdict | CannotTell:
    """The final answer against what was expected. All met: 5; not the exact answer, or no JSON: 1; one fault of the
    schema: 2, more: 1; facts by the share that is missing. Measures `expected_met` (0 to 1). Does not see whether a
    fact is there in other words, or denied.
    """
    answer = target.view.final_answer
    if answer is None:
        return CannotTell("the final answer was not captured", missing_evidence=True)
    span_ids = (target.view.final_answer_span,)
    findings = Findings(DIMENSION)
    estimates: list[float] = []
    if expected.exact is not None:
        estimates.append(_exact(expected.exact, answer, findings, span_ids))
    if expected.schema is not None:
        estimates.append(_schema(dict(expected.schema), answer, findings, span_ids))
    if expected.facts:
        estimates.append(_facts(expected.facts, answer, findings, span_ids))
    asked = (expected.exact is not None) + (expected.schema is not None) + len(expected.facts)
    missed = len({(finding.code, finding.text) for finding in findings.all})
    metrics = {"expected_met": max(0.0, 1 - missed / asked)} if asked else {}
    reason = "; ".join(finding.text for finding in findings.all[:3]) or "the answer is what was expected"
    return Verdict(min(estimates, default=5.0), reason, tuple(findings.all), span_ids, metrics)


def _exact(wanted: str, answer: str, findings: Findings, span_ids: tuple[str, ...]) -> float:
    if answer.strip() == wanted.strip() or _same_json(wanted, answer):
        return 5.0
    text = f"not the expected answer: {shorten(wanted)!r} was expected, {shorten(answer)!r} given"
    findings.add("expected.exact", text, stage="AGENT", span_ids=span_ids)
    return 1.0


def _same_json(wanted: str, answer: str) -> bool:
    try:
        return bool(json.loads(wanted) == json.loads(answer))
    except (ValueError, RecursionError):
        return False


def _schema(wanted: dict[str, Any], answer: str, findings: Findings, span_ids: tuple[str, ...]) -> float:
    try:
        faults = json_schema.faults(json.loads(answer), wanted)
    except (ValueError, RecursionError):
        findings.add("expected.schema", "the answer is no JSON", stage="AGENT", span_ids=span_ids)
        return 1.0
    except json_schema.TooBigError:
        return 5.0  # what was not looked at is not held against the answer
    if faults:
        findings.add("expected.schema", f"expected schema: {'; '.join(faults[:3])}", stage="AGENT", span_ids=span_ids)
    return 5.0 if not faults else 2.0 if len(faults) == 1 else 1.0


def _facts(facts: tuple[str, ...], answer: str, findings: Findings, span_ids: tuple[str, ...]) -> float:
    said = frozenset(content(clip(answer)))
    missing = [fact for fact in facts if not _holds(fact, said)]
    for fact in missing:
        findings.add(
            "expected.fact", f"an expected fact is missing: {shorten(fact)!r}", stage="AGENT", span_ids=span_ids
        )
    return graded(len(missing), len(facts))


def _holds(fact: str, said: frozenset[str]) -> bool:
    wanted = frozenset(content(fact))
    numbers = frozenset(word for word in wanted if any(sign.isdigit() for sign in word))
    return numbers <= said and len(wanted & said) >= _ENOUGH_OF_A_FACT * len(wanted)
