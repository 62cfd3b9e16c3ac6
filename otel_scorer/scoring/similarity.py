"""Measures for the option `similarity` of checks on grounding: embeddings that come with a package, nothing fetched.

`wordllama` needs the extra `otel_scorer[embeddings]`. It knows topics, not truth: a statement and its opposite are as
good as alike to it, so it helps where an answer tells in other words what was read, and proves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any


class WordLlama:
    """Static embeddings of 256 dimensions, 16 MB, loaded when first asked. Safe to call from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()

    def ready(self) -> None:
        """Raises ValueError where the package is not installed."""
        if find_spec("wordllama") is None:
            raise ValueError("wordllama is not installed; install it by pip install 'otel_scorer[embeddings]'")

    def __call__(self, statements: Sequence[str], passages: Sequence[str]) -> list[list[float]]:
        """Cosines, negative ones as 0."""
        with self._lock:
            model = self._model
        told, read = model.embed(list(statements), norm=True), model.embed(list(passages), norm=True)
        return [[max(0.0, float(cosine)) for cosine in row] for row in told @ read.T]

    @cached_property
    def _model(self) -> Any:
        package = import_module("wordllama")
        folder = Path(str(package.__file__)).parent  # its weights; without a folder it looks on the network first
        return package.WordLlama.load(cache_dir=folder, disable_download=True)


wordllama = WordLlama()
