"""Bytes to nouns and back."""

from __future__ import annotations

import dataclasses
import math
import pickle

import pytest
from wire_build import AGENT, TRACE, logs, request, span

from otel_scorer.errors import BadRequest
from otel_scorer.model import Event, Head, Link, LogRecord, Resource, Scope, Span
from otel_scorer.otlp import decode_log, decode_span, encode_log, encode_span, model_head, trace_of
from otel_scorer.wire import Envelope, split_logs, split_traces
from otel_scorer.wire import Head as WireHead

FULL = Span(
    trace_id=TRACE.hex(),
    span_id=b"spanspan".hex(),
    parent_id=b"parentid".hex(),
    name="chat gpt",
    otlp_kind=3,
    start_ns=1_760_000_000_000_000_000,
    end_ns=1_760_000_001_500_000_000,
    attributes={
        "text": "hello",
        "empty": "",
        "zero": 0,
        "no": False,
        "yes": True,
        "double": 0.5,
        "list": ["a", 1, None],
        "map": {"k": {"deep": [1.5]}},
        "bytes": b"\x00\xff",
        "nothing": None,
    },
    events=(Event("exception", 5, {"exception.type": "ValueError"}),),
    links=(Link(TRACE.hex(), b"linkspan".hex(), {"a": 1}),),
    status_code=2,
    status_message="broke",
    trace_state="a=b",
    flags=0x301,
    dropped_attributes=4,
    resource=Resource({"service.name": "shop", "pid": 7}, "https://resource"),
    scope=Scope("scope", "1.0", {"k": "v"}, "https://scope"),
)


def test_a_span_reads_back_as_it_was_written():
    raw, envelope = encode_span(FULL)
    assert decode_span(raw, envelope) == FULL
    assert encode_span(FULL) == (raw, envelope)
    assert decode_span(raw, envelope).duration_s == 1.5


def test_a_decoded_span_is_frozen_like_any_other():
    found = decode_span(*encode_span(FULL))
    assert type(found) is Span
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.name = "other"
    assert dataclasses.replace(found, name="other") == dataclasses.replace(FULL, name="other")
    assert pickle.loads(pickle.dumps(found)) == found


def test_an_empty_span_reads_back_too():
    bare = Span("", "", "", "", otlp_kind=0)
    raw, envelope = encode_span(bare)
    assert (raw, envelope) == (b"", Envelope())
    assert decode_span(raw, envelope) == bare


def test_a_double_that_is_no_number_stays_one():
    raw, envelope = encode_span(Span("", "", "", "", attributes={"nan": math.nan, "inf": math.inf}))
    read = decode_span(raw, envelope).attributes
    assert math.isnan(read["nan"])
    assert read["inf"] == math.inf


def test_a_parent_of_zeros_is_no_parent():
    raw = span(AGENT, parent=bytes(8)).SerializeToString()
    assert decode_span(raw, Envelope()).parent_id == ""


def test_a_log_record_reads_back_as_it_was_written():
    record = LogRecord(
        TRACE.hex(),
        b"spanspan".hex(),
        "gen_ai.choice",
        99,
        {"message": {"content": "hi"}},
        {"gen_ai.system": "openai"},
        Scope("logger"),
        Resource({"service.name": "shop"}),
    )
    raw, envelope = encode_log(record)
    assert decode_log(raw, envelope) == record


def test_the_event_name_of_an_older_sdk_is_found_in_the_attributes():
    [found] = split_logs(logs([{"attributes": {"event.name": "gen_ai.choice"}}]).SerializeToString()).joined
    assert decode_log(found.raw, found.envelope).event_name == "gen_ai.choice"


def test_what_is_no_span_is_a_bad_request():
    with pytest.raises(BadRequest, match="Span"):
        decode_span(b"\x0a\x7f", Envelope())
    with pytest.raises(BadRequest, match="Resource"):
        decode_span(b"", Envelope(resource=b"\x0a\x7f"))


def test_a_very_large_resource_is_decoded_and_not_remembered():
    raw, envelope = encode_span(Span("", "", "", "", resource=Resource({"big": "x" * 100_000})))
    assert decode_span(raw, envelope).resource.attributes == {"big": "x" * 100_000}


def test_a_trace_has_its_spans_by_start_with_their_logs_and_all_heads():
    late, early = span(AGENT, name="late", span_id=b"late-one"), span(AGENT, name="early", parent=b"web-span")
    early.start_time_unix_nano = 500
    cut = split_traces(request([late, early, span(span_id=b"web-span")]).SerializeToString(), deployment="")
    joined = split_logs(
        logs(
            [
                {"event_name": "gen_ai.choice", "time": 9},
                {"event_name": "gen_ai.user.message", "time": 3},
                {"event_name": "gen_ai.choice", "span_id": b"nobodys!"},
            ]
        ).SerializeToString()
    ).joined
    heads = {head.span_id.hex(): model_head(head) for head in cut.heads}
    trace = trace_of(
        "t", TRACE.hex(), [(s.raw, s.envelope) for s in cut.agent], [(x.raw, x.envelope) for x in joined], heads
    )
    assert [found.name for found in trace.spans] == ["early", "late"]
    assert [log.event_name for log in trace.spans[0].logs] == ["gen_ai.user.message", "gen_ai.choice"]
    assert trace.spans[1].logs == ()
    assert trace.heads[b"web-span".hex()] == Head(b"web-span".hex(), "", 0x101)
    assert trace.heads[b"spanspan".hex()] == Head(b"spanspan".hex(), b"web-span".hex(), 0x101, agent=True)
    assert not trace.truncated


def test_the_head_that_a_span_gives_itself_is_the_one_that_counts():
    raw, span_id = span(AGENT, parent=b"web-span").SerializeToString(), b"spanspan".hex()
    own = Head(span_id, b"web-span".hex(), 0x101, agent=True)
    for known in (
        {},
        {span_id: own},
        {span_id: Head(span_id, "", 0x101, agent=True)},
        {span_id: own._replace(flags=0)},
    ):
        before = dict(known)
        assert trace_of("t", TRACE.hex(), [(raw, Envelope())], heads=known).heads == {span_id: own}
        assert known == before


def test_a_span_that_does_not_decode_is_left_out_and_said():
    good = span(AGENT).SerializeToString()
    trace = trace_of("t", TRACE.hex(), [(good, Envelope()), (b"\x0a\x7f", Envelope())])
    assert (len(trace.spans), trace.truncated) == (1, True)
    assert trace_of("t", TRACE.hex(), [(good, Envelope())], [(b"\x0a\x7f", Envelope())]).truncated
    assert trace_of("t", TRACE.hex(), [], truncated=True).truncated


def test_the_head_of_a_passed_span_becomes_a_noun():
    head = model_head(WireHead(TRACE, b"spanspan", b"parentid", 0x300))
    assert head == Head(b"spanspan".hex(), b"parentid".hex(), 0x300)
    assert head.parent_is_remote
