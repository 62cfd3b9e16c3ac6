"""Finds the instructions in a prompt that can be verified by looking.

Found are only plain ones that speak of the answer, in English (of language and length in other languages too).
Sentences with a condition ("if", "when")
are left out, as whether it holds is not known; so is what stands in long quotation marks or code, which is material and
no instruction. What is not found is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.demands.binding_mood import binds, is_conditional
from otel_scorer.scoring.demands.demand import Demand
from otel_scorer.scoring.demands.demand_counts import counts
from otel_scorer.scoring.demands.demand_data import data
from otel_scorer.scoring.demands.demand_echo import echoes
from otel_scorer.scoring.demands.demand_edges import edges
from otel_scorer.scoring.demands.demand_foreign import foreign
from otel_scorer.scoring.demands.demand_items import items
from otel_scorer.scoring.demands.demand_layout import layout
from otel_scorer.scoring.demands.demand_letters import letters
from otel_scorer.scoring.demands.demand_marks import marks
from otel_scorer.scoring.demands.demand_order import word_order
from otel_scorer.scoring.demands.demand_sequence import sequence
from otel_scorer.scoring.demands.demand_shape import formats
from otel_scorer.scoring.demands.demand_share import shares
from otel_scorer.scoring.demands.demand_style import style
from otel_scorer.scoring.demands.demand_wording import wording
from otel_scorer.scoring.demands.worked_examples import without_worked_examples
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.wording.lexicon import Wording, phrases
from otel_scorer.scoring.wording.words import clip

Finder = Callable[[Wording], Iterator[Demand]]
_OF_PLAIN_WORDS: tuple[Finder, ...] = (counts, letters, word_order, style, shares)
_OF_QUOTES: tuple[Finder, ...] = (edges, wording, sequence, formats, layout, marks, items, data)
_MAX_PROMPT = 60_000
_MAX_SENTENCES = 2000
_SHORTEST = 6
_MAX_DEMANDS = 40
"""More than anybody asks for: each costs a look at the answer."""
_CASE = phrases(
    "if|when|whenever|unless|otherwise|in case|else|for (?:any|all)(?: other)? (?:questions?|topics?|requests?)"
    "|outside|off-topic|unrelated"
)
_LABELLED = re.compile(
    r"(?im)^[ \t]{0,4}(?:[#*]{1,4} ?)?(?:the )?(?:reference |source |input |original )?(?:documents?|text"
    r"|article|passage|input"
    r"|context|e-?mail|essay|transcript|content|review|story|source|example|user|agent|assistant"
    r"|customer)(?: \d{1,3})?[*]{0,2}:"
    r"[^\n]{0,20000}(?:\n[^\n]{1,20000}){0,200}"
)
"""What stands under a label of material, up to a blank line."""
_OF_TOOLS = re.compile(r"(?:\d{1,2}[.)] ?)?for (?:the |all |any )?tools?\b", re.IGNORECASE)
"""What is said of tools' outputs is asked of no answer."""
_LONG_QUOTE = re.compile(r"(?<!\w)[\"“][^\"“”\n ]{1,30}(?: [^\"“”\n ]{1,40}){2,30}[\"”]")
"""Of three words and more: what it says is no instruction."""
_MATERIAL = re.compile(
    r"```.{0,60000}?```|\"\"\".{0,60000}?\"\"\"|[\"“][^\"“”\n]{80,20000}[\"”]",
    re.DOTALL,
)
_PART_END = re.compile(r"\n\n*|[.!?](?:[\"”’']{0,1})\s+|[.!?][)\]]{1,2}\s+")
_SHORT_QUOTE = re.compile(r"(?<!\w)[\"“][^\"“”\n]{1,80}[\"”]")


def demands(text: str, once: Once | None = None) -> list[Demand]:
    """The verifiable instructions of a prompt, each once, in order. `once`: prompts of a trace share sentences."""
    once = Once() if once is None else once
    found: dict[tuple[str, str], Demand] = {}
    prompt = _without_material(clip(text, _MAX_PROMPT))
    for part in _parts(prompt)[:_MAX_SENTENCES]:
        sentence = part.strip()[:1000]
        if len(found) >= _MAX_DEMANDS or len(sentence) < _SHORTEST:
            continue
        for demand in (*once(_of_sentence, sentence), *_of_prompt(sentence, prompt)):
            found.setdefault((demand.kind, demand.text.casefold()), demand)
    return list(found.values())


_SET_REPLY = re.compile(
    r"\b(?:say|says|reply|respond|answer|state|return|output|write)(?:ing)?\b[^\"“'‘`\n]{0,40}[\"“'‘`]"
    r"([^\"“”`\n]{2,300})[\"”'’`]"
)


def set_replies(text: str) -> frozenset[str]:
    """What the prompt gives to be said in a certain case, in small letters without marks at the ends."""
    found = []
    for part in _parts(clip(text, _MAX_PROMPT))[:_MAX_SENTENCES]:
        if _CASE.is_in(part[:1000]):
            found.extend(_SET_REPLY.findall(part[:1000]))
    return frozenset(" ".join(one.split()).casefold().strip(" .!\"'“”*") for one in found)


def _parts(text: str) -> list[str]:
    """Sentences and lines; an end inside of short quotation marks is none, and a lead-in keeps the line it leads to."""
    quoted = [match.span() for match in _SHORT_QUOTE.finditer(text)]
    parts, start, at = [], 0, 0
    for match in _PART_END.finditer(text):
        while at < len(quoted) and quoted[at][1] <= match.start():
            at += 1
        inside = at < len(quoted) and quoted[at][0] < match.start() < quoted[at][1] - 1
        if inside:
            continue
        parts.append(text[start : match.end()])
        start = match.end()
    parts.append(text[start:])
    return parts


def _without_material(text: str) -> str:
    text = without_worked_examples(text)
    if any(mark in text for mark in ('"', "“", "```")):
        text = _MATERIAL.sub(" ", text)
    return _LABELLED.sub("\n", text)


def _of_sentence(text: str) -> list[Demand]:
    sentence = Wording(text)
    told = list(foreign(sentence))
    if not binds(sentence) or _OF_TOOLS.match(text):
        return told
    plain = Wording(_LONG_QUOTE.sub(_hidden, text)) if _LONG_QUOTE.search(text) else sentence
    told += [demand for rule in _OF_PLAIN_WORDS for demand in rule(plain)]
    return told + [demand for rule in _OF_QUOTES for demand in rule(sentence)]


def _hidden(match: re.Match[str]) -> str:
    return match.group()[0] + "…" * (len(match.group()) - 2) + match.group()[-1]


def _of_prompt(text: str, prompt: str) -> list[Demand]:
    sentence = Wording(text)
    return list(echoes(sentence, prompt)) if not is_conditional(sentence) else []
