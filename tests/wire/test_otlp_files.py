"""Recorded traces from files."""

from __future__ import annotations

import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from wire_build import AGENT, OTHER_TRACE, TRACE, logs, request, shared_traces, span

from otel_scorer.conventions.markers import is_agent
from otel_scorer.errors import UserError
from otel_scorer.otlp import json_to_request, read_traces, request_to_json
from otel_scorer.wire import split_traces

TRACES = request([span(AGENT, span_id=b"agentspn", parent=b"spanspan"), span()])
LOGS = logs([{"event_name": "gen_ai.choice", "span_id": b"agentspn"}])


def test_a_document_is_read_with_the_logs_beside_it(tmp_path):
    (tmp_path / "x.json").write_bytes(
        json.dumps(json.loads(request_to_json("traces", TRACES.SerializeToString())), indent=1).encode()
    )
    (tmp_path / "x.logs.json").write_bytes(request_to_json("logs", LOGS.SerializeToString()))
    [trace] = read_traces([tmp_path / "x.json"], "team")
    assert (trace.tenant, trace.trace_id, len(trace.spans)) == ("team", TRACE.hex(), 1)
    assert [log.event_name for log in trace.spans[0].logs] == ["gen_ai.choice"]
    assert set(trace.heads) == {b"agentspn".hex(), b"spanspan".hex()}
    assert trace.heads[b"agentspn".hex()].agent
    assert read_traces([tmp_path / "x.json", tmp_path / "x.logs.json"], "team") == [trace]


def test_json_lines_hold_traces_and_logs_and_one_trace_in_several_lines(tmp_path):
    file = tmp_path / "sink.jsonl"
    second = request([span(AGENT, trace_id=OTHER_TRACE)])
    file.write_bytes(
        b"\n".join(
            [
                request_to_json("logs", LOGS.SerializeToString()),
                request_to_json("traces", TRACES.SerializeToString()),
                b"",
                request_to_json("traces", second.SerializeToString()),
                request_to_json("traces", TRACES.SerializeToString()),
                b'{"resourceMetrics": []}',
                b"",
            ]
        )
    )
    first, other = read_traces([file])
    assert (len(first.spans), len(first.spans[0].logs), first.tenant) == (1, 1, "default")
    assert other.trace_id == OTHER_TRACE.hex()


def test_protobuf_requests_are_read(tmp_path):
    (tmp_path / "t.pb").write_bytes(TRACES.SerializeToString())
    (tmp_path / "l.pb").write_bytes(LOGS.SerializeToString())
    [trace] = read_traces([tmp_path / "t.pb", tmp_path / "l.pb"])
    assert len(trace.spans[0].logs) == 1


def test_scores_are_left_away_unless_they_are_asked_for(tmp_path):
    scored = request([span(AGENT | {"otel_scorer.label": "pass"})])
    ours = request([span({"gen_ai.operation.name": "evaluation"}, span_id=b"evaluatn")], scope="otel_scorer")
    scored.resource_spans.extend(ours.resource_spans)
    file = tmp_path / "sink.jsonl"
    file.write_bytes(request_to_json("traces", scored.SerializeToString()))
    [plain] = read_traces([file])
    assert len(plain.spans) == 1
    assert "otel_scorer.label" not in plain.spans[0].attributes
    [kept] = read_traces([file], keep_scores=True)
    assert len(kept.spans) == 2
    assert kept.spans[0].attributes["otel_scorer.label"] == "pass"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b'{"conv": "x"}', "there is no OTLP in it"),
        (b"[1, 2]", "there is no OTLP in it"),
        (b"once upon a time", "not JSON"),
        (b"\x00\x01\x02", "not JSON"),
        (b"\nhello", "not JSON"),
        (b'{"resourceSpans": [3]}', "resourceSpans.0: an object"),
        (b'{"resourceSpans": []}\n{"resourceSpans": [}', "line 2"),
        (b'{"resourceSpans": []}\n\n{"other": []}', "line 3"),
    ],
)
def test_a_file_that_is_no_otlp_is_named_with_the_place(tmp_path, content, words):
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_traces([file])
    assert str(file) in str(caught.value)
    assert words in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_traces([tmp_path / "none.json"])
    with pytest.raises(UserError, match="directory"):
        read_traces([tmp_path])


def test_an_empty_request_holds_no_traces(tmp_path):
    file = tmp_path / "empty.json"
    file.write_bytes(b'{"resourceSpans": []}')
    assert read_traces([file]) == []


def test_every_recorded_trace_loads_with_all_its_spans():
    for path in shared_traces():
        document = json.loads(path.read_bytes())
        written = sum(len(s["spans"]) for rs in document["resourceSpans"] for s in rs["scopeSpans"])
        traces = read_traces([path])
        assert traces, path
        assert len({span_id for trace in traces for span_id in trace.heads}) <= written
        assert not any(trace.truncated for trace in traces), path


def test_every_recorded_trace_goes_to_bytes_and_json_and_back():
    for path in shared_traces():
        raw = json_to_request("traces", path.read_bytes())
        assert json_to_request("traces", request_to_json("traces", raw)) == raw, path
        assert split_traces(raw, deployment="d").rejected == [], path


def test_the_spans_of_every_dialect_are_cut_out_and_no_others():
    for path in shared_traces():
        raw = json_to_request("traces", path.read_bytes())
        spans = [
            written
            for rs in ExportTraceServiceRequest.FromString(raw).resource_spans
            for scope in rs.scope_spans
            for written in scope.spans
        ]
        agent = [s for s in spans if is_agent({a.key: a.value.string_value or None for a in s.attributes}, s.name)]
        out = split_traces(raw, deployment="d")
        assert [found.raw for found in out.agent] == [s.SerializeToString() for s in agent], path
        assert out.rest_spans == len(spans) - len(agent), path


def test_logs_beside_the_recorded_traces_are_joined():
    with_logs = [path for path in shared_traces() if path.with_suffix(".logs.json").is_file()]
    joined = [path for path in with_logs if any(s.logs for trace in read_traces([path]) for s in trace.spans)]
    assert len(joined) == len(with_logs) > 0
