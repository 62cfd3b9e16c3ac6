"""Detectors look before they search: no text that a pattern finds something in is passed over."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_scorer.scoring.detection import credentials, personal, phones
from otel_scorer.scoring.detection.detectors import personal_data, secrets
from otel_scorer.scoring.detection.hits import folded, found_from

ASCII = st.characters(max_codepoint=127)
SHAPES = credentials._shapes().all
AROUND = st.text(st.sampled_from("aZ09 _-:=.\"'é²\n"), max_size=6)


@pytest.mark.parametrize("place", range(len(SHAPES)), ids=lambda place: f"{place}-{SHAPES[place].kind}")
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_shape_is_possible_in_every_text_that_its_pattern_finds_something_in(place: int, data: st.DataObject) -> None:
    shape = SHAPES[place]
    found = data.draw(st.from_regex(shape.pattern, alphabet=ASCII))
    text = data.draw(AROUND) + found + data.draw(AROUND)
    likely = [m for m in shape.pattern.finditer(text) if any(c.isdigit() for c in m.group()) or "PRIVATE" in m.group()]
    if likely:
        assert shape in credentials._possible(text, folded(text))
        assert credentials._may_hold(text)


STARTED = [
    (credentials._ASSIGNING, credentials._ASSIGNED),
    (phones._PHONE_NAME, phones._NAMED_PHONE),
    (personal._NAMING_IBAN, personal._NAMED_IBAN),
    *((starts, pattern) for _, _, starts, pattern in personal._NAMED),
]


@pytest.mark.parametrize(("starts", "pattern"), STARTED, ids=[pattern.pattern[:24] for _, pattern in STARTED])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_search_from_known_starts_finds_what_the_pattern_finds(
    starts: re.Pattern[str], pattern: re.Pattern[str], data: st.DataObject
) -> None:
    pieces = st.one_of(AROUND, st.from_regex(pattern), st.from_regex(starts))
    text = "".join(data.draw(st.lists(pieces, max_size=4)))
    expected = [match.span() for match in pattern.finditer(text)]
    assert [match.span() for match in found_from(starts, pattern, text, folded(text))] == expected


def test_a_word_with_any_kind_of_digit_may_be_a_credential() -> None:
    digits = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isdigit()]
    assert all(credentials._holds_long_word_with_digit(f"is abcdefg{digit}") for digit in digits)
    assert not credentials._holds_long_word_with_digit("is abcdefgh, 12 of them (1234567) in all")
    assert credentials._holds_long_word_with_digit("1 " * 1000)


@pytest.mark.parametrize(
    "text", ["Authorization: Bearer a1", "cookie: a=(1){2}[3]<4>(5){6}", ":_authToken=[1](2)(3)(4)"]
)
def test_credentials_of_short_words_are_found_by_what_stands_before_them(text: str) -> None:
    assert secrets(text)


def test_an_address_at_the_end_of_an_endless_run_is_found() -> None:
    run = "12345:" * 1000 + "2001:4860:4860::8888"
    assert [hit.text for hit in personal_data(run)] == ["2001:4860:4860::8888"]
    assert [hit.text for hit in personal_data(f"{run} and 8.8.8.8")] == ["2001:4860:4860::8888", "8.8.8.8"]
    assert personal_data("::" * 200_000) == ()
