"""Is what the agent said supported by what it was given?

The ground is what tools and retrieval returned, and what user and system prompt say. Where the agent read nothing,
these checks cannot tell: knowledge of the world is no matter of support. Where something that it read was not
captured, nothing counts as unsupported.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from otel_scorer.scoring.checks.arithmetic import converted, has_unit, raised
from otel_scorer.scoring.checks.attributed import attributed
from otel_scorer.scoring.checks.cited import Looked, named, numbered, quoted
from otel_scorer.scoring.checks.claims import Claim, claims, names
from otel_scorer.scoring.checks.contradiction import contradicts_results
from otel_scorer.scoring.checks.dates import dates_agree, may_follow
from otel_scorer.scoring.checks.elapsed import lasts, unit_of_time
from otel_scorer.scoring.checks.ground import NOT_ALL_CAPTURED, ground_of, verdict
from otel_scorer.scoring.checks.honesty import claims_after_failure, empty_retrieval
from otel_scorer.scoring.checks.lexicon import phrases
from otel_scorer.scoring.checks.reply import language_of
from otel_scorer.scoring.checks.said import Said
from otel_scorer.scoring.checks.scale import GROUNDING, Findings, graded, listed
from otel_scorer.scoring.checks.statements import statements
from otel_scorer.scoring.checks.support import Evidence, Support, spoken_words
from otel_scorer.scoring.checks.words import STOPWORDS, clip, is_one_off
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

__all__ = [
    "attributed",
    "claims_after_failure",
    "contradicts_results",
    "dates_agree",
    "empty_retrieval",
    "entities",
    "numbers",
    "statements",
]

_SLIGHT = 12
_MAX_CLAIMS = 300
"""Claims of one answer that are looked up."""


def numbers(target: Target, *, min_weight: float = 0.5) -> Verdict | CannotTell:
    """Numbers, amounts, dates, times and identifiers of the answer that nothing given to the agent supports.

    Supported is also what follows by arithmetic: sums, counts, differences, percentages, rounding, other units. Tells
    nothing about a number that is right in itself and said of the wrong thing. `min_weight` is the weight of a small
    whole number without a unit against any other (1.0).
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    found = _outside_code(target.once(claims, spoken.answer), spoken.answer)
    stated = [claim for claim in found if claim.kind not in ("url", "email")][:_MAX_CLAIMS]
    judged = _judge(stated, clip(spoken.answer), read, told, target.once)
    missing = [claim for claim, found in judged if found == "unsupported"]
    excused = [*_totals(missing, spoken, read), *_following(missing, target, read, told)]
    decided = [(claim, found) for claim, found in judged if found != "undecided" and claim not in excused]
    if not decided:
        return CannotTell("the answer states no number, date or identifier that could be looked up")
    return _weigh(spoken, decided, min_weight, cut=read.cut)


_CODE_BLOCK = re.compile(r"```(?!json|csv|tsv|te?xt|markdown|md|plain|output|table)[a-zA-Z+#]{1,20}\n[^`]{0,20000}")
"""A program in the answer: its numbers are examples."""


def _outside_code(stated: Sequence[Claim], answer: str) -> list[Claim]:
    if "```" not in answer:
        return list(stated)
    ends = [place for match in _CODE_BLOCK.finditer(clip(answer)) for place in match.span()]
    return [claim for claim in stated if bisect_right(ends, claim.start) % 2 == 0]


_TOTAL = phrases(
    """
    totals?|total(?:l)?ing|altogether|in all|sum|combined|overall|averages?|on average|mean
    """
)
_FEW = 6
_BESIDE = 80
"""Characters before and after a number in which a word says that it is a total."""


def _totals(missing: Sequence[Claim], spoken: Said, read: Evidence) -> list[Claim]:
    """Numbers that are called a total of more numbers than could be added up in every way; the greatest one where the
    request asks for a total. Whether they come out right, words cannot tell.
    """
    numeric = [claim for claim in missing if claim.kind in ("number", "amount")]
    if not numeric or len(read.numbers) <= _FEW:
        return []
    answer = clip(spoken.answer)
    found = [claim for claim in numeric if _TOTAL.is_in(_around(answer, claim))]
    if not found and _TOTAL.is_in(clip(spoken.task or "", 20_000)):
        found = [max(numeric, key=lambda claim: max(claim.values, default=0.0))]
    return found


def _following(missing: Sequence[Claim], target: Target, read: Evidence, told: Evidence) -> list[Claim]:
    started = min((span.start_ns for span in target.view.trace.spans), default=0)
    return [
        claim for claim in missing if claim.kind == "date" and may_follow(claim, (read, told), started, target.once)
    ]


def _around(answer: str, claim: Claim) -> str:
    end = claim.start + len(claim.text)
    before = answer[max(0, claim.start - _BESIDE) : claim.start].rpartition("\n")[2]
    return before + " " + answer[end : end + _BESIDE].partition("\n")[0]


