"""Finds the instructions in a prompt that can be verified by looking.

Found are only plain ones, in English, that speak of the answer as a whole. Sentences with a condition ("if", "when")
are left out, as whether it holds is not known; so is what stands in long quotation marks or code, which is material and
no instruction. What is not found is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.checks.demand import Demand
from otel_scorer.scoring.checks.demand_counts import counts
from otel_scorer.scoring.checks.demand_shape import formats, shape
from otel_scorer.scoring.checks.demand_wording import wording
from otel_scorer.scoring.checks.lexicon import Wording, phrases
from otel_scorer.scoring.checks.words import clip, cut
from otel_scorer.scoring.once import Once

_RULES: tuple[Callable[[Wording], Iterator[Demand]], ...] = (counts, wording, shape, formats)
_MAX_PROMPT = 60_000
_MAX_SENTENCES = 2000
_MAX_DEMANDS = 100
_CONDITIONAL = phrases(
    r"if|when|whenever|unless|in case|where (?:possible|needed|appropriate)|for example|e\.g\.|such as"
)
_ABOUT_ANSWER = phrases(
    r"""
    answers?|respon(?:d|ses?)|repl(?:y|ies)|write|give|use|using|limit|keep|contains?|include|output|provide|list|explain
    describe|summar\w+|generate|return|produce|compose|make|should|must|format|tell|translate|speak|only|say|start|begin|present|show|display|put
    end|finish|conclude|do not|don't|avoid|never|without|in (?:at most|under|exactly|fewer than|one|no more than)
    """
)
_MATERIAL = re.compile(
    r"```.{0,60000}?```|\"\"\".{0,60000}?\"\"\"|[\"“][^\"“”\n]{80,20000}[\"”]",
    re.DOTALL,
)
_PART_END = re.compile(r"[.!?\n](?:(?<=\n)\n*|\s+)")


def demands(text: str, once: Once | None = None) -> list[Demand]:
    """The verifiable instructions of a prompt, each once, in order. `once`: prompts of a trace share sentences."""
    once = Once() if once is None else once
    found: dict[tuple[str, str], Demand] = {}
    for part in cut(_without_material(clip(text, _MAX_PROMPT)), _PART_END)[:_MAX_SENTENCES]:
        for demand in once(_of_sentence, part.strip()[:1000]):
            found.setdefault((demand.kind, demand.text.casefold()), demand)
    return list(found.values())[:_MAX_DEMANDS]


def _without_material(text: str) -> str:
    return _MATERIAL.sub(" ", text) if any(mark in text for mark in ('"', "“", "```")) else text


def _of_sentence(text: str) -> list[Demand]:
    sentence = Wording(text)
    if not _ABOUT_ANSWER.is_in(sentence) or _CONDITIONAL.is_in(sentence):
        return []
    return [demand for rule in _RULES for demand in rule(sentence)]
