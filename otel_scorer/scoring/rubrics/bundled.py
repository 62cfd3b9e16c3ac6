"""Where the rubrics that come with the product lie."""

from __future__ import annotations

from pathlib import Path

import otel_scorer

_PACKAGE = Path(otel_scorer.__file__).resolve().parent


def shipped_rubrics() -> Path:
    """Package data in an installed wheel; in a source tree `rubrics/` beside the package."""
    packaged = _PACKAGE / "_rubrics"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "rubrics"
