"""Names of people, places and bodies: found by lists and company, and left alone where a word is only a word."""

from __future__ import annotations

import pydoc_data.topics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_texts import KINDS, labelled_texts, tally

from otel_scorer.scoring.detection.detectors import personal_data
from otel_scorer.scoring.detection.known import companies, family_names, first_names, towns

NAMED = frozenset(("person", "place", "organization"))
LEAST = {
    "person": 0.92,
    "place": 0.92,
    "organization": 0.85,
    "street_address": 0.95,
    "zip_code": 0.9,
    "title": 0.9,
    "nationality": 0.95,
}


@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_agents_are_searched_with_few_misses_and_fewer_false_alarms(kind: str) -> None:
    found = tally(labelled_texts(), kind)
    assert found.f1 >= LEAST[kind]
    assert found.right >= 0.9 * found.finds


def test_texts_without_names_hold_none() -> None:
    plain = [one for one in labelled_texts() if not one.marks]
    assert len(plain) >= 24
    found = {one.name: personal_data(one.text, {*KINDS}) for one in plain}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_prose_about_a_programming_language_holds_hardly_any() -> None:
    topics = list(pydoc_data.topics.topics.values())
    words = sum(len(text.split()) for text in topics)
    hits = [hit for text in topics for hit in personal_data(text, NAMED | {"street_address", "zip_code"})]
    assert len(hits) * 1000 / words < 0.5


PEOPLE = {
    "Grace said no.": "Grace",
    "I asked Will Turner about it": "Will Turner",
    "her sister June came": "June",
    "Jordan Pruitt runs it": "Jordan Pruitt",
    "Paris Hilton Garden Inn, room of J. Kowalczyk": "J. Kowalczyk",
    "my uncle Zebulon Quarrick": "Zebulon Quarrick",
    "the treasurer, Quillon Brax, left": "Quillon Brax",
    "Pieter van den Broek called": "Pieter van den Broek",
    '"Stop," says Vexley.': "Vexley",
    "Kind regards,\nMirelle": "Mirelle",
    "Met vriendelijke groet,\nSjouke": "Sjouke",
    "Estimada Yareli,\nadjunto": "Yareli",
    "Orin Quall <orin.quall@example.org>": "Orin Quall",
    '{"first_name": "Xanthippe", "plan": "Gold"}': "Xanthippe",
    '{"name": "Zyla Orr", "email": "z@example.org"}': "Zyla Orr",
    "user='Anna Berg' action=login": "Anna Berg",
    "Judge Moreno ruled": "Moreno",
    "seen by Dr. Thackwell today": "Thackwell",
    "thanks, anna schmidt": "anna schmidt",
    "this is Joost speaking": "Joost",
    "Ngozi's manager": "Ngozi",
}
NOBODY = [
    "May I help? Will you stay? Mark all items as done. Grace Period: 3 days. Summer Sale ends in June.",
    "Rose Shears, Lily Bulbs, Ruby on Rails, Ruby Gems, Amber Alert, Chase Bank, Frank Discussion",
    "Claude Code and Alexa Skill; Jenkins Server; Charlotte Airport; Martin Street",
    "client = OpenAI(); agent: WebsiteScraper; user: Annotated[str]; owner: Platform",
    '{"name": "Trail Runner", "color": "Forest Green", "price": 3}',
    '{"name": "get_weather", "description": "City Weather"}',
    '{"customer": {"city": "Leeds"}, "items": [{"name": "Desk Lamp"}]}',
    "| Name | Stock |\n|---|---|\n| Garden Hose | 3 |",
    "Hello World, Dear Customer, Hi Team,\nThanks,\nRelease Bot",
    "TokenBucket.Take, Anna_x, europe/Paris, mod.Anna, Bob(), @Alice, #Julia, $Maria",
    "Pearson correlation, Cohen's kappa, Wilson score interval, Fisher exact test",
    "I'm French. I am Groot Platform. This is London. This is Python 3.",
    "The New Customer Portal and the Open Source Program Office",
]


@pytest.mark.parametrize(("text", "name"), PEOPLE.items())
def test_a_person_is_known_by_name_or_by_company(text: str, name: str) -> None:
    assert name in [hit.text for hit in personal_data(text, {"person"})]


@pytest.mark.parametrize("text", NOBODY)
def test_words_things_and_code_are_no_people(text: str) -> None:
    assert personal_data(text, {"person"}) == ()


