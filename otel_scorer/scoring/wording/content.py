"""Words of a text that carry meaning, to hold two texts against each other. English stems, else plain words."""

from __future__ import annotations

from otel_scorer.scoring.wording.words import STOPWORDS, stem, words


def content(text: str) -> list[str]:
    """Stems of these words, in order, repetitions kept."""
    known: dict[str, str] = {}
    kept = [word for word in words(text) if word not in STOPWORDS and (len(word) > 1 or word.isdigit())]
    for word in kept:
        if word not in known:
            known[word] = stem(word)
    return [known[word] for word in kept]
