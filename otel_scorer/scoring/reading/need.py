"""Which tool an answer needed: because an instruction names it, or because only a lookup knows what was asked.

Lexical: the tool must share a word with the request, and the request must ask for something that changes (a status, a
balance, a price, "my order"). What the conversation already holds from earlier lookups is no need.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from otel_scorer.model import ToolDefinition
from otel_scorer.scoring.reading import outcome
from otel_scorer.scoring.wording.lexicon import Wording, phrases, vocabulary
from otel_scorer.scoring.wording.words import STOPWORDS, clip, name_words, sentences, stem, words

_MUST = phrases(
    r"""
    always|must|first|never|required?|before (?:you )?(?:answer|respond|reply)\w*|need to|have to|make sure
    (?:do not|don't) (?:answer|guess|make up)
    """
)
_USE = phrases(
    r"""
    use|using|call|calling|invoke|run|query|consult|check|search|fetch|retrieve
    look(?:ing)? (?:\w+ ){0,4}up|look\w* in
    """
)
_FORBIDS = phrases(r"(?:do not|don't|never|avoid|without) (?:ever )?(?:use|using|call|calling|invoke|run|query)")
_CONDITION = re.compile(
    r"^\W*(?:if|when|whenever|for|in case|unless|where|to)\b ?(.{0,200}?)(?:,|:|\bthen\b|$)", re.IGNORECASE
)
_LATE_CONDITION = re.compile(r"\b(?:if|when|whenever|unless|for questions about|about)\b ?(.{0,200})$", re.IGNORECASE)
_LIVE = vocabulary(
    """
    status balance availability available stock inventory price cost rate quote weather forecast temperature
    track tracking shipped shipment delivery delivered arrive arrival eta delay departure schedule current
    currently latest today tonight now remaining seat score traffic invoice payment refund account order
    reservation booking subscription appointment ticket usage quota due owe open
    """
)
_LIVE_STEMS = frozenset(stem(word) for word in _LIVE)
_ASKING = re.compile(
    r"\W*(?:please )?(?:what|where|when|which|who|how|is|are|was|has|have|did|does|do|can|could|tell|show|check"
    r"|look|find|get|give|track|list|lookup)\b",
    re.IGNORECASE,
)
_GENERIC = vocabulary(
    """
    get tool api data info information detail details user customer by id the for a of from result value
    number name
    """
)
_TOOL_NAME = re.compile(
    r"`([A-Za-z_][\w.-]{2,63})(?:\(\))?`"
    r"|\b([a-z][a-z0-9]{1,30}(?:_[a-z0-9]{1,30}){1,5}|[a-z]{2,30}(?:[A-Z][a-z0-9]{1,30}){1,5})\b(?:\(\))?"
)


class Need(NamedTuple):
    """A tool that should have been called, and the words that say so."""

    tool: str
    why: str
    explicit: bool


def instructed(instructions: str, task: str, tools: dict[str, ToolDefinition]) -> list[Need]:
    """Tools that the instructions say to use, where their condition (if any) is about what the task asks."""
    text = clip(instructions)
    wording = Wording(text)
    if not (_USE.may_be_in(wording) and _MUST.may_be_in(wording)):
        return []
    found: list[Need] = []
    topic = _stems(task)
    for sentence in sentences(text)[:500]:
        if (
            _USE.is_in(sentence)
            and _MUST.is_in(sentence)
            and not _FORBIDS.is_in(sentence)
            and _applies(sentence, topic)
        ):
            found.extend(Need(name, sentence, True) for name in _named(sentence, tools))
    return found


def _applies(sentence: str, topic: frozenset[str]) -> bool:
    match = _CONDITION.match(sentence) or _LATE_CONDITION.search(sentence)
    if not match:
        return True
    about = _stems(match.group(1)) - {stem(word) for word in ("user", "question", "ask", "customer", "answer")}
    return bool(about & topic)


def _named(sentence: str, tools: dict[str, ToolDefinition]) -> list[str]:
    """Names of known tools in the sentence; without definitions, what is written as a tool's name is."""
    lowered = sentence.lower()
    if tools:
        spoken = set(words(sentence))
        return [n for n in tools if n.lower() in lowered or (_spelled(n, spoken) and "tool" in spoken)]
    return [a or b for a, b in _TOOL_NAME.findall(sentence)]


def _spelled(name: str, spoken: set[str]) -> bool:
    """ "the lookup tool" means `lookup_order`: one telling word of the name is enough beside the word "tool"."""
    return any(word in spoken for word in name_words(name) if len(word) > 3 and word not in STOPWORDS)


def asked(task: str, tools: dict[str, ToolDefinition]) -> list[Need]:
    """Lookup tools whose subject the task asks a changing fact about."""
    if not tools or not _is_question(clip(task)):
        return []
    topic = _stems(task)
    if topic.isdisjoint(_LIVE_STEMS):
        return []
    return [Need(name, task, False) for name, tool in tools.items() if _provides(tool, topic)]


def _is_question(text: str) -> bool:
    return "?" in text or _ASKING.match(text) is not None


def _provides(tool: ToolDefinition, topic: frozenset[str]) -> bool:
    """The tool reads, and its name or description shares a live word with the request (or two ordinary ones)."""
    if not (outcome.reads(tool.name) or (not outcome.acts(tool.name) and outcome.reads(tool.description[:60]))):
        return False
    subject = frozenset(stem(word) for word in name_words(tool.name) if word not in _GENERIC and len(word) > 2)
    described = _stems(tool.description[:500])
    shared = (subject | described) & topic
    return bool(shared & _LIVE_STEMS & (subject | described)) and bool(shared & subject or len(shared) > 1)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(clip(text, 20_000)) if word not in STOPWORDS and len(word) > 2)
