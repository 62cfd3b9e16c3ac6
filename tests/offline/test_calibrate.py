"""Scores against labels: figures, gaps, segments, hold-out, raters; over real traces and the shipped rubric."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from otel_scorer.errors import UserError
from otel_scorer.model import Dimension, Missing, Result, RubricId, Score, Span, Trace
from otel_scorer.offline import calibrate as offline
from otel_scorer.offline import calibration_report
from otel_scorer.offline.calibrate import Calibration
from otel_scorer.offline.evaluate import Evaluation
from otel_scorer.offline.holdout import held_out
from otel_scorer.offline.labelled import Labelled, join
from otel_scorer.offline.labels import Label
from otel_scorer.otlp import encode_span, request_to_json
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.wire import assemble

DIMENSION: Dimension = "factual_grounding"
SHOWN_IDS = [identity for identity in (f"{number:032x}" for number in range(1, 400)) if not held_out(identity)]
HELD_IDS = [identity for identity in (f"{number:032x}" for number in range(1, 400)) if held_out(identity)]


@pytest.fixture(scope="module")
def rubrics() -> RubricSet:
    return RubricSet.load([shipped_rubrics()])


@pytest.fixture(scope="module")
def agent(rubrics: RubricSet) -> Rubric:
    return rubrics.get("agent@1")


def trace(trace_id: str, model: str = "m") -> Trace:
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": model}
    return Trace("default", trace_id, (Span(trace_id, "a" * 16, "", "invoke_agent x", 1, 10, 90, attributes),))


def label(trace_id: str, score: int, rater: str = "ana", segment: str = "", span_id: str = "") -> Label:
    return Label(f"l.jsonl, line {score}", trace_id, rater, {DIMENSION: score}, span_id=span_id, segment=segment)


def scored(trace: Trace, outcome: int | str | None, span_id: str = "a" * 16) -> Evaluation:
    """A trace with that score, with that reason for none, or without a result."""
    if outcome is None:
        return Evaluation(trace, "x", "not_sampled", ())
    score: Score | Missing = Score(outcome, float(outcome), "") if isinstance(outcome, int) else Missing(outcome)  # type: ignore[arg-type]
    result = Result(RubricId("agent", 1), "d", span_id, {DIMENSION: score}, {DIMENSION: 1.0})
    return Evaluation(trace, "x", "scored", (result,))


def calibrated(
    agent: Rubric,
    cases: Sequence[tuple[int | str | None, Sequence[int]]],
    *,
    ids: Sequence[str] = SHOWN_IDS,
    segments: Sequence[str] = (),
    with_holdout: bool = False,
) -> Calibration:
    """`cases`: what the score was, and what the raters said."""
    labelled, evaluations = [], []
    for number, (outcome, ratings) in enumerate(cases):
        at = trace(ids[number])
        said = [
            label(at.trace_id, rating, f"r{rater}", segments[number] if segments else "")
            for rater, rating in enumerate(ratings)
        ]
        labelled.append(Labelled(at, "", tuple(said)))
        evaluations.append(scored(at, outcome))
    return offline.calibrate(agent, labelled, evaluations, with_holdout=with_holdout)


def printed(calibration: Calibration) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        for shown in calibration_report.render(calibration):
            console.print(shown)
    return capture.get()


def test_figures_are_those_of_the_table(agent: Rubric) -> None:
    pairs = [(1, [1]), (2, [2]), (3, [3]), (4, [4]), (5, [4]), (5, [3]), (4, [5])]
    (report,) = calibrated(agent, pairs).parts[0].dimensions
    assert report.whole.cases == report.labelled == 7
    assert report.whole.kappa.value == pytest.approx(1 - (6 / 7) / (176 / 49))
    assert report.whole.mae.value == pytest.approx(4 / 7)
    assert report.whole.bias.value == pytest.approx(2 / 7)
    low, high = report.whole.kappa.interval or (0, 0)
    assert low < report.whole.kappa.value < high
    assert report.confusion[3] == (0, 0, 0, 1, 1)  # labelled 4: scored 4 and 5


def test_the_label_of_a_case_is_the_anchor_nearest_to_the_median(agent: Rubric) -> None:
    (report,) = calibrated(agent, [(3, [1, 3, 5]), (3, [3, 4]), (3, [2, 5]), (2, [2, 2, 5])]).parts[0].dimensions
    assert report.whole.mae.value == 0


def test_what_has_no_score_is_counted_with_its_reason(agent: Rubric) -> None:
    cases = [(4, [4]), (2, [2]), ("undecided", [3]), ("undecided", [1]), ("judge_timeout", [3]), (None, [5])]
    (report,) = calibrated(agent, cases).parts[0].dimensions
    assert (report.labelled, report.whole.cases) == (6, 2)
    assert report.missing == {"judge_timeout": 1, "not_judged": 1, "undecided": 2}


def test_nothing_scored_has_no_figures(agent: Rubric) -> None:
    found = calibrated(agent, [("undecided", [3]), ("undecided", [4])])
    assert not found.scored
    assert found.parts[0].dimensions[0].whole.kappa == (None, None)
    assert "undecided 2" in printed(found)


def test_segments_are_compared_where_there_are_several(agent: Rubric) -> None:
    cases = [(5, [1]), (4, [2]), (3, [3]), (4, [4])]
    found = calibrated(agent, cases, segments=["a", "a", "b", "b"])
    (report,) = found.parts[0].dimensions
    assert set(report.segments) == {"segment"}  # the traces are alike in all else
    assert {value: one.mae.value for value, one in report.segments["segment"].items()} == {"a": 3.0, "b": 0.0}
    assert "by segment" in printed(found)


def test_segment_keys_are_those_of_the_trace(agent: Rubric) -> None:
    traces = [trace(SHOWN_IDS[0], "big"), trace(SHOWN_IDS[1], "small")]
    labelled = [Labelled(each, "", (label(each.trace_id, 4),)) for each in traces]
    found = offline.calibrate(agent, labelled, [scored(each, 3) for each in traces], with_holdout=False)
    assert set(found.parts[0].dimensions[0].segments["model"]) == {"big", "small"}


def test_the_hold_out_is_a_fifth_and_depends_on_the_id_alone() -> None:
    assert 0.15 < len(HELD_IDS) / 399 < 0.25
    assert held_out("ABCDEF") == held_out("abcdef")
    pinned = [number for number in range(1, 60) if held_out(f"{number:032x}")]
    assert pinned == [6, 31, 45, 48, 53], "the hold-out has moved: cases that were looked at would now count as unseen"


def test_held_out_cases_are_shown_only_when_asked_for_and_apart(agent: Rubric) -> None:
    ids = [*SHOWN_IDS[:3], *HELD_IDS[:2]]
    cases: list[tuple[int | str | None, list[int]]] = [(4, [4]), (3, [3]), (2, [2]), (1, [5]), (1, [4])]
    plain = calibrated(agent, cases, ids=ids)
    assert [(part.held_out, part.cases) for part in plain.parts] == [(False, 3)]
    assert plain.parts[0].dimensions[0].whole.mae.value == 0
    assert "2 cases held out" in printed(plain)
    both = calibrated(agent, cases, ids=ids, with_holdout=True)
    assert [(part.held_out, part.cases) for part in both.parts] == [(False, 3), (True, 2)]
    assert both.parts[0] == plain.parts[0]
    assert both.parts[1].dimensions[0].whole.mae.value == 3.5
    assert "hold-out: nothing may be tuned on these" in printed(both)


def test_held_out_traces_are_not_scored_before_they_are_asked_for() -> None:
    cases = [Labelled(trace(one), "", (label(one, 4),)) for one in (SHOWN_IDS[0], HELD_IDS[0])]
    again = [*cases, replace(cases[0], span_id="a" * 16)]
    assert [each.trace_id for each in offline.to_score(again, with_holdout=False)] == [SHOWN_IDS[0]]
    assert len(offline.to_score(again, with_holdout=True)) == 2


def test_agreement_below_the_raters_own_is_warned_of(agent: Rubric) -> None:
    raters = [[1 + number % 5] * 2 for number in range(40)]
    good = calibrated(agent, [(said[0], said) for said in raters])
    assert good.warnings == ()
    assert good.parts[0].dimensions[0].raters.own.value == pytest.approx(1)
    bad = calibrated(agent, [(5 - number % 2, said) for number, said in enumerate(raters)])
    (warning,) = bad.warnings
    assert "factual_grounding: the scores agree less with a rater" in warning
    assert "clearly, on 40 cases with several ratings" in warning
    assert "warning: " + warning[:60] in printed(bad)


def test_one_rater_gives_no_agreement_to_fall_below(agent: Rubric) -> None:
    found = calibrated(agent, [(1, [5]), (5, [1]), (3, [3])])
    assert found.parts[0].dimensions[0].raters.cases == 0
    assert found.warnings == ()


def test_a_span_level_rubric_needs_to_know_the_span(rubrics: RubricSet) -> None:
    tool = rubrics.get("tool@1")
    at = trace(SHOWN_IDS[0])
    spans = (*at.spans, replace(at.spans[0], span_id="b" * 16, parent_id="a" * 16))
    at = replace(at, spans=spans)
    both = replace(scored(at, 2), results=(*scored(at, 2).results, *scored(at, 5, "b" * 16).results))

    def run(span_id: str) -> Calibration:
        labelled = Labelled(at, span_id, (label(at.trace_id, 5, span_id=span_id),))
        return offline.calibrate(tool, [labelled], [both], with_holdout=False)

    with pytest.raises(UserError, match=r"line 5: span_id is missing: tool@1 judges 2 spans .*: aaaa"):
        run("")
    with pytest.raises(UserError, match=r"span_id is c{16}, which is no agent span"):
        run("c" * 16)
    score_by_span = {span_id: run(span_id).parts[0] for span_id in ("a" * 16, "b" * 16)}
    assert all(part.cases == 1 for part in score_by_span.values())


def test_json_is_the_same_each_time_and_has_all_figures(agent: Rubric) -> None:
    cases: list[tuple[int | str | None, list[int]]] = [(4, [4, 5]), (3, [3, 3]), (2, [2, 1]), ("undecided", [1, 1])]
    text = calibration_report.to_json(calibrated(agent, cases, segments=["a", "b", "a", "b"]))
    assert text == calibration_report.to_json(calibrated(agent, cases, segments=["a", "b", "a", "b"]))
    told = json.loads(text)
    (part,) = told["parts"]
    (report,) = part["dimensions"]
    assert set(report["whole"]["kappa"]) == {"value", "low", "high"}
    assert report["raters"]["cases"] == 3
    assert report["segments"]["segment"]["a"]["cases"] == 2
    assert (told["rubric"], told["evaluators"], told["raters"]) == ("agent@1", ["checks"], ["r0", "r1"])


# ---- labels joined with traces ---------------------------------------------------------------------------------------


def file_of(path: Path, *traces: Trace) -> Path:
    pairs = [encode_span(span) for each in traces for span in each.spans]
    path.write_bytes(request_to_json("traces", assemble((envelope, raw) for raw, envelope in pairs)) + b"\n")
    return path


def nothing_kept(trace_id: str) -> Trace | None:
    return None


def test_labels_of_one_thing_come_together(tmp_path: Path) -> None:
    file = file_of(tmp_path / "t.jsonl", trace(SHOWN_IDS[0]), trace(SHOWN_IDS[1]))
    labels = [label(SHOWN_IDS[1], 4, "ana"), label(SHOWN_IDS[0], 3, "ana"), label(SHOWN_IDS[1], 2, "ben")]
    first, second = join(labels, [file], nothing_kept)
    assert (first.trace.trace_id, first.ratings(DIMENSION)) == (SHOWN_IDS[1], (4, 2))
    assert (second.trace.trace_id, second.ratings("privacy_and_safety")) == (SHOWN_IDS[0], ())


def test_ids_that_occur_in_two_files_are_told_apart_by_the_file(tmp_path: Path) -> None:
    one, two = (
        file_of(tmp_path / "1.jsonl", trace(SHOWN_IDS[0], "x")),
        file_of(tmp_path / "2.jsonl", trace(SHOWN_IDS[0], "y")),
    )
    labels = [replace(label(SHOWN_IDS[0], 4), file=one), replace(label(SHOWN_IDS[0], 2), file=two)]
    first, second = join(labels, [], nothing_kept)
    assert [each.trace.spans[0].attributes["gen_ai.request.model"] for each in (first, second)] == ["x", "y"]


def test_without_files_kept_traces_are_looked_at() -> None:
    kept: Mapping[str, Trace] = {SHOWN_IDS[0]: trace(SHOWN_IDS[0])}
    (found,) = join([label(SHOWN_IDS[0], 4)], [], kept.get)
    assert found.trace is kept[SHOWN_IDS[0]]


def test_a_trace_that_is_nowhere_is_a_mistake_of_its_label(tmp_path: Path) -> None:
    file = file_of(tmp_path / "t.jsonl", trace(SHOWN_IDS[0]))
    with pytest.raises(UserError, match=r"line 4: trace_id is \w+, which is in none of .*t.jsonl; give its file with"):
        join([label(SHOWN_IDS[1], 4)], [file], nothing_kept)
    with pytest.raises(UserError, match=r"which is not in .*t.jsonl; mend `file` or the id"):
        join([replace(label(SHOWN_IDS[1], 4), file=file)], [], nothing_kept)
    with pytest.raises(UserError, match=r"which is not kept; give the file that holds it with --traces"):
        join([label(SHOWN_IDS[1], 4)], [], nothing_kept)
