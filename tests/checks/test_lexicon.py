"""Phrases are looked for by a short cut: it must find what the pattern alone finds."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_scorer.scoring.checks import adherence, grounding, plan, safety
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.wording.lexicon import Phrases, Wording, phrases

MODULES = (adherence, grounding, plan, safety)
"""They import all others."""


def _all_phrases() -> Iterator[tuple[str, Phrases]]:
    for name, module in sorted(sys.modules.items()):
        if name.startswith("otel_scorer.scoring."):
            for variable, value in vars(module).items():
                for number, found in enumerate(_inside(value)):
                    yield f"{name.rpartition('.')[2]}.{variable}.{number}", found


def _inside(value: object) -> Iterator[Phrases]:
    if isinstance(value, Phrases):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        yield from _inside(list(value.values()))


ALL = dict(_all_phrases())
AROUND = st.text(st.sampled_from("abdinost _-.,'’1İſı\n"), max_size=8)


def _same(found: re.Match[str] | None, expected: re.Match[str] | None) -> bool:
    return (found and found.span()) == (expected and expected.span())


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_short_cut_finds_what_the_pattern_finds(name: str, data: st.DataObject) -> None:
    phrasing = ALL[name]
    inside = data.draw(st.from_regex(re.compile(phrasing.pattern.pattern), fullmatch=True))
    text = data.draw(AROUND) + data.draw(st.sampled_from([inside, inside.upper(), inside[:-1]])) + data.draw(AROUND)
    expected = phrasing.pattern.search(folded(text))
    assert _same(phrasing.search(text), expected)
    assert _same(phrasing.search(Wording(text)), expected)
    assert phrasing.is_in(Wording(text)) == phrasing.is_in(text) == bool(expected)


@given(st.text())
def test_folding_leaves_every_character_in_its_place(text: str) -> None:
    assert len(folded(text)) == len(text)
    for pattern in ("[a-z]+", r"\w+", "k", "[is]", r"\s"):
        expected = [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
        assert [match.span() for match in re.finditer(pattern, folded(text))] == expected


@pytest.mark.parametrize(
    ("line", "words", "beginnings"),
    [
        ("errors?|not found", {"error", "errors", "not"}, set()),
        ("chat ?bot", {"chat", "chatbot"}, set()),
        ("e-?mails?", {"e", "email", "emails"}, set()),
        ("i(?:'ve| have)? done", {"i"}, set()),
        (r"summar\w+|(?:an)?other (?:one|two)", {"another", "other"}, {"summ"}),
        ("(?:do|did)(?:n't| not) (?:go|stay)", {"do", "did", "don", "didn"}, set()),
    ],
)
def test_it_is_known_with_which_words_a_match_begins(line: str, words: set[str], beginnings: set[str]) -> None:
    found = phrases(line)
    assert (found.words, found.beginnings) == (words, beginnings)


def test_a_word_that_is_a_phrase_by_itself_is_found_without_the_pattern() -> None:
    assert phrases("agents?|do not|summar(?:y|ise) it").alone == {"agent", "agents"}


@pytest.mark.parametrize("line", [r"\w+ failed", "ab[cd]", "(?:very ){0,3}bad|(?:ab){2}"])
def test_where_it_is_not_known_the_pattern_alone_is_used(line: str) -> None:
    assert not phrases(line).words | phrases(line).beginnings
