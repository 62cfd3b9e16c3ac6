"""What no backend could read is mended in its own span; neighbours stay as they came."""

from __future__ import annotations

import time

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from wire_build import AGENT, TRACE, attribute, nested, raw_request, request, span, varint

from otel_scorer.wire import assemble, split_traces

IDS = b"\x0a\x10" + TRACE + b"\x12\x08spanspan"
MARK = attribute(b"gen_ai.operation.name", b"\x0a\x04chat")


def cut(*spans: bytes):
    return split_traces(raw_request(*spans), deployment="d1")


def readable(found) -> Span:
    """The span as a backend reads it that gets a whole request."""
    made = ExportTraceServiceRequest.FromString(assemble([(found.envelope, found.raw)]))
    return made.resource_spans[0].scope_spans[0].spans[0]


@pytest.mark.parametrize(
    ("bad", "look"),
    [
        (b"\x2a\x04na\xffe", lambda s: s.name),
        (b"\x1a\x03a\xffb", lambda s: s.trace_state),
        (attribute(b"key\xff", b"\x0a\x01v"), lambda s: s.attributes[-1].key),
        (attribute(b"key", b"\x0a\x03v\xffv"), lambda s: s.attributes[-1].value.string_value),
        (b"\x5a\x05\x12\x03e\xffe", lambda s: s.events[0].name),
        (b"\x7a\x05\x12\x03e\xffe", lambda s: s.status.message),
        (b"\x6a\x05\x1a\x03e\xffe", lambda s: s.links[0].trace_state),
    ],
)
def test_text_that_is_not_utf8_is_repaired_and_nothing_else_changes(bad, look):
    tail = b"\xfa\x3f\x03\xff\xfe\xfd"  # an unknown field is nobody's text
    out = cut(IDS + MARK + bad + tail, span(AGENT).SerializeToString(), span().SerializeToString())
    assert "\ufffd" in look(readable(out.agent[0]))
    assert out.agent[0].raw.startswith(IDS + MARK)
    assert out.agent[0].raw.endswith(tail)
    assert out.agent[1].raw == span(AGENT).SerializeToString()
    assert out.rest == raw_request(span().SerializeToString())
    assert out.rejected == []


@pytest.mark.parametrize("levels", [31, 40, 46, 47, 48, 49, 50, 51, 100, 2_000])
def test_values_nested_too_deep_are_cut_and_the_span_survives(levels):
    deep = IDS + MARK + attribute(b"deep", nested(levels))
    out = cut(deep, span(AGENT).SerializeToString())
    assert len(out.agent) == 2
    found = readable(out.agent[0])
    assert found.attributes[0].key == "gen_ai.operation.name"
    if levels < 46:
        assert out.agent[0].raw == deep
    if levels > 49:
        assert b"cut: nested deeper" in out.agent[0].raw


def test_broken_spans_that_are_not_agent_spans_are_passed_as_they_are():
    odd = IDS + b"\x2a\x02\xff\xff" + attribute(b"deep", nested(100))
    raw = raw_request(odd)
    assert split_traces(raw, deployment="d1").rest is raw
    mixed = cut(odd, span(AGENT).SerializeToString())
    assert mixed.rest == raw_request(odd)


def test_a_resource_that_is_not_utf8_is_repaired_for_the_agent_spans():
    original = (
        request([span(AGENT)]).SerializeToString().replace(b"service 0", b"service \xff").replace(b"scope", b"sc\xffpe")
    )
    out = split_traces(original, deployment="d1")
    assert "\ufffd" in out.agent[0].envelope.resource.decode()
    assert readable(out.agent[0]).name == "work"


def test_a_resource_that_no_library_reads_has_its_agent_spans_rejected():
    body = b"\x0a\x03\x0a\x7fx" + b"\x12" + varint(len(IDS + MARK) + 2) + b"\x12" + varint(len(IDS + MARK)) + IDS + MARK
    out = split_traces(b"\x0a" + varint(len(body)) + body, deployment="d1")
    assert (out.agent, len(out.rejected), out.rest) == ([], 1, None)


def test_mending_does_not_take_for_ever():
    slow = IDS + MARK + b"\x2a\x01\xff" + attribute(b"a", b"") * 400_000
    began = time.process_time()
    out = cut(slow, span(AGENT).SerializeToString())
    assert (len(out.agent), len(out.rejected)) == (1, 1)
    assert time.process_time() - began < 5


def test_a_very_large_attribute_is_mended():
    big = IDS + MARK + attribute(b"big", b"\x0a" + varint(5_000_001) + b"x" * 5_000_000 + b"\xff")
    [found] = cut(big).agent
    assert readable(found).attributes[1].value.string_value.endswith("x\ufffd")


def test_groups_from_another_age_do_no_harm():
    group = b"\xa3\x06" + b"\x08\x01" + b"\xa4\x06"  # field 100, with a varint in it
    [found] = cut(IDS + MARK + group + b"\x2a\x01\xff").agent
    assert group in found.raw
    forged = attribute(b"otel_scorer.label", b"\x0a\x04pass")
    [found] = cut(IDS + MARK + group + forged).agent
    assert found.raw == IDS + MARK + group
