"""OTLP/JSON in and out, after the rules of the specification."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from wire_build import AGENT, TRACE, attribute, logs, nested, raw_request, request, span

from otel_scorer.errors import BadRequest
from otel_scorer.otlp import json_to_request, request_to_json

MARK = attribute(b"gen_ai.operation.name", b"\x0a\x04chat")


def body(**fields) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}).encode()


def only_span(raw: bytes):
    return (
        ExportTraceServiceRequest.FromString(json_to_request("traces", raw)).resource_spans[0].scope_spans[0].spans[0]
    )


def value_of(value: object):
    return only_span(body(attributes=[{"key": "k", "value": value}])).attributes[0].value


@pytest.mark.parametrize("digits", [TRACE.hex(), TRACE.hex().upper()])
def test_ids_are_hex_in_any_case(digits):
    found = only_span(body(traceId=digits, spanId="00000000000000ff", parentSpanId="", links=[{"traceId": digits}]))
    assert found.trace_id == found.links[0].trace_id == TRACE
    assert found.span_id == bytes(7) + b"\xff"
    assert found.parent_span_id == b""


@pytest.mark.parametrize("kind", [3, "3", 3.0, "SPAN_KIND_CLIENT"])
def test_enums_are_numbers_or_names(kind):
    assert only_span(body(kind=kind)).kind == 3


def test_an_enum_name_of_a_newer_sender_is_passed_over():
    assert only_span(body(kind="SPAN_KIND_QUANTUM", name="n")).kind == 0


@pytest.mark.parametrize("time", [1760000000000000001, "1760000000000000001"])
def test_wide_ints_are_strings_or_numbers(time):
    assert only_span(body(startTimeUnixNano=time)).start_time_unix_nano == 1760000000000000001


def test_every_kind_of_value_is_read():
    assert value_of({"stringValue": "grüße"}).string_value == "grüße"
    assert value_of({"stringValue": ""}).WhichOneof("value") == "string_value"
    assert value_of({"intValue": "-5"}).int_value == -5
    assert value_of({"boolValue": False}).WhichOneof("value") == "bool_value"
    assert value_of({"doubleValue": 1}).double_value == 1.0
    assert math.isnan(value_of({"doubleValue": "NaN"}).double_value)
    assert value_of({"doubleValue": "-Infinity"}).double_value == -math.inf
    assert value_of({"bytesValue": "AP8="}).bytes_value == b"\x00\xff"
    assert value_of({"bytesValue": "_-8"}).bytes_value == b"\xff\xef"
    assert len(value_of({"arrayValue": {"values": [{"intValue": 1}, {}, None]}}).array_value.values) == 3
    assert value_of({"arrayValue": {}}).WhichOneof("value") == "array_value"
    assert value_of({"kvlistValue": {"values": [{"key": "a"}]}}).kvlist_value.values[0].key == "a"
    assert value_of({}).WhichOneof("value") is None
    assert value_of({"stringValue": "a\ud800b"}).string_value == "a\ufffdb"


def test_unknown_fields_null_and_snake_case_are_taken_as_the_specification_says():
    raw = (
        b'{"resource_spans": [{"scope_spans": [{"spans": [{"name": "n", "new": {"x": [1]}, "kind": null}]}]}], "z": 1}'
    )
    assert only_span(raw).name == "n"


def test_of_a_key_that_occurs_twice_the_last_counts():
    assert only_span(b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a","name":"b"}]}]}]}').name == "b"


def test_a_byte_order_mark_is_no_harm():
    assert only_span(b"\xef\xbb\xbf" + body(name="n")).name == "n"


def test_logs_and_metrics_are_read_too():
    log = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"%s","severityNumber":9,"eventName":"e"}]}]}]}'
    made = ExportLogsServiceRequest.FromString(json_to_request("logs", log % TRACE.hex().encode()))
    assert made.resource_logs[0].scope_logs[0].log_records[0].trace_id == TRACE
    metric = b"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","histogram":{"dataPoints":[
        {"count":"2","bucketCounts":["1","1"],"explicitBounds":[0.5],"exemplars":[{"spanId":"00ff00ff00ff00ff"}]}]}}]}]}]}"""
    read = ExportMetricsServiceRequest.FromString(json_to_request("metrics", metric))
    point = read.resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points[0]
    assert (list(point.bucket_counts), point.exemplars[0].span_id) == ([1, 1], b"\x00\xff" * 4)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "not JSON"),
        (b"[]", "the body: an object"),
        (b'"x"', "the body: an object"),
        (b"{", "not JSON"),
        ('{"resourceSpans": []}'.encode("utf-16"), "not UTF-8"),
        ('{"resourceSpans": []}'.encode("utf-16-le"), "not JSON"),
        (b'{"resourceSpans": {}}', "resourceSpans: a list"),
        (b'{"resourceSpans": [3]}', "resourceSpans.0: an object"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[" * 100_000, "nests deeper"),
        (b'{"a":' * 1_000 + b"1" + b"}" * 1_000, "nests deeper"),
        (body(traceId="abc"), "resourceSpans.0.scopeSpans.0.spans.0.traceId: an id"),
        (body(traceId="W46c4w0dW46c4w0dW46c4w=="), "traceId: an id"),
        (body(traceId=7), "traceId: a string"),
        (body(name=7), "name: a string is needed here, not a number"),
        (body(name=[]), "name: a string is needed here, not a list"),
        (body(startTimeUnixNano=-1), "startTimeUnixNano: the number is out of range"),
        (body(startTimeUnixNano="soon"), "an integer"),
        (body(startTimeUnixNano=1.5), "an integer"),
        (body(startTimeUnixNano=2**64), "out of range"),
        (body(kind=True), "an integer"),
        (body(kind=2**40), "out of range"),
        (body(attributes=[{"key": "k", "value": {"boolValue": 3}}]), "attributes.0.value.boolValue: true or false"),
        (body(attributes=[{"key": "k", "value": {"doubleValue": "much"}}]), "a number"),
        (body(attributes=[{"key": "k", "value": {"doubleValue": 10**400}}]), "a number"),
        (body(attributes=[{"key": "k", "value": {"bytesValue": "!"}}]), "base64"),
        (body(attributes=[{"key": "k", "value": "plain"}]), "value: an object"),
        (body(attributes={}), "attributes: a list"),
    ],
)
def test_what_is_not_otlp_json_is_a_bad_request_that_names_the_place(raw, place):
    with pytest.raises(BadRequest) as caught:
        json_to_request("traces", raw)
    assert place in str(caught.value)


