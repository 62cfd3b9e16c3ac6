"""Which rubric scores which kind, service, agent and tag; two primaries for one span are refused when settings load."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scored_runs import check, dimension, rubric, run, soon

from otel_scorer.conventions.trace_view import view
from otel_scorer.errors import UserError
from otel_scorer.model import Resource, Trace
from otel_scorer.scoring.rubrics.assigned import Assigned, Segment
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import ScoringSettings


def named(name: str, kinds: tuple[str, ...] = ("AGENT",), level: str = "trace", version: int = 1) -> Rubric:
    content = {"factual_grounding": dimension(check("says"))}
    return rubric(content, name=name, level=level, version=version, applies={"kinds": list(kinds)})


def of(service: str = "") -> Trace:
    trace = run()
    resource = Resource({"service.name": service} if service else {})
    return replace(trace, spans=tuple(replace(span, resource=resource) for span in trace.spans))


def chosen(rubrics: RubricSet, trace: Trace) -> list[str]:
    return [str(ref) for ref in rubrics.refs(view(trace))]


ALL, SHOP = named("everywhere"), named("shop")
SEGMENTED = Assigned.of({"AGENT": "everywhere"}, [Segment(rubric="shop", services=("shop", "till"))])


def test_the_narrower_segment_takes_its_traffic_and_the_wide_one_the_rest() -> None:
    rubrics = RubricSet([ALL, SHOP], SEGMENTED)
    assert chosen(rubrics, of("shop")) == chosen(rubrics, of("till")) == ["shop@1"]
    assert chosen(rubrics, of("desk")) == chosen(rubrics, of()) == ["everywhere@1"]


async def test_one_that_is_asked_for_by_name_gives_way_only_to_a_narrower_one_beside_it() -> None:
    rubrics = RubricSet([ALL, SHOP], SEGMENTED)
    assert [str(ref) for ref in rubrics.refs(view(of("shop")), ["everywhere"])] == ["everywhere@1"]
    (result,) = await score_trace(of("shop"), [ALL, SHOP], None, deadline=soon(), by_kind=SEGMENTED)
    assert (str(result.rubric), result.primary) == ("shop@1", True)


async def test_a_rubric_that_no_setting_names_writes_under_its_own_name() -> None:
    other = named("other")
    found = await score_trace(of("shop"), [other, SHOP], None, deadline=soon(), by_kind=SEGMENTED)
    assert {str(result.rubric): result.primary for result in found} == {"other@1": False, "shop@1": True}


def test_a_kind_may_have_one_rubric_for_each_level() -> None:
    inner = named("inner", level="span")
    assert chosen(RubricSet([ALL, inner], {"AGENT": ("everywhere", "inner")}), of()) == ["everywhere@1", "inner@1"]


REFUSED: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "two for one kind": ({"AGENT": ("everywhere", "shop")}, []),
    "two for overlapping services": (
        {},
        [{"rubric": "everywhere", "services": ["a", "b"]}, {"rubric": "shop", "services": ["b", "c"]}],
    ),
    "two for tags that a trace may have together": (
        {"AGENT": "everywhere"},
        [{"rubric": "everywhere", "tags": ["beta"]}, {"rubric": "shop", "tags": ["vip"]}],
    ),
    "the same segment twice": (
        {},
        [{"rubric": "everywhere", "services": ["a"]}, {"rubric": "shop", "services": ["a"]}],
    ),
    "a service and an agent": (
        {},
        [{"rubric": "everywhere", "services": ["a"]}, {"rubric": "shop", "agents": ["x"]}],
    ),
}


@pytest.mark.parametrize(("by_kind", "segments"), REFUSED.values(), ids=REFUSED.keys())
def test_two_primaries_for_one_span_are_refused_at_load(by_kind: Any, segments: list[dict[str, Any]]) -> None:
    assigned = Assigned.of(by_kind, [Segment.model_validate(one) for one in segments])
    with pytest.raises(UserError, match=r"would both be primary for AGENT spans .* narrower segment"):
        RubricSet([ALL, SHOP], assigned)


@pytest.mark.parametrize(
    "segments",
    [
        [{"rubric": "everywhere", "services": ["a"]}, {"rubric": "shop", "services": ["b"]}],
        [{"rubric": "everywhere", "services": ["a"]}, {"rubric": "shop", "services": ["a"], "agents": ["x"]}],
        [{"rubric": "everywhere"}, {"rubric": "shop", "tags": ["vip"]}],
    ],
)
def test_segments_that_cannot_meet_or_lie_one_in_the_other_are_taken(segments: list[dict[str, Any]]) -> None:
    rubrics = RubricSet([ALL, SHOP], Assigned.of({}, [Segment.model_validate(one) for one in segments]))
    assert {str(one) for one in rubrics.in_force} == {str(ALL), str(SHOP)}


def test_two_versions_may_score_different_services() -> None:
    newer = named("everywhere", version=2)
    segments = [Segment(rubric="everywhere@1", services=("a",)), Segment(rubric="everywhere@2", services=("b",))]
    rubrics = RubricSet([ALL, newer], Assigned.of({}, segments))
    assert chosen(rubrics, of("a")) == ["everywhere@1"]
    assert chosen(rubrics, of("b")) == ["everywhere@2"]
    assert chosen(rubrics, of("c")) == []


def test_a_version_that_is_named_for_a_segment_keeps_to_it_while_the_newest_scores_the_rest() -> None:
    newer = named("everywhere", version=2)
    rubrics = RubricSet(
        [ALL, newer], Assigned.of({"AGENT": "everywhere"}, [Segment(rubric="everywhere@1", services=("a",))])
    )
    assert chosen(rubrics, of("a")) == ["everywhere@1"]
    assert chosen(rubrics, of("b")) == ["everywhere@2"]


def test_a_segment_for_a_kind_that_the_rubric_does_not_take_is_named() -> None:
    with pytest.raises(UserError, match=r"segments.0 is 'shop', but shop@1 applies to AGENT"):
        RubricSet([SHOP], Assigned.of({}, [Segment(rubric="shop", kinds=("TOOL",))]))
    with pytest.raises(UserError, match="'nothing' is not known"):
        RubricSet([SHOP], Assigned.of({}, [Segment(rubric="nothing")]))


def test_an_inner_rubric_judges_stages_inside_a_run_alone() -> None:
    from scored_runs import span

    stages = rubric(
        {"factual_grounding": dimension(check("says"))},
        name="stages",
        level="span",
        applies={"kinds": ["AGENT", "CHAIN"], "inner": True},
    )
    rubrics = RubricSet([stages], {"CHAIN": "stages", "AGENT": "stages"})
    chain, leaf = span(4, 1, "CHAIN"), span(6, 1, "CHAIN")
    assert chosen(rubrics, run(more=(chain, span(5, 4, "TOOL"), leaf))) == ["stages@1"]
    assert chosen(rubrics, run(more=(leaf,))) == []


def test_settings_hold_segments_and_the_shipped_ones_load() -> None:
    settings = ScoringSettings.model_validate({"segments": [{"rubric": "agent", "services": ["shop"]}]})
    assert len(RubricSet.load(settings.folders, settings.assigned)) >= 9
