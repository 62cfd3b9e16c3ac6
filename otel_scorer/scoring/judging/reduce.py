"""A long trace made short enough for the judge, always in the same way, with a manifest of what is not shown.

A step longer than SPAN_CHARS keeps head and tail of its texts, around a mark that says how much is gone: padding cannot
push an end out of sight. Where settings have a model summarise such steps (`summaries`), its words stand beside them.
Where the whole is still too long, all texts are cut, wider to narrower. Then steps in the middle go, those without a
fault first. What still does not fit is not judged (`context_overflow`). Messages that model calls repeat were left out
before (`exhibit`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from otel_scorer.model import Value
from otel_scorer.scoring.clean import clip
from otel_scorer.scoring.judging.exhibit import Exhibit
from otel_scorer.scoring.judging.summaries import Summaries, content_digest

SPAN_CHARS = 3_000
"""Characters of one step as JSON that are shown as they are."""
WIDTHS = (10_000, 5_000, 2_500, 1_200, 600, 300)
"""Characters that one text keeps, tried in order; facts keep twice as much as steps."""
HEAD_STEPS, TAIL_STEPS = 8, 24
"""Steps that are kept at both ends when whole steps have to go."""
NO_SUMMARIES = Summaries()
EDGE_STEPS = 4
"""The same in the last attempt, when faulty steps in the middle go too."""


class TooLong(Exception):
    """The evidence does not fit, however far it is reduced."""


def reduce(shown: Exhibit, budget: int, summaries: Summaries = NO_SUMMARIES) -> str:
    """The evidence as canonical JSON of at most `budget` characters, with its manifest. Raises TooLong.

    `summaries`: of long steps, to stand beside head and tail.
    """
    for width in WIDTHS:
        text = _render(shown, shown.steps, width, summaries)
        if len(text) <= budget:
            return text
    for steps in (_ends_and_faults(shown), _ends(shown)):
        text = _render(shown, steps, WIDTHS[-1], summaries)
        if len(text) <= budget:
            return text
    raise TooLong(f"{len(text)} characters after reduction, {budget} are allowed")


def long_steps(shown: Exhibit) -> dict[str, str]:
    """The steps that are not shown whole, as JSON by content digest."""
    texts = [text for step in shown.steps if len(text := canonical(step)) > SPAN_CHARS]
    return {content_digest(text): text for text in texts}


def _render(shown: Exhibit, steps: tuple[dict[str, Value], ...], width: int, summaries: Summaries) -> str:
    facts = {key: _cut(value, 2 * width) for key, value in shown.facts.items()}
    kept = [_summarised(step, width, summaries) or _fitted(step, width) for step in steps]
    shortened = [step["id"] for step, whole in zip(kept, steps, strict=True) if step != whole]
    cut = bool(shortened) or facts != shown.facts
    whole_number = len(steps) == len(shown.steps)
    manifest: dict[str, Value] = {
        "steps_recorded": None if whole_number else len(shown.steps),
        "steps_shown": None if whole_number else len(steps),
        "steps_shortened": (shortened if len(shortened) <= _NAMED else len(shortened)) or None,
        "steps_summarised_by_a_model": [step["id"] for step in kept if SUMMARY in step] or None,
        "steps_that_it_did_not_summarise": _not_summarised(steps, summaries) or None,
        "repeated_messages_left_out": shown.repeated or None,
        "longest_text_shown": width if cut else None,
    }
    told: dict[str, Value] = {key: value for key, value in manifest.items() if value is not None}
    return canonical({**facts, "steps": kept, **({"shown": told} if told else {})})


_NAMED = 40
"""Steps that the manifest names; of more it tells the number."""


SUMMARY = "summary_by_a_model"


def _summarised(step: dict[str, Value], width: int, summaries: Summaries) -> dict[str, Value] | None:
    """The step as its summary between the ends of its texts; None where there is no summary."""
    if not summaries.found:
        return None
    said = summaries.found.get(content_digest(canonical(step)))
    if said is None:
        return None
    return {**{key: _cut(value, _ENDS_CHARS) for key, value in step.items()}, SUMMARY: clip(said, width)}


_ENDS_CHARS = WIDTHS[-1]


def _not_summarised(steps: Sequence[dict[str, Value]], summaries: Summaries) -> list[Value]:
    if not summaries.failed:
        return []
    return [step["id"] for step in steps if content_digest(canonical(step)) in summaries.failed]


def _fitted(step: dict[str, Value], width: int) -> dict[str, Value]:
    """The step with its texts cut to `width`, and further while it is longer than SPAN_CHARS."""
    cut = {key: _cut(value, width) for key, value in step.items()}
    for narrower in (each for each in WIDTHS if each < width):
        if len(canonical(cut)) <= SPAN_CHARS:
            break
        cut = {key: _cut(value, narrower) for key, value in step.items()}
    return cut


def canonical(value: object) -> str:
    """One text for one value: keys in the order that `exhibit` gave them, no spaces, characters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _cut(value: Value, width: int) -> Value:
    if isinstance(value, str):
        return clip(value, width)
    if isinstance(value, list):
        return [_cut(item, width) for item in value]
    if isinstance(value, dict):
        return {key: _cut(item, width) for key, item in value.items()}
    return value


def _ends(shown: Exhibit) -> tuple[dict[str, Value], ...]:
    steps = shown.steps
    return steps if len(steps) <= 2 * EDGE_STEPS else steps[:EDGE_STEPS] + steps[-EDGE_STEPS:]


def _ends_and_faults(shown: Exhibit) -> tuple[dict[str, Value], ...]:
    last = len(shown.steps) - TAIL_STEPS
    return tuple(
        step
        for index, step in enumerate(shown.steps)
        if index < HEAD_STEPS or index >= last or step["id"] in shown.important
    )
