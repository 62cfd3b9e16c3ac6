"""The loader, against a small model of its own shape: every mistake becomes one sentence that says how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from otel_scorer.errors import UserError
from otel_scorer.settings_shape import is_secret_name, leaves, show_path, type_text, variable_of
from otel_scorer.settings_source import Override, environment_overrides, load, option_override


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Slow(Strict):
    signal: Literal["slow"] = "slow"
    over_s: float = Field(1.0, gt=0)


class Words(Strict):
    signal: Literal["words"] = "words"
    any_of: tuple[str, ...] = ()


def named(value: Any) -> Any:
    return {"signal": value} if isinstance(value, str) else value


class Rule(Strict):
    name: str
    rate: float = Field(1.0, ge=0, le=1)
    when: tuple[Annotated[Annotated[Slow | Words, Field(discriminator="signal")], BeforeValidator(named)], ...] = ()


class Store(Strict):
    url: str | None = None
    api_key: SecretStr | None = None
    headers: dict[str, str] = {}
    retries: int = 3
    strict: bool = True
    folder: Path | None = None
    tags: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _reachable(self) -> Store:
        if self.url and "nowhere" in self.url:
            raise ValueError(f"{self.url} cannot be reached: give the address of a store that runs")
        return self


class Shape(Strict):
    name: str = "default"
    store: Store = Field(default_factory=Store)
    rules: list[Rule] = []


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        file = tmp_path / "settings.yaml"
        file.write_text(text)
        return file

    return write


def loaded(file: Path | None = None, overrides: Sequence[Override] = (), **environ: str) -> Shape:
    return load(Shape, file, [*environment_overrides(Shape, environ, frozenset({"OTEL_SCORER_CONFIG"})), *overrides])


def mistake(file: Path | None = None, overrides: Sequence[Override] = (), **environ: str) -> str:
    with pytest.raises(UserError) as caught:
        loaded(file, overrides, **environ)
    return str(caught.value)


def test_no_source_at_all_gives_the_defaults() -> None:
    assert loaded() == Shape()


def test_a_variable_wins_over_the_file_value_by_value(written) -> None:
    file = written("store: {url: one, retries: 7}\n")
    assert loaded(file, OTEL_SCORER_STORE_URL="two").store == Store(url="two", retries=7)


def test_an_option_wins_over_a_variable(written) -> None:
    options = [option_override(Shape, "store.retries=9")]
    assert loaded(written("name: x"), options, OTEL_SCORER_STORE_RETRIES="8").store.retries == 9


def test_a_section_with_everything_commented_out_counts_as_absent(written) -> None:
    assert loaded(written("store:\n  # url: x\nname: y\n")) == Shape(name="y")


def test_an_empty_file_and_an_empty_variable_change_nothing(written) -> None:
    assert loaded(written(""), OTEL_SCORER_NAME="") == Shape()


def test_text_settings_take_a_variable_as_it_stands() -> None:
    store = loaded(OTEL_SCORER_STORE_API_KEY="0123", OTEL_SCORER_STORE_FOLDER="/tmp/x", OTEL_SCORER_NAME="true")
    assert store.store.api_key is not None
    assert store.store.api_key.get_secret_value() == "0123"
    assert store.store.folder == Path("/tmp/x")
    assert store.name == "true"


def test_other_settings_take_yaml_from_a_variable() -> None:
    rules = "[{name: slow ones, rate: 0.5, when: [words, {signal: slow, over_s: 3}]}]"
    shape = loaded(OTEL_SCORER_RULES=rules, OTEL_SCORER_STORE_STRICT="false", OTEL_SCORER_STORE_TAGS="[a, b]")
    assert shape.rules == [Rule(name="slow ones", rate=0.5, when=(Words(), Slow(over_s=3)))]
    assert shape.store == Store(strict=False, tags=("a", "b"))


def test_lists_behind_a_short_form_are_taken() -> None:
    (rule,) = loaded(OTEL_SCORER_RULES="[{name: a, when: [{signal: words, any_of: [x, y]}]}]").rules
    assert rule.when == (Words(any_of=("x", "y")),)


def test_headers_come_as_pairs_or_as_a_mapping() -> None:
    wanted = {"x-scope-orgid": "team a", "authorization": "Basic x=="}
    assert loaded(OTEL_SCORER_STORE_HEADERS="x-scope-orgid=team%20a,authorization=Basic x==").store.headers == wanted
    assert loaded(OTEL_SCORER_STORE_HEADERS="{x-scope-orgid: team a, authorization: Basic x==}").store.headers == wanted


def test_lists_of_texts_come_separated_by_commas_and_null_is_none() -> None:
    store = loaded(OTEL_SCORER_STORE_TAGS="a, b", OTEL_SCORER_STORE_URL="null", OTEL_SCORER_NAME="null")
    assert (store.store.tags, store.store.url, store.name) == (("a", "b"), None, "null")


def test_a_date_in_the_file_stays_text(written) -> None:
    assert loaded(written("name: 2025-01-01")).name == "2025-01-01"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stor: {}", "line 1: stor is not a setting: did you mean store?"),
        ("name: x\nstore:\n  retrys: 3\n", "line 3: store.retrys is not a setting: did you mean retries?"),
        ("retries: 3", "line 1: retries is not a setting: did you mean store.retries?"),
        ("zzz: 3", "line 1: zzz is not a setting: the file has name, store, rules"),
        ("store:\n  retries: '3'\n", 'line 2: store.retries is "3", text: write a number without quotes'),
        ("store: {retries: true}", "store.retries is true, true or false: write a number without quotes"),
        ("rules:\n- name: a\n- name: b\n  rate: 1.5\n", "line 4: rules[1].rate is 1.5: should be less than"),
        ("rules: [{rate: 1}]", "line 1: rules[0].name is missing: give it a value"),
        ("rules: [{name: a, when: [{signal: slow, over_s: -1}]}]", "rules[0].when[0].over_s is -1: should be greater"),
        ("rules: [{name: a, when: [{signal: slw}]}]", "rules[0].when[0]"),
        ("name: x\nname: y\n", "line 2: name is there twice (first in line 1): keep one"),
        ("- a\n", "holds a list where sections are expected"),
        ("store: [", "line 1: the file is not valid YAML"),
        ("store: {retries: .nan}", "store.retries is nan: write a finite number or text"),
        ("store: {1: x}", "the name 1 is not text: write it in quotes"),
        ("store: {url: nowhere}", "nowhere cannot be reached: give the address of a store that runs"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_with_its_place_value_and_remedy(written, text: str, sentence: str) -> None:
    told = mistake(written(text))
    assert sentence in told
    assert "settings.yaml" in told
    assert "\n" not in told


def test_several_mistakes_are_told_one_sentence_each(written) -> None:
    assert len(mistake(written("nam: x\nstore: {retries: a}\n")).splitlines()) == 2


def test_a_missing_file_and_a_file_that_is_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xff")
    assert "cannot be read (No such file or directory)" in mistake(tmp_path / "none.yaml")
    assert "is not UTF-8 text" in mistake(tmp_path / "bytes.yaml")


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    told = mistake(OTEL_SCORER_STORE_RETRIS="3")
    assert told == (
        "the environment variable OTEL_SCORER_STORE_RETRIS is not a setting of otel_scorer: "
        "did you mean OTEL_SCORER_STORE_RETRIES?"
    )


def test_a_wrong_value_in_a_variable_names_the_variable(written) -> None:
    told = mistake(written("store: {retries: 3}"), OTEL_SCORER_STORE_RETRIES="many")
    assert told.startswith('the environment variable OTEL_SCORER_STORE_RETRIES: store.retries is "many":')
    assert "not valid YAML" in mistake(OTEL_SCORER_RULES="[")
    assert "write name=value" in mistake(OTEL_SCORER_STORE_HEADERS="abc")


def test_options_are_checked_like_everything_else() -> None:
    with pytest.raises(UserError, match=r"did you mean store\.retries"):
        option_override(Shape, "store.retry=3")
    with pytest.raises(UserError, match="has no value"):
        option_override(Shape, "store.retries")
    assert "--set store.retries" in mistake(None, [option_override(Shape, "store.retries=x")])


def test_secrets_are_never_printed(written) -> None:
    for text in ("store: {api_key: [hunter2]}", "store: {headers: {authorization: [hunter2]}}"):
        assert "hunter2" not in mistake(written(text))
    assert "hunter2" not in mistake(written("store: {url: 'redis://me:hunter2@nowhere/0'}"))
    assert is_secret_name("api_key")
    assert not is_secret_name("max_tokens")


def test_a_setting_has_one_variable_and_a_type_in_words() -> None:
    by_path = {show_path(leaf.path): leaf for leaf in leaves(Shape)}
    assert list(by_path)[:3] == ["name", "store.url", "store.api_key"]
    assert variable_of(by_path["store.api_key"].path) == "OTEL_SCORER_STORE_API_KEY"
    assert type_text(by_path["store.api_key"].field.annotation) == "secret text, may be left out"
    assert type_text(by_path["store.tags"].field.annotation) == "list of text"
    assert type_text(by_path["rules"].field.annotation) == "list of Rule"
