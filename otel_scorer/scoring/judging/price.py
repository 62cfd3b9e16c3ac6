"""What a judge call costs, by the prices in settings: afterwards from its tokens, before from its length."""

from __future__ import annotations

from otel_scorer.scoring.judging.judge import Prompt
from otel_scorer.scoring.judging.judge_settings import JudgeSettings

_MILLION = 1_000_000
_BYTES_PER_TOKEN = 3
"""UTF-8 bytes that one token stands for at least, near enough: English has four to five, Chinese about three."""
_AROUND = 500
"""Tokens of what is sent beside the two texts: the answer's schema, the messages' frames."""


def cost_of(settings: JudgeSettings, sent: int, answered: int, cached: int = 0) -> float | None:
    """In the currency of the prices, None without them. Of the `sent` tokens `cached` were in the provider's cache."""
    if settings.input_price is None or settings.output_price is None:
        return None
    cached_price = settings.cached_input_price if settings.cached_input_price is not None else settings.input_price
    cached = min(cached, sent)
    money = (sent - cached) * settings.input_price + cached * cached_price + answered * settings.output_price
    return money / _MILLION


def most_cost(settings: JudgeSettings, prompt: Prompt) -> float:
    """What one call will cost at most, near enough; 0.0 without prices."""
    tokens = (len(prompt.system.encode()) + len(prompt.user.encode())) // _BYTES_PER_TOKEN + _AROUND
    return cost_of(settings, tokens, settings.max_output_tokens) or 0.0