def test_brackets_in_text_are_not_nesting():
    assert only_span(body(name='[{"' * 5_000)).name == '[{"' * 5_000


@pytest.mark.parametrize("raw", [b'"' + b'\\"' * 2_000_000, b'"' * 2_000_001, b'"\\' * 1_000_000, b"\\" * 1_000_000])
def test_an_endless_string_is_refused_in_no_time(raw):
    began = time.process_time()
    with pytest.raises(BadRequest):
        json_to_request("traces", raw)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("levels", [10, 31, 33, 60, 120])
def test_values_nested_too_deep_are_cut(levels):
    value: object = {"stringValue": "deep"}
    for _ in range(levels):
        value = {"arrayValue": {"values": [value]}}
    raw = json_to_request("traces", body(attributes=[{"key": "k", "value": value}]))
    assert (b"deep" in raw.replace(b"deeper", b"")) == (levels < 32)
    ExportTraceServiceRequest.FromString(raw)


def test_a_request_is_one_line_of_otlp_json_with_hex_ids():
    agent = span(AGENT | {"n": 3, "text": "a\nb\u2028"}, parent=b"parentid")
    agent.attributes.add(key="d").value.double_value = math.inf
    agent.attributes.add(key="b").value.bytes_value = b"\x00\xff"
    agent.attributes.add(key="unset")
    line = request_to_json("traces", request([agent]).SerializeToString())
    assert b"\n" not in line
    read = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert (read["traceId"], read["spanId"]) == (TRACE.hex(), b"spanspan".hex())
    assert (read["kind"], read["startTimeUnixNano"], read["flags"]) == (3, "1000", 0x101)
    assert read["attributes"][1] == {"key": "n", "value": {"intValue": "3"}}
    assert read["attributes"][3]["value"] == {"doubleValue": "Infinity"}
    assert read["attributes"][4]["value"] == {"bytesValue": "AP8="}


def test_what_was_written_reads_back_equal():
    for signal, made in (
        ("traces", request([span(AGENT | {"x": True, "y": ""})])),
        ("logs", logs([{"event_name": "gen_ai.choice", "body": ""}])),
    ):
        raw = made.SerializeToString()
        assert json_to_request(signal, request_to_json(signal, raw)) == raw


def test_a_request_that_no_library_reads_is_mended_on_its_way_to_json():
    bad = MARK + b"\x2a\x02n\xff" + attribute(b"deep", nested(90))
    read = json.loads(request_to_json("traces", raw_request(bad)))["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert read["name"] == "n\ufffd"
    with pytest.raises(BadRequest):
        request_to_json("traces", b"\x0a\x09abc")


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["resourceSpans", "scopeSpans", "spans", "name", "kind", "traceId", "attributes", "key", "value"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(_json.map(lambda value: json.dumps(value).encode()), st.binary(max_size=40)))
def test_any_body_is_read_or_is_a_bad_request(raw):
    try:
        ExportTraceServiceRequest.FromString(json_to_request("traces", raw))
    except BadRequest:
        return
