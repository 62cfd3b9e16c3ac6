"""Patterns without regard to case take `ſ`, `ı` and `İ` for letters: what they found is then looked up as such."""

from __future__ import annotations

import pytest

from otel_scorer.scoring.demands.demands import demands
from otel_scorer.scoring.wording.reply import Reply

SENTENCES = [
    "Use the word dog twice.",
    "Use the word dog at least six times.",
    "Answer in exactly six sentences.",
    "Answer with at least five list items.",
    "Write between five and six lines.",
    "Use no commas.",
    "Answer in Spanish.",
    "Answer in a single sentence.",
]
REPLIES = ["a dog, a dog.", "- one\n- two\n- three\n- four\n- five", "El perro no es un gato y la casa es roja."]


@pytest.mark.parametrize("letters", [("s", "ſ"), ("i", "ı"), ("i", "İ"), ("k", "\u212a")])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_demand_that_is_found_is_the_one_in_plain_letters(sentence: str, letters: tuple[str, str]) -> None:
    plain = demands(sentence)
    assert plain
    for at, letter in enumerate(sentence):
        if letter == letters[0]:
            told = demands(sentence[:at] + letters[1] + sentence[at + 1 :])
            assert [one.kind for one in told] == [one.kind for one in plain][: len(told)]
            for one, other in zip(told, plain, strict=False):
                assert [one.test(Reply(text)) for text in REPLIES] == [other.test(Reply(text)) for text in REPLIES]
