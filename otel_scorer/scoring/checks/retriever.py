"""One retrieval by itself: did it find something, and is it about the query?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from otel_scorer.model import Document
from otel_scorer.scoring.grounds.similar import Similarity
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading.scale import GROUNDING, Findings, counted
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.words import Stems, clip, content_stems, words

_MAX_DOCUMENTS = 200
_NO_RETRIEVAL = CannotTell("this step is no retrieval")


def context_relevance(
    target: Target, *, good: float = 0.5, similarity: Similarity | None = None, share: float = 0.5
) -> Verdict | CannotTell:
    """How many of the query's content words the documents hold, the best document counting most.

    Words alone: a relevant document in other words looks poor, so a low share never scores under 2. `good` is the share
    of query words from which on the best document is taken as about the query. Leaves metric `context_relevance`
    (0 to 1). Without a step it looks at every retrieval of the trace and only measures. `similarity` is a model of a
    team's own (`otel_scorer.scoring.grounds.similar`) that says how near a document is to the query; it counts `share`
    (0 to 1), the words the rest.
    """
    near = _Near(similarity, share)
    if target.step is None:
        return _measured(target, near)
    query, documents = _seen(target)
    if documents is None:
        return CannotTell("the documents were not captured", missing_evidence=True)
    wanted = _content(clip(query or ""), target.once)
    texts = [document.text for document in documents[:_MAX_DOCUMENTS] if document.text]
    if not wanted:
        return CannotTell("the query was not captured", missing_evidence=query is None)
    if not texts:
        return CannotTell("no document, or none with its text", missing_evidence=_lacks_text(documents))
    shares = near.beside(_shares(wanted, texts, target.once), query or "", texts)
    metrics = _metrics(shares)
    estimate = 2.0 + 3.0 * min(1.0, max(shares) / good)
    reason = f"the best of {counted(len(texts), 'document')} holds {max(shares):.0%} of the query's words"
    if similarity is not None:
        reason = f"the best of {counted(len(texts), 'document')} is as near as {max(shares):.0%} to the query"
    findings = Findings(GROUNDING)
    if max(shares) < good / 2:
        findings.add("retriever.irrelevant_context", reason, stage="RETRIEVER", span_ids=(target.step.span_id,))
    return Verdict(estimate, reason, tuple(findings.all), (target.step.span_id,), metrics)


def _measured(target: Target, near: _Near) -> CannotTell:
    """The mean over the trace's retrievals, as a metric."""
    found = []
    unseen = False
    for step in target.view.retrievals[:50]:
        query, documents = _seen(Target(target.view, step, target.once))
        unseen = unseen or documents is None or _lacks_text(documents)
        wanted = _content(clip(query or target.view.task or ""), target.once)
        texts = [document.text for document in (documents or ())[:_MAX_DOCUMENTS] if document.text]
        if wanted and texts:
            shares = near.beside(_shares(wanted, texts, target.once), query or target.view.task or "", texts)
            found.append(_metrics(shares)["context_relevance"])
    if not found:
        why = "not all documents were captured with their text" if unseen else "no document was retrieved"
        return CannotTell(why, missing_evidence=unseen)
    return CannotTell(
        "relevance of the context is a measure here, no score", metrics={"context_relevance": sum(found) / len(found)}
    )


class _Near(NamedTuple):
    """What a team's own measure adds to the words, if there is one."""

    similarity: Similarity | None
    share: float

    def beside(self, shares: Sequence[float], query: str, texts: Sequence[str]) -> list[float]:
        """Share of the query's words and nearness of the best passage, of each document; of too many, words alone."""
        if self.similarity is None:
            return list(shares)
        nearest = self.similarity.nearest(query, texts)
        both = [(1 - self.share) * held + self.share * near for held, near in zip(shares, nearest, strict=False)]
        return [*both, *shares[len(both) :]]


def _lacks_text(documents: Sequence[Document]) -> bool:
    """Only ids or scores of some documents were captured."""
    return any(document.text is None for document in documents)


def _shares(wanted: frozenset[str], texts: Sequence[str], once: Once) -> list[float]:
    return [len(wanted & once(_content, clip(text, 50_000), once)) / len(wanted) for text in texts]


def _content(text: str, once: Once) -> frozenset[str]:
    return content_stems(words(text), once(Stems))


def _metrics(shares: Sequence[float]) -> dict[str, float]:
    """`context_relevance` is the mean over documents: chaff beside the one good document costs."""
    return {"context_relevance": sum(shares) / len(shares), "best_document_relevance": max(shares)}


def empty(target: Target) -> Verdict | CannotTell:
    """Whether the retrieval came back empty: 2, because no answer can be grounded on it; or with documents: 5."""
    if target.step is None:
        return _NO_RETRIEVAL
    _, documents = _seen(target)
    if documents is None:
        return CannotTell("the documents were not captured", missing_evidence=True)
    if any(document.text is None or document.text.strip() for document in documents):
        return Verdict(5.0, f"{counted(len(documents), 'document')} came back", evidence=(target.step.span_id,))
    findings = Findings(GROUNDING)
    findings.add("retriever.empty", "the retrieval came back empty", stage="RETRIEVER", span_ids=(target.step.span_id,))
    return Verdict(2.0, findings.all[0].text, tuple(findings.all), findings.spans)


def _seen(target: Target) -> tuple[str | None, tuple[Document, ...] | None]:
    if target.step is None:
        return None, None
    genai = target.step.genai
    documents = genai.reranked if genai.reranked is not None else genai.documents
    return genai.query or genai.input_text, documents
