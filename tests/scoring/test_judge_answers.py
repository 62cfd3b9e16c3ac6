"""An answer is exactly one object of the schema, or it is none."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from scored_runs import opinion

from otel_scorer.scoring.judging.judge import JudgeInvalid, answer_schema, read_answer

ASKED = ["factual_grounding", "privacy_and_safety"]
GOOD = {"factual_grounding": opinion(4, ["s1", "s1"]), "privacy_and_safety": opinion(None)}


def test_a_good_answer_is_read() -> None:
    read = read_answer(f"\n {json.dumps(GOOD)} \n", ASKED)
    assert read["factual_grounding"].score == 4
    assert read["factual_grounding"].evidence == ("s1",)
    assert read["privacy_and_safety"].score is None


def _with(**changes: Any) -> str:
    return json.dumps({**GOOD, "factual_grounding": {**GOOD["factual_grounding"], **changes}})


BAD = {
    "empty": "",
    "prose": "The score is 5.",
    "fenced": f"```json\n{json.dumps(GOOD)}\n```",
    "two objects": json.dumps(GOOD) * 2,
    "an object after prose": "Sure! " + json.dumps(GOOD),
    "a list": json.dumps([GOOD]),
    "a number": "5",
    "null": "null",
    "one dimension too few": json.dumps({"factual_grounding": opinion(5)}),
    "one dimension too many": json.dumps({**GOOD, "composite": opinion(5)}),
    "a key twice": json.dumps(GOOD)[:-1] + f', "factual_grounding": {json.dumps(opinion(5))}}}',
    "score 0": _with(score=0),
    "score 6": _with(score=6),
    "score 4.0": _with(score=4.0),
    "score true": _with(score=True),
    "score as text": _with(score="5"),
    "score NaN": _with(score=float("nan")),
    "no reason": _with(reason=None),
    "evidence as text": _with(evidence="s1"),
    "evidence of numbers": _with(evidence=[1]),
    "a field more": _with(confidence=1),
    "a bare score": json.dumps(dict.fromkeys(ASKED, 5)),
    "very deep": "[" * 100_000,
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(JudgeInvalid):
        read_answer(text, ASKED)


def test_a_reason_is_capped_and_shows_what_it_holds() -> None:
    read = read_answer(_with(reason="a\u202eb\x00" + "c" * 5000), ASKED)
    reason = read["factual_grounding"].reason
    assert len(reason) <= 1000
    assert reason.startswith("abc")


def test_the_schema_is_strict_and_takes_the_good_answer_only() -> None:
    schema = answer_schema(ASKED)
    jsonschema.validate(GOOD, schema)
    assert schema["required"] == ASKED
    assert schema["additionalProperties"] is False
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**GOOD, "factual_grounding": opinion(6)}, schema)
