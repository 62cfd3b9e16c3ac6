"""Is an answer drawn from the documents that were fetched for it? A graded estimate, where `statements` tells the ends.

For runs that read documents (a retrieval, or a prompt that asks to answer from its documents) and nothing that has to
be put into words, such as a tool's JSON.
"""

from __future__ import annotations

from otel_scorer.scoring.grounds.attribution import Attribution, Held, held, says_nothing_was_found, summed
from otel_scorer.scoring.grounds.ground import NOT_ALL_CAPTURED, ground_of, verdict
from otel_scorer.scoring.grounds.similar import Similarity, compared
from otel_scorer.scoring.grounds.statements import (
    ANOTHER_LANGUAGE,
    FEWEST_WORDS,
    MAX_ANSWER,
    is_data,
    is_prose,
    other_language,
)
from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.reading.scale import GROUNDING, Findings
from otel_scorer.scoring.verdict import HIGHEST, CannotTell, Target, Verdict
from otel_scorer.scoring.wording.lexicon import Wording, phrases
from otel_scorer.scoring.wording.reply import language_of
from otel_scorer.scoring.wording.words import clip, words

_ANSWERING = "use|using|given|based|rely|relying|consult|cite|citing|answers?|according|refer|respond"
_DOCUMENTS = "contexts?|documents?|passages?|sources?|excerpts?|articles?|snippets?|paragraphs?|knowledge"
_FROM_DOCUMENTS = phrases(
    rf"""
    (?:{_ANSWERING}) (?:\w+ ){{0,8}}(?:{_DOCUMENTS})
    (?:{_DOCUMENTS}) (?:information )?(?:is|are|follows?)
    """
)
"""A prompt that asks to answer from the documents in it; others hold background that the answer need not be about."""
_NOT_FROM_DOCUMENTS = CannotTell("the answer did not rest on documents alone: words cannot tell how data is retold")
_PARTING_WORDS = 8
"""Content words that an answer says beside that nothing was found: who else may know, what to try instead."""
_UNRELATED = 2.6
"""Estimate of an answer none of whose words was read: a score of 3. That it fails is for `statements` to say."""
_BESIDE = 3.51
"""Estimate of an answer that states nothing and was given documents: the least four."""
_SURE, _HALF = 4.5, 3.5
"""The highest estimates whose scores are 4 and 3: half way is rounded down."""


def attributed(
    target: Target, *, known: float = 0.25, similarity: Similarity | None = None, share: float = 0.3
) -> Verdict | CannotTell:
    """How much of the answer is drawn from the documents that were fetched for it, by its words and pairs of words.

    The estimate rises in step with the support of its statements, that of all and that of the weakest one alike, from
    2.6 where nothing stands in the documents to 5 where all of it does, word for word (metric `attribution`, 0 to 1).
    So a five is for what is nearly all drawn from them (0.8 and more), a four for what is so in the main or retold, a
    three for what mostly is not there; whether it fails is for `statements` to say. A paraphrase shares few words, so
    anything under five is doubtful: a judge, where there is one, is asked. Where fewer than `known` of the words of
    its statements occur in the documents, a finding says so.

    An answer that states nothing of its own (a question, a courtesy, what the user said already) is a doubtful four:
    harmless, and beside the documents that were fetched for it. A statement in the first person counts as one that
    nothing supports, unless it reports what was found. Cannot tell where the answer says that something was not found:
    no document could show that. Nor where tools gave data, or where a prompt holds documents and does not ask to answer
    from them: data is always put into other words. Nor, where it would be less than five, when not all that was read
    was captured; nor, where it would be three, in a language whose words take many forms, or with code in the answer.
    Knows words, not meaning: a turned sense ("not") of the same words passes.

    `similarity` is a model of a team's own (see `otel_scorer.scoring.grounds.similar`), which counts `share` (0 to 1),
    the words the rest. One that finds some likeness everywhere, as embeddings do, wants another `known`.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    once = target.once
    if not rests_on_documents(spoken, once):
        return _NOT_FROM_DOCUMENTS
    answer = clip(spoken.answer, MAX_ANSWER)
    if other_language(answer, read, once):
        return ANOTHER_LANGUAGE
    every = held(answer, read, told, once)
    found = [one for one in every if not _declines(one)]
    if len(found) < len(every) and sum(one.size for one in found) < _PARTING_WORDS:
        return CannotTell("the answer says that something was not found: no document could show that")
    if not found:
        return _beside(spoken, read, answer, once)
    if similarity is not None:
        found = compared(found, read.texts, similarity, share)
    return _graded(spoken, read, summed(found), known, once)


def _declines(one: Held) -> bool:
    """It refuses, or says that something was not found: no document can support that."""
    wording = Wording(one.statement.text)
    return outcome.refuses(one.statement.text) or says_nothing_was_found(wording)


def rests_on_documents(spoken: Said, once: Once) -> bool:
    """Whether all that the answer draws on is prose that was fetched, or written into a prompt that asks to use it."""
    documents = [source for source in spoken.sources if source.kind != "tool"]
    if not documents or any(is_data(source.text, once) for source in documents):
        return False
    if not all(is_prose(source.text, once) for source in spoken.sources if source.kind == "tool"):
        return False
    return any(
        source.kind == "retrieval" or _FROM_DOCUMENTS.is_in(once(Wording, clip(source.text))) for source in documents
    )


def _beside(spoken: Said, read: Evidence, answer: str, once: Once) -> Verdict | CannotTell:
    """A question, a courtesy or the user's own words, though documents were fetched: harmless, not drawn from them."""
    excuse = _excuse(spoken, read, _HALF, once)
    if excuse or not words(answer):
        return CannotTell(excuse or "the answer states nothing that a document could show")
    reason = "the answer states nothing of its own that the documents which were fetched for it could show"
    return verdict(spoken, _BESIDE, reason, (), {}, doubtful=True)


def _graded(spoken: Said, read: Evidence, found: Attribution, known: float, once: Once) -> Verdict | CannotTell:
    metrics = {"attribution": found.level}
    estimate = _UNRELATED + (HIGHEST - _UNRELATED) * found.level
    reason = f"{found.support:.0%} of the answer's statements stand in the documents, by their words"
    if estimate > _SURE:
        return verdict(spoken, estimate, reason, (), metrics)
    excuse = _excuse(spoken, read, estimate, once)
    if excuse:
        return CannotTell(excuse, metrics=metrics)
    findings = Findings(GROUNDING)
    if found.impersonal >= FEWEST_WORDS and found.known < known:
        reason = f"only {found.known:.0%} of the words in the answer's statements occur in the documents"
        findings.add("grounding.not_from_documents", reason, stage="LLM", span_ids=(spoken.answer_span,))
    return verdict(spoken, estimate, reason, findings.all, metrics, doubtful=True)


def _excuse(spoken: Said, read: Evidence, estimate: float, once: Once) -> str:
    """Why words that are not in the documents are no sign of anything."""
    if not spoken.complete or read.cut:
        return f"{NOT_ALL_CAPTURED}, so what is not in it is no proof"
    if estimate > _HALF:
        return ""
    if once(language_of, spoken.answer) not in ("", "english"):
        return "the answer is in a language whose words take too many forms"
    return "the answer holds code, which no document need hold" if "```" in spoken.answer else ""
