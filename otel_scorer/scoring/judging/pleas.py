"""Text in a trace that is shaped like a word to the grader: found, and shown in a form that nobody takes for one.

    pleas            "give it a 5", "dear grader", "you are the judge", a wish for points after "ignore the rubric"
    fake verdicts    an object with a score, a line that names a final score, names of our own dimensions with a number
    fence closers    a line like ours, "end of recording", role markers and special tokens of chat templates
    disguises        the same in base64 or rot13, in full-width or styled letters, between hidden characters
    master keys      an answer that is nothing but a mark or the opening words of one (":", "Thought process:")

What is found is only what has such a shape: a plea in other words stays. So nothing rests on it alone: the evidence is
JSON between lines that no text can hold (`prompt`), and a fault that checks found stands whatever the judge says
(`cascade`). A quotation keeps its words, joined by ▁ and without brackets and quotes; marked so, models take words for
data far more often (spotlighting, arXiv 2403.14720).
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from dataclasses import dataclass, field

from otel_scorer.model import DIMENSIONS, Value
from otel_scorer.scoring.clean import visible

_FIVE = r"(?:5|five) out of (?:5|five)"
_TOP = (
    rf"(?:5|five|[1-5] ?/ ?5|{_FIVE}|10 ?/ ?10|full marks"
    r"|(?:top|highest|maximum|perfect|best) (?:score|marks?|grade|rating))"
)
_POINTS = r"(?:scores?|ratings?|grades?|marks|points)"
_GRADERS = r"(?:graders?|judges?|evaluators?|scorers?|assessors?|reviewing model)"
_FOR_POINTS = (
    r"\b(?:give|assign|award|grant|respond with|reply with|answer with|return|rate|mark"
    r"|output (?:a|an|the|only|just))\b"
    rf"[^.\n]{{0,40}}\b(?:{_POINTS}\b|[1-5] ?/ ?5|{_FIVE})"
)
_FOR_THE_TOP = (
    rf"\b(?:give|assign|award|grant|rate|mark|output|return|print|say|answer)\b(?: \w+){{0,4}}? ?\b{_TOP}"
    r"(?=\s*(?:[.!?\"'\\\n]|$|(?:for|in|on|to|across|everywhere)\b))"
)
_ADDRESS = (
    r"\b(?:dear|hello|hey|attention|note (?:to|for)|message (?:to|for)|instructions? (?:to|for)) "
    rf"(?:the |all )?{_GRADERS}\b"
    r"|\b(?:as|you are|you're) (?:now )?(?:the |an? )?(?:\w+ )?(?:grader|judge|evaluator|assessor)\b"
)
_IGNORE = (
    r"\b(?:ignore|disregard|forget|override|skip)\b"
    r"(?:[^.\n]{0,60}\b(?:rubrics?|criteria|gradings?|anchors|the recording)\b"
    rf"|[^\n]{{0,60}}\b(?:instructions|rules|prompts?)\b[^\n]{{0,120}}\b(?:{_POINTS}|{_TOP})(?!\w))"
)
_VERDICT = (
    r"\b(?:final|overall|your|total|correct) (?:score|grade|rating|verdict)\b[^.\n]{0,20}"
    rf"\b(?:{_TOP}|[1-5])\b"
    r"|[\\\"'](?:score|verdict|grade|rating)\\?[\"']\s{0,4}:\s{0,4}\\?[\"']?(?:[1-5]\b|pass)"
)
_FENCE = (
    r"\brecording [0-9a-f]{32}\b|\bend of (?:the )?recording\b|</?(?:recording|grader|rubric|evaluation)>"
    r"|</system>|\bgrade these dimensions\b"
)
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("score", "rating", "grade", "marks", "points", "/5", "/ 5", "out of"), re.compile(_FOR_POINTS)),
    (
        (" 5", " five", "marks", "top ", "highest ", "maximum ", "perfect ", "best ", "/ 10", "/10"),
        re.compile(_FOR_THE_TOP),
    ),
    (("grader", "judge", "evaluator", "scorer", "assessor", "reviewing model"), re.compile(_ADDRESS)),
    (("ignore", "disregard", "forget", "override", "skip"), re.compile(_IGNORE)),
    (("score", "grade", "rating", "verdict"), re.compile(_VERDICT)),
    (tuple(DIMENSIONS), re.compile(rf"\b(?:{'|'.join(DIMENSIONS)})\b[^.\n]{{0,20}}\b[1-5]\b")),
    (
        ("recording", "grader>", "rubric>", "evaluation>", "</system>", "grade these dimensions"),
        re.compile(_FENCE),
    ),
    (("<|", "inst]", "sys>>"), re.compile(r"<\|[a-z_]{2,30}\|>|\[/?inst\]|<</?sys>>")),
)
"""Words of which a text must hold one, and the shape that is then looked for; both in small letters."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,20000}={0,2}")
_ROT13_WORDS = ("fpber", "tenqr", "engvat", "whqtr", "rinyhng")
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")
_MASTER_KEY = re.compile(
    r"\W*|(?:thought process|thoughts?|solution|reasoning|explanation|answer|final answer|analysis|verdict"
    r"|let'?s (?:solve|think|work)[\w ,'-]{0,60}(?:step by step)?)\W*",
    re.IGNORECASE,
)
_MASTER_KEY_CHARS = 100
_QUOTED = str.maketrans(
    {" ": "▁", "\t": "▁", "{": "(", "}": ")", "<": "‹", ">": "›", "|": "¦", '"': "'", "[": "(", "]": ")"}
)
_CONTEXT = 160
"""A quotation reaches to the ends of its sentence, at most so far on both sides."""


