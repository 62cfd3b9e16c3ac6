"""An answer as instructions speak of it: words, sentences, paragraphs, lines, items, language. Each counted once."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cached_property

from otel_scorer.model import Value
from otel_scorer.scoring.once import Once
from otel_scorer.scoring.wording.lexicon import vocabulary
from otel_scorer.scoring.wording.words import MAX_CHARS, tokens

_TOKENS = tokens("'’.-")
_ENDS = re.compile(r"[.!?]+[\"'”’)\]]{0,2}(?=\s|$)|[。！？]")
_BULLET = re.compile(r"(?m)^[ \t]*[-*•+–▪◦] +\S")
_NUMBERED = re.compile(r"(?m)^[ \t]*\(?\d{1,3}[.)] +\S")
_FENCED = re.compile(r"^\s{0,20}`{3}\w{0,20}\n(.{0,200000}?)\n?`{3}\s{0,20}$", re.DOTALL)
_TABLE = re.compile(r"(?m)^\s{0,8}\|?.{0,400}\|.{0,400}\n\s{0,8}\|?[ :]{0,4}-{2,}")
_MARKUP = re.compile(
    r"(?m)^#{1,6} \S|\*\*[^*\n]{1,200}\*\*|^[ \t]*[-*+] +\S|`[^`\n]{1,200}`|\[[^\]\n]{1,200}\]\([^)\n]{1,400}\)"
)
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff]")


class Reply:
    """The first MAX_CHARS characters of an answer."""

    def __init__(self, text: str) -> None:
        self.cut = len(text) > MAX_CHARS
        self.text = text[:MAX_CHARS].strip()
        self.once = Once()
        """What was found out about it: demands ask the same again."""

    @cached_property
    def words(self) -> list[str]:
        return _TOKENS.find(self.text)

    @cached_property
    def lowered(self) -> list[str]:
        return [word.casefold() for word in self.words]

    @cached_property
    def has_unspaced_script(self) -> bool:
        """Whether a fifth of it is of a script without blanks between words: these cannot be counted."""
        return 5 * len(_UNSPACED.findall(self.text)) > len(self.text)

    @cached_property
    def sentences(self) -> int:
        """Ends of sentences; lines without one (headings, items) count as one each where they hold words."""
        count = 0
        for line in self.text.splitlines():
            ends = len(_ENDS.findall(line))
            tail = _ENDS.split(line)[-1]
            count += ends + (1 if _TOKENS.pattern.search(tail) else 0)
        return count

    @cached_property
    def paragraphs(self) -> int:
        return len([part for part in re.split(r"\n[ \t]*\n", self.text) if part.strip()])

    @cached_property
    def lines(self) -> int:
        return len([line for line in self.text.splitlines() if line.strip()])

    @cached_property
    def bullets(self) -> int:
        return len(_BULLET.findall(self.text))

    @cached_property
    def numbered(self) -> int:
        return len(_NUMBERED.findall(self.text))

    @cached_property
    def has_table(self) -> bool:
        return bool(_TABLE.search(self.text))

    @cached_property
    def has_markup(self) -> bool:
        return bool(_MARKUP.search(self.text))

    @cached_property
    def unfenced(self) -> str:
        """Without the code fence, where the whole answer stands in one."""
        match = _FENCED.match(self.text)
        return match[1].strip() if match else self.text

    @cached_property
    def json(self) -> tuple[bool, Value]:
        """(whether the answer is JSON, what it says); a fence around it is forgiven."""
        try:
            return True, json.loads(self.unfenced)
        except (ValueError, RecursionError):
            return False, None

    @cached_property
    def language(self) -> str:
        """Lower-case English name of the language, "" where it cannot be told (too short, mixed)."""
        return language_of(self.text)


_SCRIPTS = (
    ("japanese", re.compile(r"[\u3040-\u30ff]")),
    ("korean", re.compile(r"[\uac00-\ud7af]")),
    ("chinese", re.compile(r"[\u4e00-\u9fff]")),
    ("russian", re.compile(r"[\u0400-\u04ff]")),
    ("arabic", re.compile(r"[\u0600-\u06ff]")),
    ("hindi", re.compile(r"[\u0900-\u097f]")),
    ("greek", re.compile(r"[\u0370-\u03ff]")),
    ("hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("thai", re.compile(r"[\u0e00-\u0e7f]")),
)
_COMMON = {
    "english": vocabulary("the and of to is in that it for with as was are this you be have not on your"),
    "german": vocabulary(
        "der die das und ist nicht mit ein eine den zu von für auf sich ich sie wir dem des im auch werden"
    ),
    "french": vocabulary("le la les et est des une dans pour que qui vous nous pas sur au avec ce du je votre il elle"),
    "spanish": vocabulary("el los las y es una para que con por su del se lo como está más al pero este tu usted"),
    "italian": vocabulary("il gli e è una per che con di del della sono non si come più anche questo nel lo alla"),
    "portuguese": vocabulary("o os as e é uma para que com por do da não se como mais ao em seu sua você está"),
    "dutch": vocabulary("de het een en is van niet dat op te voor met zijn er aan ook als bij u je wordt"),
}
_SMALL_WORDS = frozenset[str]().union(*_COMMON.values())
LANGUAGES = frozenset([name for name, _ in _SCRIPTS] + list(_COMMON))


_OTHER_SCRIPT = re.compile(
    "[\u0370-\u04ff\u0590-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)


def language_of(text: str) -> str:
    """The language by its script or, in Latin letters, by its small words; "" where neither is clear."""
    sample = text[:5000]
    return _by_script(sample) or _by_small_words(sample)


def _by_script(sample: str) -> str:
    if not _OTHER_SCRIPT.search(sample):
        return ""
    letters = sum(map(str.isalpha, sample))
    for name, script in _SCRIPTS:
        share = 0.1 if name == "japanese" else 0.3  # which is written in Chinese signs too
        if letters and len(script.findall(sample)) > share * letters:
            return name
    return ""


def _by_small_words(sample: str) -> str:
    spoken = _TOKENS.find(sample.lower()) if sample.isascii() else list(map(str.casefold, _TOKENS.find(sample)))
    if len(spoken) < 6:
        return ""
    small = Counter(filter(_SMALL_WORDS.__contains__, spoken)).items()
    hits = sorted(
        ((sum([times for word, times in small if word in common]), name) for name, common in _COMMON.items()),
        reverse=True,
    )
    clear = hits[0][0] >= max(2, 1.3 * hits[1][0]) and hits[0][0] > 0.08 * len(spoken)
    return hits[0][1] if clear else ""
