"""Vector database spans: OpenLLMetry tells each hit in a span event, with id, score or distance, document and
metadata; traceAI tells only the ids and scores of all.
"""

from __future__ import annotations

from otel_scorer.conventions.found import EVENTS, Reads
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import loosened, number, string, text_of
from otel_scorer.model import Attributes, Document, Value

_IDS, _SCORES = "db.vector.results.ids", "db.vector.results.scores"
_PREFIXES = {"db.query.result": "db.query.result.", "db.search.result": "db.search.result."}


def _hits(source: Source) -> tuple[Document, ...] | None:
    hits = (event for event in source.span.events if event.name in _PREFIXES)
    return tuple(_document(hit.attributes, _PREFIXES[hit.name]) for hit in hits) or None


def _document(attributes: Attributes, prefix: str) -> Document:
    """A distance (smaller is better) is kept under its own name among the metadata, never turned into a score."""
    metadata: Value = loosened(attributes.get(prefix + "metadata"))
    distance = number(attributes.get(prefix + "distance"))
    if distance is not None:
        metadata = {**metadata, "distance": distance} if isinstance(metadata, dict) else {"distance": distance}
    return Document(
        id=string(attributes.get(prefix + "id")),
        text=text_of(attributes.get(prefix + "document")),
        score=number(attributes.get(prefix + "score")),
        metadata=metadata,
    )


def _ids(source: Source) -> tuple[Document, ...] | None:
    ids, scores = source.json(_IDS), source.json(_SCORES)
    if not isinstance(ids, list):
        return None
    told = scores if isinstance(scores, list) and len(scores) == len(ids) else [None] * len(ids)
    return tuple(Document(string(one), score=number(score)) for one, score in zip(ids, told, strict=True))


READS: tuple[Reads, ...] = (
    Reads("documents", (EVENTS,), _hits),
    Reads("documents", (_IDS,), _ids),
)
