"""Did the answer do what system prompt and user asked, in the form they asked for?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from otel_scorer.model import Value
from otel_scorer.scoring.checks.emptiness import empty_because
from otel_scorer.scoring.demands.demand import Demand
from otel_scorer.scoring.demands.demands import demands, set_replies
from otel_scorer.scoring.detection.hits import folded
from otel_scorer.scoring.reading import outcome, schema
from otel_scorer.scoring.reading.prompts import one_prompt
from otel_scorer.scoring.reading.said import Said, said
from otel_scorer.scoring.reading.scale import ADHERENCE, Findings, graded, shorten
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.reply import Reply
from otel_scorer.scoring.wording.words import leaves, parsed

_SHAPES = ("format", "language")
_WHOLLY_DECLINES = 600
"""Characters of an answer that declines and does nothing else."""


def output_format(target: Target) -> Verdict | CannotTell:
    """JSON (and its schema), list, table, yes-or-no, language: where they were asked for.

    Asked for means: a sentence of system prompt or request, or the call's own parameters (`response_format`, output
    type). Cannot tell where no form was asked for in words that it knows.
    """
    spoken = said(target)
    if isinstance(spoken, CannotTell):
        return spoken
    if spoken.answer == "":
        return CannotTell("the answer is empty: that is for `answered` to say")
    if _is_set_reply(target, spoken):
        return _SET_REPLY
    wanted = [demand for demand in _demanded(target, spoken) if demand.kind in _SHAPES]
    wanted.extend(_from_parameters(target, spoken, wanted))
    return _judge(spoken, wanted, "adherence.output_format", "no output format was asked for")


def verifiable(target: Target) -> Verdict | CannotTell:
    """Instructions that counting and comparing can verify: lengths, counts, words, start and end, case.

    Looks at plain English sentences without a condition, in system prompt and last request (`demands`). Tells nothing
    of instructions that it does not find.
    """
    spoken = said(target)
    if isinstance(spoken, CannotTell):
        return spoken
    if spoken.answer == "":
        return CannotTell("the answer is empty: that is for `answered` to say")
    if _is_set_reply(target, spoken):
        return _SET_REPLY
    wanted = [demand for demand in _demanded(target, spoken) if demand.kind not in _SHAPES]
    declines: bool = target.once(outcome.refuses, spoken.answer)
    if wanted and declines and len(spoken.answer) < _WHOLLY_DECLINES:
        return CannotTell("the answer declines: what it should look like was asked of an answer")
    return _judge(spoken, wanted, "adherence.instruction_not_followed", "no verifiable instruction was found")


_SET_REPLY = CannotTell(
    "the answer is what the prompt asks to say in a certain case: whether it is that case is not seen"
)


def _is_set_reply(target: Target, spoken: Said) -> bool:
    """Of a fallback ("otherwise say 'I can only help with X'") no form is asked."""
    told = " ".join(spoken.answer[:400].split()).casefold().strip(" .!\"'“”*")
    return len(spoken.answer) <= 400 and any(
        told in target.once(set_replies, text) for text in (spoken.system, spoken.task) if text
    )


def _demanded(target: Target, spoken: Said) -> list[Demand]:
    """Of the request and the system prompt; of several system prompts each binds only its own calls."""
    texts = [spoken.task or ""]
    if spoken.system and (target.step is not None or target.once(one_prompt, target.view)):
        texts.append(spoken.system)
    found = [demand for text in texts for demand in target.once(demands, text, target.once)]
    return list({(demand.kind, demand.text.casefold()): demand for demand in found}.values())


def _from_parameters(target: Target, spoken: Said, known: Sequence[Demand]) -> list[Demand]:
    """JSON mode and schemas out of the parameters of the call that gave the answer."""
    step = target.step
    if step is None:
        step = next(
            (s for s in reversed(target.view.llm) if _last_text(s.genai.output_messages) == spoken.answer), None
        )
    if step is None:
        return []
    found: list[Demand] = []
    for key, value in step.genai.parameters.items():
        if not any(part in key for part in ("response_format", "output_type", "output.type", "format", "schema")):
            continue
        wanted = parsed(value) if isinstance(value, str) and value[:1] == "{" else value
        rules = _schema_in(wanted)
        if rules is not None:
            found.append(Demand("format", "JSON schema", lambda reply, rules=rules: _fits(reply, rules)))  # type: ignore[misc]
        elif _means_json(wanted) and not any(demand.text == "JSON" for demand in known):
            found.append(Demand("format", "JSON", lambda reply: float(reply.json[0])))
    return found[:5]


def _last_text(messages: Sequence[object] | None) -> str | None:
    return next((text for m in reversed(messages or ()) if (text := getattr(m, "text", ""))), None)


def _schema_in(wanted: Value) -> dict[str, Value] | None:
    """The schema inside `{"type": "json_schema", "json_schema": {"schema": {...}}}` or a bare one."""
    for _ in range(3):
        if not isinstance(wanted, dict):
            return None
        if isinstance(wanted.get("properties"), dict):
            return wanted
        wanted = wanted.get("json_schema") or wanted.get("schema")
    return None


def _means_json(wanted: Value) -> bool:
    return any(
        isinstance(leaf, str) and leaf.lower() in ("json", "json_object", "json_schema")
        for _, leaf in leaves(wanted, 50)
    )


def _fits(reply: Reply, rules: dict[str, Value]) -> float:
    is_json, value = reply.json
    if not is_json:
        return 0.0
    try:
        return 0.3 if schema.faults(value, rules) else 1.0
    except schema.TooBigError:
        return 1.0


def _judge(spoken: Said, wanted: Sequence[Demand], code: str, nothing: str) -> Verdict | CannotTell:
    if not wanted:
        unseen = spoken.system is None and spoken.task is None
        return CannotTell(
            "neither system prompt nor request was captured" if unseen else nothing, missing_evidence=unseen
        )
    reply = Reply(spoken.answer)
    if reply.cut:
        return CannotTell("the answer is longer than what is looked at")
    done = [(demand, degree) for demand in wanted if (degree := demand.test(reply)) is not None]
    if not done:
        return CannotTell("whether the instructions were followed cannot be verified on this answer")
    missed = [(demand, degree) for demand, degree in done if degree < 1]
    metrics = {"verified_instructions": float(len(done)), "followed_instruction_share": 1 - len(missed) / len(done)}
    if not missed:
        texts = "; ".join(shorten(demand.text, 50) for demand, _ in done[:4])
        return Verdict(5.0, f"followed, as far as it can be verified: {texts}", (), (spoken.answer_span,), metrics)
    findings = Findings(ADHERENCE)
    for demand, degree in missed:
        findings.add(
            code,
            f"{'nearly ' if degree >= 0.5 else 'not '}followed: {shorten(demand.text, 100)}",
            stage="LLM",
            span_ids=(spoken.answer_span,),
        )
    estimate = graded(sum(1 - degree for _, degree in missed), len(done))
    reason = "; ".join(finding.text for finding in findings.all[:4])
    return Verdict(estimate, reason, tuple(findings.all), findings.spans, metrics)


_ONLY_A_PLACEHOLDER = re.compile(r"\W{0,3}<[a-z _-]{3,40}>\W{0,3}$")
_PLACEHOLDER = re.compile(
    r"\[(?:insert|your|add|enter)\b[^\]\n]{1,60}\]|\{\{[^}\n]{1,60}\}\}"
    r"|t(?<!\wt)odo\b|l(?<!\wl)orem ipsum\b"  # the first sign stands first: the search leaps to it
)
_RAW = re.compile(
    r"^\s{0,4}(?:Thought:|Action:|Action Input:|<tool_call>|<function="
    r"|\{\s{0,4}\"(?:tool_calls?|function_call|function)\""
    r"|\{\s{0,4}\"name\":\s{0,4}\"[^\"\n]{1,80}\",\s{0,4}\"(?:arguments|parameters)\")"
)


def answered(target: Target) -> Verdict | CannotTell:
    """Whether there is an answer at all, and a whole one.

    Empty: 1, unless a tool carried the answer or its text was not captured: cannot tell. Cut off by the token limit: 2.
    Raw tool syntax or an unfilled placeholder in place of an answer: 2.
    A refusal or a question back may be right or wrong: cannot tell. Says nothing of whether the answer is good.
    """
    spoken = said(target)
    if isinstance(spoken, CannotTell):
        return spoken
    unseen = empty_because(target) if not spoken.answer.strip() else None
    if unseen is not None:
        return unseen
    fault = _fault(spoken)
    if fault:
        estimate, code, text = fault
        findings = Findings(ADHERENCE)
        findings.add(code, text, stage="LLM", span_ids=(spoken.answer_span,))
        return Verdict(estimate, text, tuple(findings.all), findings.spans)
    if spoken.finish_reason == "content_filter":
        return CannotTell("a content filter ended the answer: whether rightly is not to be seen here")
    if target.once(outcome.refuses, spoken.answer):
        return CannotTell("the answer declines: whether rightly is not to be seen here")
    if spoken.task is None:
        return CannotTell("the request was not captured", missing_evidence=True)
    return Verdict(5.0, "there is a whole answer", evidence=(spoken.answer_span,))


def _fault(spoken: Said) -> tuple[float, str, str] | None:
    answer = spoken.answer
    if not answer.strip():
        return 1.0, "adherence.empty_answer", "the answer is empty"
    if spoken.finish_reason == "length":
        return 2.0, "adherence.cut_off", "the answer was cut off by the token limit"
    if _RAW.match(answer) and not _asked_for_json(spoken):
        return 2.0, "adherence.raw_tool_call", "the answer is the raw syntax of a tool call"
    if _has_placeholder(answer[:20_000]) and not _has_placeholder(spoken.told[:100_000]):
        return 2.0, "adherence.placeholder", "the answer holds a placeholder that was never filled"
    return None


def _has_placeholder(text: str) -> bool:
    lowered = folded(text)
    return bool(_ONLY_A_PLACEHOLDER.match(lowered) or _PLACEHOLDER.search(lowered))


def _asked_for_json(spoken: Said) -> bool:
    return "json" in spoken.told[:100_000].lower()
