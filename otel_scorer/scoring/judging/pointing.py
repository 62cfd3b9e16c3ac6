"""Each text of an exhibit once: where it comes again, word for word, a mark stands for it ([= task], [= s2.output]).

Instrumentations write an answer on the model's span, on the chain's around it and on the agent's, and an error on every
span that it passed through. A text within a longer one (the answer inside a JSON object) is pointed at too, where it is
one of the facts. Which text is written and which is pointed at goes by their order alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from otel_scorer.model import Value

WORTH = 60
"""Characters from which on a text is not written out again."""
_REPEATING = ("input", "output", "says", "query", "error")
"""Keys of a step whose texts come again elsewhere; what tools got and returned is left as it is."""


def pointing(steps: Sequence[dict[str, Value]], facts: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    """The steps, in order, with marks for what the facts or earlier steps say already."""
    names = {text: f"[= {name}]" for name, text in facts.items() if isinstance(text, str) and len(text) >= WORTH}
    within = [(form, mark) for text, mark in names.items() for form in dict.fromkeys((text, _escaped(text)))]
    within.sort(key=lambda pair: -len(pair[0]))
    for step in steps:
        shown, number = dict(step), str(step["id"])
        for key in _REPEATING:
            text = shown.get(key)
            if isinstance(text, str) and len(text) >= WORTH:
                shown[key] = names.get(text) or _marked(text, within)
                names.setdefault(text, f"[= {number}.{key}]")
        yield shown


def _escaped(text: str) -> str:
    """As it stands within JSON text."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _marked(text: str, within: Sequence[tuple[str, str]]) -> str:
    for fact, mark in within:
        if len(fact) < len(text):
            text = text.replace(fact, mark)
    return text
