"""The health port."""

from __future__ import annotations

import aiohttp
import pytest

from otel_scorer.errors import UserError
from otel_scorer.online.health import HealthServer


async def test_health_readiness_and_metrics_are_answered() -> None:
    state: tuple[bool, list[str]] = (False, ["the ledger is away"])
    server = HealthServer("127.0.0.1:0", lambda: state, lambda: b"up 1\n")
    await server.start()
    base = f"http://127.0.0.1:{server.port}"
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok\n")
        async with session.get(f"{base}/readyz") as response:
            assert response.status == 503
            assert await response.json() == {"ready": False, "reasons": ["the ledger is away"]}
        state = (True, [])
        async with session.get(f"{base}/readyz") as response:
            assert response.status == 200
        async with session.get(f"{base}/metrics") as response:
            assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
            assert await response.read() == b"up 1\n"
        async with session.get(f"{base}/debug") as response:
            assert response.status == 404
    await server.stop()


async def test_an_address_that_others_reach_must_be_asked_for() -> None:
    with pytest.raises(UserError, match=r"telemetry\.listen: .* other machines; listen on 127.0.0.1"):
        await HealthServer("0.0.0.0:0", lambda: (True, []), lambda: b"").start()
    server = HealthServer("0.0.0.0:0", lambda: (True, []), lambda: b"", insecure=True)
    await server.start()
    await server.stop()
