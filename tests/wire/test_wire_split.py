"""Agent spans are cut out of a request, the rest stays as it came."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from wire_build import AGENT, HTTP, OTHER_TRACE, TRACE, attribute, raw_request, request, span, turned

from otel_scorer.errors import BadRequest
from otel_scorer.wire import Envelope, Head, split_traces


def cut(raw, **options):
    return split_traces(raw, deployment="d1", **options)


def parsed(raw):
    return ExportTraceServiceRequest.FromString(raw)


def test_a_batch_without_agent_spans_goes_on_as_the_very_object_that_came():
    raw = request([span(), span()]).SerializeToString()
    out = cut(raw)
    assert out.rest is raw
    assert (out.agent, out.rest_spans, out.heads, out.own, out.forged) == ([], 2, [], 0, 0)


def test_an_empty_request_is_all_rest():
    assert cut(b"").rest == b""
    assert cut(b"").rest_spans == 0


def test_an_agent_span_comes_out_verbatim_with_its_envelope():
    agent = span(AGENT, parent=b"parentid")
    out = cut(request([agent]).SerializeToString())
    [found] = out.agent
    assert found.raw == agent.SerializeToString()
    assert (found.trace_id, found.span_id, found.parent_id) == (TRACE, b"spanspan", b"parentid")
    assert (found.flags, found.otlp_kind) == (0x101, 3)
    assert found.envelope.resource_schema_url == b"https://resource"
    assert found.envelope.scope_schema_url == b"https://scope"
    assert out.rest is None


def test_the_rest_of_a_mixed_batch_parses_equal_to_the_original_without_the_agent_spans():
    original = request([span(), span(AGENT), span(name="last")], [span(AGENT)], [span()])
    out = cut(original.SerializeToString())
    want = request([span(), span(name="last")], [], [span()])
    del want.resource_spans[1]
    want.resource_spans[1].resource.CopyFrom(original.resource_spans[2].resource)
    assert parsed(out.rest) == want
    assert len(out.agent) == 2
    assert out.rest_spans == 3


def test_empty_envelopes_stay_where_nothing_was_taken_from_them():
    original = request([span(AGENT), span()])
    original.resource_spans[0].scope_spans.add().scope.name = "empty"
    original.resource_spans.add().schema_url = "empty too"
    rest = parsed(cut(original.SerializeToString()).rest)
    assert [scope.scope.name for scope in rest.resource_spans[0].scope_spans] == ["scope", "empty"]
    assert rest.resource_spans[1].schema_url == "empty too"


def test_many_small_envelopes_are_cut_like_few():
    groups = [[span(AGENT, name=str(n))] if n % 2 else [span(name=str(n))] for n in range(1_000)]
    out = cut(request(*groups).SerializeToString())
    assert len(out.agent) == 500
    names = [rs.scope_spans[0].spans[0].name for rs in parsed(out.rest).resource_spans]
    assert names == [str(n) for n in range(0, 1_000, 2)]


def test_fields_that_we_do_not_know_are_kept():
    unknown = b"\xfa\x3f\x03abc"  # field 1023
    plain = span().SerializeToString() + unknown
    agent = span(AGENT).SerializeToString() + unknown
    raw = raw_request(plain, agent) + unknown
    out = cut(raw)
    assert out.agent[0].raw == agent
    assert out.rest == raw_request(plain) + unknown


def test_every_attribute_of_a_pass_through_span_may_mention_a_marker_in_its_text():
    tricky = span(HTTP | {"note": "gen_ai.operation.name", "log": "\n\x0egen_ai.request.model"})
    raw = request([tricky, span(AGENT)]).SerializeToString()
    out = cut(raw)
    assert len(out.agent) == 1
    assert parsed(out.rest).resource_spans[0].scope_spans[0].spans[0] == tricky
    alone = request([tricky]).SerializeToString()
    assert cut(alone).rest is alone


@pytest.mark.parametrize(
    "kept",
    [
        span({"db.system": "postgresql"}),
        span({"db.system.name": "mysql", "input.value": "x"}),
        span({"span.type": "web"}),
        span(HTTP, name="running tools"),
        span(HTTP, name="not claude_code.tool"),
        span({"x.gen_ai.model": "m"}),
        span({"tool_use_id_of_ours": "1"}),
        span(HTTP | {"traceloop.association.properties.user_id": "u", "traceloop.workflow.name": "w"}),
        span(HTTP | {"gen_ai.conversation.id": "c", "gen_ai.agent.name": "a", "langfuse.trace.name": "t"}),
    ],
    ids=lambda kept: kept.name + "/" + "/".join(a.key for a in kept.attributes),
)
def test_ordinary_spans_are_not_taken(kept):
    for raw in (request([kept]).SerializeToString(), turned(request([kept]))):
        assert cut(raw).rest is raw


@pytest.mark.parametrize(
    "taken",
    [
        span({"db.system": "chroma"}),
        span({"db.system.name": "Pinecone"}),
        span({"span.type": "llm_request"}),
        span({}, name="claude_code.interaction"),
        span({}, name="agent run"),
        span({}, name="claude_code." + "x" * 300),
        span({"llm." + "x" * 124: "at 128 bytes"}),
        span({"gen_ai." + "x" * 250: "at 257 bytes"}),
        span({"openinference." + "x" * 4000: "v"}),
        span({"fi.x": 1}),
        span({"tool_use_id": "1"}),
        span({"openinference." + "x" * 300_000: "v"}),
        span({"gen_ai.agent.name": "a", "gen_ai.agent.names": "b"}),
        span({"traceloop.entity.path": "p", "traceloop.span.kind": "task"}),
    ],
    ids=lambda taken: (taken.name + "/" + "/".join(a.key for a in taken.attributes))[:40],
)
def test_spans_with_a_marker_are_taken(taken):
    out = cut(request([span(), taken]).SerializeToString())
    assert [found.raw for found in out.agent] == [taken.SerializeToString()]
    out = cut(turned(request([span(), taken])))
    assert [found.raw for found in out.agent] == [turned(taken)], "as Collectors write it"


@pytest.mark.parametrize("place", range(12))
def test_a_marker_is_found_wherever_it_stands(place):
    others = [(f"http.header.{n}", "\n\x07gen_ai." if n % 2 else "J\x09\n\x07x" * n) for n in range(11)]
    marked = span(dict([*others[:place], ("gen_ai.system", "openai"), *others[place:]]))
    unmarked = span(dict(others))
    spans = [unmarked] * place + [marked] + [unmarked] * (11 - place)
    out = cut(request(spans).SerializeToString())
    assert [found.raw for found in out.agent] == [marked.SerializeToString()]
    assert parsed(out.rest) == request([unmarked] * 11)


def test_the_proof_reads_an_attribute_whose_value_stands_first():
    backwards = b"\x4a\x1d" + b"\x12\x08\x0a\x06openai" + b"\x0a\x11gen_ai.request.id"
    propagated = span(HTTP | {"gen_ai.conversation.id": "no proof, but a reason to look"}).SerializeToString()
    assert cut(raw_request(propagated)).agent == []
    assert [found.raw for found in cut(raw_request(propagated + backwards)).agent] == [propagated + backwards]


def test_identical_spans_in_one_batch_both_come_out():
    out = cut(request([span(AGENT), span(AGENT)]).SerializeToString())
    assert len(out.agent) == 2
    assert out.agent[0].key == out.agent[1].key


def test_the_key_of_a_span_tells_kind_and_content_apart():
    server, other = span(AGENT), span(AGENT | {"more": "content"})
    server.kind = 2
    keys = {found.key for found in cut(request([span(AGENT), server, other]).SerializeToString()).agent}
    assert len(keys) == 3
    assert all(len(key) == 17 and key.startswith(b"spanspan") for key in keys)


def test_heads_are_given_for_other_spans_of_agent_traces_only():
    web = span(span_id=b"webspan1", parent=b"upstream")
    out = cut(request([web, span(trace_id=OTHER_TRACE)], [span(AGENT)]).SerializeToString())
    assert out.heads == [Head(TRACE, b"webspan1", b"upstream", 0x101)]


def test_heads_of_wanted_traces_are_found_in_a_batch_that_passes_through():
    raw = request([span(span_id=b"webspan1"), span(trace_id=OTHER_TRACE)]).SerializeToString()
    out = cut(raw, wanted_traces={OTHER_TRACE})
    assert out.rest is raw
    assert [head.trace_id for head in out.heads] == [OTHER_TRACE]


def test_a_head_is_found_where_the_ids_are_not_written_first():
    odd = b"\x2a\x04work" + b"\x12\x08spanspan" + b"\x0a\x10" + TRACE
    assert cut(raw_request(odd), wanted_traces={TRACE}).heads == [Head(TRACE, b"spanspan", b"", 0)]


def test_a_parent_of_zeros_is_no_parent():
    zeros = span(AGENT, parent=bytes(8))
    [found] = cut(request([zeros]).SerializeToString()).agent
    assert found.parent_id == b""
    assert found.raw == zeros.SerializeToString()


@pytest.mark.parametrize("size", [0, 8, 15, 17, 32])
def test_an_agent_span_with_an_odd_trace_id_is_rejected_alone(size):
    good = span(AGENT, span_id=b"goodspan")
    out = cut(request([span(AGENT, trace_id=b"x" * size), good]).SerializeToString())
    assert [found.span_id for found in out.agent] == [b"goodspan"]
    assert len(out.rejected) == 1
    assert f"{size} came" in out.rejected[0]
    assert out.rest is None


@pytest.mark.parametrize(
    "bad",
    [
        span(AGENT, trace_id=bytes(16)),
        span(AGENT, span_id=bytes(8)),
        span(AGENT, span_id=b""),
        span(AGENT, span_id=b"1234567"),
        span(AGENT, parent=b"123"),
    ],
)
def test_zero_and_odd_ids_of_agent_spans_are_rejected_alone(bad):
    out = cut(request([bad, span()]).SerializeToString())
    assert (out.agent, len(out.rejected), out.rest_spans) == ([], 1, 1)


def test_ids_of_passed_spans_are_the_backends_to_judge():
    raw = request([span(trace_id=b"", span_id=b"1")]).SerializeToString()
    assert cut(raw).rest is raw


def own_request(deployment="d1", **attributes):
    made = request([span({"gen_ai.operation.name": "evaluation", "otel_scorer.score.composite": 4})])
    scope = made.resource_spans[0].scope_spans[0].scope
    scope.name = "otel_scorer"
    scope.attributes.add(key="otel_scorer.deployment").value.string_value = deployment
    return made


def test_our_own_spans_that_come_back_are_discarded_and_counted():
    out = cut(own_request().SerializeToString())
    assert (out.own, out.agent, out.rest, out.rest_spans) == (1, [], None, 0)


def test_spans_of_another_deployment_are_not_our_own_and_lose_their_scores():
    out = cut(own_request("d2").SerializeToString())
    assert (out.own, out.forged, len(out.agent)) == (0, 1, 1)
    assert b"otel_scorer.score" not in out.agent[0].raw
    trusted = cut(own_request("d2").SerializeToString(), trust_upstream_scores=True)
    assert b"otel_scorer.score" in trusted.agent[0].raw


def test_forged_scores_are_taken_from_a_plain_span_which_then_passes():
    forged = span(HTTP | {"otel_scorer.score.composite": 5} | {"a": "b"})
    out = cut(request([forged, span()]).SerializeToString())
    assert (out.forged, out.agent, out.rest_spans) == (1, [], 2)
    assert parsed(out.rest) == request([span(HTTP | {"a": "b"}), span()])


def test_forged_scores_are_taken_from_an_agent_span_and_every_other_byte_stays():
    before, after = span(AGENT).SerializeToString(), b"\xfa\x3f\x03abc"
    forged = attribute(b"otel_scorer.label", b"\x0a\x04pass")
    [found] = cut(raw_request(before + forged + after)).agent
    assert found.raw == before + after


def test_scores_are_left_where_upstream_is_trusted():
    raw = request([span(HTTP | {"otel_scorer.label": "pass"})]).SerializeToString()
    out = cut(raw, trust_upstream_scores=True)
    assert out.rest is raw
    assert out.forged == 0


def test_our_attributes_on_a_resource_are_counted_and_left():
    made = request([span()])
    made.resource_spans[0].resource.attributes.add(key="otel_scorer.label").value.string_value = "pass"
    raw = made.SerializeToString()
    out = cut(raw)
    assert out.rest is raw
    assert out.forged == 1


@pytest.mark.parametrize("raw", [b"\x0a", b"\x0a\x05ab", b"\xff" * 20, b"\x0a\x02\x12\x05", b"hello, world"])
def test_a_body_whose_framing_is_broken_is_a_bad_request(raw):
    with pytest.raises(BadRequest):
        cut(raw)


def test_a_broken_span_that_looks_like_an_agent_span_is_rejected_alone():
    broken = attribute(b"gen_ai.system", b"\x0a\x02ab") + b"\x0a\x7f"
    out = cut(raw_request(broken, span().SerializeToString()))
    assert (len(out.rejected), out.rest_spans) == (1, 1)


def test_a_resource_in_two_pieces_is_one_resource():
    first, second = request([span(AGENT)]), request([])
    body = first.resource_spans[0].SerializeToString() + b"\x0a\x00"
    out = cut(b"\x0a" + bytes((len(body) & 127 | 128, len(body) >> 7)) + body)
    assert out.agent[0].envelope.resource == first.resource_spans[0].resource.SerializeToString()
    assert second.resource_spans[0].schema_url == "https://resource"


def test_an_envelope_packs_and_unpacks():
    envelope = Envelope(b"r" * 300, b"", b"url", b"\x00\xff")
    assert Envelope.unpack(envelope.pack()) == envelope
    assert len(envelope.key) == 8
    assert Envelope.unpack(Envelope().pack()) == Envelope()
    with pytest.raises(ValueError, match="not a packed envelope"):
        Envelope.unpack(b"abc")
    with pytest.raises(ValueError, match="not a packed envelope"):
        Envelope.unpack(b"\x00\x00\x00\x09" + bytes(8))


def test_a_forged_score_written_value_first_is_stripped():
    """SDKs do not write a value before its key; Collectors do, and who forges may."""
    value, key = b"\x12\x04\x0a\x02ok", b"\x0a\x11otel_scorer.label"
    pair = value + key
    span = (
        b"\x0a\x10"
        + bytes(range(1, 17))
        + b"\x12\x08"
        + b"spanspan"
        + b"\x2a\x05GET /"
        + b"\x4a"
        + bytes([len(pair)])
        + pair
    )
    scope = b"\x12" + bytes([len(span)]) + span
    resources = b"\x12" + bytes([len(scope)]) + scope
    raw = b"\x0a" + bytes([len(resources)]) + resources
    assert ExportTraceServiceRequest.FromString(raw).resource_spans[0].scope_spans[0].spans[0].attributes[0].key
    out = split_traces(raw, deployment="d1")
    [left] = ExportTraceServiceRequest.FromString(out.rest or b"").resource_spans[0].scope_spans[0].spans
    assert (out.forged, left.name, list(left.attributes)) == (1, "GET /", [])
