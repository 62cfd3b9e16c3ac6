"""Words, sentences and claims are found by short cuts, which find what the plain way finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_scorer.scoring.grounds import claims
from otel_scorer.scoring.wording.reply import language_of
from otel_scorer.scoring.wording.runs import Runs
from otel_scorer.scoring.wording.words import Stems, compact, sentences, stem, tokens, words

TEXT = st.text(st.sampled_from("aB1é'’_-. \n\"!?。)ßİ\u2028"), max_size=30)


@given(TEXT)
def test_words_are_runs_of_letters_and_digits_in_lower_case(text: str) -> None:
    found = re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text)
    assert words(text) == [word.casefold().replace("’", "'") for word in found]


@given(TEXT, st.sampled_from(["'", "'’.-"]))
def test_runs_are_joined_by_single_signs(text: str, joints: str) -> None:
    assert tokens(joints).find(text) == re.findall(rf"[^\W_]+(?:[{joints}][^\W_]+)*", text)


@given(TEXT)
def test_sentences_end_with_a_sign_and_a_blank_or_with_the_line(text: str) -> None:
    parts = re.split(r"(?<=[.!?])[\"'”’)\]]{0,2}\s+|\n+|(?<=[。！？])", text)
    assert sentences(text) == [part.strip() for part in parts if part and part.strip()]


@given(TEXT)
def test_compact_text_is_letters_and_digits_only(text: str) -> None:
    assert compact(text) == re.sub(r"[\W_]+", "", text).casefold()


@given(st.lists(st.sampled_from(["orders", "Running", "x" * 50, "is"])))
def test_stems_are_remembered(spoken: list[str]) -> None:
    assert Stems().of(spoken) == list(map(stem, spoken))


PIECES = [
    "May ",
    "sept. ",
    "the ",
    "5",
    "12th",
    " 2024",
    "https://a.b/c",
    "WWW.x.y",
    "a@b.cd",
    "10:30",
    " pm",
    "A-7",
    "$",
    ", ",
]


@pytest.mark.parametrize(
    ("find", "pattern"),
    [
        (claims._urls, claims._URL),
        (claims._emails, claims._EMAIL),
        (claims._months_first, claims._MONTH_FIRST),
        (claims._times, claims._TIME),
    ],
)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=10))
def test_a_kind_of_claim_is_looked_for_wherever_it_can_stand(
    find: object, pattern: re.Pattern[str], pieces: list[str]
) -> None:
    text = "".join(pieces)
    assert callable(find)
    assert [match.span() for match in find(text)] == [match.span() for match in pattern.finditer(text)]


@pytest.mark.parametrize("text", ["pay USD  5 now", "€5", "5 $ 6", "a$7", "usd 8,50", "1,234.50 EUR"])
def test_the_currency_before_a_number_belongs_to_it(text: str) -> None:
    found = [claim for claim in claims.claims(text) if claim.kind == "amount"]
    assert found
    assert all(claim.text in text for claim in found)


@given(st.lists(st.sampled_from("abc"), max_size=20), st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 4))
def test_shared_runs_of_words_are_those_that_stand_in_both(text: list[str], other: list[str], length: int) -> None:
    plain = f" {' '.join(text)} "
    runs = [other[at : at + length] for at in range(len(other) - length + 1)][:5]
    assert Runs(text).holds_one_of(other, length, 5) == any(f" {' '.join(run)} " in plain for run in runs)


def test_a_language_is_told_by_script_or_small_words() -> None:
    assert language_of("Где мой заказ?") == "russian"
    assert language_of("Der Auftrag ist noch nicht bei mir und ich warte auf die Lieferung.") == "german"
    assert language_of("It is not a question of what you are, and that is for you – “as you were”.") == "english"
    assert language_of("too short") == ""