def _judge(
    stated: Sequence[Claim], answer: str, read: Evidence, told: Evidence, once: Once
) -> list[tuple[Claim, Support]]:
    """What was read decides first; what only the user said is nobody's invention and is left out as undecided."""
    both = Evidence([*read.texts, *told.texts], documents=len(read.texts), once=once)
    supported: list[float] = []
    judged: list[tuple[Claim, Support]] = []
    for claim in stated:
        found: Support = read.supports(claim)
        if found != "supported" and told.supports(claim) == "supported":
            found = "undecided"
        if found == "unsupported":
            found = both.supports(claim, supported)
        if found == "unsupported" and _may_come_out(claim, answer, both, supported):
            found = "undecided"
        if found != "unsupported":
            supported.extend(claim.values if claim.kind in ("number", "amount", "percent") else ())
        judged.append((claim, found))
    return judged


def _may_come_out(claim: Claim, answer: str, both: Evidence, beside: Sequence[float]) -> bool:
    """Whether it is a known number in another unit, the time between two, or one raised or lowered by a known share."""
    if claim.kind not in ("number", "amount"):
        return False
    after = answer[claim.start : claim.start + len(claim.text) + _UNIT_CHARS]
    if has_unit(claim, answer) and converted(claim, [*both.numbers, *beside]):
        return True
    unit = unit_of_time(after) if claim.kind == "number" else ""
    if unit and lasts(claim, unit, both.minutes_between if unit in "mh" else both.days_between):
        return True
    return raised(claim, [*beside[-_BESIDE_MOST:], *both.amounts], both.shares)


_UNIT_CHARS = 12
_BESIDE_MOST = 20


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
    invented URL, address, quote or source does. A quote counts where somebody is said to have said it. Only capitalised
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
        *_names(spoken, read, told, target.once),
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
    return verdict(spoken, estimate, reason, findings.all, {})


def _addresses(stated: Sequence[Claim], read: Evidence, told: Evidence) -> list[Looked]:
    found: list[Looked] = []
    for claim in stated[:_MAX_CLAIMS]:
        if claim.kind in ("url", "email"):
            supported = "supported" in (read.supports(claim), told.supports(claim))
            found.append(Looked(claim.kind, claim.text, supported))
    return found


def _names(spoken: Said, read: Evidence, told: Evidence, once: Once) -> list[Looked]:
    if once(language_of, spoken.answer) == "german":
        return []  # every noun is written like a name
    found = []
    for name in list(dict.fromkeys(names(spoken.answer)))[:_MAX_CLAIMS]:
        named_so = " ".join(part for part in name.split() if not _IDENTIFIED.search(part))
        said_of_it = [part for part in spoken_words(named_so) if len(part) > 1 and part not in STOPWORDS]
        parts = [{part, part.removesuffix("'s")} for part in said_of_it]
        known = all(not (part.isdisjoint(read.words) and part.isdisjoint(told.words)) for part in parts)
        known = known or _is_written_out(said_of_it, read, told)
        known = known or _stands_for_a_code(name, spoken.answer, read) or _is_respelled(said_of_it, read, told)
        if known or not _ABBREVIATED.fullmatch(named_so):
            found.append(Looked("name", name, known))
    return found


_IDENTIFIED = re.compile(r"[0-9]")
"""Part of an identifier, which `numbers` looks up: `orders A17 and B22`."""
_ABBREVIATED = re.compile(r"[A-Z]{1,6}s?(?: (?:and|&|of)| [A-Z]{1,6}s?){0,5}")
"""`URLs`, `PM EST`: what everybody knows, as a rule."""


_CODE = re.compile(r" ?\(([A-Z]{2,5})\)")


def _stands_for_a_code(name: str, answer: str, read: Evidence) -> bool:
    """`Oslo Gardermoen (OSL)`, where OSL was read: what a code means is general knowledge."""
    at = answer.find(name)
    code = _CODE.match(answer, at + len(name)) if at >= 0 else None
    return code is not None and code[1].lower() in read.words


_RESPELLED = 6
"""Letters that a word must have for one other letter to be a slip of the pen."""


def _is_respelled(name: Sequence[str], read: Evidence, told: Evidence) -> bool:
    """All its words are known, or are those of the user but for one letter: his slip was mended."""
    strange = [word for word in name if word not in read.words and word not in told.words]
    return all(len(word) >= _RESPELLED and any(is_one_off(word, other) for other in told.words) for word in strange)


def _is_written_out(name: Sequence[str], read: Evidence, told: Evidence) -> bool:
    """Its first letters are known as a word: `Large Language Models` of LLM or LLMs."""
    initials = "".join(word[0] for word in name)
    short = {initials, initials + "s"} if len(name) > 1 else set()
    return not (short.isdisjoint(read.words) and short.isdisjoint(told.words))
