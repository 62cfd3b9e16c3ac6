"""The doctor names the very switch that keeps a published instrumentation from capturing content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from live.runs import run_program
from live.test_published_instrumentations import CAPTURE, LATEST
from otlp_sink import Sink

from otel_scorer.inspect.doctor import diagnose
from otel_scorer.otlp import read_traces, request_to_json
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric_set import RubricSet

pytestmark = [pytest.mark.e2e, pytest.mark.live]

OFF: Mapping[str, tuple[str, Mapping[str, str], tuple[str, ...]]] = {
    "openai_v2": ("otel_openai_v2", {}, (f"{CAPTURE}=true", f"{CAPTURE}=SPAN_ONLY", *map("=".join, LATEST.items()))),
    "openai_v2_latest": ("otel_openai_v2", LATEST, (f"{CAPTURE}=SPAN_ONLY",)),
    "openinference": (
        "openinference_openai",
        {"OPENINFERENCE_HIDE_INPUTS": "true", "OPENINFERENCE_HIDE_OUTPUTS": "true"},
        ("OPENINFERENCE_HIDE_INPUTS", "OPENINFERENCE_HIDE_OUTPUTS"),
    ),
    "openinference_langchain_outputs": (
        "openinference_langchain",
        {"OPENINFERENCE_HIDE_OUTPUTS": "true"},
        ("OPENINFERENCE_HIDE_OUTPUTS",),
    ),
    "openllmetry": ("openllmetry_openai", {"TRACELOOP_TRACE_CONTENT": "false"}, ("TRACELOOP_TRACE_CONTENT=true",)),
    "traceai": (
        "traceai_openai",
        {"FI_HIDE_INPUTS": "true", "FI_HIDE_OUTPUTS": "true"},
        ("FI_HIDE_INPUTS", "FI_HIDE_OUTPUTS"),
    ),
}
"""Instrumentation, variables that keep content out, words that the advice has to hold."""


@pytest.mark.parametrize("name", OFF)
async def test_the_switch_that_is_off_is_named(name: str, live_python: None, tmp_path: Path) -> None:
    instrumentation, switches, wanted = OFF[name]
    heard = tmp_path / "heard.jsonl"
    async with Sink() as sink:
        await run_program(instrumentation, switches, sink.http_url)
        heard.write_bytes(
            b"".join(request_to_json(s, body) + b"\n" for s in ("traces", "logs") for body in sink.bodies(s))  # type: ignore[arg-type]
        )
    diagnosis = diagnose(read_traces([heard]), list(RubricSet.load([shipped_rubrics()])))
    (advice,) = [each for each in diagnosis.advice if each.switches]
    told = "\n".join(advice.switches)
    assert all(word in told for word in wanted), told
    hidden = {variable for variable in ("HIDE_INPUTS", "HIDE_OUTPUTS") if variable in told}
    assert hidden == {variable for variable in hidden if any(variable in word for word in wanted)}
    assert {"final_answer", "output"} <= {each.need for each in advice.missing}
