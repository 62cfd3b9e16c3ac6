"""The README's blocks that tests run, by the name in the comment before each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def block(name: str, instead: Mapping[str, str]) -> list[str]:
    """Lines of `<!-- tested: NAME -->`, with addresses replaced by those of the test; each must be there."""
    found = re.search(rf"<!-- tested: {name} -->\n```(?:sh|yaml)\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert found, f"the README has no block {name}"
    text = found[1]
    for said, here in instead.items():
        assert said in text, f"{said} is not in the README's block {name}"
        text = text.replace(said, here)
    return text.strip().splitlines()
