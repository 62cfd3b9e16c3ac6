"""Demands on the layout: wraps, white space, indentation, nesting, titles, templates, emphasis."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from otel_scorer.scoring.demands import portions
from otel_scorer.scoring.demands.amount import LIMIT, NUMBER, limited, number
from otel_scorer.scoring.demands.demand import Demand, Reader, Test, turned_round
from otel_scorer.scoring.demands.scope import PART
from otel_scorer.scoring.detection.hits import folded, holds_any
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply

_I = re.IGNORECASE
_WRAPPED = re.compile(
    r"\b(?:wrap|enclose|put|place|surround|provide|give|return|format)\w{0,2} (?:your |the "
    r"|this )?(?:entire |whole |full |complete "
    r"|final )*(?:response|answer|reply|output|message|text|everything|it)"
    r" (?:with|in|inside|within|between|by) (?:a pair of )?(double quotation marks|double quotes"
    r"|quotation marks|single quotes|square brackets|curly braces|parentheses|angle brackets|a code block"
    r"|a (?:single |markdown )?code (?:block|fence)|triple backticks|asterisks)",
    _I,
)
_WRAPPED_IN_TAGS = re.compile(
    r"\b(?:wrap|enclose|put|place|return|give|surround)\w{0,2} (?:your |the )?(?:entire |whole "
    r"|final )*(?:response|answer|reply|output) (?:with|in|inside|within|between) (?:an? "
    r"|the )?<([A-Za-z_][\w-]{0,30})>",
    _I,
)
_TITLE_WRAP = re.compile(
    r"\btitle\b[^.\n]{0,60}?\b(?:wrapped|enclosed|surrounded|in|between|within) (?:in |by "
    r"|with )?(?:double angular brackets|double angle brackets|<<|《)",
    _I,
)
_EACH_ON_LINE = re.compile(
    rf"\b(?:each|every|one) {PART}\b[^.;\n]{{0,30}}?\b(?:on|in) (?:a|its own|a separate|a new|an individual"
    rf"|separate)(?: new| separate| single)? lines?"
    rf"|\b(?:one|a single) {PART} (?:per|on each|on every|in each|a) line|\bnew line (?:for|after"
    rf"|between) (?:each|every) {PART}"
    rf"|\b(?:put|write|place|list) (?:each|every) {PART} on (?:a|its own) (?:new |separate )?line",
    _I,
)
_NO_BLANKS = re.compile(
    r"\b(?:no|not|without|never|free of|omit|remove|avoid)\b[^.;\n]{0,40}?\b(?:any )?(?:white ?-?spaces?"
    r"|spaces between words|spaces)\b(?! (?:before|after|around|at))",
    _I,
)
_INDENTED = re.compile(
    r"\b(?:incrementally|progressively|increasingly|gradually|more and more) indent\w*|\b(?:each"
    r"|every)(?: new| next| subsequent| successive)? line\b[^.;\n]{0,30}?\bindented? (?:more|further|deeper"
    r"|one (?:more )?(?:space|level|tab))|\bindent(?:ing)? (?:each|every)(?: new| next| subsequent"
    r"| successive)? line\b[^.;\n]{0,20}?\b(?:more|further|deeper)",
    _I,
)
_NESTED = re.compile(
    rf"\b(?:nest\w*|within|inside)\b[^.;\n]{{0,60}}?\b(?:{LIMIT} )?{NUMBER}[ -](?:levels?"
    rf"|layers?)(?: deep)?|\b(?:{LIMIT} )?{NUMBER}[ -](?:levels?|layers?)(?: deep)?(?: of)? nest\w* "
    rf"(?:parenthes\w+|brackets|quot\w+)",
    _I,
)
_BRACKETS = re.compile(r"parenthes|bracket|brace", _I)
_QUOTES = re.compile(r"\bquot(?:e|es|ation|ations)\b", _I)
_POSTSCRIPT = re.compile(
    r"\b(?:add|include|end with|append|finish with|with|contain)\b[^.\n]{0,40}? (?:post ?script"
    r"|p\.? ?s\.?)(?: (?:starting|beginning|that starts) with [\"“'‘`]?(P\.? ?P?\.? ?S\.?))?",
    _I,
)
_TEMPLATE_HEAD = re.compile(r"\b(?:template|format|structure|form|layout|pattern|outline)\b[^:\n]{0,60}?:\s", _I)
_SLOT = re.compile(r"(?:^|(?<=\s)|(?<=\*))([A-Z][\w'’ -]{1,40}): ?[\[<{]{1,2}[^\]>}\n]{1,60}[\]>}]{1,2}")
_BLANK_BETWEEN = re.compile(rf"\b(?:blank|empty) lines? between (?:each |every |the |all )?{PART}s?", _I)
_BOLD_ALL = re.compile(
    rf"\b(?:each|every) {PART}\b[^.;\n]{{0,40}}?\b(?:start|begin)s? with (?:an? |the "
    rf"|one )*(?:[\w-]+ ){{0,4}}?in (italics?|bold)(?:,? us(?:e|ing) (html|markdown))?|\b(?:each"
    rf"|every) {PART}\b[^.;\n]{{0,30}}?\b(?:in|must be) (italics|bold)\b",
    _I,
)


def layout(wording: Wording) -> Iterator[Demand]:
    """What the sentence demands of the layout of the answer."""
    for needles, pattern, read in _READERS:
        match = pattern.search(wording.text) if holds_any(wording.folded, needles) else None
        if match and (pattern is _NO_BLANKS or not turned_round(match)):
            test = read(match)
            if test is not None:
                yield Demand("format", match.group().strip(), test)


_WRAPS = {
    "double": ('"“', '"”'),
    "quotation": ('"“', '"”'),
    "single": ("'‘", "'’"),
    "square": ("[", "]"),
    "curly": ("{", "}"),
    "parentheses": ("(", ")"),
    "angle": ("<", ">"),
    "a": ("`", "`"),
    "triple": ("`", "`"),
    "asterisks": ("*", "*"),
}


def _wrapped(match: re.Match[str]) -> Test:
    opening, closing = _WRAPS[folded(match[1]).partition(" ")[0]]
    return lambda reply: float(len(reply.text) > 1 and reply.text[0] in opening and reply.text[-1] in closing)


def _in_tags(match: re.Match[str]) -> Test:
    tag = folded(match[1])
    if "final answer" in folded(match.group()):  # what leads to it stands before
        return lambda reply: float(f"<{tag}>" in reply.text.lower() and f"</{tag}>" in reply.text.lower())
    return lambda reply: float(reply.text.lower().startswith(f"<{tag}>") and reply.text.lower().endswith(f"</{tag}>"))


_ANGULAR = re.compile(r"<<[^<>\n]{1,200}>>|《[^》\n]{1,200}》")


def _title_wrap(_match: re.Match[str]) -> Test:
    return lambda reply: float(bool(_ANGULAR.search(reply.text)))


def _on_lines(match: re.Match[str]) -> Test | None:
    unit = folded(next(group for group in match.groups() if group))
    if unit == "word":
        return lambda reply: _one_in(reply, lambda line: len(line.split()) <= 1)
    if unit == "sentence":
        return lambda reply: _one_in(reply, lambda line: len(portions.sentences_of(line)) <= 1)
    return None


def _one_in(reply: Reply, holds: Callable[[str], bool]) -> float:
    lines = portions.lines_of(reply.text)
    failed = sum(not holds(line) for line in lines)
    return 1.0 if not failed else 0.0


def _no_blanks(match: re.Match[str]) -> Test:
    only_spaces = "white" not in folded(match.group())
    return lambda reply: float(not re.search(" " if only_spaces else r"\s", reply.text))


def _indented(_match: re.Match[str]) -> Test:
    def test(reply: Reply) -> float | None:
        lines = portions.lines_of(reply.text)
        indents = [len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip()) for line in lines]
        return float(all(two > one for one, two in pairwise(indents))) if len(lines) > 1 else None

    return test


def _nested(match: re.Match[str]) -> Test | None:
    groups = [group for group in match.groups() if group]
    wanted = limited("at least", number(groups[-1]))
    if wanted is None:
        return None
    if _BRACKETS.search(match.string):
        return lambda reply: float(_depth(reply.text) >= wanted.low)
    if _QUOTES.search(match.string):
        return lambda reply: None if _quote_depth(reply.text) >= wanted.low else 0.0
    return None


_CLOSES = {")": "(", "]": "[", "}": "{"}


def _depth(text: str) -> int:
    """The deepest nesting of brackets that are closed rightly."""
    open_: list[str] = []
    deepest = 0
    for sign in text:
        if sign in "([{":
            open_.append(sign)
        elif sign in _CLOSES:
            if open_ and open_[-1] == _CLOSES[sign]:
                deepest = max(deepest, len(open_))
                open_.pop()
            else:
                open_.clear()
    return deepest


def _quote_depth(text: str) -> int:
    """How deep quotation marks of two sorts may lie in each other, at most."""
    double = sum(text.count(sign) for sign in '"“”')
    single = len(re.findall(r"(?<!\w)['‘]|['’](?!\w)", text))
    pairs = min(double // 2, 2) + min(single // 2, 2)
    return pairs if double >= 2 and single >= 2 else min(1, pairs)


def _postscript(_match: re.Match[str]) -> Test:
    wanted = re.compile(r"(?mi)^\W{0,4}P\.? ?P?\.? ?S\b\.?")
    return lambda reply: float(bool(wanted.search(reply.text)))


def _template(match: re.Match[str]) -> Test | None:
    labels = [label.strip() for label in _SLOT.findall(match.string[match.end() - 1 :])]
    if len(labels) < 2:
        return None

    def test(reply: Reply) -> float:
        at = -1
        for label in labels:
            found = re.compile(rf"{re.escape(label)}\W{{0,4}}:", _I).search(reply.text, at + 1)
            if not found:
                return 0.0
            at = found.start()
        return 1.0

    return test


def _blank_between(_match: re.Match[str]) -> Test:
    return lambda reply: float("\n\n" in reply.text.replace(" ", "")) if reply.lines > 1 else None


_ITALICS = {
    "html": r"<(?:i|em)\b",
    "markdown": r"(?<![*\w])[*_](?![*_\s])",
    "": r"<(?:i|em)\b|(?<![*\w])[*_](?![*_\s])",
}
_BOLD = {"html": r"<(?:b|strong)\b", "markdown": r"\*\*|__", "": r"\*\*|__|<(?:b|strong)\b"}


def _emphasis(match: re.Match[str]) -> Test:
    """Faulted where the emphasis occurs nowhere, or less often than there are sections."""
    italics = folded(match[2] or match[5]).startswith("italic")
    pattern = re.compile((_ITALICS if italics else _BOLD)[folded(match[3] or "")])
    return lambda reply: None if pattern.search(reply.text) else 0.0


_READERS: tuple[tuple[tuple[str, ...], re.Pattern[str], Reader], ...] = (
    (("wrap", "enclos", "surround", "put", "plac", "code", "bracket", "quot"), _WRAPPED, _wrapped),
    (("<",), _WRAPPED_IN_TAGS, _in_tags),
    (("title",), _TITLE_WRAP, _title_wrap),
    (("line",), _EACH_ON_LINE, _on_lines),
    (("space",), _NO_BLANKS, _no_blanks),
    (("indent",), _INDENTED, _indented),
    (("level", "layer"), _NESTED, _nested),
    (("post", "p.", "ps"), _POSTSCRIPT, _postscript),
    (("[", "<", "{"), _TEMPLATE_HEAD, _template),
    (("blank line", "empty line"), _BLANK_BETWEEN, _blank_between),
    (("bold", "italic"), _BOLD_ALL, _emphasis),
)
