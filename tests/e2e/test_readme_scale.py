"""README, "Scale the workers": one `serve`, two `work`, a store beside them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable

import pytest
from e2e.agent_traces import agent_run, request_of
from e2e.readme_blocks import block
from e2e.running import Deployment, Door, Process, attribute, free_port, send, spans_of, until
from otlp_sink import Sink

pytestmark = pytest.mark.e2e


async def test_the_commands_for_several_workers_score_a_trace(
    deploy: Callable[..., Deployment], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = deploy()
    (url,) = deployment.store()["ledger"]["urls"]
    door = Door(free_port(), free_port(), free_port())
    instead = {
        "redis://valkey:6379/0": url,
        "http://tempo:4317": f"http://127.0.0.1:{sink.grpc_port} --set backend.protocol=grpc",
        "127.0.0.1:4317": f"127.0.0.1:{door.grpc} --http 127.0.0.1:{door.http}",
    }
    variable, *commands = block("scale", instead)
    name, value = re.fullmatch(r"export (\w+)='(.*)'", variable).groups()  # type: ignore[union-attr]
    assert [command.split()[:2] for command in commands] == [
        ["otel-scorer", "serve"],
        ["otel-scorer", "work"],
        ["otel-scorer", "work"],
    ]
    more = [f"ledger.data_dir={deployment.folder / 'data'}", f"telemetry.listen=127.0.0.1:{door.health}"]
    more += [
        "sampling.floor=1.0",
        "complete.quiet_s=1",
        "history.url=sqlite:///" + str(deployment.folder / "history.db"),
    ]
    monkeypatch.setenv("OTEL_SCORER_LEDGER_URLS", value)
    assert name in os.environ
    for number, command in enumerate(commands):
        _, role, *rest = shlex.split(command)
        settings = [part for setting in more for part in ("--set", setting)]
        deployment.processes.append(
            Process([role, *rest, *settings], deployment.folder / f"{number}.log", keep=("OTEL_SCORER_LEDGER_URLS",))
        )
    await deployment.ready(deployment.processes[0], door, worker=True)
    run = agent_run()
    await send(door, request_of(run))
    spans = await _scored(sink, run[0].trace_id.hex())
    assert any(attribute(span, "otel_scorer.score.lowest") for span in spans)


async def _scored(sink: Sink, trace_id: str) -> list[object]:
    async def there() -> list[object] | None:
        found = spans_of(sink).get(trace_id, [])
        return found if len(found) == 3 else None

    found: list[object] = await until(there, 40.0)
    return found