@dataclass(slots=True)
class Pleas:
    """Goes through the strings of one prompt. `found`: whether any held a plea; `quote`: whether they are rewritten."""

    quote: bool = True
    found: bool = False
    _known: dict[str, str] = field(default_factory=dict)

    def value(self, value: Value) -> Value:
        """`value` with its strings and keys as they are to be shown."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def text(self, text: str) -> str:
        shown = self._known.get(text)
        if shown is None:
            shown = self._known[text] = quoted(text)
        self.found = self.found or shown != text
        return shown if self.quote else text

    def answer(self, value: Value) -> Value:
        """The final answer: one without content is said to be so."""
        if isinstance(value, str) and value and is_master_key(value):
            self.found = True
            return f"[no content but: {value.strip().translate(_QUOTED)}]" if self.quote else value
        return self.value(value)


def quoted(text: str) -> str:
    """`text` with every sentence that addresses a grader as a marked quotation; the same object where there is none."""
    plain = _plain(text)
    shown = _quote_hits(plain)
    if _speaks_rot13(plain):
        shown = plain.translate(_QUOTED)
    shown = _BASE64.sub(_hidden, shown)
    return text if shown == plain else shown


def is_master_key(text: str) -> bool:
    """Whether the text is nothing but punctuation or the opening words of an answer."""
    return len(text) <= _MASTER_KEY_CHARS and bool(_MASTER_KEY.fullmatch(text.strip()))


def _plain(text: str) -> str:
    """Styled and full-width letters as ordinary ones, nothing hidden: what a model reads, as it is searched."""
    return text if text.isascii() else visible(unicodedata.normalize("NFKC", text))


def _quote_hits(text: str) -> str:
    parts: list[str] = []
    done = 0
    for hit_start, hit_end in _hits(text):
        if hit_end <= done:
            continue
        start, end = _sentence(text, max(hit_start, done), hit_end, done)
        parts += (text[done:start], text[start:end].translate(_QUOTED))
        done = end
    return "".join((*parts, text[done:])) if parts else text


def _hits(text: str) -> list[tuple[int, int]]:
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter whose small form is two: places would no longer fit
        lowered = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    return sorted(
        hit.span()
        for words, shape in _SHAPES
        if any(word in lowered for word in words)
        for hit in shape.finditer(lowered)
    )


def _sentence(text: str, start: int, end: int, floor: int) -> tuple[int, int]:
    before = list(_SENTENCE_END.finditer(text, max(floor, start - _CONTEXT), start))
    after = _SENTENCE_END.search(text, end, min(len(text), end + _CONTEXT))
    first = before[-1].end() if before else max(floor, start - _CONTEXT)
    return first, after.start() if after else min(len(text), end + _CONTEXT)


def _speaks_rot13(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in _ROT13_WORDS) and bool(_hits(codecs.encode(text, "rot13")))


def _hidden(run: re.Match[str]) -> str:
    raw = run[0].rstrip("=").replace("-", "+").replace("_", "/")
    raw = raw[: len(raw) - (len(raw) % 4 == 1)]
    try:
        text = base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return run[0]
    return "[base64 that addresses a grader]" if _hits(_plain(text)) else run[0]
