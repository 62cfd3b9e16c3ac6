"""Names of people and places, found by a spaCy model through Presidio: the extra `presidio`.

Neither comes with otel_scorer, and no model is fetched at run time: what is asked for has to be installed
(`pip install otel_scorer[presidio]`, and a spaCy package such as `en_core_web_sm`, which is no PyPI package).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import import_module
from typing import Any

from otel_scorer.errors import UserError
from otel_scorer.scoring.detection.hits import Hit, searchable, settle

NAMED = frozenset(("nationality", "organization", "person", "place"))
"""The kinds that only a model knows for sure."""
MAX_NAMED = 100_000
"""Characters of one text that are searched for names: a model takes its time (about 1 s for 100 kB)."""
_KINDS = {"PERSON": "person", "LOCATION": "place", "NRP": "nationality", "ORGANIZATION": "organization"}


def named(text: str, model: str, kinds: Collection[str] = NAMED) -> tuple[Hit, ...]:
    """Names of these kinds in the first MAX_NAMED characters, in order. `model` is a spaCy package or its folder.

    Raises UserError where the extra or the model is not installed.
    """
    searched = searchable(text[:MAX_NAMED])
    wanted = [entity for entity, kind in _KINDS.items() if kind in kinds]
    found = _analyzer(model).analyze(searched, language="en", entities=wanted) if wanted and searched.strip() else ()
    return settle(Hit(_KINDS[one.entity_type], one.start, one.end, searched[one.start : one.end]) for one in found)


@cache
def _analyzer(model: str) -> Any:
    """Presidio with nothing but the model's names: its other recognizers fetch lists from the network."""
    try:
        spacy, presidio = import_module("spacy"), import_module("presidio_analyzer")
        engines = import_module("presidio_analyzer.nlp_engine")
        recognizers = import_module("presidio_analyzer.predefined_recognizers")
        loaded = spacy.load(model)
    except (ImportError, OSError) as error:
        raise UserError(
            f"names are looked for with the spaCy model {model!r}, which cannot be loaded ({error}); "
            "install otel_scorer[presidio] and the model's package, or leave the model away"
        ) from error
    engine = engines.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": model}])
    engine.nlp = {"en": loaded}
    registry = presidio.RecognizerRegistry(
        recognizers=[recognizers.SpacyRecognizer(supported_entities=list(_KINDS))], supported_languages=["en"]
    )
    return presidio.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
