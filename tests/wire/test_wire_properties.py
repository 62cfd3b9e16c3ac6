"""The split agrees with the generated classes on requests that nobody thought of."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from wire_build import OTHER_TRACE, TRACE, attribute, padded, raw_request, request, turned

from otel_scorer.conventions import markers
from otel_scorer.errors import BadRequest
from otel_scorer.wire import assemble, count_items, split_logs, split_request, split_traces
from otel_scorer.wire.search import may_hold_agent_spans

_propagated = [*sorted(markers.PROPAGATED_KEYS), *markers.PROPAGATED_PREFIXES]
_ours = ["otel_scorer", "otel_scorer."]
_marks = [*markers.PREFIXES, *sorted(markers.EXACT_KEYS), *markers.KEY_VALUES, *_propagated, *_ours]
_values = sorted(value for values in markers.KEY_VALUES.values() for value in values)
_names = [*sorted(markers.SPAN_NAMES), *markers.SPAN_NAME_PREFIXES]
_ending = st.one_of(st.just(""), st.text(max_size=8), st.integers(100, 4000).map(lambda n: "k" * n))
_word = st.text(max_size=12)


def _near(words: list[str]) -> st.SearchStrategy[str]:
    """These words, begun, continued, or with something before them."""
    return st.one_of(
        _word,
        st.builds(lambda word, end: word + end, st.sampled_from(words), _ending),
        st.builds(lambda word, cut: word[:cut], st.sampled_from(words), st.integers(0, 9)),
        st.builds(lambda before, word: before + word, _word, st.sampled_from(words)),
    )


_key = _near(_marks)
_looks_like_a_key = st.builds(lambda k: f"J{chr((len(k) + 2) % 128)}\n{chr(len(k) % 128)}{k}", _key)
_looks_like_a_name = st.builds(lambda name: f"*{chr(len(name))}{name}", st.sampled_from(_names))
_text = st.one_of(_word, st.sampled_from(_values), _looks_like_a_key, _looks_like_a_name)


@st.composite
def _spans(draw: st.DrawFn) -> Span:
    made = Span(
        trace_id=draw(st.sampled_from([TRACE, OTHER_TRACE])),
        span_id=draw(st.binary(min_size=8, max_size=8).filter(any)),
        parent_span_id=draw(st.one_of(st.just(b""), st.binary(min_size=8, max_size=8).filter(any))),
        name=draw(_near(_names)),
        kind=draw(st.integers(0, 5)),
        flags=draw(st.sampled_from([0, 1, 0x301])),
    )
    for key, value in draw(st.lists(st.tuples(_key, st.one_of(_text, st.integers(-9, 9), st.none())), max_size=5)):
        pair = made.attributes.add(key=key)
        if isinstance(value, int):
            pair.value.int_value = value
        elif value is not None:
            pair.value.string_value = value
    if draw(st.booleans()):
        made.events.add(name="gen_ai.choice").attributes.add(key=draw(_key))
    return made


_requests = st.builds(lambda groups: request(*groups), st.lists(st.lists(_spans(), max_size=4), max_size=3))


def _attributes(span: Span) -> dict[str, str | None]:
    return {pair.key: pair.value.string_value or None for pair in span.attributes}


def _is_agent(span: Span) -> bool:
    return markers.is_agent(_attributes(span), span.name)


def _expected(original: ExportTraceServiceRequest) -> tuple[list[Span], ExportTraceServiceRequest, int]:
    """Agent spans, the rest, and how many spans had attributes of ours: by the generated classes."""
    rest, agent, forged = ExportTraceServiceRequest(), [], 0
    for resource_spans in original.resource_spans:
        kept = rest.resource_spans.add()
        kept.CopyFrom(resource_spans)
        spans = [Span.FromString(span.SerializeToString()) for span in resource_spans.scope_spans[0].spans]
        for span in spans:
            plain = [pair for pair in span.attributes if not pair.key.startswith("otel_scorer.")]
            forged += len(plain) < len(span.attributes)
            del span.attributes[:]
            span.attributes.extend(plain)
        agent += [span for span in spans if _is_agent(span)]
        others = [span for span in spans if not _is_agent(span)]
        if spans and not others:
            del rest.resource_spans[-1]
        else:
            del kept.scope_spans[0].spans[:]
            kept.scope_spans[0].spans.extend(others)
    return agent, rest, forged


@settings(max_examples=100, deadline=None)
@given(_requests, st.booleans())
def test_the_split_is_what_the_generated_classes_would_give(original, by_collector):
    raw = turned(original) if by_collector else original.SerializeToString()
    agent, rest, forged = _expected(original)
    out = split_traces(raw, deployment="d1")
    assert [Span.FromString(found.raw) for found in out.agent] == agent
    assert ExportTraceServiceRequest.FromString(out.rest or b"") == rest
    assert out.forged == forged
    assert (out.rest is raw) == (not agent and not forged)
    assert out.rest_spans == count_items("traces", out.rest or b"")
    wanted = {span.trace_id for span in agent}
    passed = [span for group in rest.resource_spans for span in group.scope_spans[0].spans]
    assert [head.span_id for head in out.heads] == [span.span_id for span in passed if span.trace_id in wanted]


@settings(max_examples=200, deadline=None)
@given(_spans())
def test_the_byte_search_misses_no_agent_span(span):
    if _is_agent(span) or any(pair.key.startswith("otel_scorer.") for pair in span.attributes):
        assert may_hold_agent_spans(request([span]).SerializeToString())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_key, _text), max_size=6), _near(_names))
def test_lengths_may_be_written_longer_than_they_need_be(attributes, name):
    """As OpenTelemetry's .NET exporter does: it knows a length only when it has written what it is the length of."""
    raw = b"\x0a\x10" + TRACE + b"\x12\x08spanspan" + padded(b"\x2a", name.encode())
    for key, value in attributes:
        raw += attribute(key.encode(), padded(b"\x0a", value.encode()), field=padded)
    span = Span.FromString(raw)
    out = split_traces(raw_request(raw), deployment="d1", trust_upstream_scores=True)
    assert [found.raw for found in out.agent] == [raw] * _is_agent(span)


