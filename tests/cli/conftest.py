"""Folders for an embedded Valkey: the path of its socket must be short."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="os-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
