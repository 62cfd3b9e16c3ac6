"""Names by a model: an own tiny one, where the extra is installed; else only that its absence is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_scorer.errors import UserError
from otel_scorer.scoring.detection.named import named


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="no_such_model"):
        named("Ada Lovelace", "no_such_model")


def test_names_are_found_by_the_model_that_is_given(tmp_path: Path) -> None:
    pytest.importorskip("presidio_analyzer")
    spacy = pytest.importorskip("spacy")
    model = spacy.blank("en")
    ruler = model.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": "Ada Lovelace"}, {"label": "GPE", "pattern": "London"}])
    model.to_disk(tmp_path)
    text = "I met Ada Lovelace in London."
    assert [(hit.kind, hit.text) for hit in named(text, str(tmp_path))] == [
        ("person", "Ada Lovelace"),
        ("place", "London"),
    ]
    assert [hit.kind for hit in named(text, str(tmp_path), {"place"})] == ["place"]
    assert named("", str(tmp_path)) == ()