PLACES = {
    "It rains in Bath today": "Bath",
    "Boulder, CO 80301": "Boulder",
    "she grew up in Vexholm": "Vexholm",
    "flew to Quaxton on Monday": "Quaxton",
    "12 Elm Street, Quillby, UK": "Quillby",
    "GET OFF AT TROMSØ NOW": "TROMSØ",
    '{"city": "Quillby"}': "Quillby",
    "on to Rio de Janeiro": "Rio de Janeiro",
}
BODIES = {
    "sold by Quarrick & Vale GmbH": "Quarrick & Vale GmbH",
    "she works for Vexley Dynamics": "Vexley Dynamics",
    "at the University of Quillby": "University of Quillby",
    "Best Buy renewed": "Best Buy",
    "Apple's CEO": "Apple",
    "Brax, Quall and Vale Ltd, Zorro": "Vale Ltd",
    "employer: Quillon Labs": "Quillon Labs",
}
NEITHER = [
    "Best buy: apples. Orange juice, a target, the shell. Reading the docs, Nice work, Mobile Safari, Split view.",
    "in Python, from Slack, in Settings, moved to Done, via Kafka, in Phoenix, to Excel",
    "Identity Group, Operating Systems, Covered Software, Derivative Works, Any Bank, the Finance Team",
    "Europe/Berlin, Dublin Core, Kyoto Protocol, state: Active, region: eu-west-1",
]


@pytest.mark.parametrize(("text", "name"), PLACES.items())
def test_places_are_known_by_name_or_by_what_goes_on_there(text: str, name: str) -> None:
    assert name in [hit.text for hit in personal_data(text, {"place"})]


@pytest.mark.parametrize(("text", "name"), BODIES.items())
def test_bodies_are_known_by_name_form_or_work(text: str, name: str) -> None:
    assert name in [hit.text for hit in personal_data(text, {"organization"})]


@pytest.mark.parametrize("text", NEITHER)
def test_words_and_products_are_neither_places_nor_bodies(text: str) -> None:
    assert personal_data(text, {"place", "organization"}) == ()


ADDRESSES = {
    "Mariahilfer Straße 103/2, 1060 Wien": ("Mariahilfer Straße 103/2", "1060"),
    "Am Markt 5, 50667 Köln": ("Am Markt 5", "50667"),
    "Rua Augusta, 1500, São Paulo - SP, 01305-100": ("Rua Augusta, 1500", "01305-100"),
    "1-1-2 Oshiage, Tokyo 131-0045": ("1-1-2 Oshiage", "131-0045"),
    "Flat 7, Lake View Towers, Pune 411001": ("Flat 7, Lake View Towers, Pune", "411001"),
    "Jl. Sudirman No. 5, Jakarta 10220": ("Jl. Sudirman No. 5", "10220"),
    "Herengracht 182, 1016 BR Amsterdam": ("Herengracht 182", "1016 BR"),
    "Marszałkowska 10, 00-590 Warszawa": ("", "00-590"),
    "12 Wattle Street, Cairns QLD 4870": ("12 Wattle Street", "4870"),
    "Storgata 8, 9008 Tromsø": ("Storgata 8", "9008"),
    "at 5 pm on Elder Mill Road": ("Elder Mill Road", ""),
}


@pytest.mark.parametrize(("text", "parts"), ADDRESSES.items())
def test_addresses_are_known_as_they_are_written_in_many_countries(text: str, parts: tuple[str, str]) -> None:
    found = [hit.text for hit in personal_data(text, {"street_address", "zip_code"})]
    for part in filter(None, parts):
        assert part in found


NO_TITLES = ["General Electric, Major Release, Justice Department, King Size, Sister Company, Count Rows"]
NO_NATIONS = ["Reply in German, translate it to French. English subtitles, the Czech Republic, a polish cloth"]


@pytest.mark.parametrize("text", [*NO_TITLES, *NO_NATIONS])
def test_ranks_without_a_name_and_languages_are_left_alone(text: str) -> None:
    assert personal_data(text, {"title", "nationality"}) == ()


@pytest.mark.parametrize(("text", "title"), {"Captain Moreno": "Captain", "\nLead Engineer\n": "Lead Engineer"}.items())
def test_titles_are_found_before_names_and_on_lines_of_their_own(text: str, title: str) -> None:
    assert [hit.text for hit in personal_data(text, {"title"})] == [title]


PIECES = st.sampled_from(
    [*PEOPLE, *PLACES, *BODIES, *ADDRESSES, "Mr. ", "O'", "É", "ǅ", "İ", " de ", ", ", " & ", "\n", "|", "name: ", "'s"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12))
def test_every_find_is_a_piece_of_the_text_and_none_lies_over_another(pieces: list[str]) -> None:
    text = "".join(pieces)
    done = 0
    for hit in personal_data(text, {*KINDS}):
        assert hit.start >= done
        assert hit.text == text.encode("utf-8", "replace").decode("utf-8")[hit.start : hit.end]
        done = hit.end


@pytest.mark.parametrize("names", [first_names(), family_names(), towns(), companies()])
def test_a_listed_name_is_either_sure_or_doubtful_and_spelled_like_one(names: object) -> None:
    sure, doubtful, rare = names.sure, names.doubtful, names.rare  # type: ignore[attr-defined]
    assert not sure & doubtful
    assert not (sure | doubtful) & rare
    assert not [name for name in sure | doubtful | rare if not name[0].isalpha() or name != name.strip(" ?,")]
