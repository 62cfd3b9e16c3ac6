"""Log records that belong to spans; counting and dividing requests; attributes as bytes."""

from __future__ import annotations

import math

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from wire_build import AGENT, TRACE, logs, request, span

from otel_scorer.errors import BadRequest
from otel_scorer.wire import (
    Envelope,
    assemble,
    assemble_logs,
    count_items,
    encode_attributes,
    split_logs,
    split_request,
    split_traces,
)


def test_genai_records_with_the_ids_of_a_span_are_joined():
    made = logs(
        [
            {"event_name": "gen_ai.user.message"},
            {"attributes": {"event.name": "gen_ai.choice"}},
            {"event_name": "http.request", "body": "gen_ai.choice"},
            {"event_name": "gen_ai.choice", "trace_id": bytes(16)},
            {"event_name": "gen_ai.choice", "span_id": b""},
        ]
    )
    out = split_logs(made.SerializeToString())
    records = made.resource_logs[0].scope_logs[0].log_records
    assert [found.raw for found in out.joined] == [record.SerializeToString() for record in records[:2]]
    assert out.count == 5
    assert (out.joined[0].trace_id, out.joined[0].span_id) == (TRACE, b"spanspan")
    assert out.joined[0].key != out.joined[1].key
    assert len(out.joined[0].key) == 16


def test_mirrors_of_our_own_scores_are_not_evidence():
    made = logs([{"event_name": "gen_ai.evaluation.result"}], scope="otel_scorer")
    assert split_logs(made.SerializeToString()) == ([], 1)


def test_a_log_record_that_is_not_utf8_is_mended():
    raw = (
        logs([{"event_name": "gen_ai.choice", "body": "he said"}])
        .SerializeToString()
        .replace(b"he said", b"he \xffaid")
    )
    [found] = split_logs(raw).joined
    made = ExportLogsServiceRequest.FromString(assemble_logs([(found.envelope, found.raw)]))
    assert made.resource_logs[0].scope_logs[0].log_records[0].body.string_value == "he \ufffdaid"


def test_a_logs_body_with_broken_framing_is_a_bad_request():
    with pytest.raises(BadRequest):
        split_logs(b"\x0a\x09abc")


def _metrics() -> ExportMetricsServiceRequest:
    made = ExportMetricsServiceRequest()
    metrics = made.resource_metrics.add().scope_metrics.add().metrics
    metrics.add(name="g").gauge.data_points.add(as_int=1)
    metrics.add(name="s").sum.data_points.add(as_int=1)
    metrics[1].sum.data_points.add(as_double=2)
    metrics.add(name="h").histogram.data_points.add(count=1)
    metrics.add(name="e").exponential_histogram.data_points.add(count=1)
    metrics.add(name="y").summary.data_points.add(count=1)
    metrics.add(name="nothing")
    return made


def test_items_of_every_signal_are_counted():
    assert count_items("traces", request([span()] * 3, [span()]).SerializeToString()) == 4
    assert count_items("logs", logs([{}, {}]).SerializeToString()) == 2
    assert count_items("metrics", _metrics().SerializeToString()) == 6
    assert count_items("traces", b"") == 0


def test_a_request_is_divided_down_to_its_single_spans():
    raw = request([span(name="a"), span(name="b")], [span(name="c")]).SerializeToString()
    first, second = split_request("traces", raw, 2)
    assert count_items("traces", first) + count_items("traces", second) == 3
    singles = split_request("traces", raw, 9)
    names = [
        ExportTraceServiceRequest.FromString(one).resource_spans[0].scope_spans[0].spans[0].name for one in singles
    ]
    assert names == ["a", "b", "c"]
    services = [ExportTraceServiceRequest.FromString(one).resource_spans[0].resource for one in singles]
    assert services[0] == services[1] != services[2]
    assert split_request("traces", singles[0], 2) == [singles[0]]


def test_one_huge_item_is_parted_from_the_small_ones():
    raw = request([span({"big": "x" * 9_000}), *[span(name=str(n)) for n in range(5)]]).SerializeToString()
    big, small = split_request("traces", raw, 2)
    assert (count_items("traces", big), count_items("traces", small)) == (1, 5)


def test_metrics_and_logs_are_divided_too():
    assert len(split_request("metrics", _metrics().SerializeToString(), 6)) == 6
    assert len(split_request("logs", logs([{}, {}]).SerializeToString(), 2)) == 2
    assert split_request("logs", b"", 2) == [b""]


def test_appended_attributes_read_as_they_were_given():
    given = [
        ("text", "grüße"),
        ("yes", True),
        ("no", False),
        ("int", -3),
        ("big", 2**63 - 1),
        ("low", -(2**63)),
        ("wide", 2**63),
        ("double", 4.5),
        ("nan", math.nan),
        ("bytes", b"\x00\xff"),
        ("none", None),
        ("list", ["a", 1, [True]]),
        ("map", {"k": {"deep": 1.0}}),
        ("surrogate", "a\ud800b"),
        ("", ""),
    ]
    read = Span.FromString(span().SerializeToString() + encode_attributes(given))
    values = {pair.key: pair.value for pair in read.attributes}
    assert values["text"].string_value == "grüße"
    assert (values["yes"].bool_value, values["no"].WhichOneof("value")) == (True, "bool_value")
    assert (values["int"].int_value, values["big"].int_value, values["low"].int_value) == (-3, 2**63 - 1, -(2**63))
    assert values["wide"].string_value == str(2**63)
    assert values["double"].double_value == 4.5
    assert math.isnan(values["nan"].double_value)
    assert values["bytes"].bytes_value == b"\x00\xff"
    assert values["none"].WhichOneof("value") is None
    assert values["list"].array_value.values[2].array_value.values[0].bool_value is True
    assert values["map"].kvlist_value.values[0].value.kvlist_value.values[0].value.double_value == 1.0
    assert values["surrogate"].string_value == "a\ufffdb"
    assert values[""].WhichOneof("value") == "string_value"
    assert read.name == "work"


def test_spans_are_put_together_by_envelope_in_order_of_first_appearance():
    a = Envelope(b"", b"\x0a\x01a", b"", b"")
    b = Envelope(b"", b"\x0a\x01b", b"", b"url")
    c = Envelope(b"\x10\x01", b"", b"", b"")
    raws = [span(name=name).SerializeToString() for name in "wxyz"]
    made = ExportTraceServiceRequest.FromString(assemble(zip([a, b, a, c], raws, strict=True)))
    assert len(made.resource_spans) == 2
    first = made.resource_spans[0]
    assert [[s.name for s in scope.spans] for scope in first.scope_spans] == [["w", "y"], ["x"]]
    assert first.scope_spans[1].schema_url == "url"
    assert made.resource_spans[1].resource.dropped_attributes_count == 1


def test_a_whole_request_survives_cutting_and_assembling():
    original = request([span(AGENT), span(AGENT, name="b")], [span(AGENT)])
    out = split_traces(original.SerializeToString(), deployment="")
    assert ExportTraceServiceRequest.FromString(assemble((s.envelope, s.raw) for s in out.agent)) == original
