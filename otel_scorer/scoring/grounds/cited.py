"""What an answer quotes, cites and names as its source, held against what was read: `[4]`, `(Source: prices.pdf)`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from otel_scorer.model import Document, Value
from otel_scorer.scoring.grounds.mentions import quotations, quotes
from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.reading.said import Said
from otel_scorer.scoring.verdict import Target
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import STOPWORDS, clip, compact, content_words, leaves, name_words, parsed, words


class Looked(NamedTuple):
    """Something of the answer that was looked up."""

    kind: str
    text: str
    supported: bool


_MAX_QUOTES = 100
_MAX_CITATIONS = 100
_MAX_DOCUMENTS = 1000
_ELISION = re.compile(r"\[?(?:\.{3,6}|…)\]?|\[[^\[\]]{0,40}\]")
"""What who quotes leaves out, or puts in for it: `...`, `[...]`, `[the lamp]`."""


def quoted(spoken: Said, read: Evidence, told: Evidence, once: Once) -> list[Looked]:
    """Passages between quotation marks. Small words, `&` for "and" and what is left out by dots make no difference.

    What is in nothing that was given counts where somebody is said to have said it: else it may be a title, a search,
    or words that are suggested.
    """
    found = []
    attributed = frozenset(quotations(spoken.answer))
    for quote in quotes(spoken.answer)[:_MAX_QUOTES]:
        whole = " " + " ".join(words(quote)) + " "
        supported = whole in read.folded or whole in told.folded or _in_parts(quote, (read, told), once)
        if supported or quote in attributed:
            found.append(Looked("quote", quote, supported))
    return found


def _in_parts(quote: str, given: Sequence[Evidence], once: Once) -> bool:
    parts = [" " + " ".join(kept) + " " for part in _ELISION.split(quote) if (kept := _telling(part))]
    return bool(parts) and any(all(part in once(_telling_text, one.text) for part in parts) for one in given)


def _telling(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOPWORDS]


def _telling_text(text: str) -> str:
    return " " + " ".join(_telling(text)) + " "


# ---- numbered citations ----------------------------------------------------------------------------------------------

_NUMBERED = re.compile(
    r"(?:(?<![\w\])])\[\^?(\d{1,3}(?:(?:, ?|-|–)\d{1,3}){0,9})\](?![(:\w])"
    r"|【(\d{1,3})(?::\d{1,3})?†[^】\n]{0,80}】"
    r"|[\[(](?:[Dd]oc|[Dd]ocument|[Ss]ource|[Pp]assage|[Cc]hunk|[Cc]ontext|[Rr]ef|[Rr]eference)\.? ?#?(\d{1,3})[\])])"
)
_FENCE = re.compile(r"```[^`]*```|`[^`\n]*`")
_DEFINED = re.compile(r"(?m)^[ \t]{0,8}\[\^?(\d{1,3})\][:.]? ")
"""A reference that the answer lists itself: `[4]: https://...`. What stands there is looked up by itself."""


def numbered(target: Target, spoken: Said) -> list[Looked]:
    """`[4]` of three sources is a citation of nothing, unless one of them holds a passage of that number.

    Sources are the documents of all retrievals, or the longest list that a tool gave; nothing is said of an answer that
    had at most one of them, or that was given texts in which sources cannot be counted.
    """
    cited = _cited(clip(spoken.answer))
    if not cited:
        return []
    retrieved = [source for source in spoken.sources if source.kind == "retrieval"]
    known = max(len(retrieved), _documents(target), *(_listed(target.once, source.text) for source in spoken.sources))
    if known < 2 or (not retrieved and any(_is_counted_by_nobody(target.once, s.text) for s in spoken.sources)):
        return []
    text = "\n".join(source.text[:50_000] for source in spoken.sources)
    return [Looked("citation", f"[{n}]", n <= known or f"[{n}]" in text) for n in cited[:_MAX_CITATIONS]]


def _cited(answer: str) -> list[int]:
    """The numbers that are cited, each once, in order."""
    prose = _FENCE.sub(" ", answer)
    own = {int(number) for number in _DEFINED.findall(prose)}
    found = {
        number
        for match in _NUMBERED.finditer(prose)
        for number in _numbers(match[1] or match[2] or match[3])
        if number not in own
    }
    return sorted(found)


def _numbers(text: str) -> Iterator[int]:
    yield from map(int, re.findall(r"\d+", text))


def _documents(target: Target) -> int:
    """How many documents came back, those that came back twice counted twice: each was shown with a number."""
    if target.step is not None:
        return 0
    steps = target.view.retrievals
    return sum(len(step.genai.documents or ()) for step in steps) + sum(len(s.genai.reranked or ()) for s in steps)


def _listed(once: Once, text: str) -> int:
    """The length of the list that a result is or wraps, 0 for none."""
    value = once(parsed, text)
    inside = [value, *value.values()] if isinstance(value, dict) else [value]
    return max((len(one) for one in inside if isinstance(one, list)), default=0)


def _is_counted_by_nobody(once: Once, text: str) -> bool:
    """Text in which there may be any number of sources: search results as a page."""
    return once(parsed, text) is None


# ---- named sources ---------------------------------------------------------------------------------------------------

_NAMED = re.compile(r"[(\[](?:[Ss]ources?|[Rr]ef(?:erence)?s?|[Cc]ited from|[Ff]rom): {0,3}([^()\[\]\n]{3,200})[)\]]")
_NAMED_LINE = re.compile(r"(?m)^[ \t>*_-]{0,8}(?:\*\*|__)?[Ss]ources?(?:\*\*|__)?:(?:\*\*|__)? {0,3}([^\n]{3,300})$")
_FILE = re.compile(r"[\w .()-]{1,80}\.(?:pdf|docx?|md|txt|html?|csv|xlsx?|pptx?|json|ya?ml|rst)\b", re.IGNORECASE)
_PLAIN = vocabulary(
    """
    source sources document documents context provided given result results search tool tools data database internal
    knowledge base file files record records page pages section website web site official information system api
    article articles report user customer retrieved above attached online public company policy see
    """
)
"""Words that name no source in particular."""


def named(target: Target, spoken: Said, read: Evidence, told: Evidence) -> list[Looked]:
    """Files that an answer gives as its source; other names only where the documents came with names of their own.

    Looked for in what was read and told, in ids and metadata of the documents, and in names and arguments of calls.
    """
    answer = clip(spoken.answer)
    if "ource" not in answer and "ef" not in answer and "rom:" not in answer:
        return []
    told_of = [*_NAMED.findall(answer), *_NAMED_LINE.findall(answer)]
    names = [name.strip(" .*_`\"'") for text in told_of[:_MAX_CITATIONS] for name in re.split(r"[;,|]", text)]
    if not names:
        return []
    labels = _labels(target)
    known = " ".join((read.compact, told.compact, *map(compact, labels)))
    heard = read.words | told.words | frozenset(word for label in labels for word in name_words(label))
    return [
        Looked("citation", name, _is_known(name, known, heard))
        for name in dict.fromkeys(names)
        if _FILE.fullmatch(name) or (labels and _names_something(name))
    ]


def _names_something(name: str) -> bool:
    return "://" not in name and len([word for word in content_words(words(name)) if word not in _PLAIN]) >= 2


def _is_known(name: str, known: str, heard: frozenset[str]) -> bool:
    """The name itself, or most of its words."""
    own = [word for word in content_words(words(name)) if word not in _PLAIN and not word.isdigit()]
    return compact(name) in known or (bool(own) and 2 * sum(word in heard for word in own) >= len(own))


def _labels(target: Target) -> list[str]:
    """How the documents are called: their ids where these are words, and what their metadata says."""
    if target.step is not None:
        return []
    documents = [
        document
        for step in target.view.retrievals
        for document in (*(step.genai.documents or ()), *(step.genai.reranked or ()))
    ]
    return [label for document in documents[:_MAX_DOCUMENTS] for label in _labels_of(document)]


def _labels_of(document: Document) -> Iterator[str]:
    if any(sign.isalpha() for sign in document.id):
        yield document.id[:200]
    value: Value = parsed(document.metadata) if isinstance(document.metadata, str) else document.metadata
    yield from (leaf[:200] for _, leaf in leaves(value, 50) if isinstance(leaf, str))
