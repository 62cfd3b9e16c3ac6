"""Reading a chat completion: the one choice's text, whatever shape this endpoint gives it, and what it cost.

Thoughts are no part of the answer: they come in a field of their own, as parts of another type, or before `</think>`.
What is left is read strictly by others (`judge.read_answer`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from openai.types.chat import ChatCompletion

from otel_scorer.scoring.judging.judge import JudgeAnswer, JudgeInvalid, JudgeOverflow, Prompt
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.openai_refusals import Refusal, failure_of
from otel_scorer.scoring.judging.price import cost_of

_WORD = re.compile(r"[^\W\d_]+")
_FENCE = "```"
_LEAST_CONTEXT = 1024
"""Tokens. A server that cuts prompts off reads more than this of one; who tells less does not count honestly."""
_USUAL_CHARS = 5
"""Characters that one token stands for at most, in what we send: so far words need not be counted."""


def read_completion(completion: ChatCompletion, settings: JudgeSettings, prompt: Prompt) -> JudgeAnswer:
    """The one choice's text and its tokens.

    Raises JudgeInvalid where there is none, or where it was cut off, withheld or refused; JudgeOverflow where the
    endpoint has silently left out a part of the prompt; and what `failure_of` says of an error that came as HTTP 200.
    """
    answer = _tokens_used(completion, settings)
    choices = getattr(completion, "choices", None)  # the library builds its objects without looking at what came
    choice = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    error = _error_within(completion, choice)
    if error is not None:
        raise failure_of(error, settings)
    finish = getattr(choice, "finish_reason", None)
    if finish in ("length", "content_filter"):
        raise JudgeInvalid(_unfinished(finish, settings), answer.use)
    message = getattr(choice, "message", None)
    content = _text_of(getattr(message, "content", None))
    if content is None:
        refused = isinstance(getattr(message, "refusal", None), str)
        raise JudgeInvalid("the model refused" if refused else "the endpoint's answer holds no message", answer.use)
    if _was_cut(prompt, answer):
        raise JudgeOverflow(_cut(answer, settings), answer.use)
    return replace(answer, text=_bare(content, settings))


def _tokens_used(completion: ChatCompletion, settings: JudgeSettings) -> JudgeAnswer:
    usage = getattr(completion, "usage", None)
    sent, answered = _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens")
    cached = _tokens(getattr(usage, "prompt_tokens_details", None), "cached_tokens")
    return JudgeAnswer("", sent, answered, cost_of(settings, sent, answered, cached))


def _tokens(usage: object, name: str) -> int:
    count = getattr(usage, name, 0)
    return count if type(count) is int and count >= 0 else 0


def _error_within(completion: ChatCompletion, choice: object) -> Refusal | None:
    """Gateways have sent HTTP 200 before the model behind them fails."""
    error = getattr(completion, "error", None) or getattr(choice, "error", None)
    if error is None and getattr(choice, "finish_reason", None) != "error":
        return None
    code = error.get("code") if isinstance(error, Mapping) else None
    return Refusal(code if isinstance(code, int) else 0, error)


def _unfinished(finish: str, settings: JudgeSettings) -> str:
    if finish != "length":
        return f"the answer was not finished ({finish})"
    return (
        f"the answer was not finished (length): raise max_output_tokens (now {settings.max_output_tokens}; a model "
        "that thinks needs thousands), or the model's context"
    )


def _text_of(content: object) -> str | None:
    """Text, or a list of parts, of which those of another type than text are thoughts."""
    if isinstance(content, str):
        return content
    parts: list[Any] = content if isinstance(content, list) else []
    texts = [str(each.get("text", "")) for each in parts if isinstance(each, Mapping) and each.get("type") == "text"]
    return "".join(texts) if texts else None


def _bare(content: str, settings: JudgeSettings) -> str:
    """The text without the thoughts before it, and, where the schema was only told in words, without its one fence.

    Whatever else stands beside the object makes it no answer.
    """
    text = content.strip()
    thought, mark, rest = text.partition("</think>")
    if mark and not thought.startswith("{"):
        text = rest.strip()
    if settings.answer_format != "json_schema":
        return _unfenced(text)
    if not text.startswith("{"):
        raise JudgeInvalid(
            "the answer is no JSON although its schema was sent: where every answer is so, the endpoint knows no "
            "response_format json_schema; set answer_format to json_object or text"
        )
    return text


def _unfenced(text: str) -> str:
    opening, _, rest = text.partition("\n")
    if opening.strip().lower() in (_FENCE, f"{_FENCE}json") and rest.endswith(_FENCE):
        return rest.removesuffix(_FENCE)
    return text


def _was_cut(prompt: Prompt, answer: JudgeAnswer) -> bool:
    """Whether fewer tokens were read than the prompt has words: no tokeniser in use puts two words into one token.

    Ollama answers 200 to a prompt that is longer than its context, having left out the front: the instructions.
    """
    texts = (prompt.system, prompt.user)
    if answer.input_tokens < _LEAST_CONTEXT or sum(map(len, texts)) <= _USUAL_CHARS * answer.input_tokens:
        return False
    return answer.input_tokens < sum(1 for text in texts for _ in _WORD.finditer(text))


def _cut(answer: JudgeAnswer, settings: JudgeSettings) -> str:
    return (
        f"the endpoint read only {answer.input_tokens} tokens, fewer than the prompt has words: it leaves out what its "
        "context does not hold, and says nothing; give the model a longer context (Ollama: OLLAMA_CONTEXT_LENGTH), or "
        f"lower max_evidence_chars (now {settings.max_evidence_chars})"
    )
