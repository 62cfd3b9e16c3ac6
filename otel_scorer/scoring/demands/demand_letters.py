"""Demands on the letters and lengths of words: first letters, vowels, consonants, how long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from otel_scorer.scoring.demands.amount import LIMIT, NUMBER, Range, limited, number
from otel_scorer.scoring.demands.demand import MANY, NEARLY, Demand, Reader, Test, read_all
from otel_scorer.scoring.wording.lexicon import Wording
from otel_scorer.scoring.wording.reply import Reply

_VOWELS = frozenset("aeiou")
_EVERY_WORD = (
    r"(?:(?:each|every|all)(?: of)?(?: the| single| individual)? words?(?: (?:of|in|that) (?:your|the|this|its|you)"
    r"(?: entire| whole)?(?: \w+)?)?|(?:using|use|with|contain(?:ing)?|consist(?:ing|s)? of|include)?"
    r" ?(?:only|exclusively|solely|just) (?:use |using |contain )?words?|use words|using words)"
)
_LINK = (
    r"[ ,]{1,2}(?:(?:should|must|has to|have to|needs? to|shall|will|can|may|that|which|are|is|be|with|whose|of"
    r"|all|only|always|in) ){0,4}"
)
_FIRST_LETTER = re.compile(
    rf"\b{_EVERY_WORD}{_LINK}(start|begin|end)(?:s|ning|ing)? (?:with|in|on) (?:the (?:same )?letter |an? "
    rf"|the )?[\"“'‘`]?"
    r"([a-z]|vowels?|consonants?|same letter)[\"”'’`]?(?![\w'’])",
)
_ONLY_VOWELS = re.compile(
    r"\bwords? (?:that )?(?:contain|contains|containing|with|have|having|using|use|include)\w* only "
    r"(?:the )?(?:vowels? )?[\"“'‘]?([aeiou])[\"”'’]?"
    r"((?:(?:,| and|, and| or) [\"“'‘]?[aeiou][\"”'’]?(?![\w'’])){0,4})(?: as)?(?: vowels?)?(?![\w'’])"
)
_KINDS_OF_VOWELS = re.compile(
    rf"\b(?:{LIMIT} )?{NUMBER} (?:(?:types?|kinds?|sorts?) of |different |distinct |unique ){{1,2}}vowels?\b"
)
_EACH_HOLDS = re.compile(
    rf"\b{_EVERY_WORD}{_LINK}(?:contains?|has|have|includes?|holds?|containing|having)? ?(?:{LIMIT} )?{NUMBER} "
    r"(?:(consonant clusters?)|(?:(?:consecutive|adjacent|neighbou?ring|successive) )?(consonants?|vowels?"
    r"))( in a row| together| next to each other)?"
)
_LENGTH = re.compile(
    rf"\b(?:{_EVERY_WORD}{_LINK}(?:at )?(?:length |lengths )?)(?:of )?(?:length )?(?:{LIMIT} )?{NUMBER}"
    rf"(?: or (fewer|less|more))? (?:letters?|characters?)(?: long| in length)?( or (?:fewer|less|more"
    rf"|longer|shorter))?"
)
_NO_LONGER = re.compile(
    rf"\b(?:no|without|avoid|not use|never use|don['’]t use|do not use)(?: any)? words? (?:that (?:is|are"
    rf"|has|have) |may be |should be |must be |with |can be |of |containing )?"
    rf"(more than|longer than|over|fewer than|less than|shorter than) {NUMBER} (?:letters?|characters?)"
)
_PRIME = re.compile(
    r"\bwords?\b[^.;]{0,50}\b(?:lengths?|number of letters|letter counts?|letters?)\b[^.;]{0,30}\b(prime"
    r"|even|odd)\b|\b(prime|even|odd)[- ](?:length(?:ed)?|numbered) words?\b|\bwords? (?:(?:must|should|need to"
    r"|has to|have to|may|can|only|that|which) ){0,3}"
    r"(?:with|of|having|have|has|contain|contains) (?:an? )?(prime|even|odd) (?:number of letters|lengths?"
    r"|letter counts?)"
)
_MENTIONS = re.compile(r"\bwords?\b|vowel|consonant")


def letters(wording: Wording) -> Iterator[Demand]:
    """What the sentence demands of the letters of words."""
    if _MENTIONS.search(wording.folded):
        yield from read_all(_READERS, wording.folded)


def plain_words(reply: Reply) -> list[str]:
    """Words in small letters, without signs."""
    return reply.once.keyed("plain words", lambda: [bare for word in reply.lowered if (bare := word.strip(".-'’"))])


def _each(holds: Callable[[str], bool]) -> Test:
    """Every word holds; one in fifty that does not leaves it nearly done."""

    def test(reply: Reply) -> float | None:
        words = [word for word in plain_words(reply) if any(map(str.isalpha, word))]
        if not words or reply.has_unspaced_script:
            return None
        failed = sum(not holds(word) for word in words)
        return 1.0 if not failed else NEARLY if failed <= 0.02 * len(words) else 0.0

    return test


def _first_letter(match: re.Match[str]) -> Test | None:
    at, wanted = (-1 if match[1] == "end" else 0), match[2].rstrip("s") if len(match[2]) > 1 else match[2]
    if wanted == "same letter":
        return lambda reply: _same(reply, at)
    if wanted == "vowel":
        return _each(lambda word: word[at] in _VOWELS or word[at].isdigit())
    if wanted == "consonant":
        return _each(lambda word: word[at].isalnum() and word[at] not in _VOWELS)
    if wanted == "a" and match.group().endswith("a"):
        return None  # "starts with a ..." is an article
    return _each(lambda word: word[at] == wanted)


def _same(reply: Reply, at: int) -> float | None:
    words = [word for word in plain_words(reply) if word[at].isalpha()]
    return float(len({word[at] for word in words}) == 1) if words else None


def _only_vowels(match: re.Match[str]) -> Test:
    allowed = {match[1], *re.findall(r"[aeiou](?![a-z])", match[2])}
    return lambda reply: float({sign for sign in reply.text.casefold() if sign in _VOWELS} <= allowed)


def _kinds_of_vowels(match: re.Match[str]) -> Test | None:
    before = match.string[max(0, match.start() - 40) : match.start()]
    wanted = limited(match[1] or ("exactly" if "only" in before else ""), number(match[2]), before)
    if wanted is None or re.search(r"\bwords?\b", before) is None:
        return None
    most = wanted.high if wanted.high < MANY else 5
    return lambda reply: float(wanted.low <= len(_VOWELS & set(reply.text.casefold())) <= most)


def _each_holds(match: re.Match[str]) -> Test | None:
    wanted = limited(match[1] or "at least", number(match[2]))
    if wanted is None:
        return None
    if match[3]:
        return _each(lambda word: _longest_run(word, consonants=True) >= 2 if wanted.low else True)
    kind, together = match[4], match[5] or re.search(r"consecutive|adjacent|neighbo|successive", match.group())
    consonants = kind.startswith("consonant")
    if together:
        return _each(lambda word: wanted.low <= _longest_run(word, consonants=consonants))
    return _each(lambda word: wanted.low <= _count(word, consonants=consonants) <= wanted.high)


def _count(word: str, *, consonants: bool) -> int:
    return sum(sign.isalpha() and (sign not in _VOWELS) is consonants for sign in word)


def _longest_run(word: str, *, consonants: bool) -> int:
    longest = run = 0
    for sign in word:
        run = run + 1 if sign.isalpha() and (sign not in _VOWELS) is consonants else 0
        longest = max(longest, run)
    return longest


def _length(match: re.Match[str]) -> Test | None:
    wanted = limited(match[1] or "exactly", number(match[2]))
    more = (match[3] or match[4] or "").strip().removeprefix("or ")
    if wanted is None:
        return None
    if more:
        wanted = Range(0, number(match[2])) if more in ("fewer", "less", "shorter") else Range(number(match[2]), MANY)
    return _each(lambda word: wanted.low <= _size(word) <= wanted.high)


def _no_longer(match: re.Match[str]) -> Test:
    bound = number(match[2])
    if match[1] in ("more than", "longer than", "over"):
        return _each(lambda word: _size(word) <= bound)
    return _each(lambda word: _size(word) >= bound)


def _size(word: str) -> int:
    return sum(map(str.isalnum, word))


def _prime(match: re.Match[str]) -> Test:
    kind = match[1] or match[2] or match[3]
    holds = _SIZES[kind]
    return _each(
        lambda word: (
            holds(_size(word))
            or (bool(set("-'’") & set(word)) and any(holds(_size(p)) for p in re.split("[-'’]", word)))
        )
    )


def _is_prime(size: int) -> bool:
    return size > 1 and all(size % by for by in range(2, int(size**0.5) + 1))


_SIZES: dict[str, Callable[[int], bool]] = {
    "prime": _is_prime,
    "even": lambda size: size % 2 == 0,
    "odd": lambda size: size % 2 == 1,
}


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_FIRST_LETTER, _first_letter),
    (_ONLY_VOWELS, _only_vowels),
    (_KINDS_OF_VOWELS, _kinds_of_vowels),
    (_EACH_HOLDS, _each_holds),
    (_LENGTH, _length),
    (_NO_LONGER, _no_longer),
    (_PRIME, _prime),
)
