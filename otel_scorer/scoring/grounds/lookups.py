"""What an answer states that can be looked up (numbers, dates, identifiers, names), held against what was given."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice

from otel_scorer.scoring.grounds.arithmetic import converted, has_unit, raised
from otel_scorer.scoring.grounds.cited import Looked
from otel_scorer.scoring.grounds.claims import Claim, claims, names
from otel_scorer.scoring.grounds.dates import may_follow
from otel_scorer.scoring.grounds.elapsed import lasts, unit_of_time
from otel_scorer.scoring.grounds.support import Evidence, Support, spoken_words
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.verdict import Target
from otel_scorer.scoring.wording.lexicon import phrases
from otel_scorer.scoring.wording.reply import language_of
from otel_scorer.scoring.wording.words import STOPWORDS, clip, is_one_off

MAX_CLAIMS = 300
"""Claims of one answer that are looked up."""


def looked_up(target: Target, spoken: Said, read: Evidence, told: Evidence) -> list[tuple[Claim, Support]]:
    """Every number, date, time and identifier of the answer, outside of programs, and whether it is supported.

    Undecided: what only the user or the system prompt said, and what may follow in a way that words do not show.
    """
    key = (looked_up, target.step.span_id if target.step is not None else "")
    return target.once.keyed(key, lambda: _looked_up(target, spoken, read, told))


def _looked_up(target: Target, spoken: Said, read: Evidence, told: Evidence) -> list[tuple[Claim, Support]]:
    found = _outside_code(target.once(claims, spoken.answer), spoken.answer)
    kept = (claim for claim in found if claim.kind not in ("url", "email") and not _cites(claim, spoken.answer))
    stated = list(islice(kept, MAX_CLAIMS))
    judged = _judge(stated, clip(spoken.answer), read, told, target.once)
    missing = [claim for claim, found in judged if found == "unsupported"]
    excused = {*_totals(missing, spoken, read), *_following(missing, target, read, told)}
    return [(claim, "undecided" if claim in excused else found) for claim, found in judged]


_CODE_BLOCK = re.compile(r"```(?!json|csv|tsv|te?xt|markdown|md|plain|output|table)[a-zA-Z+#]{1,20}\n[^`]{0,20000}")
"""A program in the answer: its numbers are examples."""


def _outside_code(stated: Sequence[Claim], answer: str) -> list[Claim]:
    if "```" not in answer:
        return list(stated)
    ends = [place for match in _CODE_BLOCK.finditer(clip(answer)) for place in match.span()]
    return [claim for claim in stated if bisect_right(ends, claim.start) % 2 == 0]


_CITING = re.compile(r"[^\s\[{(,:] ?\[(?:\d{1,3}, ?){0,9}\Z")


def _cites(claim: Claim, answer: str) -> bool:
    """`[3]` after a word: which source it is of, `entities` looks up."""
    end = claim.start + len(claim.text)
    if not claim.text.isdigit() or len(claim.text) > 3 or answer[end : end + 1] not in ("]", ","):
        return False
    return bool(_CITING.search(answer[max(0, claim.start - _CITED_BEFORE) : claim.start]))


_CITED_BEFORE = 50


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
            found = _come_out(claim, answer, both, supported)
        if found != "unsupported":
            supported.extend(claim.values if claim.kind in ("number", "amount", "percent") else ())
        judged.append((claim, found))
    again: list[tuple[Claim, Support]] = []
    for claim, found in judged:  # a total may be said before what it is the total of
        found = _come_out(claim, answer, both, supported) if found == "unsupported" else found
        supported.extend(
            claim.values if found != "unsupported" and claim.kind in ("number", "amount", "percent") else ()
        )
        again.append((claim, found))
    return again


def _come_out(claim: Claim, answer: str, both: Evidence, beside: Sequence[float]) -> Support:
    found = both.supports(claim, beside)
    return "undecided" if found == "unsupported" and _may_come_out(claim, answer, both, beside) else found


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


def looked_up_names(spoken: Said, read: Evidence, told: Evidence, once: Once) -> list[Looked]:
    """Capitalised names inside sentences. None in German, where every noun is written like a name."""
    if once(language_of, spoken.answer) == "german":
        return []
    found = []
    for name in list(dict.fromkeys(names(spoken.answer)))[:MAX_CLAIMS]:
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