@settings(max_examples=50, deadline=None)
@given(_requests)
def test_what_was_cut_out_can_be_put_together_again(original):
    out = split_traces(original.SerializeToString(), deployment="d1")
    made = ExportTraceServiceRequest.FromString(assemble((found.envelope, found.raw) for found in out.agent))
    spans = [span for rs in made.resource_spans for scope in rs.scope_spans for span in scope.spans]
    assert sorted(span.SerializeToString() for span in spans) == sorted(
        Span.FromString(found.raw).SerializeToString() for found in out.agent
    )


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.tuples(_requests, st.binary(max_size=9), st.integers(0, 50))))
def test_garbage_is_a_bad_request_or_passes_and_nothing_else(made):
    raw = made if isinstance(made, bytes) else made[0].SerializeToString()[made[2] :] + made[1]
    for use in (
        lambda: split_traces(raw, deployment="d1", wanted_traces={TRACE}),
        lambda: split_logs(raw),
        lambda: count_items("metrics", raw),
        lambda: split_request("traces", raw, 2),
    ):
        try:
            use()
        except BadRequest:
            continue


@settings(max_examples=50, deadline=None)
@given(_requests, st.integers(1, 6))
def test_the_parts_of_a_request_hold_its_spans_in_order(original, parts):
    raw = original.SerializeToString()
    made = split_request("traces", raw, parts)
    spans = [
        span.SerializeToString()
        for part in made
        for rs in ExportTraceServiceRequest.FromString(part).resource_spans
        for span in rs.scope_spans[0].spans
    ]
    assert spans == [s.SerializeToString() for rs in original.resource_spans for s in rs.scope_spans[0].spans]
    assert len(made) == max(1, min(parts, len(spans)))
    assert len(made) == 1 or all(count_items("traces", part) for part in made)
