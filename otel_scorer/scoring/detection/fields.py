"""Values that a key or a column names: `"city": "Leeds"`, `customer: Ann Lee`, tables of Markdown and CSV.

A key says what its value is better than the value itself, so towns and firms that no list knows are found here. `name`
alone names anything: it counts where another key near by is about people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.detection.capitals import CAPITAL, OPENERS, THINGS
from otel_scorer.scoring.detection.hits import Hit, holds_any, vocabulary
from otel_scorer.scoring.detection.known import family_names, first_names

_ROLE = (
    r"(?:customer|client|patient|passenger|travell?er|guest|employee|contact|recipient|addressee"
    r"|card ?holder|account ?holder|policy ?holder"
    r"|holder|owner|sender|buyer|seller|author|assignee|reporter|driver|doctor|physician|manager|supervisor"
    r"|teacher|student|tenant|landlord"
    r"|agent|caller|applicant|candidate|beneficiary|payee|payer|attendee|participant|member|insured"
    r"|subscriber|borrower|user|lead)"
)
_PERSON_KEY = (
    rf"(?:first|last|full|given|family|middle|maiden|display|legal|sur|{_ROLE})s? ?name|{_ROLE}s?"
    r"|(?:assigned|reported|created|approved|signed|seen|written|prepared|requested) ?(?:to|by)|attn|attention"
    r"|nombre(?: completo)?|apellidos?|vorname|nachname|prénom|voornaam|achternaam|cognome|sobrenome"
    r"|co-authored-by|signed-off-by|reviewed-by|acked-by|apologies|attendees|present"
)
_PLACE_KEY = (
    r"(?:home|birth|billing|shipping)? ?(?:city|town|municipality|locality|country|state|province|county|region)"
    r"|place of birth|birth ?place|destination|origin|ciudad|ort|stadt|ville|plaats|cidade|città|pays|land|país|nation"
)
_BODY_KEY = (
    r"company(?: name)?|employer|organi[sz]ation(?: name)?|firm|vendor|supplier|customer company|business name"
    r"|manufacturer|empresa|firma|société|bedrijf|azienda|carrier|airline|insurer|bank(?: name)?|hospital|university"
    r"|school"
)
_STREET_KEY = (
    r"(?:street|home|postal|mailing|billing|shipping|delivery|work)? ?address(?: ?(?:line)? ?[12])?"
    r"|street(?: ?address| name)?|dirección|direccion|adresse|anschrift|straße|strasse|adres|endereço|indirizzo"
)
_CODE_KEY = r"zip(?: ?code)?|post(?:al)? ?code|postcode|plz|postleitzahl|cep|cap|pin ?code|code postal|código postal"
_KEYS = {
    "person": re.compile(_PERSON_KEY),
    "place": re.compile(_PLACE_KEY),
    "organization": re.compile(_BODY_KEY),
    "street_address": re.compile(_STREET_KEY),
    "zip_code": re.compile(_CODE_KEY),
    "nationality": re.compile(r"nationality|citizenship|ethnicity|religion"),
    "name": re.compile(r"name|nom|naam"),
}
_ABOUT_PEOPLE = re.compile(
    r"[\"'|,{ \n](?:e-?mail|phone|mobile|telephone|company|employer|city|country|dob|date_?of_?birth|birth\w*|age"
    r"|address|zip\w*|post\w{0,6}code|passport\w*|seat|diagnosis|salary|department|nationality|gender|customer_?id"
    r"|patient_?id)[\"'|,:= }\n]",
    re.IGNORECASE,
)
_NEAR = 300
"""Characters to each side in which another key says that `name` is a person's."""
_PERSON_SHAPED = re.compile(
    rf"[{CAPITAL}][^\W\d_]{{0,30}}\.?(?:[ '’-](?:(?:van|von|de|der|den|da|dos|del|di|bin|al|el"
    rf"|la) ){{0,2}}[{CAPITAL}][^\W\d_]{{0,30}}\.?){{0,4}}"
)
_PLACE_SHAPED = re.compile(rf"[{CAPITAL}][\w.'’-]{{1,30}}(?: [\w.'’-]{{1,30}}){{0,4}}")
_BODY_SHAPED = re.compile(rf"[{CAPITAL}][\w.,&'’/-]{{1,30}}(?: [\w.,&'’/()-]{{1,30}}){{0,6}}")
_STREET_SHAPED = re.compile(
    rf"(?=[^\n]{{0,60}}?(?:\b[0-9]{{1,6}}[a-zA-Z]?,? [{CAPITAL}][^\W\d_]{{2}}"
    r"|[^\W\d_]{3},? [0-9]{1,5}\b(?!\.[0-9])))"
    r"\w[\w ,.’#°/-]{4,90}"
)
_CODE_SHAPED = re.compile(r"(?=[^\n]{0,8}[0-9])[A-Z0-9]{2,5}(?:[ -][A-Z0-9]{2,5})?")
_NATION_SHAPED = re.compile(rf"[{CAPITAL}][^\W\d_]{{2,20}}(?: [{CAPITAL}][^\W\d_]{{2,20}})?")
_SHAPES = {
    "person": _PERSON_SHAPED,
    "name": _PERSON_SHAPED,
    "place": _PLACE_SHAPED,
    "organization": _BODY_SHAPED,
    "street_address": _STREET_SHAPED,
    "zip_code": _CODE_SHAPED,
    "nationality": _NATION_SHAPED,
}
_FIELD = re.compile(
    r"(?<![^\W_])[\"'*]{0,3}(?P<key>[^\W\d_][^\W\d]{2,15}(?:[ _-][^\W\d]{1,12}){0,2}(?: ?[12])?)[\"'*]{0,3}"
    r" {0,3}[:=] {0,4}[\"'*]{0,3}(?P<value>[^\n\"|;*{}<>]{2,100})"
)


