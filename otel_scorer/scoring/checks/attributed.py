"""Is an answer drawn from the documents that were fetched for it? A graded estimate, where `statements` tells the ends.

For runs that read documents (a retrieval, or a prompt that asks to answer from its documents) and nothing that has to
be put into words, such as a tool's JSON.
"""

from __future__ import annotations

from otel_scorer.scoring.checks import outcome
from otel_scorer.scoring.checks.attribution import Attribution, Held, held, says_nothing_was_found, summed
from otel_scorer.scoring.checks.ground import NOT_ALL_CAPTURED, ground_of, verdict
from otel_scorer.scoring.checks.lexicon import Wording, phrases
from otel_scorer.scoring.checks.reply import language_of
from otel_scorer.scoring.checks.said import Said
from otel_scorer.scoring.checks.scale import GROUNDING, Findings
from otel_scorer.scoring.checks.similar import Similarity, compared
from otel_scorer.scoring.checks.statements import (
    ANOTHER_LANGUAGE,
    FEWEST_WORDS,
    MAX_ANSWER,
    is_data,
    is_prose,
    other_language,
)
from otel_scorer.scoring.checks.support import Evidence
from otel_scorer.scoring.checks.words import clip
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.verdict import HIGHEST, CannotTell, Target, Verdict

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
_LEAST_SURE = 4.51
"""The lowest estimate whose score is 5."""
_GOES_BEYOND = 4.5
"""The highest one whose score is 4: half way is rounded down."""
_UNRELATED = 2.6
"""Estimate of an answer none of whose words was read: a score of 3. That it fails is for `statements` to say."""


def attributed(
    target: Target, *, known: float = 0.4, sure: float = 0.75, similarity: Similarity | None = None, share: float = 0.3
) -> Verdict | CannotTell:
    """Whether the answer is drawn from the documents that were fetched for it: its words and pairs of words, graded.

    An answer most of whose words are its own is graded down: from 4.5 where `known` of the words of its statements
    occur in the documents to 2.6 (a score of 3) where none does; whether it fails is for `statements` to say. From
    `known` on nothing speaks against it and the score is 5; the estimate (4.51 to 5) tells how sure that is, by the
    words and pairs of all its statements and of the weakest one (metric `attribution`, 0 to 1). Where it states nothing
    (a question, a refusal, an opinion in the first person), that is 5 as well, and least sure. It rises
    with each of these shares.

    Under `sure` of support a five is doubtful: a judge, where there is one, is asked as well.

    Cannot tell where tools gave data, or where a prompt holds documents and does not ask to answer from them: data is
    always put into other words. Knows words, not meaning: a turned sense ("not") of the same words passes.

    `similarity` is a model of a team's own (see `otel_scorer.scoring.checks.similar`), which counts `share` (0 to 1),
    the words the rest. One that finds some likeness everywhere, as embeddings do, wants another `known`.
    """
    ground = ground_of(target)
    if isinstance(ground, CannotTell):
        return ground
    spoken, read, told = ground
    once = target.once
    if not _rests_on_documents(spoken, once):
        return _NOT_FROM_DOCUMENTS
    answer = clip(spoken.answer, MAX_ANSWER)
    if other_language(answer, read, once):
        return ANOTHER_LANGUAGE
    stated = held(answer, read, told, once)
    found = [one for one in stated if not _declines(one)]
    if len(found) < len(stated) and sum(one.size for one in found) < _PARTING_WORDS:
        found = []
    if similarity is not None:
        found = compared(found, read.texts, similarity, share)
    return _graded(spoken, read, summed(found), known, sure, once)


def _declines(one: Held) -> bool:
    """It refuses, or says that something was not found: no document can support that."""
    wording = Wording(one.statement.text)
    return outcome.refuses(one.statement.text) or says_nothing_was_found(wording)


def _rests_on_documents(spoken: Said, once: Once) -> bool:
    documents = [source for source in spoken.sources if source.kind != "tool"]
    if not documents or any(is_data(source.text, once) for source in documents):
        return False
    if not all(is_prose(source.text, once) for source in spoken.sources if source.kind == "tool"):
        return False
    return any(
        source.kind == "retrieval" or _FROM_DOCUMENTS.is_in(once(Wording, clip(source.text))) for source in documents
    )


def _graded(
    spoken: Said, read: Evidence, found: Attribution, known: float, sure: float, once: Once
) -> Verdict | CannotTell:
    metrics = {"attribution": found.level} if found.size else {}
    if found.size < FEWEST_WORDS:
        return verdict(spoken, _LEAST_SURE, "the answer states next to nothing of its own", (), metrics)
    reason = f"{found.support:.0%} of the answer's statements stand in the documents, by their words"
    if found.impersonal < FEWEST_WORDS or found.known >= known:
        estimate = _LEAST_SURE + (HIGHEST - _LEAST_SURE) * found.level
        return verdict(spoken, estimate, reason, (), metrics, doubtful=found.support < sure)
    if not spoken.complete or read.cut:
        return CannotTell(f"{NOT_ALL_CAPTURED}, so what is not in it is no proof", metrics=metrics)
    if once(language_of, spoken.answer) not in ("", "english"):
        return CannotTell("the answer is in a language whose words take too many forms", metrics=metrics)
    if "```" in spoken.answer:
        return CannotTell("the answer holds code, which no document need hold", metrics=metrics)
    reason = f"only {found.known:.0%} of the words in the answer's statements occur in the documents"
    findings = Findings(GROUNDING)
    findings.add("grounding.not_from_documents", reason, stage="LLM", span_ids=(spoken.answer_span,))
    estimate = _UNRELATED + (_GOES_BEYOND - _UNRELATED) * found.known / known
    return verdict(spoken, estimate, reason, findings.all, metrics)
