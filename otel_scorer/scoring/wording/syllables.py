"""How many syllables an English word may have, as a lowest and a highest number: spelling does not tell exactly."""

from __future__ import annotations

import re

_GROUPS = re.compile(r"[aeiouy]+")
_UNSURE = re.compile(r"ia|io|iu|ea|eo|ua|ue|uo|ui|oi[aeiou]|y[aeiou]|[aeiou]y[aeiou]|ie|ei|oe|ae|oa|aa|ii")


def syllables(word: str) -> tuple[int, int]:
    """Lowest and highest count; equal where the spelling leaves no doubt. (0, 0) for what is no English word."""
    plain = word.casefold().strip("'’-.")
    if not plain.isascii() or not plain.isalpha():
        return (0, 9)
    groups = _GROUPS.findall(plain)
    most = len(groups) + sum(len(_UNSURE.findall(group)) > 0 for group in groups)
    least = len(groups)
    if plain.endswith(("e", "es", "ed")) and len(groups) > 1:
        least -= 1
        if plain.endswith("e") and not plain.endswith("le") and len(groups) == 2 and not _UNSURE.search(plain):
            most -= 1  # "make", "time": a last e is silent
    least -= sum(1 for part in ("ely", "eful", "eless", "ement", "every", "evening") if part in plain)
    return max(1, least), max(1, most)
