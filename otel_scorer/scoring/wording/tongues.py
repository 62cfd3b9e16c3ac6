"""In which language an answer is: by its script, else by its small words. "" where neither is clear."""

from __future__ import annotations

import re
from collections import Counter

from otel_scorer.scoring.wording.lexicon import vocabulary

_SCRIPTS = (
    ("japanese", re.compile(r"[\u3040-\u30ff]"), 0.1),  # is written in Chinese signs too
    ("korean", re.compile(r"[\uac00-\ud7af]"), 0.3),
    ("chinese", re.compile(r"[\u4e00-\u9fff]"), 0.3),
    ("ukrainian", re.compile(r"[іїєґІЇЄҐ]"), 0.02),
    ("russian", re.compile(r"[\u0400-\u04ff]"), 0.3),
    ("persian", re.compile(r"[پچژگ]"), 0.02),
    ("arabic", re.compile(r"[\u0600-\u06ff]"), 0.3),
    ("hindi", re.compile(r"[\u0900-\u097f]"), 0.3),
    ("bengali", re.compile(r"[\u0980-\u09ff]"), 0.3),
    ("punjabi", re.compile(r"[\u0a00-\u0a7f]"), 0.3),
    ("gujarati", re.compile(r"[\u0a80-\u0aff]"), 0.3),
    ("tamil", re.compile(r"[\u0b80-\u0bff]"), 0.3),
    ("telugu", re.compile(r"[\u0c00-\u0c7f]"), 0.3),
    ("kannada", re.compile(r"[\u0c80-\u0cff]"), 0.3),
    ("malayalam", re.compile(r"[\u0d00-\u0d7f]"), 0.3),
    ("greek", re.compile(r"[\u0370-\u03ff]"), 0.3),
    ("hebrew", re.compile(r"[\u0590-\u05ff]"), 0.3),
    ("thai", re.compile(r"[\u0e00-\u0e7f]"), 0.3),
)
ALIKE: dict[str, tuple[str, ...]] = {
    "bulgarian": ("russian",),
    "serbian": ("russian", "croatian"),
    "marathi": ("hindi",),
    "nepali": ("hindi",),
    "urdu": ("arabic", "persian"),
    "ukrainian": ("russian",),
    "persian": ("arabic",),
    "farsi": ("arabic", "persian"),
    "mandarin": ("chinese",),
    "danish": ("norwegian",),
    "norwegian": ("danish",),
    "swedish": ("norwegian", "danish"),
    "spanish": ("portuguese",),
    "portuguese": ("spanish",),
    "czech": ("slovak",),
    "slovak": ("czech",),
    "malay": ("indonesian",),
}
"""Languages that this module may take for each other: an answer in one passes as the other."""
_COMMON = {
    "english": "the and of to is in that it for with as was are this you be have not on your",
    "german": "der die das und ist nicht mit ein eine den zu von für auf sich ich sie wir dem des im auch werden",
    "french": "le la les et est des une dans pour que qui vous nous pas sur au avec ce du je votre il elle",
    "spanish": "el los las y es una para que con por su del se lo como está más al pero este tu usted",
    "italian": "il gli e è una per che con di del della sono non si come più anche questo nel lo alla",
    "portuguese": "o os as e é uma para que com por do da não se como mais ao em seu sua você está",
    "dutch": "de het een en is van niet dat op te voor met zijn er aan ook als bij u je wordt",
    "polish": "i w na z że się nie do jest to jak po co za od przez dla jego oraz który są ale czy",
    "swedish": "och att det som en är av för med den till inte på om ett har de kan du var vi",
    "norwegian": "og det er som en på til av for med ikke å har jeg du kan den de et vi om",
    "danish": "og det er som en på til af for med ikke at har jeg du kan den de et vi om",
    "finnish": "ja on ei että se hän oli ovat mutta kun niin myös joka mitä tämä ole voi kuin tai",
    "turkish": "ve bir bu için ile da de çok daha olarak olan gibi ne ama en kadar sonra ben sen var",
    "czech": "a se na je v že to s z do pro jsem jako ale by tak které jsou po jak nebo",
    "romanian": "și în de la cu pe nu este că pentru sunt un o mai din ca care se sau ce",
    "hungarian": "a az és hogy nem is egy ez van meg de csak volt el mint vagy már még ha",
    "vietnamese": "và của là có không cho được trong với các một người này đã những để khi từ đến",
    "indonesian": "yang dan di ini itu dengan untuk tidak dari dalam akan pada juga adalah ke karena ada saya anda",
}
_WORDS = {name: vocabulary(words) for name, words in _COMMON.items()}
_SMALL_WORDS = frozenset[str]().union(*_WORDS.values())
OTHER_SCRIPTS = frozenset(name for name, _, _ in _SCRIPTS) | {
    "bulgarian",
    "marathi",
    "nepali",
    "urdu",
    "farsi",
    "mandarin",
}
NAMES = OTHER_SCRIPTS | frozenset(_WORDS) | {"slovak", "malay"}
"""Lower-case English names of languages that an instruction may ask for."""
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-zA-Z]")


def tongue_of(text: str) -> str:
    """Lower-case English name of the language of the first 5000 characters, code blocks left out."""
    sample = re.sub(r"```.{0,5000}?(?:```|$)", " ", text[:5000], flags=re.DOTALL)
    return _by_script(sample) or _by_small_words(sample)


def is_latin(text: str) -> bool:
    """Whether the letters are mostly Latin ones."""
    letters = sum(map(str.isalpha, text[:5000]))
    return letters > 20 and len(_LATIN.findall(text[:5000])) > 0.9 * letters


def _by_script(sample: str) -> str:
    if sample.isascii():
        return ""
    letters = sum(map(str.isalpha, sample))
    for name, script, share in _SCRIPTS:
        if letters and len(script.findall(sample)) > share * letters:
            return name
    return ""


def _by_small_words(sample: str) -> str:
    spoken = _WORD.findall(sample.casefold())
    if len(spoken) < 6:
        return ""
    small = Counter(filter(_SMALL_WORDS.__contains__, spoken)).items()
    hits = sorted(
        ((sum(n for word, n in small if word in common), name) for name, common in _WORDS.items()), reverse=True
    )
    clear = hits[0][0] >= max(2, 1.3 * hits[1][0]) and hits[0][0] > 0.08 * len(spoken)
    return hits[0][1] if clear else ""
