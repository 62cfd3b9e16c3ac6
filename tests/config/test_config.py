"""The joined settings: every section there, every setting described, each with one variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_scorer.config import Settings, describe_settings, load_settings
from otel_scorer.errors import UserError

SECTIONS = (
    "backend",
    "receive",
    "ledger",
    "hold",
    "complete",
    "sweep",
    "sampling",
    "scoring",
    "work",
    "history",
    "keep",
    "conversation",
    "telemetry",
    "log",
)


def test_every_section_of_the_design_is_there() -> None:
    assert {*SECTIONS, "deployment", "placement", "evaluation_stores"} == set(Settings.model_fields)


def test_without_any_source_the_defaults_hold() -> None:
    assert load_settings(None, {}) == Settings()


def test_settings_are_frozen_and_closed_all_the_way_down() -> None:
    for name in SECTIONS:
        section = type(getattr(Settings(), name))
        assert section.model_config.get("frozen"), name
        assert section.model_config.get("extra") == "forbid", name


def test_every_setting_has_a_description_and_a_type_in_words() -> None:
    for line in describe_settings():
        assert len(line.description) > 10, line.path
        assert "typing." not in line.type, line
        assert "<" not in line.type, line


def test_every_setting_has_a_variable_of_its_own() -> None:
    variables = [line.variable for line in describe_settings() if line.variable]
    assert len(variables) == len(set(variables))
    assert "OTEL_SCORER_HOLD_SPAN_S" in variables
    assert "OTEL_SCORER_BACKEND_ENDPOINT" in variables


def test_defaults_of_secrets_and_missing_values_are_told_as_none() -> None:
    by_path = {line.path: line for line in describe_settings()}
    assert by_path["scoring.judge.api_key"].default == "none"
    assert by_path["backend.endpoint"].default == "none"
    assert by_path["hold.span_s"].default == "20.0"


def test_settings_inside_lists_are_described_too() -> None:
    by_path = {line.path: line for line in describe_settings()}
    assert by_path["sampling.rules[].rate"].variable == ""


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("hold: {span_s: 7}\n")
    assert load_settings(None, {"OTEL_SCORER_CONFIG": str(file)}).hold.span_s == 7


def test_backend_variables_of_the_design_are_read(tmp_path: Path) -> None:
    environ = {
        "OTEL_SCORER_BACKEND_ENDPOINT": "http://tempo:9999",
        "OTEL_SCORER_BACKEND_PROTOCOL": "grpc",
        "OTEL_SCORER_BACKEND_HEADERS": "x-scope-orgid=team%20a",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317",
    }
    backend = load_settings(None, environ).backend
    assert (backend.endpoint, backend.protocol) == ("http://tempo:9999", "grpc")
    assert {name: value.get_secret_value() for name, value in backend.headers.items()} == {"x-scope-orgid": "team a"}


def test_a_store_url_comes_as_plain_text_and_is_never_printed() -> None:
    settings = load_settings(None, {"OTEL_SCORER_LEDGER_URLS": "redis://u:hunter2@a:6379/0,redis://b:6379/0"})
    assert len(settings.ledger.urls) == 2
    assert "hunter2" not in repr(settings)


def test_tap_with_bypass_is_refused_with_what_to_write(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("placement: tap\nledger: {on_failure: bypass}\n")
    with pytest.raises(UserError, match="refuse"):
        load_settings(file, {})
    file.write_text("placement: tap\n")
    assert load_settings(file, {}).ledger.on_failure == "refuse"
