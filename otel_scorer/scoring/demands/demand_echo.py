"""Demands that name the prompt itself: repeat the request first, answer with nothing but a given sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.demands.demand import Demand, Test
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply

_REPEAT = re.compile(
    r"\b(?:repeat|copy|restate|reproduce|echo|quote|rewrite) (?:back )?(?:the |this |my |your |entire "
    r"|whole |full |original |exact |above |following )*"
    r"(?:request|question|prompt|query|instructions?|message|sentence|text)\b[^.\n]{0,60}?\b(?:word for"
    r" word|verbatim|exactly|without (?:any )?chang\w+|as(?: it)? is|unchanged|before (?:answering"
    r"|you answer|giving|responding))"
    r"|\b(?:first|before (?:answering|you answer|responding)),? (?:repeat|copy|restate|quote) (?:the |this "
    r"|my |entire |whole |full |original )*(?:request|question|prompt|query|message)"
)
_REPEAT_CHANGED = re.compile(
    r"\brepeat (?:the|this|my) (?:request|question|prompt|query)\b,? but (?:change|replace) the (first|last) word"
)
_THIS_ONLY = re.compile(
    r"\b(?:only|just) (?:output|print|write|say|repeat|return) this (?:exact )?(?:sentence|line|text)\b(?: here)?"
)
_WORD = re.compile(r"[^\W_]+")
_HEAD = 8
"""Words by which a repetition is recognised."""


def echoes(wording: Wording, prompt: str) -> Iterator[Demand]:
    """What the sentence demands of the prompt's own words in the answer."""
    text = wording.folded
    if (
        "repeat" not in text
        and "only" not in text
        and "just" not in text
        and "copy" not in text
        and "restate" not in text
    ):
        return
    changed = _REPEAT_CHANGED.search(text)
    if changed:
        yield Demand("wording", changed.group(), _changed(prompt, changed[1] == "first"))
        return
    repeated = _REPEAT.search(text)
    if repeated:
        yield Demand("wording", repeated.group(), _repeats(prompt))
    if _THIS_ONLY.search(text):
        yield Demand("wording", wording.text[:100], _is_exactly(wording.text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _repeats(prompt: str) -> Test:
    """The answer begins with words that stand together in the prompt."""
    known = f" {' '.join(_words(prompt))} "

    def test(reply: Reply) -> float | None:
        head = _words(reply.text[:2000])[:_HEAD]
        if len(head) < 3:
            return None
        return float(f" {' '.join(head)} " in known)

    return test


def _changed(prompt: str, first: bool) -> Test:
    """All but the first (or last) word of the request: its other words stand together in the answer, as its whole."""
    words = _words(prompt)
    least = words[1:_HEAD] if first else words[: _HEAD - 1]

    def test(reply: Reply) -> float | None:
        said = _words(reply.text[:4000])
        if len(said) < 3 or len(words) < _HEAD:
            return None
        start = 1 if first else 0
        same = said[start : start + len(least)] == least
        return float(same and not (first and said[0] == words[0])) if first else None if same else 0.0

    return test


def _is_exactly(sentence: str) -> Test:
    wanted = _words(sentence)
    return lambda reply: float(
        _words(reply.text[:4000]) == wanted or (_words(reply.text[:4000]) == wanted[:-1] and len(wanted) > 4)
    )
