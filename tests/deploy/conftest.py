"""The marker of tests that `make e2e` runs."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "backends: needs real tracing backends or Collectors, which `make e2e` builds")
