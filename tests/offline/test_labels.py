"""Labels are read strictly: each mistake is told by file, line, field, value and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_scorer.errors import UserError
from otel_scorer.offline.labels import read_labels

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
FINE: dict[str, Any] = {"trace_id": TRACE_ID, "rater": "ana", "scores": {"factual_grounding": 4}}


def written(folder: Path, *lines: str | dict[str, Any]) -> Path:
    file = folder / "labels.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return file


def test_a_label_is_read_with_all_it_says(tmp_path: Path) -> None:
    full = {**FINE, "span_id": "A" * 16, "file": "runs/1.json", "segment": "refunds", "note": "hard to say"}
    first, second = read_labels(written(tmp_path, full, "", {**FINE, "trace_id": TRACE_ID.upper()}))
    assert (first.trace_id, first.rater, dict(first.scores)) == (TRACE_ID, "ana", {"factual_grounding": 4})
    assert (first.span_id, first.file, first.segment) == ("a" * 16, tmp_path / "runs/1.json", "refunds")
    assert (second.trace_id, second.file) == (TRACE_ID, None)
    assert second.place.endswith("labels.jsonl, line 3")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            {**FINE, "scores": {"factual_grounding": 6}},
            "scores.factual_grounding is 6: write a whole number from 1 to 5",
        ),
        ({**FINE, "scores": {"factual_grounding": 0}}, "scores.factual_grounding is 0: write a whole number from 1"),
        ({**FINE, "scores": {"factual_grounding": 3.5}}, "scores.factual_grounding is 3.5: write a whole number"),
        ({**FINE, "scores": {"factual_grounding": True}}, "scores.factual_grounding is true: write a whole number"),
        ({**FINE, "scores": {"factual_grounding": "4"}}, 'scores.factual_grounding is "4": write a whole number'),
        ({**FINE, "scores": {"grounding": 4}}, "scores.grounding is no dimension; there are: factual_grounding, "),
        ({**FINE, "scores": {}}, "scores is {}: label at least one dimension"),
        ({**FINE, "scores": 4}, "scores is 4: write an object with a score for each"),
        ({**FINE, "trace_id": "4bf9"}, 'trace_id is "4bf9": write the 32 hex digits'),
        ({**FINE, "trace_id": 7}, "trace_id is 7: write text"),
        ({**FINE, "span_id": "xyz"}, 'span_id is "xyz": write the 16 hex digits'),
        ({**FINE, "rater": ""}, 'rater is "": write who labelled it'),
        ({"trace_id": TRACE_ID, "scores": {"factual_grounding": 4}}, "rater is missing; add it"),
        ({**FINE, "score": 4}, "score is no field of a label; there are: trace_id, rater, scores"),
        ([FINE], "write an object, such as"),
        ("{not json}", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"rater": "a", "rater": "b"}', "rater stands there twice; keep one"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, line: str | dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        read_labels(written(tmp_path, FINE, line))
    assert str(caught.value).startswith(f"{tmp_path / 'labels.jsonl'}, line 2: ")
    assert told in str(caught.value)


def test_a_rater_rates_a_thing_once(tmp_path: Path) -> None:
    other = {**FINE, "scores": {"privacy_and_safety": 5}}
    assert len(read_labels(written(tmp_path, FINE, other, {**FINE, "rater": "ben"}))) == 3
    assert len(read_labels(written(tmp_path, FINE, {**FINE, "span_id": "a" * 16}, {**FINE, "file": "x.json"}))) == 3
    with pytest.raises(UserError, match=r'line 3: rater is "ana", who has already rated factual_grounding.*line 1'):
        read_labels(written(tmp_path, FINE, other, FINE))


def test_the_segment_of_a_trace_is_one(tmp_path: Path) -> None:
    one, two = {**FINE, "segment": "a"}, {**FINE, "rater": "ben", "segment": "b"}
    with pytest.raises(UserError, match=r'line 2: segment is "b", but "a" for the same trace'):
        read_labels(written(tmp_path, one, two))
    assert len(read_labels(written(tmp_path, one, {**FINE, "rater": "ben"}))) == 2


def test_a_file_without_labels_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no label; write one object a line"):
        read_labels(written(tmp_path, "", " "))
    with pytest.raises(UserError, match=r"none.jsonl: is not there"):
        read_labels(tmp_path / "none.jsonl")
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe{}")
    with pytest.raises(UserError, match=r"bad.jsonl: cannot be read"):
        read_labels(tmp_path / "bad.jsonl")
