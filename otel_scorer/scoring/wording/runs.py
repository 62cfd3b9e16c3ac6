"""Runs of words that two texts share."""

from __future__ import annotations

from collections.abc import Sequence


class Runs:
    """Which words stand in a row in a text. Asking costs what is asked, not the length of the text again."""

    def __init__(self, spoken: Sequence[str]) -> None:
        self._spoken = spoken
        self._known = frozenset(spoken)
        self._by_length: dict[int, frozenset[tuple[str, ...]]] = {}

    def holds_one_of(self, words: Sequence[str], length: int, at_most: int) -> bool:
        """Whether one of the first `at_most` runs of `length` words stands in the text."""
        known = 0
        for end, word in enumerate(words[: at_most + length - 1], 1):
            known = known + 1 if word in self._known else 0
            if known >= length and tuple(words[end - length : end]) in self._runs(length):
                return True
        return False

    def _runs(self, length: int) -> frozenset[tuple[str, ...]]:
        found = self._by_length.get(length)
        if found is None:
            rows = [self._spoken[start:] for start in range(length)]
            found = self._by_length[length] = frozenset(zip(*rows, strict=False))
        return found
