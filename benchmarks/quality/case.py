"""One labelled run, and what a trivial baseline may look at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.quality.runs import Asked, Fetched, Said, Turn, final_text
from otel_scorer.model import Trace


@dataclass(frozen=True, slots=True)
class Case:
    """`bad` is what the set's labels say; None where the record takes part in other questions only."""

    id: str
    group: str
    """Records of one source (the same task, template or text): drawn together, since they are not independent."""
    trace: Trace
    bad: bool | None
    facts: Mapping[str, float]
    """The trivial features, by name."""
    gold: Mapping[str, Any] = field(default_factory=dict)
    """What else the record tells, for the set's own questions."""


def case_of(name: str, group: str, trace: Trace, turns: Sequence[Turn], bad: bool | None, **gold: Any) -> Case:
    """`name` is the set's and the record's, with which the trace was made."""
    return Case(name, group, trace, bad, facts_of(turns), gold)


def facts_of(turns: Sequence[Turn]) -> dict[str, float]:
    """Features that need no thought: of what the run said in the end, and of how long it was."""
    said = _spoken(turns)
    words = _WORD.findall(said.lower())
    known = set(_WORD.findall(_known(turns).lower()))
    return {
        "answer length": float(len(said)),
        "number of tool calls": float(sum(len(turn.calls) for turn in turns if isinstance(turn, Said))),
        "number of turns": float(len(turns)),
        "word overlap": sum(word in known for word in words) / max(1, len(words)),
        "number of numbers": float(len(_NUMBER.findall(said))),
    }


_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def _spoken(turns: Sequence[Turn]) -> str:
    """The answer; of a run that ended with calls, their arguments."""
    answer = final_text(turns)
    if answer is not None:
        return answer
    last = next((turn for turn in reversed(turns) if isinstance(turn, Said)), Said())
    return json.dumps([call.arguments for call in last.calls], ensure_ascii=False)


def _known(turns: Sequence[Turn]) -> str:
    """Documents and tool results; what the user said where there are none."""
    read = [text for turn in turns if isinstance(turn, Fetched) for text in turn.documents]
    read += [call.result or "" for turn in turns if isinstance(turn, Said) for call in turn.calls]
    return "\n".join(read) or "\n".join(turn.text for turn in turns if isinstance(turn, Asked))


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


Builder = Callable[[Path], Sequence[Case]]
