"""The same 28 provider exchanges, as seven instrumentations exported them, read the same: as each other, as the request
body and as the provider's response.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest
from otlp_json_files import spans_in
from recorded_exchanges import DIALECTS, FOLDER, RawExport, exchanges, read, readings, truth

from otel_scorer.conventions.read import finish_reasons_of, usage_of

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the recorded exchanges are not here (../shared/traces)")

MOST_LOST = 0.03


class Lost(NamedTuple):
    """One thing that an instrumentation does not export, in these exchanges."""

    dialect: str
    thing: str
    exchanges: tuple[str, ...]
    reason: str


_STREAMED_RESPONSES = ("5f532d1fe03c", "c76993040af3", "cba70d91f1f4")
_PICTURES = ("0528593b72e8", "07ed02e976bb", "51c9bc59ad60", "f135d19268aa")
_CHATS = (
    *("07ed02e976bb", "0f3330dd6491", "2b4e3eab930b", "2bd2bb2ac1b0", "3b6d4440ae9f", "3bf8ac3788a0", "3c19346237d6"),
    *("47e3593cce02", "604a31419bb5", "758a74a9dbd4", "7d76f2678bb9", "80253eadcd11", "a5be40f8578b", "a9ae39ee40af"),
    *("ac5742fd9857", "bd5734e690cf", "dcf31dc91bef"),
)
"""Those that were answered."""

LOST: tuple[Lost, ...] = (
    Lost("openllmetry", "input[0].text", ("0528593b72e8",), "an inline picture makes it give up the whole message"),
    Lost("openllmetry_old", "input[0].text", ("0528593b72e8",), "of a message with an inline picture the role is left"),
    Lost("otel_genai_new", "input[0].text", _PICTURES, "util-genai writes no parts for a list of contents"),
    Lost(
        "openllmetry_old",
        "finish reason[0]",
        ("6df736143afb", "9199d8684efe", "d57e6f6da848", "dbc758ec6458", "dbc8128552ea"),
        "its instrumentation of the Responses API reads no status",
    ),
    Lost("traceai", "finish reason[0]", _CHATS, "it exports the answer's text, but no choice"),
    Lost("traceai", "finish reason[0]", _STREAMED_RESPONSES, "of a streamed response it exports the text, no status"),
    Lost("traceai", "model served", ("604a31419bb5", "758a74a9dbd4"), "of a streamed chat it exports the text alone"),
    *(
        Lost("traceai_old", thing, _STREAMED_RESPONSES, "it exports nothing of a streamed response")
        for thing in (
            "model served",
            "answer[0].text",
            "finish reason[0]",
            "input tokens",
            "output tokens",
            "total tokens",
        )
    ),
    *(
        Lost(dialect, "tool[0]", ("3c19346237d6",), "this release knows no attribute for tool definitions")
        for dialect in ("otel_genai_new", "otel_genai_old")
    ),
    *(
        Lost(dialect, thing, (exchange,), "it exports no details of the token counts")
        for dialect in ("otel_genai_new", "otel_genai_old", "traceai")
        for thing, exchange in (("cached tokens", "0f3330dd6491"), ("reasoning tokens", "a5be40f8578b"))
    ),
)
"""What is really lost, with the reason. An entry holds only while the value stands nowhere in that raw export."""

NOT_EXPORTED = {
    "openllmetry_old": "its instrumentation fails on streamed responses",
    "otel_genai_new": "it does not instrument the Responses API",
    "otel_genai_old": "it does not instrument the Responses API",
}
"""Where there is no export at all to compare, always of the Responses API."""


class Comparison(NamedTuple):
    """`told` is False where the dialect says nothing of it."""

    exchange: str
    dialect: str
    thing: str
    told: bool
    same: bool

    @property
    def place(self) -> tuple[str, str, str]:
        return self.dialect, self.exchange, self.thing


@cache
def comparisons() -> tuple[Comparison, ...]:
    """One for each exchange, dialect and thing that the exchange has.

    The role of a message that was not captured is no thing of its own: its text counts, as lost.
    """
    return tuple(_compared())


def _compared() -> Iterator[Comparison]:
    for exchange, by_dialect in readings().items():
        for dialect, genai in by_dialect.items():
            found = read(genai)
            for thing, expected in truth(exchange).items():
                if thing in found or not thing.endswith(".role"):
                    same = thing in found and found[thing] == expected.value
                    yield Comparison(exchange, dialect, thing, thing in found, same)


def lost_places() -> list[tuple[str, str, str]]:
    return [(one.dialect, exchange, one.thing) for one in LOST for exchange in one.exchanges]


def test_everything_reads_the_same_but_what_an_instrumentation_lost() -> None:
    differing = {one.place: one for one in comparisons() if not one.same}
    lost = lost_places()
    print(
        f"\n{len(comparisons())} comparisons of {len(readings())} exchanges in {len(DIALECTS)} dialects: "
        f"{len(comparisons()) - len(differing)} the same, {len(lost)} lost ({len(lost) / len(comparisons()):.2%})"
    )
    assert sorted(differing) == sorted(lost), "a difference that is not listed, or an entry that is not needed"
    assert not any(one.told for one in differing.values()), "told, but told differently"


def test_what_is_listed_as_lost_is_rare() -> None:
    assert len(lost_places()) == len(set(lost_places()))
    assert len(lost_places()) < MOST_LOST * len(comparisons())
    assert all(one.reason for one in LOST)


def test_what_is_listed_as_lost_stands_nowhere_in_the_raw_export() -> None:
    for dialect, exchange, thing in lost_places():
        raw, told_as = RawExport(dialect, exchange), truth(exchange)[thing].told_as
        assert told_as, (dialect, exchange, thing)
        assert [value for value in told_as if raw.tells(value)] == [], (dialect, exchange, thing)


def test_the_search_finds_every_value_that_was_read() -> None:
    """The search that the table rests on sees what is there: in JSON within JSON, printed objects, log records."""
    hidden = [
        one.place
        for one in comparisons()
        if one.same and one.thing not in ("kind", "total tokens")
        for value in truth(one.exchange)[one.thing].told_as[:1]
        if not RawExport(one.dialect, one.exchange).tells(value)
    ]
    assert {place[2].rsplit(".", 1)[-1] for place in hidden} <= {"role", "finish reason[0]"}
    assert len(hidden) < 0.1 * len(comparisons())


def test_nobody_tells_what_was_not_there() -> None:
    for exchange, by_dialect in readings().items():
        for dialect, genai in by_dialect.items():
            assert read(genai).keys() <= truth(exchange).keys(), (exchange, dialect)


def test_every_exchange_is_there_but_for_apis_that_a_dialect_does_not_know() -> None:
    assert readings().keys() == exchanges().keys()
    for exchange, by_dialect in readings().items():
        missing = set(DIALECTS) - by_dialect.keys()
        assert missing <= NOT_EXPORTED.keys()
        assert not missing or exchanges()[exchange]["uri"].endswith("/responses")
    assert sum(len(by_dialect) for by_dialect in readings().values()) == 177


def test_what_was_lost_is_not_captured_rather_than_empty() -> None:
    for one in LOST:
        for exchange in one.exchanges:
            genai = readings()[exchange][one.dialect]
            if one.thing.startswith("input["):
                assert genai.input_messages is None
            if one.thing.startswith("answer["):
                assert (genai.output_messages, genai.output_text) == (None, None)
            if one.thing.startswith("tool["):
                assert genai.tool_definitions is None


def test_the_cheap_functions_tell_what_reading_tells() -> None:
    for exchange, by_dialect in readings().items():
        for dialect, genai in by_dialect.items():
            (span,) = spans_in(FOLDER / dialect / f"{exchange}.json")
            assert usage_of(span).input in (None, genai.usage.input)
            assert finish_reasons_of(span) in ((), genai.finish_reasons)


def test_answers_bear_the_finish_reasons_of_their_span() -> None:
    for exchange, by_dialect in readings().items():
        for dialect, genai in by_dialect.items():
            told = tuple(answer.finish_reason for answer in genai.output_messages or () if answer.finish_reason)
            assert told == genai.finish_reasons, (exchange, dialect)


@pytest.mark.parametrize("field", ["provider", "response_id"])
def test_ids_and_names_agree_where_they_are_told(field: str) -> None:
    for exchange, by_dialect in readings().items():
        assert len({getattr(genai, field) for genai in by_dialect.values()} - {""}) <= 1, exchange


def test_pictures_have_one_name_where_they_are_told() -> None:
    for exchange, by_dialect in readings().items():
        told = [one.input_messages for one in by_dialect.values() if one.input_messages is not None]
        assert len({tuple(message.media for message in messages) for messages in told}) == 1, exchange


def test_failed_exchanges_have_an_error_and_no_answer() -> None:
    for exchange, by_dialect in readings().items():
        for dialect, genai in by_dialect.items():
            assert bool(genai.error_type) == bool(exchanges()[exchange]["error"]), (exchange, dialect)
            if genai.error_type:
                assert genai.output_messages is None
                assert genai.error_type.endswith("BadRequestError")
