"""How often names are found where hardly any stand: `python -m benchmarks.plain_prose [KIND ...]`.

Reads what is installed here: descriptions and licences of packages, the docstrings and topics of Python, manual pages.
Prints finds per 1000 words and kind, and for the kinds that are named the most frequent ones, to be looked at: authors
and licensors are named there, so that not every find is a false one.
"""

from __future__ import annotations

import ast
import gzip
import pydoc_data.topics
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from otel_scorer.scoring.detection.detectors import ADDRESSES, LEAKS, personal_data

NAMES = frozenset(("person", "place", "organization", "title", "nationality")) | ADDRESSES
_MAX_CHARS = 20_000


def texts() -> dict[str, list[str]]:
    return {
        "descriptions of packages": [one.metadata.get_payload() or "" for one in distributions()],  # type: ignore[attr-defined]
        "licences": list(_licences()),
        "docstrings of Python": list(_docstrings()),
        "topics of Python": list(pydoc_data.topics.topics.values()),
        "manual pages": list(_manuals()),
    }


def _licences() -> Iterator[str]:
    for one in distributions():
        for file in one.files or ():
            if re.search(r"LICEN[CS]E|COPYING", file.name) and Path(str(file.locate())).is_file():
                yield file.read_text()


def _docstrings() -> Iterator[str]:
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8", "replace"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                yield ast.get_docstring(node) or ""


def _manuals() -> Iterator[str]:
    for path in sorted(Path("/usr/share/man").glob("man[1578]/*.gz"))[:100]:
        page = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        yield re.sub(r"^\.\w+ ?|\\f.|\\&?", "", page, flags=re.MULTILINE)


def main(shown: list[str]) -> None:
    for name, read in texts().items():
        found: dict[str, Counter[str]] = {}
        words = 0
        for text in read:
            words += len(text[:_MAX_CHARS].split())
            for hit in personal_data(text[:_MAX_CHARS], NAMES | LEAKS):
                found.setdefault(hit.kind, Counter())[hit.text] += 1
        rates = ", ".join(f"{kind} {sum(hits.values()) * 1000 / words:.2f}" for kind, hits in sorted(found.items()))
        print(f"{name} ({words} words): {rates or 'nothing'}")
        for kind in shown:
            print(f"    {kind}: {found.get(kind, Counter()).most_common(30)}")


if __name__ == "__main__":
    main(sys.argv[1:])
