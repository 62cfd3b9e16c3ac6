"""What is read as a claim, and what supports it."""

from __future__ import annotations

import pytest

from otel_scorer.scoring.grounds.claims import claims, names, quotes
from otel_scorer.scoring.grounds.support import Evidence


def seen(text: str) -> list[tuple[str, str]]:
    return [(claim.kind, claim.text) for claim in claims(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on 2024-05-03", [("date", "2024-05-03")]),
        ("on May 3rd, 2024 at 7:30 pm", [("date", "May 3rd, 2024"), ("time", "7:30 pm")]),
        ("on 3 May", [("date", "3 May")]),
        ("for $1,234.50", [("amount", "$1,234.50")]),
        ("for 1.234,50 €", [("amount", "1.234,50 €")]),
        ("up 12.5%", [("percent", "12.5%")]),
        ("order ORD-4711", [("identifier", "ORD-4711")]),
        ("10k users", [("number", "10k")]),
        ("see https://a.example/b?c=1.", [("url", "https://a.example/b?c=1")]),
        ("write to a.b@c.example.", [("email", "a.b@c.example")]),
        ("1. First\n2) Second\nStep 3: go", []),
        ("version 1.2.3", []),
        ("may I ask?", []),
    ],
)
def test_each_kind_of_claim_is_read_once(text: str, expected: list[tuple[str, str]]) -> None:
    assert seen(text) == expected


def test_a_number_has_every_reading_that_its_separators_allow() -> None:
    assert claims("1,234")[0].values == (1234.0, 1.234)
    assert claims("1.234")[0].values == (1.234, 1234.0)
    assert claims("3,5")[0].values == (3.5,)
    assert claims("2 million")[0].values == (2e6,)
    assert claims("05/06/2024")[0].date == ((2024, 5, 6), (2024, 6, 5))


def test_names_are_read_inside_sentences_only() -> None:
    text = "Please ask Maria Keller. Tomorrow is fine. **Total Price:** the team of Acme Corp knows."
    assert list(names(text)) == ["Maria Keller", "Acme Corp"]


def test_only_passages_count_as_quotes() -> None:
    assert quotes('He said "go" and then “this is a whole sentence”.') == ["this is a whole sentence"]


@pytest.mark.parametrize(
    ("evidence", "claim", "expected"),
    [
        ("price 152", "$152", "supported"),
        ("price 151.6", "152", "supported"),
        ("price 152", "153", "unsupported"),
        ("card certificate_7504069", "7504069", "supported"),
        ("card 4111222233337447", "7447", "supported"),
        ("id HAT136", "HAT-136", "supported"),
        ("id HAT136", "HAT137", "unsupported"),
        ("on 2024-05-03T19:00:00Z", "May 3", "supported"),
        ("on 2024-05-03T19:00:00Z", "May 3, 2025", "unsupported"),
        ("on 2024-05-03T19:00:00Z", "7 pm", "supported"),
        ("on 2024-05-03T19:00:00Z", "9 pm", "undecided"),
        ("on 2024-05-03T19:00:00Z", "7:20 pm", "unsupported"),
        ("costs 4.90", "90 days", "unsupported"),
        ("there were three of them", "3", "supported"),
        ("https://www.shop.example/a/", "http://shop.example/a", "supported"),
        ("https://www.shop.example/a/", "http://shop.example/b", "unsupported"),
    ],
)
def test_support_is_by_value_and_not_by_spelling(evidence: str, claim: str, expected: str) -> None:
    assert Evidence([evidence]).supports(claims(claim)[0]) == expected


def test_among_many_numbers_a_derived_hit_is_no_support() -> None:
    crowd = Evidence([" ".join(str(n * n + 7) for n in range(60))])
    assert crowd.supports(claims("1234 pieces")[0]) in ("undecided", "unsupported")
    assert Evidence(["1000 and 234"]).supports(claims("1234 pieces")[0]) == "supported"
