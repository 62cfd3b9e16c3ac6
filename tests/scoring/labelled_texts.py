"""Short texts as agents write them, with every name, place, body and address marked: ⟦kind|text⟧.

Tickets, letters, bookings, rows of a table, notes of a doctor, reviews, from a dozen countries, half of them without a
name. Written by hand, from no data set: the first file before the finders were, the second when they were done, unseen.
`PYTHONPATH=. python tests/scoring/labelled_texts.py` prints F1 of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from otel_scorer.scoring.detection.detectors import personal_data

KINDS = ("person", "place", "organization", "street_address", "zip_code", "title", "nationality")
_MARK = re.compile(r"⟦(\w+)\|([^⟧]*)⟧")


class Marked(NamedTuple):
    """A piece of a text and what it is."""

    kind: str
    start: int
    end: int


class LabelledText(NamedTuple):
    name: str
    text: str
    marks: tuple[Marked, ...]


class Tally(NamedTuple):
    labelled: int
    reached: int
    finds: int
    right: int

    @property
    def f1(self) -> float:
        recall, precision = self.reached / self.labelled, self.right / self.finds
        return 2 * recall * precision / (recall + precision)


FILES = ("texts_with_names.txt", "texts_written_later.txt")


def labelled_texts(*files: str) -> list[LabelledText]:
    """Of these files, by default of all."""
    read = [Path(__file__).with_name(file).read_text("utf-8") for file in files or FILES]
    blocks = [block for text in read for block in text.split("=== ")[1:]]
    return [_labelled(*block.rstrip("\n").split("\n", 1)) for block in blocks]


def _labelled(name: str, body: str) -> LabelledText:
    text, done = "", 0
    marks = []
    for match in _MARK.finditer(body):
        text += body[done : match.start()]
        marks.append(Marked(match.group(1), len(text), len(text) + len(match.group(2))))
        text += match.group(2)
        done = match.end()
    return LabelledText(name, text + body[done:], tuple(marks))


def found_in(text: str, kind: str) -> list[Marked]:
    return [Marked(hit.kind, hit.start, hit.end) for hit in personal_data(text, {kind})]


def tally(texts: Sequence[LabelledText], kind: str) -> Tally:
    """A find counts where it touches a mark of its kind."""
    labelled = reached = finds = right = 0
    for one in texts:
        marks = [mark for mark in one.marks if mark.kind == kind]
        found = found_in(one.text, kind)
        labelled, finds = labelled + len(marks), finds + len(found)
        reached += sum(any(_touch(mark, find) for find in found) for mark in marks)
        right += sum(any(_touch(mark, find) for mark in marks) for find in found)
    return Tally(labelled, reached, finds, right)


def _touch(one: Marked, other: Marked) -> bool:
    return one.start < other.end and other.start < one.end


if __name__ == "__main__":
    for file in FILES:
        print(file)
        for asked in KINDS:
            result = tally(labelled_texts(file), asked)
            print(f"  {asked:15} F1 {result.f1:.2f}  {result}")
