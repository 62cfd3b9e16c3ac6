"""Retrieved chunks against the query and the answer: which of them the answer draws on, and how much of them.

Words only, English stems: a chunk that is retold in other words, or in another language, counts as not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_scorer.model import Document
from otel_scorer.scoring.reading.scale import GROUNDING, Findings, counted
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.content import content
from otel_scorer.scoring.wording.words import clip, sentences

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import Step, TraceView

_MAX_CHUNKS = 50
_MAX_CHUNK_CHARS = 20_000
_MAX_ANSWER_CHARS = 50_000
_FEWEST_WORDS = 2
"""Words that a sentence must share beside the question's own: one alone is chance."""
_NEAR_BEST = 0.8
"""Share of the best chunk's match from which on another one is as good."""


def chunk_use(target: Target) -> CannotTell:
    """A measure, never a score. Of a retrieval, or (without a step) of all that the trace's answer was given:

    `chunk_attribution`: share (0 to 1) of the chunks that hold at least half of the words of some sentence of the final
    answer, the question's own words not counted. `chunk_utilisation`: share of the chunks' text, by words, in sentences
    half of whose words the answer has. Says nothing of whether the answer is right. Cannot tell without the answer, or
    without the chunks' text. An answer given by another agent of the trace than the retrieval's counts as well.
    """
    answer = target.view.final_answer
    if answer is None:
        return CannotTell("the final answer was not captured", missing_evidence=True)
    chunks = _chunks(target)
    if chunks is None:
        return CannotTell("the chunks' text was not captured", missing_evidence=True)
    if not chunks:
        return CannotTell("no chunk was retrieved")
    asked = frozenset(content(clip(_question(target), _MAX_ANSWER_CHARS)))
    said = [_telling(sentence, asked) for sentence in sentences(clip(answer, _MAX_ANSWER_CHARS))]
    said = [words for words in said if len(words) >= _FEWEST_WORDS]
    all_said = frozenset().union(*said)
    held = [frozenset(content(chunk)) for chunk in chunks]
    drawn_on = sum(any(_holds_half(words, chunk) for words in said) for chunk in held)
    used, total = _used(chunks, asked, all_said)
    metrics = {"chunk_attribution": drawn_on / len(chunks), "chunk_utilisation": used / total if total else 0.0}
    return CannotTell("use of the chunks is a measure, no score", metrics=metrics)


def _telling(sentence: str, asked: frozenset[str]) -> frozenset[str]:
    return frozenset(content(sentence)) - asked


def _holds_half(words: frozenset[str], chunk: frozenset[str]) -> bool:
    shared = len(words & chunk)
    return shared >= _FEWEST_WORDS and 2 * shared >= len(words)


def _used(chunks: Sequence[str], asked: frozenset[str], said: frozenset[str]) -> tuple[int, int]:
    """Words of the chunks in sentences that the answer uses, and all words."""
    used = total = 0
    for chunk in chunks:
        for sentence in sentences(chunk):
            words = content(sentence)
            total += len(words)
            used += len(words) if _holds_half(frozenset(words) - asked, said) else 0
    return used, total


def _question(target: Target) -> str:
    step = target.step
    query = step.genai.query or step.genai.input_text if step is not None else None
    return "\n".join(filter(None, (query, target.view.task)))


def _chunks(target: Target) -> list[str] | None:
    """The texts of the step's chunks, or of what the trace's answer was given, each once. None: not captured."""
    steps = (target.step,) if target.step is not None else _last_stage(target.view)
    documents = [found for step in steps if (found := _came_back(step)) is not None]
    if steps and not documents:
        return None
    texts = [document.text for found in documents for document in found]
    if texts and all(text is None for text in texts):
        return None
    seen = dict.fromkeys(clip(text, _MAX_CHUNK_CHARS) for text in texts if text and text.strip())
    return list(seen)[:_MAX_CHUNKS]


def _last_stage(view: TraceView) -> tuple[Step, ...]:
    """The rerankers where there are any: what they dropped, nobody was given."""
    return tuple(step for step in view.retrievals if step.kind == "RERANKER") or view.retrievals


def _came_back(step: Step) -> tuple[Document, ...] | None:
    return step.genai.reranked if step.genai.reranked is not None else step.genai.documents


def best_on_top(target: Target) -> Verdict | CannotTell:
    """Whether a reranker put on top what shares most words with the query, and kept it.

    On top, or as good as the best: 5; second: 4; lower: 3, not less, because a chunk may answer in other words. The
    best one of its input dropped, and nothing near it kept: 2. Cannot tell where no chunk shares a word with the query.
    """
    step = target.step
    if step is None:
        return CannotTell("a whole trace is no reranking", not_applicable=True)
    kept = step.genai.reranked
    wanted = frozenset(content(clip(step.genai.query or step.genai.input_text or "", _MAX_CHUNK_CHARS)))
    if kept is None or not wanted:
        what = "the reranked chunks" if kept is None else "the query"
        return CannotTell(f"{what} {'were' if kept is None else 'was'} not captured", missing_evidence=True)
    shares = _shares(wanted, kept)
    before = max(_shares(wanted, step.genai.documents or ()), default=0.0)
    if not any((*shares, before)):
        return CannotTell("no chunk shares a word with the query: words cannot tell which is best")
    return _ranked(step, shares, before)


def _shares(wanted: frozenset[str], documents: Sequence[Document]) -> list[float]:
    texts = [clip(document.text or "", _MAX_CHUNK_CHARS) for document in documents[:_MAX_CHUNKS]]
    return [len(wanted & frozenset(content(text))) / len(wanted) for text in texts]


def _ranked(step: Step, shares: Sequence[float], before: float) -> Verdict:
    best = max(shares, default=0.0)
    metrics = {"top_chunk_relevance": shares[0] if shares else 0.0}
    findings = Findings(GROUNDING)
    if best < before / 2:
        text = f"the chunk nearest to the query ({before:.0%} of its words) was dropped; the best kept holds {best:.0%}"
        findings.add("reranker.dropped_best", text, stage="RERANKER", span_ids=(step.span_id,))
        return Verdict(2.0, text, tuple(findings.all), findings.spans, metrics)
    place = next(index for index, share in enumerate(shares) if share >= _NEAR_BEST * best)
    if place == 0:
        return Verdict(5.0, f"the best of {counted(len(shares), 'chunk')} is on top", (), (step.span_id,), metrics)
    text = f"the chunk nearest to the query is number {place + 1}, after others that share fewer of its words"
    findings.add("reranker.best_not_on_top", text, stage="RERANKER", span_ids=(step.span_id,))
    return Verdict(4.0 if place == 1 else 3.0, text, tuple(findings.all), findings.spans, metrics)
