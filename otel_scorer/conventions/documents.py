"""Retrieved and reranked documents in any shape, and the query they answer."""

from __future__ import annotations

from otel_scorer.conventions.values import MAX_ITEMS, captured, loosened, number, string, text_of
from otel_scorer.model import Document, Value

_TEXT_KEYS = ("content", "page_content", "pageContent", "text", "document", "snippet", "body")
_SCORE_KEYS = ("score", "relevance_score", "relevanceScore", "similarity")
_LIST_KEYS = ("documents", "results", "docs", "source_documents", "matches", "records", "ranking", "context", "output")
_QUERY_KEYS = ("query", "question", "input", "q", "text", "search_query", "query_text", "query_str")


def documents(value: Value) -> tuple[Document, ...] | None:
    """Read a list of documents from a parsed value; None when it is none. `text` is None where only ids or scores
    are told.
    """
    value = loosened(value)
    if isinstance(value, dict):
        inner = next((value[key] for key in _LIST_KEYS if isinstance(loosened(value.get(key)), list)), None)
        value = loosened(inner)
    if not isinstance(value, list):
        return None
    found = [document for item in value[:MAX_ITEMS] if (document := _document(item)) is not None]
    return tuple(found) if found or not value else None


def query_of(value: Value) -> str | None:
    """The search query in a retriever's input: a text, or the field of a JSON object that holds it."""
    value = loosened(value)
    if isinstance(value, dict):
        for key in _QUERY_KEYS:
            inner = value.get(key)
            if isinstance(inner, str) and captured(inner):
                return inner
        for key in ("kwargs", "args"):
            if isinstance(value.get(key), dict | list) and value[key]:
                return query_of(value[key])
    if isinstance(value, list) and len(value) == 1:
        return text_of(value[0])
    return text_of(value)


def _document(item: Value) -> Document | None:
    item = loosened(item)
    if isinstance(item, str):
        return Document(text=text_of(item))
    if not isinstance(item, dict):
        return None
    inner = item.get("document")
    if isinstance(inner, dict):
        item = {**item, **inner}
    kwargs = item.get("kwargs")
    if isinstance(kwargs, dict):
        item = {**kwargs, "id": kwargs.get("id")}
    text = next(
        (text_of(item[key]) for key in _TEXT_KEYS if captured(item.get(key)) and not isinstance(item[key], dict)), None
    )
    score = next((found for key in _SCORE_KEYS if (found := number(item.get(key))) is not None), None)
    name = string(item.get("id")) or string(item.get("doc_id")) or string(item.get("index"))
    metadata = loosened(item.get("metadata"))
    if text is None and score is None and not name and metadata is None:
        return None
    return Document(name, text, score, metadata)
