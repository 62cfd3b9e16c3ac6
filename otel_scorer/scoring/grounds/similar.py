"""A model of a team's own beside the words: how far a passage supports a statement, by embeddings or inference (NLI).

A rubric names it by its place: `with: {similarity: "package.module:function"}`. It is loaded with the rubric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from otel_scorer.scoring.grounds.attribution import Held
from otel_scorer.scoring.wording.words import Stems, sentences, words

Measure: TypeAlias = Callable[[Sequence[str], Sequence[str]], Sequence[Sequence[float]]]
"""(statements, passages) -> a row for each statement: how far each passage supports it, 0 to 1. Deterministic, and no
network. What has an attribute `ready` is asked by it when the rubric is loaded: it raises ValueError where something
that it needs is not installed.
"""

_MAX_STATEMENTS = 32
_MAX_PASSAGES = 48
_MAX_CHARS = 1000
"""Characters of a statement or passage that are handed over."""
_PASSAGES_OF_A_TEXT = 8
_MAX_TEXT = 200_000
_MAX_SENTENCES = 2000
"""Sentences of what was read among which the passages are chosen."""


class Similarity:
    """A measure, found by its place."""

    def __init__(self, place: str) -> None:
        """Raises ValueError where there is no such function, or it is not ready."""
        self.place = place
        module, _, name = place.partition(":")
        try:
            self.measure: Measure = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(f"it cannot be loaded ({error}); write package.module:function") from error
        if not callable(self.measure):
            raise ValueError("it is no function; name one that takes statements and passages")
        getattr(self.measure, "ready", _always)()

    def rows(self, statements: Sequence[str], passages: Sequence[str]) -> list[list[float]]:
        """What the measure says, between 0 and 1. Raises ValueError where it gives no row for each statement."""
        cut = [text[:_MAX_CHARS] for text in statements], [text[:_MAX_CHARS] for text in passages]
        rows = self.measure(*cut)
        if len(rows) != len(statements) or any(len(row) != len(passages) for row in rows):
            raise ValueError("the measure must give a row for each statement, with a number for each passage")
        return [[min(1.0, max(0.0, float(number))) for number in row] for row in rows]

    def nearest(self, query: str, texts: Sequence[str]) -> list[float]:
        """How near the best passage of each text is to the query: of the first texts alone, and of their beginnings."""
        parts = [_windows(text)[:_PASSAGES_OF_A_TEXT] or [""] for text in texts[:_MAX_PASSAGES]]
        (row,) = self.rows([query], [part for text in parts for part in text])
        found, at = [], 0
        for text in parts:
            found.append(max(row[at : at + len(text)]))
            at += len(text)
        return found

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.of)

    @classmethod
    def of(cls, given: object) -> Similarity:
        """A place becomes the measure there; a measure that was found stays as it is."""
        if isinstance(given, Similarity):
            return given
        if not isinstance(given, str):
            raise ValueError("it is no text; write package.module:function")
        return cls(given)


def _always() -> None:
    """Ready."""


def compared(statements: Sequence[Held], texts: Sequence[str], similarity: Similarity, share: float) -> list[Held]:
    """The statements with what the measure says of them; it counts `share` (0 to 1), their words the rest.

    The first statements are compared, each with the passages (two sentences) that share most words with all of them.
    """
    first = statements[:_MAX_STATEMENTS]
    passages = _passages(first, texts)
    if not (first and passages):
        return list(statements)
    rows = similarity.rows([one.statement.text for one in first], passages)
    best = [max(row) for row in rows]
    blended = [
        one._replace(
            known=(1 - share) * one.known + share * near,
            support=(1 - share) * one.support + share * near,
        )
        for one, near in zip(first, best, strict=True)
    ]
    return [*blended, *statements[_MAX_STATEMENTS:]]


def _passages(statements: Sequence[Held], texts: Sequence[str]) -> list[str]:
    """In the order in which they were read."""
    wanted = frozenset(stem for one in statements for stem in one.statement.content)
    known = Stems()
    pairs = [pair for text in texts for pair in _windows(text)][:_MAX_SENTENCES]
    ranked = sorted(range(len(pairs)), key=lambda at: -len(wanted.intersection(known.of(words(pairs[at])))))
    return [pairs[at] for at in sorted(ranked[:_MAX_PASSAGES])]


def _windows(text: str) -> list[str]:
    """Two sentences each, which overlap; one sentence where there is no other."""
    spoken = sentences(text[:_MAX_TEXT])
    return [f"{first} {second}" for first, second in pairwise(spoken)] or spoken
