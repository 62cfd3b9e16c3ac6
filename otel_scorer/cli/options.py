"""Options that several commands share, and what they mean as settings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from otel_scorer.errors import UserError
from otel_scorer.settings_source import Override

if TYPE_CHECKING:
    from rich.console import Console

    from otel_scorer.config import Settings
    from otel_scorer.history.store import History
    from otel_scorer.ledger.settings import LedgerSettings

ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="YAML settings file (else OTEL_SCORER_CONFIG).")
]
Assignments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.FIELD=VALUE", help="Any setting; may be given several times."),
]
Backend: TypeAlias = Annotated[
    str | None, typer.Option("--backend", metavar="URL", help="Your own tracing backend (OTLP).")
]
Protocol: TypeAlias = Annotated[
    str | None, typer.Option("--protocol", metavar="PROTOCOL", help="grpc or http/protobuf; known from most URLs.")
]
Headers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="NAME=VALUE", help="Sent to the backend; may be given several times."),
]
DataDir: TypeAlias = Annotated[
    Path | None, typer.Option("--data-dir", metavar="DIR", help="Where the embedded stores keep their files.")
]
Grpc: TypeAlias = Annotated[str | None, typer.Option("--grpc", metavar="HOST:PORT", help="Where OTLP/gRPC listens.")]
Http: TypeAlias = Annotated[str | None, typer.Option("--http", metavar="HOST:PORT", help="Where OTLP/HTTP listens.")]

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="For programs instead of people.")]
Tenant: TypeAlias = Annotated[
    str | None, typer.Option("--tenant", metavar="NAME", help="Whose trace it is; any tenant's otherwise.")
]

Given: TypeAlias = tuple[str, str, str | None]
"""An option as a setting: how errors call it, the dotted setting, the text (None where the option was not used)."""


def backend_given(backend: str | None, protocol: str | None) -> list[Given]:
    """Options that say where spans go."""
    return [("--backend", "backend.endpoint", backend), ("--protocol", "backend.protocol", protocol)]


def place_given(data_dir: Path | None, grpc: str | None, http: str | None) -> list[Given]:
    """Options that say where we listen and keep files."""
    folder = None if data_dir is None else str(data_dir)
    return [
        ("--data-dir", "ledger.data_dir", folder),
        ("--grpc", "receive.grpc", grpc),
        ("--http", "receive.http", http),
    ]


def settings_of(
    config: Path | None,
    assignments: Sequence[str] | None = None,
    *,
    given: Sequence[Given] = (),
    headers: Sequence[str] | None = None,
) -> Settings:
    """The settings in force, options of the command line laid over the others. Raises UserError."""
    from otel_scorer.config import load_settings

    options = [Override(tuple(path.split(".")), text, name) for name, path, text in given if text is not None]
    if headers:
        options.append(Override(("backend", "headers"), _header_pairs(headers), "--header"))
    return load_settings(config, os.environ, options, assignments or ())


def store_urls(settings: LedgerSettings) -> list[str]:
    """The ledger's stores; the embedded one of `data_dir` where none is configured. UserError where it is not there."""
    from otel_scorer.ledger.embedded import socket_of, socket_url

    if settings.urls:
        return [url.get_secret_value() for url in settings.urls]
    if not settings.data_dir.is_dir():
        raise UserError(
            f"ledger.data_dir: there is no {settings.data_dir}: give the folder of a running otel-scorer with "
            "--data-dir, or the store with --set ledger.urls=redis://..."
        )
    return [socket_url(socket_of(settings.data_dir))]


def trace_id_of(text: str) -> str:
    """A trace id as people paste it: upper case and hyphens are forgiven. UserError for anything else."""
    wanted = text.strip().lower().replace("-", "")
    if len(wanted) != 32 or not set(wanted) <= set("0123456789abcdef"):
        raise UserError(f"{text!r} is no trace id: give its 32 hex digits (or, for `view`, a file that is there)")
    return wanted


@contextmanager
def opened_history(settings: Settings) -> Iterator[History]:
    """The history database, for reading. UserError where there is none: nothing is made by looking."""
    from otel_scorer.history.store import History

    url = settings.history_url
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.is_file():
        raise UserError(
            f"history: there is no {file}: give the folder of the otel-scorer that saw the trace with --data-dir, or "
            "its database with --set history.url=..."
        )
    history = History(url)
    try:
        history.open()
        yield history
    finally:
        history.close()


def console() -> Console:
    """Where tables and trees go: stdout, at least 140 columns wide where nobody looks (pipes, files)."""
    from rich.console import Console

    shown = Console(soft_wrap=False)
    return shown if shown.is_terminal else Console(width=max(shown.width, 140))


def write_text(file: Path, text: str) -> None:
    """UserError where the file cannot be written."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file}: cannot be written ({error.strerror}): choose another place") from None


def _header_pairs(headers: Sequence[str]) -> str:
    """`NAME=VALUE` options (values as they stand) as the percent-encoded text that the setting takes."""
    from urllib.parse import quote

    pairs = []
    for header in headers:
        name, equals, value = header.partition("=")
        if not equals or not name.strip():
            raise UserError("--header cannot be read: write NAME=VALUE, for example --header 'x-scope-orgid=team-a'")
        pairs.append(f"{name.strip()}={quote(value)}")
    return ",".join(pairs)
