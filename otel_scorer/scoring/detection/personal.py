"""Personal data by shape and checksum: what says by itself whom it is about or how to reach them.

Found: e-mail addresses, phone numbers, payment cards (Luhn), IBANs (mod 97), social security numbers, public IP
addresses, and numbers that a word names (passport, date of birth, medical record); names, streets and the like where
asked for. Kept quiet, because a false alarm lowers a score: dates and postcodes alone, version and order numbers, time
stamps, role addresses (`support@`), private networks. All patterns run in linear time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator

import datafog_core

from otel_scorer.scoring.detection import people, places, postcodes, traits, web
from otel_scorer.scoring.detection.fields import addresses_in_fields
from otel_scorer.scoring.detection.hits import Hit, folded, found_from, holds_any, searchable, settle, vocabulary
from otel_scorer.scoring.detection.phones import is_phone, phones

_ENTITIES = ["EMAIL", "PHONE", "SSN", "CREDIT_CARD", "IP_ADDRESS", "NPI", "US_ROUTING_NUMBER"]
_KINDS = {
    "EMAIL": "email",
    "PHONE": "phone",
    "SSN": "social_security_number",
    "CREDIT_CARD": "payment_card",
    "IP_ADDRESS": "ip_address",
    "NPI": "provider_number",
    "US_ROUTING_NUMBER": "bank_account",
}
_BEFORE = 24
"""Characters before a number in which a word may say what it is."""


LEAKS = vocabulary(
    """
    bank_account date_of_birth driver_license email iban ip_address medical_record passport_number payment_card phone
    provider_number social_security_number
    """
)
"""What says by itself whom it is about or how to reach them: where nobody asked for it, it is a leak."""
ADDRESSES = frozenset(("street_address", "zip_code"))
"""Of shops and offices mostly: no leak by itself, but nothing that has to leave the process either."""
DETAILS = vocabulary("age date nationality organization person place title url")
"""What tells of somebody only together with more."""
KINDS = LEAKS | ADDRESSES | DETAILS


def personal_data(text: str, kinds: Collection[str] = LEAKS) -> tuple[Hit, ...]:
    """Personal data of these kinds in the first MAX_TEXT characters of `text`, in order, without overlaps.

    `kinds` are of KINDS; persons, places and organizations are found by lists and by what stands beside them.
    """
    searched = searchable(text)
    digits = _count_digits(searched)
    finders = [find for find, least, found in _FINDERS if digits >= least and not found.isdisjoint(kinds)]
    if (digits >= 4 or _may_hold_address(searched)) and not _OF_DATAFOG.isdisjoint(kinds):
        finders.append(_by_datafog)
    lowered = folded(searched) if finders else ""
    return settle(hit for find in finders for hit in find(searched, lowered) if hit.kind in kinds)


def _may_hold_address(text: str) -> bool:
    """An e-mail address, or an IP address that is written with colons."""
    return "@" in text or _IPV6_SIGN.search(text) is not None


_IPV6_SIGN = re.compile(r":(?::|(?<=[0-9A-Fa-f]:)[0-9A-Fa-f]{1,4}:)")


def _count_digits(text: str) -> int:
    """Those of other scripts too, where there are few others."""
    digits = len(text.encode("utf-8").translate(None, _NO_DIGITS))
    return digits if text.isascii() or digits > 20 else len(_DIGIT.findall(text))


_DIGIT = re.compile(r"\d")
_NO_DIGITS = bytes(byte for byte in range(256) if not chr(byte).isdigit() or byte >= 128)


def _by_datafog(text: str, _lowered: str) -> Iterator[Hit]:
    for finding in datafog_core.scan(_without_endless_runs(text), {"entities": _ENTITIES}):
        kind = _KINDS.get(finding.entity_type)
        start, end = finding.codepoint_range.start, finding.codepoint_range.end
        start += len(text[start:end]) - len(text[start:end].lstrip("'`"))  # an address may begin so, a quoted one does
        if kind and _FILTERS.get(kind, _anything)(text, start, end):
            yield Hit(kind, start, end, text[start:end])


_ADDRESS_CHARS = 64
"""More than an IP address takes."""
_ENDLESS = re.compile(rf"[0-9A-Fa-f:]{{{_ADDRESS_CHARS + 1},}}+")
_RUN_SIGNS = bytes(ord("x") if chr(byte) in "0123456789ABCDEFabcdef:" else ord(" ") for byte in range(256))


def _without_endless_runs(text: str) -> str:
    """Of a run of hexadecimal digits and colons only its end can be an address; datafog tries all of it, from each
    place to the end, which takes quadratic time.
    """
    if b"x" * (_ADDRESS_CHARS + 1) not in text.encode("utf-8").translate(_RUN_SIGNS):
        return text
    return _ENDLESS.sub(_broken, text)


def _broken(run: re.Match[str]) -> str:
    found = run.group()
    return found[:-_ADDRESS_CHARS].replace(":", "|") + found[-_ADDRESS_CHARS:]


def _anything(_text: str, _start: int, _end: int) -> bool:
    return True


# ---- what a shape alone would call personal, and is not -------------------------------------------------------------

_ROLE = re.compile(
    r"(?:abuse|admin|billing|contact|do-?not-?reply|feedback|git|hello|help|helpdesk|hr|info|jobs|legal|mail"
    r"|mailer-daemon|"
    r"marketing|newsletter|no-?reply|notifications?|office|orders|postmaster|press|privacy|refunds|returns"
    r"|root|sales|"
    r"security|service|support|team|webmaster)@"
)
_FILE = re.compile(r"\.(?:css|gif|jpe?g|js|json|local|png|py|svg|ts|webp)$")


def _is_personal_address(text: str, start: int, end: int) -> bool:
    address = text[start:end].lower()
    return not _ROLE.match(address) and not _FILE.search(address)


_PART_OF_A_TOKEN = re.compile(r"[\w./#-]")


def _is_card(text: str, start: int, end: int) -> bool:
    """A card stands alone: not inside an id, a decimal number or a path, nor as the number of a device."""
    if start and (_PART_OF_A_TOKEN.match(text[start - 1]) or _DEVICE.search(text, max(0, start - _BEFORE), start)):
        return False
    return bool(_CARD_GROUPS.fullmatch(text, start, end)) and not re.match(r"[\w/#]|-\w|\.\d", text[end : end + 2])


_DEVICE = re.compile(r"\b(?:imei|imeisv|imsi|iccid|meid|serial|tracking|ean|gtin|upc|isbn)\b", re.IGNORECASE)
_CARD_GROUPS = re.compile(r"\d+|\d{4}(?:[ -]\d{4}){2}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{4,5}")


_VERSION_WORD = re.compile(r"\b(?:version|release|build|section|chapter)\b|\b(?:rev|ver|v)[\s:.=]*$", re.IGNORECASE)


def _is_public_address(text: str, start: int, end: int) -> bool:
    if _VERSION_WORD.search(text[max(0, start - _BEFORE) : start]):
        return False
    try:
        address = ipaddress.ip_address(text[start:end])
    except ValueError:
        return False
    return address.is_global and (address.version == 4 or text[start:end].count(":") >= 3)


_GOES_ON = re.compile(r"[\w/#]|[-.]\w")
_SECURITY_WORD = re.compile(r"\b(?:ssn|social|security|tax(?:payer)?|tin|itin)\b", re.IGNORECASE)


def _is_security_number(text: str, start: int, end: int) -> bool:
    """Nine digits in a row are a time, a size or a count, unless a word says otherwise."""
    if _GOES_ON.match(text, end):
        return False
    return not text[start:end].isdigit() or bool(_SECURITY_WORD.search(text, max(0, start - 2 * _BEFORE), start))


_FILTERS: dict[str, Callable[[str, int, int], bool]] = {
    "email": _is_personal_address,
    "phone": is_phone,
    "payment_card": _is_card,
    "social_security_number": _is_security_number,
    "ip_address": _is_public_address,
}

# ---- what datafog has not -------------------------------------------------------------------------------------------

_LONG_NUMBER = re.compile(r"[0-9](?<![\w./#-][0-9])(?:[ -]?[0-9]){11,18}(?![\w/#]|-\w|\.[0-9])")
_CARD_WORD = re.compile(r"\b(?:credit|debit|card|visa|mastercard|maestro|diners|jcb)\b", re.IGNORECASE)


def _cards(text: str, _lowered: str) -> Iterator[Hit]:
    """Cards of the issuers that datafog does not know: a valid checksum, and a word for a card shortly before."""
    for match in _LONG_NUMBER.finditer(text):
        if (
            _is_card(text, *match.span())
            and is_luhn(match.group())
            and _CARD_WORD.search(text, max(0, match.start() - 2 * _BEFORE), match.start())
        ):
            yield Hit("payment_card", *match.span(), match.group())


def is_luhn(text: str) -> bool:
    """Whether the digits of `text` carry a valid Luhn check digit."""
    digits = [int(character) for character in reversed(text) if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return bool(digits) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


_IBAN = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z][0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_NAMED_IBAN = re.compile(r"\biban\b[\s:#is]{1,8}([a-z]{2}[0-9]{2}[a-z0-9]{11,30})\b", re.IGNORECASE)
_NAMING_IBAN = re.compile(r"i(?<!\wi)ban\b")
_IBAN_LENGTHS = (15, 34)


def _ibans(text: str, lowered: str) -> Iterator[Hit]:
    for match in _IBAN.finditer(text):
        found = _longest_valid_iban(match.group())
        if found:
            yield Hit("iban", match.start(), match.start() + len(found), found)
    for match in found_from(_NAMING_IBAN, _NAMED_IBAN, text, lowered) if "iban" in lowered else ():
        if is_iban(match.group(1)):
            yield Hit("iban", *match.span(1), match.group(1))


def _longest_valid_iban(candidate: str) -> str:
    """The candidate, or its longest part up to a space, whose checksum holds: a capital word may follow an IBAN."""
    while candidate:
        if is_iban(candidate):
            return candidate
        candidate = candidate.rpartition(" ")[0]
    return ""


def is_iban(text: str) -> bool:
    """Whether length and checksum (ISO 7064 mod 97) are those of an IBAN; spaces do not matter."""
    compact = text.replace(" ", "").upper()
    if not _IBAN_LENGTHS[0] <= len(compact) <= _IBAN_LENGTHS[1] or not compact.isalnum() or not compact.isascii():
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


_NAMED: tuple[tuple[str, tuple[str, ...], re.Pattern[str], re.Pattern[str]], ...] = (
    (
        "passport_number",
        ("passport",),
        re.compile(r"p(?<!\wp)assport\b"),
        re.compile(r"\bpassport(?: (?:no|number|nr))?\b[\s.:#is]{1,8}([A-Z]{0,2}[0-9]{6,9})\b", re.IGNORECASE),
    ),
    (
        "date_of_birth",
        ("birth", "dob", "born"),
        re.compile(r"d(?<!\wd)(?:ate of birth|ob)\b|b(?<!\wb)(?:irth|orn\b)"),
        re.compile(
            r"\b(?:date of birth|birth ?date|dob|born(?: on)?)\b[\s\"':=is]{1,8}"
            r"([0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{2,4}|"
            r"[A-Z][a-z]{2,8} [0-9]{1,2},? [0-9]{4}|[0-9]{1,2} [A-Z][a-z]{2,8} [0-9]{4})",
            re.IGNORECASE,
        ),
    ),
    (
        "medical_record",
        ("mrn", "medical record"),
        re.compile(r"m(?<!\wm)(?:rn|edical record)\b"),
        re.compile(
            r"\b(?:mrn|medical record(?: (?:no|number))?)\b[\s.:#is]{1,8}([A-Z0-9-]{0,4}[0-9]{5,10})\b", re.IGNORECASE
        ),
    ),
    (
        "social_security_number",
        ("ssn", "social security"),
        re.compile(r"s(?<!\ws)(?:sn|ocial security)\b"),
        re.compile(
            r"\b(?:ssn|social security(?: (?:no|number))?)\b[\s.:#is]{1,8}([0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4})\b",
            re.IGNORECASE,
        ),
    ),
    (
        "payment_card",
        ("cvv", "cvc"),
        re.compile(r"c(?<!\wc)v[vc]"),
        re.compile(r"\b(?:cvv|cvc)2?\b[\s.:#is]{1,8}([0-9]{3,4})\b", re.IGNORECASE),
    ),
)


def _named_numbers(text: str, lowered: str) -> Iterator[Hit]:
    for kind, names, starts, pattern in _NAMED:
        for match in found_from(starts, pattern, text, lowered) if holds_any(lowered, names) else ():
            yield Hit(kind, match.start(1), match.end(1), match.group(1))


_OF_DATAFOG = frozenset(_KINDS.values())
_NUMBERED = frozenset(kind for kind, *_ in _NAMED)
_FINDERS = (
    (_cards, 12, frozenset({"payment_card"})),
    (_ibans, 2, frozenset({"iban"})),
    (_named_numbers, 3, _NUMBERED),
    (phones, 7, frozenset({"phone"})),
    (traits.driver_licences, 5, frozenset({"driver_license"})),
    (places.street_addresses, 1, frozenset({"street_address"})),
    (postcodes.postcodes, 2, frozenset({"zip_code"})),
    (web.web_addresses, 0, frozenset({"url"})),
    (addresses_in_fields, 2, frozenset({"street_address", "zip_code", "nationality"})),
    (people.named, 0, frozenset({"person", "place", "organization"})),
    (traits.ages, 1, frozenset({"age"})),
    (traits.titles, 0, frozenset({"title"})),
    (traits.nationalities, 0, frozenset({"nationality"})),
    (traits.dates, 0, frozenset({"date"})),
)
"""Each with the digits that a text must hold for it to find anything, and the kinds that it finds."""
