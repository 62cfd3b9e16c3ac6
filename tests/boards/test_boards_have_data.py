"""Every expression of boards and rules against a real Prometheus that scraped a running service: it has data."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from boards.board_files import RULES, filled_in, queries, rules
from boards.prometheus_server import Prometheus, prometheus
from e2e.agent_traces import agent_run, new_trace_id, request_of, web_span
from e2e.deployed import deployed, write_rubric
from e2e.judge_server import JudgeServer
from e2e.running import Deployment, Door, send
from otlp_sink import Sink

pytestmark = pytest.mark.e2e

TRACES = 4
"""Of a wave. In one the content was not captured, in one a tool fails."""


async def test_every_expression_has_data(tmp_path: Path) -> None:
    write_rubric(tmp_path / "rubrics", "judged", kind="AGENT", ask="Is it good?")
    async with Sink() as sink, JudgeServer() as judge:
        scoring = {
            "rubrics_dir": str(tmp_path / "rubrics"),
            "by_kind": {"AGENT": "judged", "LLM": "llm", "TOOL": "tool"},
            "judge": {
                "model": "test-judge",
                "base_url": judge.url,
                "timeout_s": 3.0,
                "input_price": 1.0,
                "output_price": 2.0,
            },
        }
        async with deployed(sink, scoring=scoring) as deployment:
            _, door = await deployment.up()
            async with prometheus(tmp_path, f"127.0.0.1:{door.health}", RULES) as server:
                await wave(deployment, door)
                await server.until_scraped("otel_scorer_traces_total", TRACES)
                await asyncio.sleep(2)  # a series that has just begun has grown by nothing yet
                await wave(deployment, door)
                await server.until_scraped("otel_scorer_traces_total", 2 * TRACES)
                await asyncio.sleep(2)
                without = [
                    f"{title}: {expr}"
                    for title, expr in queries("expr")
                    if not await asyncio.to_thread(server.query, filled_in(expr, "1m"))
                ]
                assert without == []
                assert await asyncio.to_thread(unknown_series, server) == []
                silent = [
                    name for name, expr in without_limits().items() if not await asyncio.to_thread(server.query, expr)
                ]
                assert silent == []
                recorded = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
                found = {name: await asyncio.to_thread(server.query, expr) for name, expr in recorded.items()}
                assert {series["metric"]["service"] for all_ in found.values() for series in all_} == {"shop"}
                assert all(1 <= float(one["value"][1]) <= 5 for one in found["otel_scorer:mean_score:1h"])


async def wave(deployment: Deployment, door: Door) -> None:
    """Agent traces, each in a web request; returns when all have ended."""
    ids = []
    for number in range(TRACES):
        trace_id = new_trace_id()
        web = web_span(trace_id)
        run = agent_run(
            trace_id,
            captured=number != 0,
            parent=web.span_id.hex(),
            tool_error="timed out" if number == 1 else "",
        )
        await send(door, request_of([*run, web]))
        ids.append(trace_id)
    await deployment.until_ended(ids)


def without_limits() -> dict[str, str]:
    """Alert name -> what it compares, its limits taken off: silent only where there is nothing to compare.

    One looks back on a day of recorded means; promtool shows when it fires.
    """
    alerts = {rule["alert"]: rule["expr"] for rule in rules() if "alert" in rule}
    del alerts["AgentScoreDropped"]
    return {name: re.sub(r"\s*(?:[<>]=?|==)\s*[\d.]+", "", expr) for name, expr in alerts.items()}


def unknown_series(server: Prometheus) -> list[str]:
    """Rules compare with limits, so they are mostly silent; but each metric that they look at has to be there."""
    names = {name for rule in rules() for name in re.findall(r"otel_scorer_\w+", rule["expr"])}
    return [name for name in sorted(names) if not server.query(name)]