def _kind_of(key: str) -> str:
    """What a key of this name holds; '' where it says nothing."""
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", key).lower().strip()
    dashed = key.lower()
    return next((kind for kind, named in _KEYS.items() if named.fullmatch(spelled) or named.fullmatch(dashed)), "")


def fields(text: str) -> Iterator[Hit]:
    """Values after keys and in columns."""
    if ":" in text or "=" in text:
        yield from _keyed(text)
    if "," in text or "|" in text:
        yield from _in_columns(text)


def addresses_in_fields(text: str, lowered: str) -> Iterator[Hit]:
    """Streets, postcodes and nationalities after keys and in columns."""
    if holds_any(lowered, _ADDRESS_KEYS):
        yield from (hit for hit in fields(text) if hit.kind in ("street_address", "zip_code", "nationality"))


_ADDRESS_KEYS = tuple(
    vocabulary(
        """
        addres adres street straße strasse zip post plz cep cap pin código direcci anschrift endereço indirizzo
        nationality citizenship ethnicity religion
        """
    )
)


def _keyed(text: str) -> Iterator[Hit]:
    for match in _FIELD.finditer(text):
        kind = _kind_of(match["key"])
        if kind and not (kind == "name" and not _is_about_people(text, *match.span())):
            found = _values(kind, text, match.start("value"), match["value"])
            yield from (hit for hit in found if hit.kind != "person" or _is_person(match["key"], hit.text))


def _is_about_people(text: str, start: int, end: int) -> bool:
    """Whether another key of the same object, or near by, is about people."""
    before = _BRACES.split(text[max(0, start - _NEAR) : start])[-1]
    after = _BRACES.split(text[end : end + _NEAR], maxsplit=1)[0]
    return any(_ABOUT_PEOPLE.search(part) for part in (before, after))


_BRACES = re.compile(r"[{}]")
_ENDS = re.compile(r"\s*(?:[,.)\]\"'}\n(<]|$| (?:and|und|et|y|e) |  )")


def _is_person(key: str, value: str) -> bool:
    """A key that names a name, or a value in which a name is known: `client: OpenAI` is none."""
    words = value.replace("-", " ").split()
    if not all(word[0].islower() or len(word.rstrip(".")) == 1 or _NAME_SHAPED.fullmatch(word) for word in words):
        return False
    known = any(word in first_names() or word in family_names() for word in words)
    return (
        known
        or (len(words) > 1 and _SURE_KEY.search(key.lower()) is not None)
        or _NAME_KEY.search(key.lower()) is not None
    )


