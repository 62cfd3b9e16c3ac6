"""Settings of judges: one, or several in order; each mistake in one sentence that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_scorer.config import load_settings
from otel_scorer.errors import UserError
from otel_scorer.scoring.judging.judge import Prompt
from otel_scorer.scoring.judging.judge_cache import identity
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.judges import build_judge
from otel_scorer.scoring.judging.price import cost_of, most_cost
from otel_scorer.scoring.settings import ScoringSettings


def settings(**fields: object) -> ScoringSettings:
    return ScoringSettings.model_validate(fields)


def test_one_judge_as_before_or_several_in_order() -> None:
    assert settings().in_order == ()
    assert [one.model for one in settings(judge={"model": "a"}).in_order] == ["a"]
    assert [one.model for one in settings(judges=[{"model": "a"}, {"model": "b"}]).in_order] == ["a", "b"]


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("judge: {model: a}\n  judges: [{model: b}]", "both set"),
        ("judges: [{base_url: 'http://x/v1'}]", "no model"),
        ("judges: [{model: a}, {model: a}]", "asks itself nothing"),
        ("judge: {model: a}\n  budget: {judge_money_per_day: 5}", "no prices"),
        ("judge: {model: a, input_price: 1}", "belong together"),
        ("judge: {model: a, cached_input_price: 1}", "without input_price"),
        ("judge: {model: a, api_key: k, key_variable: V}", "both set"),
        ("judge: {model: a, body: {messages: []}}", "otel-scorer writes it itself"),
        ("judge: {model: a, base_url: 'api.openai.com'}", "https://"),
        ("judge: {model: a, samples: 0}", "scoring.judge.samples"),
        ("suspicious: perhaps", "do_not_score"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, yaml: str, words: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(f"scoring:\n  {yaml}\n")
    with pytest.raises(UserError) as caught:
        load_settings(file, {})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_a_key_that_is_not_there_is_told_by_check_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="KEY_OF_NOBODY"):
        build_judge(settings(judge={"model": "a", "key_variable": "KEY_OF_NOBODY"}))
    monkeypatch.setenv("KEY_OF_NOBODY", "k")
    assert build_judge(settings(judge={"model": "a", "key_variable": "KEY_OF_NOBODY"}))


def test_what_a_call_cost_and_what_it_costs_at_most() -> None:
    priced = JudgeSettings(
        model="a", input_price=2.0, output_price=10.0, cached_input_price=0.5, max_output_tokens=1000
    )
    assert cost_of(priced, 1_000_000, 100_000, cached=500_000) == pytest.approx(1.0 + 0.25 + 1.0)
    assert cost_of(JudgeSettings(model="a"), 10, 10) is None
    prompt = Prompt("r" * 3000, "e" * 3000, "0" * 64)
    assert most_cost(priced, prompt) == pytest.approx((2500 * 2.0 + 1000 * 10.0) / 1e6)
    assert most_cost(JudgeSettings(model="a"), prompt) == 0.0


def test_the_smallest_window_of_several_judges_holds() -> None:
    judge = build_judge(settings(judges=[{"model": "a", "max_evidence_chars": 5000}, {"model": "b"}]))
    assert judge is not None
    assert (judge.name, judge.evidence_chars, judge.suspicious) == ("a", 5000, "neutralise")
    assert build_judge(settings()) is None


def test_what_changes_an_answer_makes_another_judge_and_a_key_does_not() -> None:
    one = JudgeSettings(model="a")
    assert identity(one) == identity(JudgeSettings(model="a", timeout_s=3, api_key="k", headers={"x": "y"}))
    for other in (
        {"model": "b"},
        {"base_url": "http://x/v1"},
        {"temperature": 1.0},
        {"samples": 3},
        {"body": {"seed": 1}},
        {"answer_format": "text"},
    ):
        assert identity(JudgeSettings.model_validate({"model": "a", **other})) != identity(one)
