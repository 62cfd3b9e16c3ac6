"""`otel-scorer health`: what a container's health check runs."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from otel_scorer.cli import options
from otel_scorer.errors import LedgerError, UserError

if TYPE_CHECKING:
    from otel_scorer.config import Settings

_PATIENCE_S = 5.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - the addresses that mean all of this machine's


class Role(StrEnum):
    """What runs on this host."""

    serve = "serve"
    work = "work"


def health(
    role: Annotated[Role, typer.Argument(help="serve (also for `up`), or work.")] = Role.serve,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Is the `serve`, `up` or `work` of this host (container) well? Exit code 0 when it is, else 1 with the reasons.

    `serve` and `up` are asked at `telemetry.listen`; a worker, which listens nowhere, by its heartbeat in the ledger.

    Example: [bold]otel-scorer health work[/bold]
    """
    settings = options.settings_of(config, assignments)
    if role is Role.work:
        well, told = asyncio.run(_worker(settings))
    else:
        well, told = _ready(settings.telemetry.listen)
    typer.echo(told)
    if not well:
        raise typer.Exit(1)


def _ready(listen: str | None) -> tuple[bool, str]:
    from otel_scorer.online.listen import Address, parse_address

    if listen is None:
        raise UserError("telemetry.listen is null, so that nobody can be asked: set it to host:port")
    address = parse_address(listen, "telemetry.listen")
    address = Address(_ANYWHERE.get(address.host, address.host), address.port)
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=_PATIENCE_S) as answer:
            return True, _sentences(answer.read(), "ready")
    except urllib.error.HTTPError as error:
        return False, _sentences(error.read(), "not ready")
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        return (
            False,
            f"nothing answers at {address} ({why}): start `otel-scorer serve` or `up`, or set telemetry.listen",
        )


def _sentences(body: bytes, state: str) -> str:
    try:
        reasons = json.loads(body)["reasons"]
    except (ValueError, KeyError, TypeError):
        return f"{state}: {body[:200]!r} is no answer of otel-scorer"
    return "; ".join([state, *map(str, reasons)])


async def _worker(settings: Settings) -> tuple[bool, str]:
    from otel_scorer.online.stores import open_stores, trace_limits

    host = socket.gethostname()
    limits = trace_limits(settings.complete, settings.hold, holds=settings.placement == "inline")
    stores = open_stores(options.store_urls(settings.ledger), settings.ledger, limits)
    try:
        for ledger in stores.ledgers:
            workers = await ledger.living_workers()
            if not any(name.startswith(f"{host}:") for name in workers):
                return False, f"ledger {ledger.name} has no heartbeat of a worker of {host} ({len(workers)} of others)"
    except LedgerError as error:
        return False, f"the ledger does not answer: {error}"
    finally:
        await stores.close()
    return True, f"a worker of {host} lives"
