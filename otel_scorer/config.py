"""Joins the settings sections that the modules define into one `Settings`; nothing is decided here.

Sources, the later wins value by value: the sections' own defaults, one YAML file (`--config`, or the variable
`OTEL_SCORER_CONFIG`), `OTEL_SCORER_<SECTION>_<FIELD>` variables, options of the command line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic.fields import FieldInfo

from otel_scorer import settings_source
from otel_scorer.history.settings import HistorySettings, KeepSettings
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.conversation_settings import ConversationSettings
from otel_scorer.online.evaluation_store_settings import EvaluationStoreSettings
from otel_scorer.online.pipeline_settings import CompleteSettings, HoldSettings, SweepSettings, WorkSettings
from otel_scorer.online.receive_settings import ReceiveSettings
from otel_scorer.online.telemetry_settings import LogSettings, TelemetrySettings
from otel_scorer.sampling.settings import SamplingSettings
from otel_scorer.scoring.settings import ScoringSettings
from otel_scorer.settings_shape import is_secret_name, item_model, leaves, type_text, variable_of
from otel_scorer.settings_source import Override

CONFIG_VARIABLE = "OTEL_SCORER_CONFIG"
RESERVED_VARIABLES = frozenset({CONFIG_VARIABLE})
"""Variables with our prefix that are no setting."""


class Settings(BaseModel):
    """Everything that can be set, by section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deployment: str = Field(
        "default",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of this installation, written on its evaluation spans. Spans of the same name that come back "
        "are discarded, so two installations behind one another need two names.",
    )
    placement: Literal["inline", "tap"] = Field(
        "inline",
        description="inline: spans travel through otel_scorer to the backend and carry their scores. "
        "tap: the Collector sends a copy; nothing is forwarded or held, scores travel as evaluation spans.",
    )
    backend: BackendSettings = Field(default_factory=BackendSettings)
    receive: ReceiveSettings = Field(default_factory=ReceiveSettings)
    ledger: LedgerSettings = Field(default_factory=LedgerSettings)
    hold: HoldSettings = Field(default_factory=HoldSettings)
    complete: CompleteSettings = Field(default_factory=CompleteSettings)
    sweep: SweepSettings = Field(default_factory=SweepSettings)
    sampling: SamplingSettings = Field(default_factory=SamplingSettings)
    scoring: ScoringSettings = Field(default_factory=ScoringSettings)
    work: WorkSettings = Field(default_factory=WorkSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)
    keep: KeepSettings = Field(default_factory=KeepSettings)
    conversation: ConversationSettings = Field(default_factory=ConversationSettings)
    evaluation_stores: list[EvaluationStoreSettings] = Field(
        default_factory=list,
        description="Backends' own stores of evaluations (Phoenix, Langfuse, MLflow) that are told all scores, or late "
        "ones, beside what is written on spans. A score that is sent again changes nothing there.",
    )
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @property
    def history_url(self) -> str:
        """The history database: the configured one, else SQLite in the data folder. May hold a password."""
        if self.history.url is not None:
            return self.history.url.get_secret_value()
        return f"sqlite:///{self.ledger.data_dir.expanduser().absolute() / 'history.db'}"

    @model_validator(mode="before")
    @classmethod
    def _tap_refuses(cls, given: Any) -> Any:
        """In tap nothing is forwarded, so there is nothing to bypass to: `refuse` where nobody says otherwise."""
        if isinstance(given, dict) and given.get("placement") == "tap" and isinstance(given.get("ledger", {}), dict):
            return {**given, "ledger": {"on_failure": "refuse", **given.get("ledger", {})}}
        return given

    @model_validator(mode="after")
    def _tap_cannot_bypass(self) -> Settings:
        if self.placement == "tap" and self.ledger.on_failure == "bypass":
            raise ValueError(
                "placement is tap and ledger.on_failure is bypass: a tap forwards nothing, so it cannot bypass; "
                "set ledger.on_failure: refuse, or remove it"
            )
        return self

    @model_validator(mode="after")
    def _sending_ends_within_the_lease(self) -> Settings:
        if self.backend.timeout_s >= self.ledger.lease_s / 2:
            raise ValueError(
                f"backend.timeout_s ({self.backend.timeout_s:g}) must be less than half of ledger.lease_s "
                f"({self.ledger.lease_s:g}): a sending that outlasts the lease might be done twice"
            )
        return self


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as documentation tells it. `variable` is "" inside list items, which no variable reaches alone."""

    path: str
    type: str
    default: str
    description: str
    variable: str


def load_settings(
    file: Path | None, environ: Mapping[str, str], options: Sequence[Override] = (), assignments: Sequence[str] = ()
) -> Settings:
    """The settings in force. `assignments` are `section.field=value` texts (`--set`) and win over `options`.

    Raises UserError, one sentence for each mistake.
    """
    if file is None and environ.get(CONFIG_VARIABLE, "").strip():
        file = Path(environ[CONFIG_VARIABLE].strip())
    overrides = [
        *settings_source.environment_overrides(Settings, environ, RESERVED_VARIABLES),
        *options,
        *(settings_source.option_override(Settings, text) for text in assignments),
    ]
    return settings_source.load(Settings, file, overrides)


def describe_settings() -> list[SettingLine]:
    """Every setting with type, default, description and variable, in the order of definition."""
    return [line for leaf in leaves(Settings) for line in _describe(".".join(leaf.path), leaf.field, leaf.path)]


def _describe(path: str, field: FieldInfo, names: tuple[str, ...]) -> Iterator[SettingLine]:
    variable = variable_of(names) if names else ""
    yield SettingLine(path, type_text(field.annotation), _default_text(path, field), field.description or "", variable)
    item = item_model(field.annotation)
    if item is not None:
        for leaf in leaves(item):
            yield from _describe(f"{path}[].{'.'.join(leaf.path)}", leaf.field, ())


def _default_text(path: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is None or (is_secret_name(path) and value in ("", pydantic.SecretStr(""))):
        return "none"
    plain = TypeAdapter(Any).dump_python(value, mode="json")
    return plain if isinstance(plain, str) and plain else json.dumps(plain)
