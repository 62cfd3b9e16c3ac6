"""How much of what an answer says is said in what the agent read: at the ends of the measure, words alone can tell."""

from __future__ import annotations

import re

from otel_scorer.scoring.grounds.attribution import held, says_nothing_was_found, summed
from otel_scorer.scoring.grounds.ground import ground_of, verdict
from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.reading.scale import GROUNDING, Findings
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import Wording, vocabulary
from otel_scorer.scoring.wording.reply import language_of
from otel_scorer.scoring.wording.words import clip, parsed, words

ANOTHER_LANGUAGE = CannotTell("the answer is in another language than what was read")
MAX_ANSWER = 20_000
"""Characters of an answer whose statements are held against what was read."""
_UNSPACED = vocabulary("chinese japanese thai")
FEWEST_WORDS = 2
"""Content words that an answer must have to state anything."""
_PROSE_WORDS = 30
"""Words of a tool result from which on it may be what the answer tells; a document that was fetched always is."""
_TELLING_WORDS = 4
_DATA = re.compile(r"\s{0,20}(?:\{\s{0,20}[\"'}]|\[\s{0,20}[{\[\"'])")


def statements(target: Target, *, high: float = 0.75, low: float = 0.15) -> Verdict | CannotTell:
    """How much of what the answer says is said in the words and phrases of what the agent read.

    A paraphrase shares few words and an inversion ("not") shares all, so this speaks only at the ends: 5 from `high`
    on, 2 where at most `low` of the content words are known at all (only against documents and longer prose: a sentence
    about JSON is always a paraphrase). Between them it cannot tell, and leaves the measure as metric
    `statement_support` (0 to 1). Questions, words that only the user said, and words that only agree or greet do not
    count. A sentence in the first person ("I found", "my dad") is supported where it stands there word for word; else
    it pulls the metric down and is no fault.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    answer = clip(spoken.answer, MAX_ANSWER)
    once = target.once
    if once(outcome.refuses, answer) or outcome.is_empty(answer) or says_nothing_was_found(once(Wording, answer)):
        return CannotTell("the answer says that something is missing, which no document can support")
    if other_language(answer, read, once):
        return ANOTHER_LANGUAGE
    if once(language_of, answer) in _UNSPACED:
        return CannotTell("the answer is in a script without blanks between its words")
    found = summed(held(answer, read, told, once))
    if found.size < FEWEST_WORDS:
        return CannotTell("the answer makes no statement of its own")
    metrics = {"statement_support": found.support}
    reason = f"{found.support:.0%} of the answer's statements stand in what the agent read, by their words"
    if found.support >= high:
        return verdict(spoken, 5.0, reason, (), metrics)
    known = found.known if found.impersonal >= _TELLING_WORDS else 1.0
    if known > low or not _is_prose(spoken, once) or not spoken.complete or read.cut:
        return CannotTell(reason + ": no telling by words alone", metrics=metrics)
    findings = Findings(GROUNDING)
    findings.add("grounding.unsupported_statements", reason, stage="LLM", span_ids=(spoken.answer_span,))
    return verdict(spoken, 2.0, reason, findings.all, metrics)


def other_language(answer: str, read: Evidence, once: Once) -> bool:
    """Whether both languages are known and differ."""
    return len({once(language_of, answer), once(language_of, read.text[:5000])} - {""}) > 1


def is_data(text: str, once: Once) -> bool:
    """JSON, or what looks like it: a dict as Python writes it, JSON that was cut."""
    return bool(_DATA.match(text)) or once(parsed, text) is not None


def is_prose(text: str, once: Once) -> bool:
    """Whether a tool's result is text that an answer would repeat, not data that it would put into words."""
    return not is_data(text, once) and len(once(words, text)) >= _PROSE_WORDS


def _is_prose(spoken: Said, once: Once) -> bool:
    return any(
        not is_data(source.text, once) and (source.kind != "tool" or is_prose(source.text, once))
        for source in spoken.sources
    )
