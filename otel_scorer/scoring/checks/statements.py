"""How much of what an answer says is said in what the agent read, sentence by sentence, by words and phrases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from otel_scorer.scoring.checks import outcome
from otel_scorer.scoring.checks.ground import ground_of, verdict
from otel_scorer.scoring.checks.lexicon import Wording, phrases, vocabulary
from otel_scorer.scoring.checks.reply import language_of
from otel_scorer.scoring.checks.said import Said
from otel_scorer.scoring.checks.scale import GROUNDING, Findings
from otel_scorer.scoring.checks.support import Evidence
from otel_scorer.scoring.checks.words import STOPWORDS, Stems, clip, parsed, sentences, words
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict

_SELF = vocabulary("i i'm i've i'd i'll me my mine")
_FOUND_NOTHING = phrases(
    r"""
    (?:unable|couldn't|could not|can't|cannot|wasn't able|not able) (?:to )?(?:find|locate|answer|determine
    |access|retrieve|verify)
    (?:no|not enough) (?:\w+ ){0,2}(?:information|data|results?|records?|details)|not (?:mentioned|specified|stated
    |provided)
    (?:do(?:es)?|did)(?:n't| not) (?:\w+ )?(?:have|mention|contain|specify|include|say|provide|state|find)
    """
)
_MIN_WORDS = 2
_PROSE_WORDS = 30
"""Words of a tool result from which on it may be what the answer tells; a document that was fetched always is."""
_TELLING_WORDS = 4


def statements(target: Target, *, high: float = 0.75, low: float = 0.15) -> Verdict | CannotTell:
    """How much of what the answer says is said in the words and phrases of what the agent read.

    A paraphrase shares few words and an inversion ("not") shares all, so this speaks only at the ends: 5 from `high`
    on, 2 where at most `low` of the content words are known at all (only against documents and longer prose: a sentence
    about JSON is always a paraphrase). Between them it cannot tell, and leaves the measure as metric
    `statement_support` (0 to 1). Questions do not count. A sentence in the first person ("I found", "my dad") is
    supported where it stands there word for word; else it pulls the metric down and is no fault.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    answer = clip(spoken.answer, 20_000)
    once = target.once
    if once(outcome.refuses, answer) or outcome.is_empty(answer) or _FOUND_NOTHING.is_in(once(Wording, answer)):
        return CannotTell("the answer says that something is missing, which no document can support")
    tongues = {once(language_of, answer), once(language_of, read.text[:5000])} - {""}
    if len(tongues) > 1:
        return CannotTell("the answer is in another language than what was read")
    share, covered, size = _support(answer, read, told, once)
    if size < _MIN_WORDS:
        return CannotTell("the answer makes no statement of its own")
    metrics = {"statement_support": share}
    reason = f"{share:.0%} of what the answer states is in the words of what the agent read"
    if share >= high:
        return verdict(spoken, 5.0, reason, (), metrics)
    if covered > low or not _is_prose(spoken, once) or not spoken.complete or read.cut:
        return CannotTell(reason + ": no telling by words alone", metrics=metrics)
    findings = Findings(GROUNDING)
    findings.add("grounding.unsupported_statements", reason, stage="LLM", span_ids=(spoken.answer_span,))
    return verdict(spoken, 2.0, reason, findings.all, metrics)


def _is_prose(spoken: Said, once: Once) -> bool:
    """Whether what was read is text that an answer would repeat, not data that it would put into words."""
    return any(
        once(parsed, source.text) is None and (source.kind != "tool" or len(once(words, source.text)) >= _PROSE_WORDS)
        for source in spoken.sources
    )


class _Sentence(NamedTuple):
    """A sentence of the answer by stems: of all its words, and of those that are no stopwords."""

    stems: list[str]
    content: list[str]
    personal: bool
    """In the first person."""


def _stated(answer: str, once: Once) -> list[_Sentence]:
    """The sentences that are no questions."""
    spoken = [once(words, sentence) for sentence in sentences(answer)[:400] if not sentence.endswith("?")]
    known = once(Stems)
    return [
        _Sentence(
            known.of(sentence),
            known.of(word for word in sentence if word not in STOPWORDS),
            not _SELF.isdisjoint(sentence),
        )
        for sentence in spoken
    ]


def _pairs(answer: str, once: Once) -> frozenset[tuple[str, str]]:
    """Words of the answer that stand side by side."""
    return frozenset(chain.from_iterable(pairwise(sentence.stems) for sentence in once(_stated, answer, once)))


def _support(answer: str, read: Evidence, told: Evidence, once: Once) -> tuple[float, float, int]:
    """Support, share of content words that are known (1.0 where too few to say), number of content words."""
    known, foretold = frozenset(read.stems), frozenset(told.stems)
    pairs = once(_pairs, answer, once).intersection(pairwise(read.stems))
    total = covered = impersonal = size = 0.0
    for sentence in once(_stated, answer, once):
        weight = len(sentence.content)
        content = [stem for stem in sentence.content if stem in known or stem not in foretold]
        share = sum(stem in known for stem in content) / len(content) if content else 1.0
        part = _paired(sentence.stems, pairs) if content else 1.0
        size += weight
        if not sentence.personal:
            impersonal, covered = impersonal + weight, covered + weight * share
        elif part < 1:
            continue
        total += weight * (share + part) / 2
    return total / max(1.0, size), covered / impersonal if impersonal >= _TELLING_WORDS else 1.0, int(size)


def _paired(stems: Sequence[str], pairs: frozenset[tuple[str, str]]) -> float:
    """Share of all words that stand in a known pair."""
    paired = [False] * len(stems)
    for at, pair in enumerate(pairwise(stems)):
        if pair in pairs:
            paired[at] = paired[at + 1] = True
    return sum(paired) / len(paired)
