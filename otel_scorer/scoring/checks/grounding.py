"""Is what the agent said supported by what it was given?

The ground is what tools and retrieval returned, and what user and system prompt say. Where the agent read nothing,
these checks cannot tell: knowledge of the world is no matter of support. Where something that it read was not
captured, nothing counts as unsupported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from otel_scorer.scoring.grounds.attributed import attributed
from otel_scorer.scoring.grounds.cited import Looked, named, numbered, quoted
from otel_scorer.scoring.grounds.claims import Claim, claims
from otel_scorer.scoring.grounds.contradiction import contradicts_results
from otel_scorer.scoring.grounds.dates import dates_agree
from otel_scorer.scoring.grounds.ground import NOT_ALL_CAPTURED, ground_of, verdict
from otel_scorer.scoring.grounds.honesty import claims_after_failure, empty_retrieval
from otel_scorer.scoring.grounds.lookups import MAX_CLAIMS, looked_up, looked_up_names
from otel_scorer.scoring.grounds.records import mixed_up
from otel_scorer.scoring.grounds.shown import shown, too_little
from otel_scorer.scoring.grounds.statements import statements
from otel_scorer.scoring.grounds.support import Evidence, Support
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.reading.scale import GROUNDING, Findings, graded, listed
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

__all__ = [
    "attributed",
    "claims_after_failure",
    "contradicts_results",
    "dates_agree",
    "empty_retrieval",
    "entities",
    "mixed_up",
    "numbers",
    "shown",
    "statements",
]

_SLIGHT = 12


def numbers(target: Target, *, min_weight: float = 0.5) -> Verdict | CannotTell:
    """Numbers, amounts, dates, times and identifiers of the answer that nothing given to the agent supports.

    Supported is also what follows by arithmetic: sums, counts, differences, percentages, rounding, other units. Tells
    nothing about a number that is right in itself and said of the wrong thing. `min_weight` is the weight of a small
    whole number without a unit against any other (1.0). Where all are supported, that is a five only if half of what
    the answer states is shown by them or by its words (`shown`); else it cannot tell.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    decided = [(claim, found) for claim, found in looked_up(target, spoken, read, told) if found != "undecided"]
    if not decided:
        return CannotTell("the answer states no number, date or identifier that could be looked up")
    told_of = _weigh(spoken, decided, min_weight, cut=read.cut)
    return _unless_too_little(told_of, target)


def _unless_too_little(found: Verdict | CannotTell, target: Target) -> Verdict | CannotTell:
    """A good word about what could be looked up is none about the answer where that is little of it."""
    if isinstance(found, CannotTell) or found.findings:
        return found
    lacking = too_little(target)
    return found if lacking is None else replace(lacking, metrics=found.metrics)


def _weigh(spoken: Said, decided: Sequence[tuple[Claim, Support]], light: float, *, cut: bool) -> Verdict | CannotTell:
    weights = {claim: light if _is_slight(claim) else 1.0 for claim, _ in decided}
    missing = [claim for claim, found in decided if found == "unsupported"]
    if missing and (cut or not spoken.complete):
        return CannotTell(f"{NOT_ALL_CAPTURED}, so an unsupported number is no proof", missing_evidence=not cut)
    findings = Findings(GROUNDING)
    for claim in missing:
        code = (
            "grounding.unsupported_number"
            if claim.kind not in ("date", "identifier")
            else f"grounding.unsupported_{claim.kind}"
        )
        findings.add(
            code,
            f"{claim.kind} {claim.text!r} is in nothing that the agent was given",
            stage="LLM",
            span_ids=(spoken.answer_span,),
        )
    total = sum(weights.values())
    estimate = graded(sum(weights[claim] for claim in missing), total)
    metrics = {"supported_number_share": 1 - len(missing) / len(decided)}
    return verdict(spoken, estimate, _numbers_reason(decided, missing), findings.all, metrics)


def _is_slight(claim: Claim) -> bool:
    """A small whole number without a unit may be a way of speaking."""
    return claim.kind == "number" and claim.step >= 1 and max(claim.values) <= _SLIGHT


def _numbers_reason(decided: Sequence[tuple[Claim, Support]], missing: Sequence[Claim]) -> str:
    if not missing:
        return f"every number, date and identifier of the answer is supported ({len(decided)} looked up)"
    what = listed([claim.text for claim in missing])
    return f"{len(missing)} of {len(decided)} numbers, dates and identifiers are unsupported: {what}"


def entities(target: Target) -> Verdict | CannotTell:
    """Names, quotes, URLs, e-mail addresses and citations of the answer that nothing given supports.

    A name may be common knowledge, so names alone never cost more than down to 2, or to 3 where each is one word; an
    invented URL, address, quote or source does. Where all are supported, half of the answer
    must be shown (see `numbers`). A quote counts where somebody is said to have said it. Only capitalised
    names inside sentences are seen (English and the like). Citations are numbers (`[4]`) of more sources than there
    were, and sources by name (`(Source: prices.pdf)`) that nothing was read of.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    checked = [
        *_addresses(target.once(claims, spoken.answer), read, told),
        *quoted(spoken, read, told, target.once),
        *numbered(target, spoken),
        *named(target, spoken, read, told),
        *looked_up_names(spoken, read, told, target.once),
    ]
    if not checked:
        return CannotTell("the answer names, quotes and cites nothing that could be looked up")
    missing = [(kind, text) for kind, text, supported in checked if not supported]
    if missing and (read.cut or not spoken.complete):
        return CannotTell(f"{NOT_ALL_CAPTURED}, so an unsupported name is no proof", missing_evidence=not read.cut)
    findings = Findings(GROUNDING)
    for kind, text in missing:
        findings.add(
            f"grounding.unsupported_{kind}",
            f"{kind} {text!r} is in nothing that the agent was given",
            stage="LLM",
            span_ids=(spoken.answer_span,),
        )
    hard = sum(kind != "name" for kind, _ in missing)
    full = any(" " in text for _, text in missing)
    estimate = graded(len(missing), len(checked), worst=1.0 if hard else 2.0 if full else 3.0)
    if hard:
        estimate = min(estimate, 3.0)
    texts = [text for _, text in missing]
    reason = (
        f"{len(missing)} of {len(checked)} names, quotes and links are unsupported: {listed(texts)}"
        if missing
        else f"every name, quote and link of the answer is supported ({len(checked)} looked up)"
    )
    return _unless_too_little(verdict(spoken, estimate, reason, findings.all, {}), target)


def _addresses(stated: Sequence[Claim], read: Evidence, told: Evidence) -> list[Looked]:
    found: list[Looked] = []
    for claim in stated[:MAX_CLAIMS]:
        if claim.kind in ("url", "email"):
            supported = "supported" in (read.supports(claim), told.supports(claim))
            found.append(Looked(claim.kind, claim.text, supported))
    return found
