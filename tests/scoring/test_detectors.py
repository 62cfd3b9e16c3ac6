"""What personal data and secrets are found, what is left alone, and that hostile text costs no more than its length."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from otel_scorer.scoring.detection.detectors import ADDRESSES, KINDS, personal_data, secrets

PERSONAL = {
    "mail anna.k@example.com now": ("email", "anna.k@example.com"),
    "she wrote from 'anna@x.de'": ("email", "anna@x.de"),
    "ring +49 170 1234567": ("phone", "+49 170 1234567"),
    "(415) 555-2671": ("phone", "(415) 555-2671"),
    "call me at 4155552671": ("phone", "4155552671"),
    "Phone: 0170 1234567": ("phone", "0170 1234567"),
    "card 4111 1111 1111 1111": ("payment_card", "4111 1111 1111 1111"),
    "my card is 3530111333300000": ("payment_card", "3530111333300000"),
    "IBAN DE89 3704 0044 0532 0130 00 please": ("iban", "DE89 3704 0044 0532 0130 00"),
    "GB82WEST12345698765432": ("iban", "GB82WEST12345698765432"),
    "ssn 123-45-6789": ("social_security_number", "123-45-6789"),
    "from 8.8.8.8": ("ip_address", "8.8.8.8"),
    "passport number X1234567": ("passport_number", "X1234567"),
    "born on 1 May 1980": ("date_of_birth", "1 May 1980"),
    "Desk: (898)666-3621x0135": ("phone", "(898)666-3621"),
    "no message on my registered 024 971 50 30, why?": ("phone", "024 971 50 30"),
    "Jo Doe\n416 60 039 office": ("phone", "416 60 039"),
    "+46 (0)8 928 571 38": ("phone", "+46 (0)8 928 571 38"),
    "My driver's license number is D514-0634": ("driver_license", "D514-0634"),
}
BESIDE = {
    "She lives at 12 Old Mill Road, Apt 4, and": ("street_address", "12 Old Mill Road, Apt 4"),
    "Send it to Hauptstraße 12 please": ("street_address", "Hauptstraße 12"),
    "chez nous, 5 rue de la Paix": ("street_address", "5 rue de la Paix"),
    "PO Box 771 is full": ("street_address", "PO Box 771"),
    "my zip code is 35350": ("zip_code", "35350"),
    "Springfield, IL 62704": ("zip_code", "62704"),
    "Boise, ID 83702": ("zip_code", "83702"),
    "we are located at 77 Elm Court, ask": ("street_address", "77 Elm Court"),
    "near SW1A 1AA somewhere": ("zip_code", "SW1A 1AA"),
    "a 38 year old patient": ("age", "38"),
    "I just turned 47.": ("age", "47"),
    "ask Mr. Anders Holm about it": ("person", "Anders Holm"),
    "My name is Ada Lovelace": ("person", "Ada Lovelace"),
    "It was Hanne I. Kreutzmann who said so": ("person", "Hanne I. Kreutzmann"),
    "ask Peter van Holm about it": ("person", "Peter van Holm"),
    "Hi Ubul,\nthanks": ("person", "Ubul"),
    "see https://shop.example/x?y=1.": ("url", "https://shop.example/x?y=1"),
    "made by Acme Widgets Inc. there": ("organization", "Acme Widgets Inc."),
    "I live in Norway": ("place", "Norway"),
    "on 2026-11-21 at noon": ("date", "2026-11-21"),
    "a Danish cheese": ("nationality", "Danish"),
    "Dr. No": ("title", "Dr."),
}
"""What is only looked for where it is asked for: no leak by itself."""
HARMLESS = [
    "Order 4155552671 was placed on 2026-11-21 at 10:30.",
    "version 1.2.3.4 and 2.10.0.1 of build 10.0.19045.1",
    "timestamp 1700000000000, id 1700000000, trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "550e8400-e29b-41d4-a716-446655440000",
    "Write to support@shop.com or no-reply@shop.com, clone git@github.com, see logo@2x.png.",
    "A-4111111111111111 and 3.4111111111111111",
    "the host 192.168.0.1 and 127.0.0.1",
    "zip 94107, room 12, 50 % of 3,000 items",
    "DE89 3704 0044 0532 0130 01 has a wrong checksum",
    "card number 4111111111111112 fails its check digit",
    "https://example.com/items/4155552671?page=2",
    "registered 1200000 users, sent messages to 12 000 000 people",
    '{"text": "12345678", "number": 87654321}',
    "1200 000 office chairs",
    "licence number: see page 3",
    "elapsed 790724608 ns, 123456789 bytes, x = [987654321], sku 123-45-6789-X",
    "IMEI 490154203237518, contact_id: 9876543210, callId=4155552671",
    "std::vector foo::bar ::1 a::b ::2, @app.task(), 12:34:56, 00:1A:2B:3C:4D:5E",
    "| id | total |\n|---|---|\n| 4155552671 | 1,234,567.89 |",
    '{"total_tokens": 4155552671, "created": 1699999999, "id": "chatcmpl-8abcDEF1234567890"}',
    "2026-11-21 10:30:15,123 INFO took 1234567890 ns, heap 1073741824 of 4294967296",
    "Tracking 1Z999AA10123456784, ISBN 978-3-16-148410-0, EAN 4006381333931, bbox 12.123456789,13.123456789",
]
NOTHING_BESIDE = [
    "Turn 90 degrees, then 3 Main points; I am 20 minutes late; Drive 5 km.",
    "In 12 of 30 cases the Court ruled for 4 of them.",
    "address: https://example.com/4711 and address 0x7ffe1234",
    "CAN I SPEAK to somebody at St. John Street? My name is not known. Hi there, Paris Hilton Garden Inn.",
    "order ID 12345 in 2 Google Drive folders, by a 2024 Supreme Court ruling, France 1998, OR 10000",
    "It is located at Port 8080, line 45 of File A, located at 8080 and Redis at 6379.",
    "the order total is CA 12.50, size AB1, code A1 2BC3",
]
SECRETS = {
    "key AKIAIOSFODNN7REALKEY done": "AKIAIOSFODNN7REALKEY",
    "sk-proj-abcdefghijABCDEFGHIJ1234567890": "sk-proj-abcdefghijABCDEFGHIJ1234567890",
    "ghp_abcdefghijklmnopqrstuvwxyzABCDEF0123": "ghp_abcdefghijklmnopqrstuvwxyzABCDEF0123",
    "password: hunter2xyz, then": "hunter2xyz",
    '{"client_secret": "a1b2c3d4e5f6g7"}': "a1b2c3d4e5f6g7",
    "Authorization: Bearer abcdef0123456789abcdef": "abcdef0123456789abcdef",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----": "MIIE",
    "postgres://user:s3cretpw@db/x": "s3cretpw",
}
NO_SECRETS = [
    "The password is incorrect, please try again.",
    "password: ********, api_key = your-api-key-123, token: ${TOKEN_1}",
    "max_tokens: 4096, token count 12345678",
    "a task-abcdefghijklmnopqrstuvwxyz and a risk-management-plan-2024-final-v2",
    "sk-learn-tutorial-for-beginners-2024",
    "commit 4bf92f3577b34da6a3ce929d0e0e47364bf92f35",
    "The secret is out since 2024",
]


@pytest.mark.parametrize(("text", "found"), PERSONAL.items())
def test_personal_data_is_found_with_its_kind_and_place(text: str, found: tuple[str, str]) -> None:
    (hit,) = personal_data(text)
    assert (hit.kind, hit.text) == found
    assert text[hit.start : hit.end] == hit.text


@pytest.mark.parametrize(("text", "found"), BESIDE.items())
def test_what_is_no_leak_by_itself_is_found_when_its_kind_is_asked_for(text: str, found: tuple[str, str]) -> None:
    assert personal_data(text) == ()
    (hit,) = personal_data(text, {found[0]})
    assert (hit.kind, hit.text) == found
    assert text[hit.start : hit.end] == hit.text


@pytest.mark.parametrize("text", NOTHING_BESIDE)
def test_words_that_look_like_streets_or_ages_are_none(text: str) -> None:
    assert personal_data(text, ADDRESSES | {"age", "person"}) == ()


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_dates_versions_and_ids_are_not_personal(text: str) -> None:
    assert personal_data(text) == ()


@pytest.mark.parametrize(("text", "found"), SECRETS.items())
def test_secrets_are_found(text: str, found: str) -> None:
    assert any(found in hit.text for hit in secrets(text))


@pytest.mark.parametrize("text", NO_SECRETS)
def test_words_about_secrets_are_none(text: str) -> None:
    assert secrets(text) == ()


HOSTILE = [
    "a@",
    "1 ",
    "a.",
    "sk-",
    "eyJ",
    "://a:",
    "password=",
    "DE89 ",
    "born on ",
    "tel 1 ",
    "1 Aa ",
    "Aa ",
    "Aa-",
    "address is Aa. ",
    "12 rue de la ",
    "Avenida da A ",
    "my name is Aa de ",
    "www.a.",
    "a.com.",
    "+1 (0)1 ",
    "driver's license A1 ",
    "turned 1",
    "A & ",
    "Aa, Bb and ",
    "Anna Lee <",
    "name: Anna Lee, ",
    "| name | city |\n",
    "a,b,c\n",
    "Flat 1, Aa, ",
    "1-1-1 Aa, ",
    "10115 Aa ",
    "1 Aa\nBb\n",
    "Aa, CA 1",
    "corner of A and ",
    "Regards,\n",
    "work as an a b ",
    "lives in Aa ",
    "Aa's ",
    "//",
    "-----BEGIN PRIVATE KEY-----",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_time_in_proportion(piece: str) -> None:
    def spent(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.process_time()
        personal_data(text, KINDS)
        secrets(text)
        return time.process_time() - began

    spent(1000)
    assert spent(80_000) < 20 * spent(20_000) + 0.05


def test_lone_surrogates_and_nothing_at_all_are_searched_too() -> None:
    assert [hit.text for hit in personal_data("\ud800 anna@x.de")] == ["anna@x.de"]
    assert personal_data("") == ()
    assert secrets("") == ()


def test_threads_do_not_disturb_each_other() -> None:
    texts = [text for text in SECRETS for _ in range(10)]
    random.Random(1).shuffle(texts)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(secrets, texts)) == [secrets(text) for text in texts]
