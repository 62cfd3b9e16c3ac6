"""What leaves the process is scrubbed: nothing that the detectors find is left anywhere in it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from scored_runs import run

from otel_scorer.model import Event, Link, LogRecord, Resource, Scope, Span, Trace
from otel_scorer.scoring.detection.detectors import MAX_TEXT, personal_data, secrets
from otel_scorer.scoring.scrub import NAMES, Pseudonyms, scrub_text, scrub_trace, scrub_value

PII = "anna@example.com"


def test_pseudonyms_are_numbered_in_order_of_appearance_and_equal_for_equal_values() -> None:
    text = "bob@x.de wrote to anna@x.de, then bob@x.de again; card 4111 1111 1111 1111"
    assert scrub_text(text, Pseudonyms()) == "[EMAIL_1] wrote to [EMAIL_2], then [EMAIL_1] again; card [PAYMENT_CARD_1]"


def test_one_value_keeps_its_pseudonym_over_texts() -> None:
    pseudonyms = Pseudonyms()
    assert scrub_text("a@x.de", pseudonyms) == "[EMAIL_1]"
    assert scrub_text("b@x.de and A@X.DE", pseudonyms) == "[EMAIL_2] and [EMAIL_1]"


def test_values_are_scrubbed_at_every_depth_with_their_keys() -> None:
    value = {"to": [{"anna@x.de": "a@x.de"}], "n": 4111111111111111, "b": b"a@x.de", "ok": 7}
    assert scrub_value(value, Pseudonyms()) == {
        "to": [{"[EMAIL_1]": "[EMAIL_2]"}],
        "n": "[PAYMENT_CARD_1]",
        "b": b"[EMAIL_2]",
        "ok": 7,
    }


def test_what_stands_under_a_password_goes_whatever_it_looks_like() -> None:
    scrubbed = scrub_value(
        {"password": "correct horse", "max_tokens": "many words", "Authorization": "abcd"}, Pseudonyms()
    )
    assert scrubbed == {"password": "[SECRET_1]", "max_tokens": "many words", "Authorization": "[SECRET_2]"}


def test_addresses_go_and_one_place_has_one_name_however_it_is_spelled() -> None:
    names = Pseudonyms()
    text = "She lives at 12 Old Mill Road. Send it to 12, Old Mill Road, zip code 35350, or call (415) 555-2671."
    scrubbed = scrub_text(text, names)
    assert scrubbed == (
        "She lives at [STREET_ADDRESS_1]. Send it to [STREET_ADDRESS_1], zip code [ZIP_CODE_1], or call [PHONE_1]."
    )
    assert scrub_text(scrubbed, names) == scrubbed
    assert scrub_text("call 415-555-2671", names) == "call [PHONE_1]"
    kept = "Order ID 12345 for Anna Koch in France 2024, see line 45 in 2 Google Drive folders."
    assert scrub_text(kept, names) == kept


def test_names_go_where_they_are_asked_for_and_a_part_of_a_name_is_the_same_person() -> None:
    names = Pseudonyms(also=NAMES)
    text = "Beatriz Salgado of Northwind Ltd wrote. Ms. Salgado asked Ian Cartwright, and Beatriz left Leeds."
    scrubbed = scrub_text(text, names)
    assert (
        scrubbed == "[PERSON_1] of [ORGANIZATION_1] wrote. Ms. [PERSON_1] asked [PERSON_2], and [PERSON_1] left Leeds."
    )
    assert scrub_text(scrubbed, names.copy()) == scrubbed
    assert scrub_text(text, Pseudonyms()) == text


def test_what_is_too_long_is_cut_and_not_passed_on_unsearched() -> None:
    scrubbed = scrub_text("1 x " * MAX_TEXT + PII, Pseudonyms())
    assert len(scrubbed) <= MAX_TEXT + 100
    assert PII not in scrubbed


def test_every_string_of_a_trace_is_scrubbed_and_ids_stay() -> None:
    scope = Scope(PII, PII, {PII: PII}, PII)
    resource = Resource({PII: [PII, {"x": PII}]}, PII)
    log = LogRecord("0" * 32, "0" * 16, PII, 0, {"body": PII}, {PII: PII}, scope, resource)
    (agent, *_) = run().spans
    full = replace(
        agent,
        name=PII,
        attributes={PII: PII, "input.value": f'{{"to": "{PII}"}}'},
        events=(Event(PII, 0, {PII: PII}),),
        links=(Link("1" * 32, "1" * 16, {PII: PII}),),
        status_message=PII,
        trace_state=f"vendor={PII}",
        resource=resource,
        scope=scope,
        logs=(log,),
    )
    scrubbed = scrub_trace(Trace("default", agent.trace_id, (full,)))
    assert PII not in repr(scrubbed)
    assert scrubbed.spans[0].span_id == agent.span_id
    assert {field.name for field in fields(Span)} == {field.name for field in fields(scrubbed.spans[0])}
    assert is_dataclass(scrubbed)


TEXT = st.lists(
    st.sampled_from(
        [
            "anna@x.de",
            "+49 170 1234567",
            "password: hunter2xyz",
            "4111111111111111",
            "word",
            " ",
            "\n",
            '"',
            "ñ",
            "8.8.8.8",
        ]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=150)
@given(TEXT)
def test_nothing_that_is_found_is_left(text: str) -> None:
    scrubbed = scrub_text(text, Pseudonyms())
    left = [hit for hit in (*personal_data(scrubbed), *secrets(scrubbed)) if not hit.text.startswith("[")]
    found = {hit.text for hit in (*personal_data(text), *secrets(text))}
    assert not [hit for hit in left if hit.text in found]
