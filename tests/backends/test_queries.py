"""What the README and the boards tell people to ask: really asked, of a Jaeger and a Tempo that have scored traces."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
from backends.shop import GROUNDED, MADE_UP, shop_at
from backends.standing import PATIENCE_S, scorer_before, until_shown
from boards.board_files import queries
from e2e.readme_blocks import block
from e2e.running import until
from realtools.jaeger import Jaeger
from realtools.tempo import Tempo

pytestmark = [pytest.mark.e2e, pytest.mark.backends]


async def run(lines: Sequence[str]) -> Any:
    """JSON that the command prints."""
    done = await asyncio.to_thread(
        subprocess.run, ["bash", "-euc", "\n".join(lines)], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


async def test_jaeger_answers_what_the_readme_asks(jaeger: Jaeger) -> None:
    async with scorer_before(jaeger.grpc) as standing:
        with shop_at(standing.door) as shop:
            good, bad = await asyncio.to_thread(shop.ask_all, (GROUNDED, MADE_UP))
            await standing.deployment.until_ended([good, bad], PATIENCE_S)
            await until_shown(jaeger, shop.sent.times)
        here = {"127.0.0.1:16686": f"127.0.0.1:{jaeger.query}", "service=shop": f"service={shop.service}"}
        answer = await run(block("jaeger", here))
        assert {trace["traceID"] for trace in answer["data"]} == {bad}


async def test_tempo_answers_what_the_readme_and_the_boards_ask(tempo: Tempo) -> None:
    async with scorer_before(tempo.grpc) as standing:
        with shop_at(standing.door) as shop:
            good, bad = await asyncio.to_thread(shop.ask_all, (GROUNDED, MADE_UP))
            await standing.deployment.until_ended([good, bad], PATIENCE_S)
            await until_shown(tempo, shop.sent.times)
    command = block("tempo", {"127.0.0.1:3200": f"127.0.0.1:{tempo.query}"})

    async def found() -> bool | None:
        answer = await run(command)
        ids = {trace["traceID"].rjust(32, "0") for trace in answer.get("traces") or ()}
        return (bad in ids and good not in ids) or None

    await until(found, PATIENCE_S)
    for title, traceql in queries("query"):
        ids = await tempo.search(traceql)
        assert bad in ids, title
        assert good not in ids, title
