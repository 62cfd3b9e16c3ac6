"""Real backends, each started once; and one line for each combination of client, placement and backend at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

import pytest
from backends.standing import Account, account_of
from e2e.once import SpanId
from realtools.jaeger import Jaeger, running_jaeger
from realtools.mlflow import MLflow, running_mlflow
from realtools.phoenix import Phoenix, running_phoenix
from realtools.shown import Backend, Shown
from realtools.tempo import Tempo, running_tempo

_PROPERTY = "combination"
Book = Callable[[str, str, Backend, Iterable[SpanId], Sequence[Shown]], Account]


@pytest.fixture(scope="session")
def jaeger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jaeger]:
    with running_jaeger(tmp_path_factory.mktemp("jaeger")) as running:
        yield running


@pytest.fixture(scope="session")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tempo]:
    with running_tempo(tmp_path_factory.mktemp("tempo")) as running:
        yield running


@pytest.fixture(scope="session")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phoenix]:
    with running_phoenix(tmp_path_factory.mktemp("phoenix")) as running:
        yield running


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MLflow]:
    with running_mlflow(tmp_path_factory.mktemp("mlflow")) as running:
        yield running


@pytest.fixture
def book(request: pytest.FixtureRequest) -> Book:
    """Notes what came of a combination, for the table at the end, and answers it."""

    def note(client: str, placement: str, backend: Backend, sent: Iterable[SpanId], shown: Sequence[Shown]) -> Account:
        account = account_of(client, placement, backend, sent, shown)
        request.node.user_properties.append((_PROPERTY, asdict(account)))
        return account

    return note


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "backends: needs real tracing backends or Collectors, which `make e2e` builds")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Properties travel with a test's report, also out of the processes of pytest-xdist."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    rows = [
        value
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == _PROPERTY
    ]
    if not rows:
        return
    names = [field.name for field in fields(Account)]
    table = [names, *([str(row[name]) for name in names] for row in sorted(rows, key=lambda row: list(row.values())))]
    widths = [max(len(line[column]) for line in table) for column in range(len(names))]
    terminalreporter.section("spans by client, placement and backend")
    for line in table:
        words = (
            text.ljust(width) if at < 3 else text.rjust(width)
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        terminalreporter.write_line("  ".join(words))
