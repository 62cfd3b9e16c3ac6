"""Demands in the main languages of Europe and in Chinese, Japanese, Korean and Russian: language, length, JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_scorer.scoring.demands.amount import limited
from otel_scorer.scoring.demands.demand import Demand
from otel_scorer.scoring.demands.demand_counts import in_range
from otel_scorer.scoring.demands.demand_style import in_language
from otel_scorer.scoring.detection.hits import holds_any
from otel_scorer.scoring.wording.lexicon import Wording

_SAY = (
    r"(?:antwort|schreib|répond|repond|écri|respond|contest|escrib|risp|scriv|antwoord|schrijf|odpowiad|pisz|svara|svar"
    r"|vastaa|yanıt|cevap|отвеча|ответ|пиши)\w{0,5}"
)
_TOLD_IN: dict[str, str] = {
    "german": rf"{_SAY}\b[^.\n]{{0,40}}\bauf deutsch\b",
    "french": rf"{_SAY}\b[^.\n]{{0,40}}\ben fran[çc]ais\b",
    "spanish": rf"{_SAY}\b[^.\n]{{0,40}}\ben (?:español|castellano)\b",
    "italian": rf"{_SAY}\b[^.\n]{{0,40}}\bin italiano\b",
    "portuguese": rf"{_SAY}\b[^.\n]{{0,40}}\bem portugu[êe]s\b",
    "dutch": rf"{_SAY}\b[^.\n]{{0,40}}\bin het nederlands\b",
    "polish": rf"{_SAY}\b[^.\n]{{0,40}}\bpo polsku\b",
    "english": rf"{_SAY}\b[^.\n]{{0,40}}\b(?:auf englisch|en anglais|en inglés|in inglese|em inglês|in het engels"
    r"|po angielsku|на английском)\b",
    "russian": rf"{_SAY}\b[^.\n]{{0,40}}\b(?:на русском|по-русски)\b",
    "chinese": r"(?:用|以|使用)(?:简体|繁体)?(?:中文|汉语|普通话)(?:来)?(?:回答|回复|作答|答复)",
    "japanese": r"日本語で(?:のみ)?(?:答え|回答|返答|書)",
    "korean": r"한국어로(?:만)? ?(?:답|대답|작성|응답)",
}
_IN = {name: re.compile(pattern) for name, pattern in _TOLD_IN.items()}
_NAMED = (
    *("deutsch", "fran", "español", "castellano", "italiano", "portugu", "nederlands", "polsku", "englisch", "anglais"),
    *("ingl", "engels", "angielsku", "английском", "русск", "中文", "汉语", "普通话", "日本語", "한국어"),
)
"""Of which every pattern of `_TOLD_IN` holds one."""
_DIGIT = re.compile(r"\d")
_UNITS = {
    "word": r"wörtern?|worte|mots?|palabras?|parole|parola|palavras?|woorden|słów|слов|字",
    "sentence": r"sätzen?|satz|phrases?|oraciones|oración|frases?|frasi|zinnen|zin|zdaniach|zdania|предложени\w{1,3}",
    "paragraph": r"absätzen?|absatz|paragraphes?|párrafos?|paragrafi|paragrafo|parágrafos?|alinea's",
}
_LIMITS = {
    "<=": r"höchstens|maximal|nicht mehr als|au maximum|maximum|au plus|pas plus de|como máximo|máximo(?: de)?"
    r"|no más de|al massimo|massimo|non più di|no máximo|não mais de|maximaal|niet meer dan|maksymalnie|najwyżej"
    r"|не более|максимум",
    ">=": r"mindestens|wenigstens|au moins|minimum|al menos|como mínimo|mínimo|almeno|minimo|pelo menos|no mínimo"
    r"|minstens|co najmniej|не менее|минимум",
    "=": r"genau|exactement|exactamente|esattamente|exatamente|precies|dokładnie|ровно",
}
_COUNT = re.compile(
    "|".join(
        rf"\b(?P<{name}>{words}) (?P<number_{name}>\d{{1,5}}) (?P<unit_{name}>{'|'.join(_UNITS.values())})\b"
        for name, words in (("most", _LIMITS["<="]), ("least", _LIMITS[">="]), ("exact", _LIMITS["="]))
    )
)
_SIGNS = {"most": "at most", "least": "at least", "exact": "exactly"}
_CONDITION = re.compile(
    r"\b(?:wenn|falls|sofern|si|lorsque|quand|cuando|se|quando|als|indien|jeśli|jeżeli|kiedy|если|когда)\b|如果|もし|만약"
)
_UNIT = {name: re.compile(pattern) for name, pattern in _UNITS.items()}
_NOT = re.compile(r"\b(?:nicht|kein\w{0,2}|ne|pas|no|nunca|non|mai|não|niet|nie|не)\b")


def foreign(wording: Wording) -> Iterator[Demand]:
    """What a sentence in another language than English demands of language and length."""
    text = wording.folded
    named, counted = holds_any(text, _NAMED), _DIGIT.search(text) is not None
    if not (named or counted) or _CONDITION.search(text):
        return
    for name, pattern in _IN.items() if named else ():
        match = pattern.search(text)
        if match and not _NOT.search(match.group()):
            yield Demand("language", f"in {name.capitalize()}", in_language(name))
    for match in _COUNT.finditer(text) if counted else ():
        kind = next(name for name in _SIGNS if match[name])
        unit = next(name for name, pattern in _UNIT.items() if pattern.fullmatch(match[f"unit_{kind}"]))
        wanted = limited(_SIGNS[kind], int(match[f"number_{kind}"]))
        if wanted is not None:
            yield Demand("length", match.group(), in_range(unit, wanted))
