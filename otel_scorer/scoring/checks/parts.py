"""Was every part of the request taken up by a call?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from otel_scorer.scoring.checks.choice import MAX_REQUEST, left_open, speaks_for_itself
from otel_scorer.scoring.reading.scale import PLAN, Findings, listed, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.words import clip, leaves, words

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

_NAME = r"[A-Z][A-Za-z-]{1,40}(?: (?:of |de |la |the )?[A-Z][A-Za-z-]{0,40}){0,4}"
_WHOLE = r"\d{1,9}"
_AND = r",? (?:and|or|&|as well as) (?:also |then |finally |the )?"
_ROWS = tuple(
    re.compile(rf"(?<![\w.:$€£%/-]){one}(?:, {one}){{0,12}}{_AND}{one}(?![\w%/.:-]*\w)(?!['’])")
    for one in (_NAME, _WHOLE)
)
_SPLIT = re.compile(rf"{_AND}|, ")


def parts_taken_up(target: Target) -> Verdict | CannotTell:
    """A row of names or numbers in the request ("Rome, Oslo and Bonn"), of which some were asked for and others not.

    One or more of a row were given to a tool as a whole argument, each in a call of its own, and another one stands
    in no argument, no result and no answer: 3. Cannot tell where the request has no such row, where the arguments or
    the results that may hold the rest were not captured, or the request has another before it. Silent where the
    answer asks back, declines or says what is missing. Reads rows of capitalised words and of numbers only.
    """
    view = target.view
    if target.step is not None:
        return CannotTell("a single step does not show the whole plan")
    if not view.tool_uses:
        return CannotTell("no tool was called", not_applicable=True)
    if view.task is None or not all(use.arguments_captured for use in view.tool_uses[:500]):
        return CannotTell("the request or the arguments were not captured", missing_evidence=True)
    rows = [row for row in _rows(view.task) if len(row) > 1]
    if not rows or not speaks_for_itself(view):
        return CannotTell("the request names no row of things")
    for row in rows:
        missing = _not_asked(view, row)
        if missing and not left_open(view):
            text = (
                f"no call was made for {listed(missing, 3)}, though one was for {shorten(_asked_one(row, missing), 30)}"
            )
            findings = Findings(PLAN)
            findings.add("plan.part_not_called", text, stage="AGENT", span_ids=(view.tool_uses[-1].span_id,))
            return Verdict(3.0, text, tuple(findings.all), findings.spans)
    return Verdict(5.0, "calls were made for every one of a row", weight=0.25)


def _rows(text: str) -> Iterator[list[str]]:
    body = clip(text, MAX_REQUEST)
    for pattern in _ROWS:
        for match in pattern.finditer(body):
            yield list(dict.fromkeys(part for part in _SPLIT.split(match.group()) if part))


def _asked_one(row: Sequence[str], missing: Sequence[str]) -> str:
    return next((one for one in row if one not in missing), "")


def _not_asked(view: TraceView, row: Sequence[str]) -> list[str]:
    """Those of the row that stand nowhere, where others of it were asked for one by one."""
    values = [_plain(value) for use in view.tool_uses[:500] for _, value in leaves(use.arguments, 100)]
    wanted = {one: _plain(one) for one in row}
    if not any(plain in values for plain in wanted.values()):
        return []
    results = [_plain((use.result_text or "")[:20_000]) for use in view.tool_uses[:100]]
    heard = frozenset(" ".join((*values, *results, _plain(view.final_answer or ""))).split())
    shared = Counter(word for plain in wanted.values() for word in set(plain.split()))
    own = {one: [word for word in plain.split() if shared[word] == 1] for one, plain in wanted.items()}
    return [one for one, telling in own.items() if telling and heard.isdisjoint(telling)]


def _plain(value: object) -> str:
    return " ".join(words(str(value)[:20_000]))
