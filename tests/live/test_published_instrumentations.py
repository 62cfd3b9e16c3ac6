"""Published instrumentations, as they are installed today, watch an agent that calls a model; a running otel-scorer
gives each span out once, scores the trace, and reads of it what the model was asked and answered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from live.exchanged import of_exchange, of_step
from live.model_server import Exchange
from live.runs import Run, Scorer, run_agent

pytestmark = [pytest.mark.e2e, pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

PICTURES = re.compile(r"https://[^'\"]+\.png")


# ---- what they do not tell -------------------------------------------------------------------------------------------

When = Callable[[Exchange], bool]


def always(exchange: Exchange) -> bool:
    return exchange.path != "embeddings"


def embedding(exchange: Exchange) -> bool:
    return exchange.path == "embeddings"


def streamed(exchange: Exchange) -> bool:
    return bool(exchange.asked.get("stream"))


def streamed_tool_call(exchange: Exchange) -> bool:
    return streamed(exchange) and "tool_calls" in exchange.answered["choices"][0]["message"]


def with_picture(exchange: Exchange) -> bool:
    return "image_url" in str(exchange.asked)


def after_tool_call(exchange: Exchange) -> bool:
    return "tool_call_id" in str(exchange.asked)


@dataclass(frozen=True)
class Case:
    """An instrumentation, the switches that make it capture content, and what it does not tell all the same.

    `lost`: (field, when) of what is nowhere in the span or its log records; the test looks. `dumped`: of what is only
    in the copy of its own objects that a framework puts beside, which we may read or not.
    """

    instrumentation: str
    switches: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[tuple[str, When], str] = field(default_factory=dict)
    dumped: Mapping[tuple[str, When], str] = field(default_factory=dict)


LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_NO_TOOLS = {("tool_definitions", always): "openai-v2 2.4 writes none, whichever the switch"}
_NO_PICTURES = {("input_messages", with_picture): "openai-v2 2.4 writes no parts for content in a list"}
_NO_STREAM_ID = {("response_id", streamed): "LangChain has an id of its own run in its place"}
CASES = {
    "openai_v2_old_events": Case("otel_openai_v2", {CAPTURE: "true"}, _NO_TOOLS),
    "openai_v2_spans": Case("otel_openai_v2", {**LATEST, CAPTURE: "SPAN_ONLY"}, _NO_TOOLS | _NO_PICTURES),
    "openai_v2_events": Case("otel_openai_v2", {**LATEST, CAPTURE: "EVENT_ONLY"}, _NO_TOOLS | _NO_PICTURES),
    "openinference_openai": Case(
        "openinference_openai",
        dumped={
            ("request_model", embedding): "in the request's JSON: embedding.model_name is the served model",
            ("response_model", embedding): "one key for both models",
        },
    ),
    "openinference_langchain": Case("openinference_langchain", lost=_NO_STREAM_ID),
    "openllmetry_openai": Case("openllmetry_openai"),
    "traceai_openai": Case(
        "traceai_openai",
        lost={
            ("response_id", always): "not written",
            ("finish_reasons", always): "not written",
            ("response_model", streamed): "one key for both models",
            ("output_messages", streamed_tool_call): "of a stream it keeps the text only",
        },
        dumped={("response_model", embedding): "in the printed response"},
    ),
    "traceai_langchain": Case(
        "traceai_langchain",
        lost=_NO_STREAM_ID
        | {("input_messages", after_tool_call): "ids and calls of messages that go back are not written"},
    ),
}
LANGCHAIN_KINDS = {"CHAIN": 1, "LLM": 3, "TOOL": 2, "RETRIEVER": 1}
OPENAI_KINDS = {"AGENT": 1, "LLM": 6, "TOOL": 3, "EMBEDDING": 1}


@pytest.mark.parametrize("name", CASES)
async def test_it_comes_out_once_is_scored_and_is_read_as_it_was_asked_and_answered(name: str, scorer: Scorer) -> None:
    case = CASES[name]
    run = await run_agent(case.instrumentation, case.switches, scorer)
    assert Counter(span.span_id for span in run.spans) == Counter(run.sent)
    assert_scored(run)
    kinds = LANGCHAIN_KINDS if "langchain" in name else OPENAI_KINDS
    assert Counter(step["kind"] for step in run.form["steps"]) == kinds
    assert_tools_were_read(run)
    assert_exchanges_were_read(case, run)


def assert_scored(run: Run) -> None:
    assert run.record.status in ("scored", "partial")
    assert run.record.probability == 1.0
    assert [pinned.name for pinned in run.record.rubrics][:1] == ["agent"]
    scored = run.form["scores"][run.form["root"]]
    assert scored["status"] == run.record.status
    assert scored["scores"], "some dimension has a score"


def assert_tools_were_read(run: Run) -> None:
    """Each use of a tool once, with what the model asked for and what the tool found."""
    asked = [
        (call["function"]["name"], call["function"]["arguments"], call["id"])
        for exchange in run.exchanges
        if exchange.path != "embeddings"
        for call in exchange.answered["choices"][0]["message"].get("tool_calls", ())
    ]
    uses = run.form["tool_uses"]
    assert [use["id"] for use in uses] == [call_id for _, _, call_id in asked]
    assert all(use["executed"] and use["name"] == "get_weather" for use in uses)
    assert [use["arguments"]["city"] for use in uses] == ["Paris", "Reykjavík", "Oslo"][: len(uses)]
    found = ("18 degrees and sunny", "4 degrees and snow", "9 degrees and rain")
    assert [str(use["result"]) for use in uses] == list(found[: len(uses)])


def assert_exchanges_were_read(case: Case, run: Run) -> None:
    called = [step for step in run.form["steps"] if step["kind"] in ("LLM", "EMBEDDING")]
    steps = sorted(called, key=lambda step: step["start_ns"])
    for number, (step, exchange) in enumerate(zip(steps, run.exchanges, strict=True)):
        truth = of_exchange(exchange)
        read = of_step(step, truth)
        lost = {name for (name, when) in case.lost if when(exchange) and truth.get(name)}
        dumped = {name for (name, when) in case.dumped if when(exchange)}
        assert {name: read[name] or type(told)() for name, told in truth.items() if name not in lost | dumped} == {
            name: told for name, told in truth.items() if name not in lost | dumped
        }, number
        for name in lost:
            assert read[name] != truth[name], f"{name} of exchange {number} is told after all: mend the table"
            exported = run.exported(step["span_id"])
            found = [mark for mark in marks(name, exchange) if mark.encode() in exported]
            assert not found, f"{name} of exchange {number} is in the export, and was not read"


def marks(name: str, exchange: Exchange) -> Sequence[str]:
    """Words that stand in any export which tells the field."""
    asked, answered = exchange.asked, exchange.answered
    message = answered["choices"][0]["message"]
    return {
        "tool_definitions": lambda: [each["function"]["description"] for each in asked["tools"]],
        "response_id": lambda: [answered["id"]],
        "response_model": lambda: [answered["model"]],
        "finish_reasons": lambda: ["finish_reason", "stop_reason"],
        "output_messages": lambda: [call["id"] for call in message["tool_calls"]],
        "input_messages": lambda: [
            *(call["id"] for each in asked["messages"] for call in each.get("tool_calls", ())),
            *(PICTURES.findall(str(asked))),
        ],
    }[name]()