_NAME_SHAPED = re.compile(rf"(?:Ma?c|De|Di|Du|La|Le|Fitz|[DO]['’])?[{CAPITAL}][^\W\d_{CAPITAL}]+\.?(?:['’]\w+)?")
_NAME_KEY = re.compile(
    r"(?:first|last|full|given|family|middle|maiden|sur|vor|nach|voor|achter)[ _-]?na[ma]|apellido|nombre"
    r"|cognome|prénom|sobrenome"
)
_SURE_KEY = re.compile(
    r"patient|passenger|guest|cardholder|holder|customer|employee|recipient|by$|attend|applicant|candidate"
    r"|student|tenant|user|name"
)


def _values(kind: str, text: str, start: int, value: str) -> Iterator[Hit]:
    """The value, if it has the shape of its kind and ends there; of people several, by comma or `and`."""
    shape = _SHAPES[kind]
    match = shape.match(text, start, start + len(value))
    if not match or not _ENDS.match(text, match.end()) or not _may_be(kind, match.group()):
        return
    yield Hit("person" if kind == "name" else kind, *match.span(), match.group())
    while kind == "person":
        joint = _AND.match(text, match.end(), start + len(value))
        match = shape.match(text, joint.end(), start + len(value)) if joint else None
        if not match or " " not in match.group() or not _may_be(kind, match.group()):
            return
        yield Hit(kind, *match.span(), match.group())


_AND = re.compile(r", (?:and )?| and | & | y | und | et ")


def _may_be(kind: str, value: str) -> bool:
    """Not `customer: Premium Plan` nor `state: Active`."""
    if kind in ("zip_code", "street_address"):
        return True
    words = value.replace(",", " ").split()
    if any(word in THINGS for word in words) and kind != "organization":
        return False
    if kind == "place" and (words[0] in _STATES_OF_THINGS or value.isupper()):
        return False
    return not any(word.lower() in OPENERS for word in words[:1]) and not (
        kind in ("person", "name") and value.isupper()
    )


_STATES_OF_THINGS = vocabulary(
    """
    Active Inactive Open Opened Closed Pending Done Running Ready Failed Enabled Disabled New Stopped Started Draft
    Paused Complete Completed Unknown True False None Null Valid Invalid Online Offline Idle Created Error Success
    Waiting Blocked Resolved Approved Rejected Alert
    """
)

# ---- tables ---------------------------------------------------------------------------------------------------------

_MAX_COLUMNS = 40
_RULE = re.compile(r"[ \t]*\|?[ \t:|-]*-{3}[ \t:|-]*$")


def _in_columns(text: str) -> Iterator[Hit]:
    """Cells below a header whose names say what they hold."""
    header: list[str] = []
    sign, start = "", 0
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        cells = bare.split(sign) if header else []
        if header and len(cells) == len(header):
            if not (sign == "|" and _RULE.match(bare)):
                yield from _cells(start, cells, header)
        else:
            sign = "|" if bare.count("|") >= 2 else "," if 1 <= bare.count(",") <= _MAX_COLUMNS else ""
            header = _header(bare, sign) if sign else []
        start += len(line)


def _header(line: str, sign: str) -> list[str]:
    """The kinds of the columns, if this line is a header that names one
    at least; cells are short and without digits.
    """
    cells = [cell.strip() for cell in line.split(sign)][:_MAX_COLUMNS]
    if any(len(cell) > 24 or not _HEADING.fullmatch(cell) for cell in cells if cell) or not all(cells[1:-1]):
        return []
    kinds = [_kind_of(cell) for cell in cells]
    people = [kind for kind in kinds if kind and kind != "name"] or _ABOUT_PEOPLE.search("|" + "|".join(cells) + "|")
    kinds = [("person" if kind == "name" and people else "" if kind == "name" else kind) for kind in kinds]
    sure = [
        kind if kind != "person" or not _SURE_KEY.search(cell.lower()) else "sure person"
        for kind, cell in zip(kinds, cells, strict=True)
    ]
    return sure if any(sure) and (sign == "|" or len(cells) >= 3) else []


_HEADING = re.compile(r"[^\W\d_][^\W_]*(?:[ _-][^\W_]+){0,3}")


def _cells(start: int, cells: list[str], kinds: list[str]) -> Iterator[Hit]:
    at = start
    for cell, kind in zip(cells, kinds, strict=True):
        value = cell.strip().strip('"')
        what = kind.removeprefix("sure ")
        if kind and value and _SHAPES[what].fullmatch(value) and _may_be(what, value):
            place = at + cell.index(value)
            if kind != "person" or _is_person("owner", value):
                yield Hit(what, place, place + len(value), value)
        at += len(cell) + 1
